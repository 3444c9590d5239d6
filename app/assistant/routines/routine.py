"""What a routine is: a few steps a person saved under words of their own, with places for what changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.assistant.understanding.meaning import Value

COLLECTION = "routines"
"""Where routines are kept in the notebook; also the id of the skill."""
MOST_STEPS = 20
MOST_PARAMETERS = 12
LONGEST_TEXT = 4000
"""Characters of one text of a routine."""
LONGEST_YAML = 40_000
"""Characters of a whole routine."""
NOWHERE = (0, 0)
Place = tuple[int, int]
"""Line and column, both from 1; `NOWHERE` for what stands in no text."""


class Kind(StrEnum):
    """What a step does."""

    ASK = "ask"
    """Asks in words, as the person would: a skill answers, or the language model."""
    INTENT = "intent"
    """Asks a skill for one of its intents, with values."""
    PIPELINE = "pipeline"
    """Runs a pipeline on a text."""
    SAY = "say"
    """Says a text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that may be different each time.

    Attributes:
        name: By which steps name it: ``{{ name }}``.
        default: Taken when nothing is given; None asks for it.
        about: One line for people.
        unit: ``s``, ``min`` or ``h`` where it is a length of time, empty otherwise: "6 minutes" then is 6 of ``min``.
        place: Where it stands.
    """

    name: str
    default: str | None = None
    about: str = ""
    unit: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a routine does.

    Attributes:
        step_id: Unique in the routine; ``{{ steps.STEP_ID }}`` is what it gave.
        kind: What it does.
        text: The words asked or said, the input of a pipeline; a template.
        target: The intent or the pipeline, empty for words.
        values: Of an intent; those that are text are templates.
        optional: When it fails, the routine goes on.
        place: Where it stands.
    """

    step_id: str
    kind: Kind
    text: str = ""
    target: str = ""
    values: tuple[tuple[str, Value], ...] = ()
    optional: bool = False
    place: Place = NOWHERE

    def in_words(self) -> str:
        """What it does, for the card."""
        match self.kind:
            case Kind.ASK:
                return f"Ask: {self.text}"
            case Kind.INTENT:
                values = ", ".join(f"{name} {value}" for name, value in self.values)
                words = self.target.replace("_", " ").capitalize()
                return f"{words} ({values})" if values else words
            case Kind.PIPELINE:
                return f"Run the pipeline {self.target}: {self.text}"
            case Kind.SAY:
                return f"Say: {self.text}"


@dataclass(frozen=True, slots=True)
class Routine:
    """A routine as its text says.

    Attributes:
        routine_id: Lower case with hyphens, unique among the saved ones.
        name: For people.
        phrases: What starts it.
        steps: In order.
        parameters: What may be different each time.
        about: One line for people.
        places: Where its keys stand, for sentences about them.
    """

    routine_id: str
    name: str
    phrases: tuple[str, ...]
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    about: str = ""
    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))

    def parameter(self, name: str) -> Parameter | None:
        """One of its parameters."""
        return next((each for each in self.parameters if each.name == name), None)


@dataclass(frozen=True, slots=True)
class KeptRoutine:
    """A routine as the notebook has it. Its text is the truth: comments a person wrote in it stay.

    Attributes:
        routine_id: As in the text.
        yaml: The text.
        made_at: Seconds since the epoch.
        request: The words it was made from, empty for one that was written by hand.
        made_by: ``composition``, ``model`` or ``person``.
        attempts: How often it was generated until the validator was content.
        intents: Intents its steps were taken for when it was saved: what it needs.
        runs: How often it was run.
    """

    routine_id: str
    yaml: str
    made_at: float
    request: str = ""
    made_by: str = "composition"
    attempts: int = 1
    intents: tuple[str, ...] = ()
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong in a routine's text.

    Attributes:
        message: One sentence.
        place: Where.
    """

    message: str
    place: Place = NOWHERE

    def __str__(self) -> str:
        line, column = self.place
        return f"{line}:{column}: {self.message}" if line else self.message
