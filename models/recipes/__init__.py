"""Which runtime can load which format on which device: a recipe, a device and an installed model make a backend.

Why it exists: nobody could list every backend beforehand. A model that was installed this minute, or a driver, makes
new ones, and each must be told apart, loaded and tested like those that come with the program.
"""

from __future__ import annotations

from models.recipes.embedding import EMBEDDING
from models.recipes.recipe import Recipe
from models.recipes.speech import SPEECH
from models.recipes.text import TEXT
from models.recipes.voices import VOICES

RECIPES: tuple[Recipe, ...] = (*SPEECH, *TEXT, *VOICES, *EMBEDDING)
"""Every recipe; of those that serve one kind of stage the preferred one first."""
