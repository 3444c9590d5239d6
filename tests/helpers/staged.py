"""A staged assistant over scripted fakes and skills that are real subclasses, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from app.assistant.assistant import Assistant
from app.assistant.parts import TurnOptions
from app.assistant.progressive.feedback import Feedback
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.skills.skill import (
    Acted,
    Asked,
    Clarification,
    Data,
    Fetch,
    Intent,
    Plan,
    Proposal,
    Section,
    Skill,
    SkillSpec,
)
from app.assistant.speculation.direct import Direct
from app.assistant.speculation.preparing import Preparations
from app.assistant.staged.flow import StagedAssistant, StagedParts
from app.assistant.staged.skillset import SkillSet
from app.assistant.stream import BackendRelay
from app.assistant.understanding.meaning import OPEN_QUESTION, Understander, Understanding, Values
from app.contracts.cards import AnyCard, NoticeCard
from app.contracts.events import (
    TURN_ENDS,
    CardRemoved,
    CardUpserted,
    Complete,
    QuestionAsked,
    SpeechStarted,
    StageSkipped,
    Status,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Understood,
)
from app.contracts.skill_cards import Choice, ListCard, ListItem
from app.memory.notebook import Notebook, Put
from tests.helpers.assistants import SILENT, Cast, Watched, cast

Publish = Callable[[SystemEvent], None]
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Scripted:
    """An understander that takes known words for what it is told, and everything else for an open question."""

    def __init__(self, known: dict[str, tuple[str, str, float]]) -> None:
        self._known = known

    def prepare(self) -> None:
        """It is ready."""

    def understand(self, text: str, now: datetime) -> Understanding:
        intent, skill, confidence = self._known.get(text, (OPEN_QUESTION, "", 1.0))
        return Understanding(text, intent, skill, confidence)


@dataclass(frozen=True, slots=True)
class Packed:
    """What a picnic keeps."""

    people: str


class Picnic(Skill):
    """Packs a picnic: asks for whom, proposes, fetches what is in the larder, fills its card in two steps."""

    spec = SkillSpec("picnic", "Picnic", "Packs a picnic.", (Intent("pack_picnic", ("pack a picnic",)),))
    keeps_plans = True

    def __init__(self) -> None:
        self.fetched = 0
        self.planned: list[Values] = []
        self.written_plans = 0
        self.fetch: Callable[[], object] = lambda: ("bread", "cheese")
        self.planning: Callable[[], None] = lambda: None
        self.fill_s = 0.0

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        async def larder() -> object:
            self.fetched += 1
            found = self.fetch()
            return await found if asyncio.iscoroutine(found) else found

        return (Fetch("larder", larder, ("water",), "The larder could not be looked into."),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        if "people" in asked.values:
            return None
        choices = (Choice(value="2", label="Two", default=True), Choice(value="4", label="Four"))
        return Clarification("people", "For how many?", choices)

    def read_answer(self, asked: Asked, slot: str, text: str) -> str | None:
        return text if text.isdigit() else None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        question = Clarification("people", "For how many then?", (Choice(value="6", label="Six"),))
        return Proposal(f"I'll pack for {asked.values['people']}.", ("bread", "cheese"), modify=question)

    def variations(self, asked: Asked, data: Data) -> Sequence[Asked]:
        return (asked.having({"people": "6"}),)

    async def plan(self, asked: Asked, data: Data) -> Plan:
        self.planning()
        self.planned.append(asked.values)
        larder = data["larder"]
        assert isinstance(larder, tuple)
        return Plan(
            speech=f"Packed for {asked.values['people']}.",
            body=larder,
            writes=(Put("picnic.packed", "last", Packed(str(asked.values["people"]))),),
        )

    def sections(self, plan: Plan) -> Sequence[Section]:
        return (Section("notes", 10), Section("basket", 80, steps=2))

    async def fill(self, plan: Plan, section: Section, step: int) -> AnyCard | None:
        assert isinstance(plan.body, tuple)
        await asyncio.sleep(self.fill_s)
        if section.name == "notes":
            return NoticeCard(card_id="picnic-notes", message="Take a blanket.")
        items = tuple(ListItem(item_id=name, text=name.upper() if step else name) for name in plan.body)
        return ListCard(card_id="picnic-basket", list_id="basket", title="Basket", items=items)

    async def written(self, plan: Plan) -> None:
        self.written_plans += 1

    async def act(self, card: AnyCard, action: str, text: str) -> Acted | None:
        if action != "empty" or not isinstance(card, ListCard):
            return None
        return Acted(cards=(replace(card, items=(), revision=card.revision + 1),), say="Emptied.")


@dataclass
class Stage:
    """The assistant, what it reported, and its skill."""

    assistant: Assistant
    watched: Watched
    notebook: Notebook
    picnic: Picnic
    cast: Cast
    staged: StagedAssistant = field(repr=False)

    async def ask(self, text: str) -> list[str]:
        """Ask, wait for the end of the turn, and give its lines."""
        turn_id = self.assistant.ask(text)
        await self.watched.until(lambda: self._over(turn_id))
        return self.lines(turn_id)

    async def press(self, card_id: str, action: str) -> list[str]:
        """Use a button that starts a turn."""
        count = len(self.watched.turns)
        self.assistant.act(card_id, action)
        await self.watched.until(lambda: len(self.watched.turns) > count and self._over(self.watched.turns[-1]))
        return self.lines(self.watched.turns[-1])

    def lines(self, turn_id: str) -> list[str]:
        """A turn, a line for each event, without those of the stages' begin and end."""
        return [line for event in self.watched.of(turn_id) if (line := _line(event))]

    def cards(self, turn_id: str) -> dict[str, AnyCard]:
        """The newest form of the cards of a turn, by id."""
        shown = [event.card for event in self.watched.of(turn_id) if isinstance(event, CardUpserted)]
        return {card.card_id: card for card in shown}

    def _over(self, turn_id: str) -> bool:
        return any(isinstance(event, TURN_ENDS) for event in self.watched.of(turn_id))


