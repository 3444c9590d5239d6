"""What one card looks like in the list: its place, its words, its footer. No Qt model is involved.

Why it exists: the order of cards and the sentences beneath an answer are decisions, and decisions are tested apart from
the machinery that tells a view about them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.assistant.card_words import in_lines
from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard, AnyCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import DEVICE_WORDS, Device, Tier
from app.contracts.metrics import TurnMetrics
from app.power.energy.wording import energy_in_short, turn_in_words
from ui.viewmodels.answer import AnswerDocument
from ui.viewmodels.answer_view import AnswerView
from ui.viewmodels.card_view import CardView


@dataclass(slots=True)
class Row:
    """One card in the list.

    Attributes:
        card: Its newest revision.
        turn_order: Place of its turn among the turns.
        arrival: Counts up with every new card; keeps equal priorities in the order they came.
        document: The text of an answer, None for other cards.
        view: What QML sees of it beside that, None for a question.
        ran: Where the answer really ran, None while unknown.
        writing: The answer still grows.
        over: The turn has ended.
        acted: The card's button has been pressed.
        took: What its turn took, None while that is not known.
    """

    card: AnyCard
    turn_order: int
    arrival: int
    document: AnswerDocument | None = None
    view: CardView | None = None
    ran: Device | None = None
    writing: bool = False
    over: bool = False
    acted: bool = False
    took: TurnMetrics | None = None

    @property
    def place(self) -> tuple[int, int, int]:
        """What rows are sorted by: turn, then priority, then arrival."""
        return (self.turn_order, -self.card.priority, self.arrival)

    @property
    def text(self) -> str:
        """The card's words, as they are copied and read out."""
        match self.card:
            case QuestionCard(text=text):
                return text
            case AnswerCard():
                return self.document.plain_text() if self.document else self.card.text
            case card:
                return "\n".join(in_lines(card, time.time()))

    @property
    def tier(self) -> Tier | None:
        """The tier that wrote the end of the answer, None before the first word."""
        stretches = self.document.stretches if self.document else ()
        return stretches[-1].tier if stretches else None

    @property
    def badge(self) -> str:
        """Which backend answered, and the device it really ran on when that is not plain from its name."""
        tier = self.tier
        if tier is None:
            return ""
        if not tier.backend_id:
            return self.view.stage_words if isinstance(self.view, AnswerView) else tier.model
        if self.ran is None or tier.backend_id.partition(":")[0].endswith(f"-{self.ran.value}"):
            return tier.backend_id
        return f"{tier.backend_id}, ran on {device_name(self.ran)}"

    @property
    def badge_detail(self) -> str:
        """The badge's tooltip."""
        tier = self.tier
        if tier is None:
            return ""
        where = f" on {device_name(self.ran)}" if self.ran else ""
        by = f"nswered by {tier.model or tier.backend_id}{where}"
        stage = self.view.stage_words if isinstance(self.view, AnswerView) else ""
        return f"{stage}, a{by}" if stage and tier.backend_id else f"A{by}"

    @property
    def context_note(self) -> str:
        """How many earlier turns the model saw, in words."""
        if not isinstance(self.card, AnswerCard) or self.card.confidence_source is ConfidenceSource.RULE:
            return ""
        turns = self.card.turns_in_context
        return "no earlier turns in context" if turns == 0 else f"{turns} turn{'s'[: turns != 1]} in context"

    @property
    def joules(self) -> str:
        """What its turn took, marked where that is an estimate."""
        energy = self.took.energy if self.took is not None else None
        return "" if energy is None else energy_in_short(energy)

    @property
    def joules_detail(self) -> str:
        """Where those joules went, and what was saved."""
        return "" if self.took is None else turn_in_words(self.took)


def device_name(device: Device) -> str:
    """A device as people write it."""
    return DEVICE_WORDS[device].short


def lane_title(device: Device) -> str:
    """What a lane is called: short, and without an article."""
    words = DEVICE_WORDS[device]
    return words.title if device is Device.REMOTE else words.short


FACTS: dict[str, Callable[[Row], object]] = {
    "cardId": lambda row: row.card.card_id,
    "kind": lambda row: row.card.kind,
    "turnId": lambda row: row.card.turn_id,
    "text": lambda row: row.text,
    "final": lambda row: not isinstance(row.card, QuestionCard) or row.card.final,
    "spoken": lambda row: isinstance(row.card, QuestionCard) and row.card.spoken,
    "document": lambda row: row.document,
    "view": lambda row: row.view,
    "writing": lambda row: row.writing,
    "stopped": lambda row: isinstance(row.card, AnswerCard) and row.card.stopped,
    "over": lambda row: row.over,
    "badge": lambda row: row.badge,
    "badgeDetail": lambda row: row.badge_detail,
    "contextNote": lambda row: row.context_note,
    "joules": lambda row: row.joules,
    "joulesDetail": lambda row: row.joules_detail,
    "topics": lambda row: row.card.topics if isinstance(row.card, AnswerCard) else "",
    "message": lambda row: row.card.message if isinstance(row.card, ErrorCard | NoticeCard) else "",
    "remedy": lambda row: row.card.remedy if isinstance(row.card, ErrorCard) else "",
    "action": lambda row: row.card.action if isinstance(row.card, NoticeCard) and not row.acted else "",
    "actionLabel": lambda row: row.card.action_label if isinstance(row.card, NoticeCard) and not row.acted else "",
}
"""What a delegate can ask of a row, by the name it asks with."""
