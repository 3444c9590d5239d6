"""What a skill is: its intents, what it needs to know, what it asks, plans, shows and keeps.

A skill never touches the screen, the voice or the disk by itself. It says what is to be fetched, asked, shown and
written; the seven stages of `app.assistant.staged` do it, in parallel, ahead of time and in one transaction. Making a
plan has no effect on anything, so it can be made ahead and thrown away.

Writing one: subclass `Skill`, give it a `SkillSpec`, implement `plan`. Everything else has a default that does nothing.
Skills of other packages are found by the entry point group ``sotto.skills``: a callable that takes `SkillParts` and
returns a `Skill`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.assistant.understanding.meaning import NO_VALUES, Complexity, Guess, Value, Values
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import Choice
from app.memory.notebook import Write


@dataclass(frozen=True, slots=True)
class Intent:
    """Something a skill can be asked for.

    Attributes:
        intent_id: Unique among all skills, as in ``set_timer``.
        examples: At least six ways to say it, as people say them.
        patterns: Regular expressions, matched anywhere in the lower-cased text without its end mark: sure signs of this
            intent. None are needed.
        against: Regular expressions that rule it out.
        description: One line for lists.
    """

    intent_id: str
    examples: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class SkillSpec:
    """A skill in words: its id as in ``timers``, its name and one sentence for people, and its intents."""

    skill_id: str
    name: str
    description: str
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a skill.

    Attributes:
        intent: One of its own.
        text: The words it began with.
        values: Everything known by now: read from the words, chosen on cards.
        now: Local time, aware.
        confidence: Of the intent, in [0, 1].
        complexity: How much thought it needs.
        spoken: It came by voice.
        confirmed: The person said "proceed".
    """

    intent: str
    text: str
    values: Values
    now: datetime
    confidence: float = 1.0
    complexity: Complexity = Complexity.SIMPLE
    spoken: bool = False
    confirmed: bool = False

    def having(self, values: Mapping[str, Value]) -> Asked:
        """The same with more values, or other ones."""
        return replace(self, values={**self.values, **values})

    def key(self) -> tuple[object, ...]:
        """What tells this request from others for a cache: intent, day and values."""
        return (self.intent, self.now.date().isoformat(), *sorted(self.values.items(), key=lambda item: item[0]))


@dataclass(frozen=True, slots=True)
class Fetch:
    """Data to get before planning; all fetches of a request run at the same time.

    Attributes:
        name: By which `Data` has it.
        get: Gets it; may fail or hang.
        default: What is planned with when it does not come.
        missing: The sentence the person is then told, as in "Your training history could not be read."
        timeout_s: It is given up after so long.
        kind: ``person`` or ``skill-data``: which cache keeps it.
        key: What it depends on; kept under (name, key) until something of its kind is written.
    """

    name: str
    get: Callable[[], Awaitable[object]]
    default: object
    missing: str
    timeout_s: float = 0.4
    kind: str = "skill-data"
    key: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """What was fetched, by name; ``missing`` has the sentences for what did not come."""

    found: Mapping[str, object] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> object:
        return self.found[name]


@dataclass(frozen=True, slots=True)
class Clarification:
    """A question about one missing value.

    Attributes:
        slot: Its name.
        question: The question, shown and spoken.
        choices: Likely answers, one of them the default.
        free: Another answer may be given; `Skill.read_answer` reads it.
        required: Asked whatever the confidence; others only when the intent is not sure.
    """

    slot: str
    question: str
    choices: tuple[Choice, ...]
    free: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is going to be done, said before it is.

    Attributes:
        sentence: "I'll create a 4-exercise upper body workout…".
        preview: A few short lines.
        weighty: It deletes or changes something of the person's: never done without "proceed".
        modify: The question "Modify" leads to.
    """

    sentence: str
    preview: tuple[str, ...] = ()
    weighty: bool = False
    modify: Clarification | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One card of a plan to come: by name, with its place in the order (higher first)."""

    name: str
    priority: int
    steps: int = 1
    """How many revisions it is filled in with: 1 is complete at once."""