def _line(event: TurnEvent) -> str:
    """One event in words."""
    match event:
        case TurnStarted(source=source):
            return f"start {source}"
        case Status(stage=stage, message=message):
            return f"{stage}: {message}"
        case StageSkipped(stage=stage):
            return f"{stage} skipped"
        case Understood(intent=intent):
            return f"understood {intent}"
        case CardUpserted(card=card):
            usable = " usable" if card.actions else ""
            return f"card {card.kind} {card.card_id.partition('-')[2]} r{card.revision}{usable}"
        case CardRemoved(card_id=card_id):
            return f"card away {card_id.partition('-')[2]}"
        case TextDelta(text=text):
            return f"text {text}"
        case QuestionAsked():
            return "asked"
        case Complete(cards_published=count):
            return f"complete {count}"
        case SpeechStarted(text=text):
            return f"says {text}"
        case TurnFinished(waiting_for=card_id):
            return f"finished, waits for {card_id.partition('-')[2]}" if card_id else "finished"
        case TurnFailed(code=code):
            return f"failed {code}"
        case TurnCancelled():
            return "cancelled"
        case _:
            return ""


@asynccontextmanager
async def staged_assistant(
    folder: Path,
    *,
    options: TurnOptions = SILENT,
    preparations: Preparations | None = None,
    skills: Sequence[Skill] = (),
    known: dict[str, tuple[str, str, float]] | None = None,
    players: Cast | None = None,
) -> AsyncIterator[Stage]:
    """The assistant with `Picnic`, which "pack a picnic" asks for."""
    players = players or cast()
    picnic = Picnic()
    notebook = Notebook(folder / "notebook.sqlite")
    understander = Scripted({"pack a picnic": ("pack_picnic", "picnic", 0.95)} | (known or {}))
    async with wired(
        folder, players, (picnic, *skills), understander, notebook, options=options, preparations=preparations
    ) as (assistant, staged, watched):
        yield Stage(assistant, watched, notebook, picnic, players, staged)


@asynccontextmanager
async def wired(
    folder: Path,
    players: Cast,
    skills: Sequence[Skill],
    understander: Understander,
    notebook: Notebook,
    *,
    options: TurnOptions = SILENT,
    preparations: Preparations | None = None,
    now: Callable[[], datetime] = lambda: NOON,
    feedback: Callable[[Publish], Feedback] | None = None,
) -> AsyncIterator[tuple[Assistant, StagedAssistant, Watched]]:
    """An assistant that goes through the stages with these skills; it and the notebook are closed at the end."""
    watched = Watched()
    publish: Publish = lambda event: assistant.publish(event)  # noqa: E731
    staged = StagedAssistant(
        StagedParts(
            skills=SkillSet(skills),
            understander=understander,
            preparations=preparations or Direct(),
            notebook=notebook,
            now=now,
            publish=publish,
        )
    )
    assistant = Assistant(
        players.parts,
        BackendRelay(),
        options=lambda: options,
        recordings=Recordings(folder / "recordings", on_problem=lambda _error: None),
        recorder=Recorder(players.parts.clock, None, keep=lambda: False, on_problem=lambda _error: None),
        staged=staged,
        feedback=None if feedback is None else feedback(publish),
    )
    assistant.subscribe(watched)
    try:
        yield assistant, staged, watched
    finally:
        await assistant.aclose()
        staged.aclose()
        await notebook.aclose()
