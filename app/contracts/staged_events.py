"""Events of the staged assistant; `app.contracts.events` has them all in one union."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood(Event):
    """What the words were taken for, by their final form.

    Attributes:
        intent: Of a skill, or ``open_question``.
        skill: Id of the skill, empty for an open question.
        confidence: In [0, 1]: how often such a guess is right.
        complexity: ``simple``, ``medium`` or ``complex``.
        values: What the words said already, as text: pairs of name and value, sorted by name.
        runners_up: The next likely intents.
    """

    intent: str
    skill: str = ""
    confidence: float = 1.0
    complexity: str = "simple"
    values: tuple[tuple[str, str], ...] = ()
    runners_up: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Event):
    """Something was wanted that may have been made ahead, or kept from before.

    Attributes:
        what: Kind of thing: ``person``, ``skill-data``, ``plan`` or ``cards``.
        key: Which: the skill, and the intent or the name of the data.
        outcome: ``background`` (made ahead, or on its way), ``cache`` (kept from before) or ``missed``.
        saved_ms: What making it took, if it was not made now; 0 when missed.
    """

    what: str
    key: str
    outcome: str
    saved_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete(Event):
    """The cards of a skill are all there, written down in one transaction.

    Attributes:
        cards_published: How many.
        interaction_ready: They can be used.
    """

    cards_published: int
    interaction_ready: bool = True