@dataclass(frozen=True, slots=True)
class ModelAsk:
    """Words that the language model has to write.

    Attributes:
        question: What it is asked.
        pipeline: The pipeline that answers, as in ``rag``; empty for the profile's own.
        system: Its system prompt, empty for the usual one.
    """

    question: str
    pipeline: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a skill is going to show, say and write. Making one has no effect on anything.

    Attributes:
        speech: The answer in words, shown and spoken.
        cards: Cards that are complete as they are. ``turn_id`` and ``skill`` are filled in by the stages.
        body: What `Skill.sections` and `Skill.fill` work from, for cards that are filled in step by step.
        writes: What is kept, all in one transaction with the cards.
        notes: What the person should know: a default was used, something is not available.
        ask: Words the language model writes instead of ``speech``.
    """

    speech: str = ""
    cards: tuple[AnyCard, ...] = ()
    body: object = None
    writes: tuple[Write, ...] = ()
    notes: tuple[str, ...] = ()
    ask: ModelAsk | None = None


@dataclass(frozen=True, slots=True)
class Acted:
    """What an action on a card came to.

    Attributes:
        cards: New revisions to show, of this card or others.
        removed: Ids of cards that are gone.
        writes: What is kept, in one transaction with the cards.
        asked: A request that follows: it starts a turn.
        say: One sentence spoken and shown, empty for silence.
        spoken: The sentence for whoever said the button's words aloud, in place of a mere "Done."; not for a click.
    """

    cards: tuple[AnyCard, ...] = ()
    removed: tuple[str, ...] = ()
    writes: tuple[Write, ...] = ()
    asked: Asked | None = None
    say: str = ""
    spoken: str = ""


class Skill(ABC):
    """A capability. Instances live as long as the assistant and are used from the event loop's thread."""

    spec: SkillSpec
    keeps_plans: bool = False
    """A plan depends on nothing but the day, the values and what the notebook holds: it may be made ahead and kept."""

    patience_s: float = 20.0
    """Seconds after which its plan, a card, or what it does once its plan is written is given up."""

    async def claim(self, text: str, now: datetime) -> Guess | None:  # noqa: ARG002
        """An intent of its own that no example can tell of, as the name of a saved routine; None for no claim.

        Called beside everything else for every request; what takes longer than a tenth of a second is not heard.
        """
        return None

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """What the words say about the values of an intent. Quick: also called for every partial transcript."""
        return NO_VALUES

    def continued(self, before: Asked, rest: str, now: datetime) -> Values | None:
        """What a request becomes when the next words only go on from it: "and tomorrow?", "what about Berlin?".

        Args:
            before: The request, one of this skill's.
            rest: What is new in the words, as "tomorrow".
            now: Local time, aware.

        Returns:
            All values of the new request; None when the words say nothing about this intent.
        """
        nothing, said = self.values(before.intent, "", now), self.values(before.intent, rest, now)
        new = {slot: value for slot, value in said.items() if nothing.get(slot) != value}
        return {**before.values, **new} if new else None

    def fetches(self, asked: Asked) -> Sequence[Fetch]:  # noqa: ARG002
        """The data to get; called as soon as the intent is likely."""
        return ()

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:  # noqa: ARG002
        """The next question, None when nothing has to be asked."""
        return None

    def read_answer(self, asked: Asked, slot: str, text: str) -> Value | None:  # noqa: ARG002
        """The value an answer in the person's own words gives a slot, None when it gives none."""
        return text.strip() or None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:  # noqa: ARG002
        """What is going to be done; None goes ahead without asking."""
        return None

    def variations(self, asked: Asked, data: Data) -> Sequence[Asked]:  # noqa: ARG002
        """Requests the person may turn this one into while the proposal waits; two at most are made ahead with it."""
        return ()

    @abstractmethod
    async def plan(self, asked: Asked, data: Data) -> Plan:
        """Work out what to show, say and write.

        Raises:
            SottoError: It cannot be done; the sentence says why.
        """

    def sections(self, plan: Plan) -> Sequence[Section]:  # noqa: ARG002
        """The cards to be filled from ``plan.body``."""
        return ()

    async def fill(self, plan: Plan, section: Section, step: int) -> AnyCard | None:  # noqa: ARG002
        """A section's card, further filled in with each step (0 first); its ``card_id`` is the same each time."""
        return None

    async def written(self, plan: Plan) -> None:
        """The plan's writes are on the disk: tell whoever waits for them."""

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:  # noqa: ARG002
        """Do what a card's button says.

        Args:
            card: As it is shown now.
            action: The verb, or ``verb:reference``.
            text: Words that came with it, mostly empty.

        Returns:
            What came of it, None for an action that is not known.
        """
        return None

    async def start(self) -> None:
        """The assistant is ready: begin what goes on by itself."""

    async def aclose(self) -> None:
        """End it. May be called twice."""
