"""Recipes of the runtimes behind one port."""

from __future__ import annotations

from models.recipes.recipe import Recipe

EMBEDDING: tuple[Recipe, ...] = ()
"""The preferred one first."""
