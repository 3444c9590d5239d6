"""The cards of a plan that is carried out: a training session, and what else could be had."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Property, Signal, Slot
from PySide6.QtQml import QmlElement

from app.assistant.card_words import amount_of, session_progress
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import AlternativesCard, SessionExercise, SessionPlanCard
from ui.viewmodels.card_view import CardView
from ui.viewmodels.facts import FactsModel
from ui.viewmodels.keyed import KeyedModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

EXERCISE_FACTS = (
    "exerciseId",
    "number",
    "name",
    "amount",
    "muscles",
    "how",
    "drawing",
    "link",
    "replaced",
    "sets",
    "setsDone",
    "done",
    "opened",
    "said",
)


@dataclass(frozen=True, slots=True)
class ExerciseFacts:
    """One exercise of a session; ``opened`` says that its details and its buttons are shown."""

    exerciseId: str
    number: int
    name: str
    amount: str
    muscles: str
    how: str
    drawing: str
    link: str
    replaced: str
    sets: int
    setsDone: int
    done: bool
    opened: bool
    said: str


def _facts_of(exercise: SessionExercise, number: int, opened: int) -> ExerciseFacts:
    replaced = f"Instead of {exercise.swapped_from}" if exercise.swapped_from else ""
    done = min(exercise.sets, exercise.sets_done)
    progress = "done" if exercise.done else f"{done} of {exercise.sets} sets done"
    return ExerciseFacts(
        exerciseId=exercise.exercise_id,
        number=number,
        name=exercise.name,
        amount=amount_of(exercise),
        muscles=exercise.muscles,
        how="\n".join(f"• {line}" for line in exercise.how),
        drawing=exercise.drawing,
        link=exercise.link if exercise.link.startswith("https://") else "",
        replaced=replaced,
        sets=exercise.sets,
        setsDone=done,
        done=exercise.done,
        opened=number == opened,
        said=f"{exercise.name}, {amount_of(exercise)}, {progress}",
    )


@QmlElement
class SessionPlanView(CardView):
    """A training session. One exercise is open: the next to be done, or the one the person looked at last."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._exercises = FactsModel(EXERCISE_FACTS, self)
        self._looked_at = 0
        self._done_before: tuple[bool, ...] = ()

    def _get_title(self) -> str:
        return self._session().title

    def _get_summary(self) -> str:
        """How long it takes, unless the title says so."""
        card = self._session()
        return "" if str(card.minutes) in card.title.split() else f"About {card.minutes} minutes"

    def _get_progress_words(self) -> str:
        return session_progress(self._session())

    def _get_progress(self) -> float:
        exercises = self._session().exercises
        total = sum(each.sets for each in exercises)
        return sum(min(each.sets, each.sets_done) for each in exercises) / total if total else 0.0

    def _get_exercises(self) -> FactsModel:
        return self._exercises

    def _get_warm_up(self) -> str:
        return "\n".join(self._session().warm_up)

    def _get_cool_down(self) -> str:
        return "\n".join(self._session().cool_down)

    def _is_open(self) -> bool:
        return bool(self.card.actions) and not self._session().finished

    title = Property(str, _get_title, notify=revised)
    summary = Property(str, _get_summary, notify=revised)
    progressWords = Property(str, _get_progress_words, notify=revised)
    progress = Property(float, _get_progress, notify=revised)
    exercises = Property(FactsModel, _get_exercises, constant=True)
    warmUp = Property(str, _get_warm_up, notify=revised)
    coolDown = Property(str, _get_cool_down, notify=revised)
    inProgress = Property(bool, _is_open, notify=revised)

    @Slot(int)
    def look_at(self, number: int) -> None:
        """Open the exercise with a number from 1; asked of the open one, close it."""
        self._looked_at = -1 if number == self._opened(self._session()) else number
        self._fill(self._session())

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, SessionPlanCard)
        done = tuple(each.done for each in card.exercises)
        if any(now and not before for now, before in zip(done, self._done_before, strict=False)):
            self._looked_at = 0  # on to the next one
        self._done_before = done
        self._fill(card)

    def _fill(self, card: SessionPlanCard) -> None:
        opened = self._opened(card)
        self._exercises.show(_facts_of(each, number, opened) for number, each in enumerate(card.exercises, 1))

    def _opened(self, card: SessionPlanCard) -> int:
        if self._looked_at or card.finished:
            return self._looked_at
        return next((number for number, each in enumerate(card.exercises, 1) if not each.done), 0)

    def _session(self) -> SessionPlanCard:
        card = self.card
        assert isinstance(card, SessionPlanCard)
        return card


@dataclass(frozen=True, slots=True)
class AlternativeFacts:
    """One of the things that could be had."""

    command: str
    label: str
    reason: str
    taken: bool


@QmlElement
class AlternativesView(CardView):
    """What else could be had."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._alternatives = KeyedModel(("command", "label", "reason", "taken"), self)

    def _get_title(self) -> str:
        return self._others().title

    def _get_alternatives(self) -> KeyedModel:
        return self._alternatives

    title = Property(str, _get_title, notify=revised)
    alternatives = Property(KeyedModel, _get_alternatives, constant=True)

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, AlternativesCard)
        self._alternatives.show(
            AlternativeFacts(f"choose:{each.reference}", each.label, each.reason, _is_taken(card.chosen, each.label))
            for each in card.alternatives
        )

    def _others(self) -> AlternativesCard:
        card = self.card
        assert isinstance(card, AlternativesCard)
        return card


def _is_taken(chosen: str, label: str) -> bool:
    return bool(chosen) and chosen == label
