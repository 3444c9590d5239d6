"""The cards of what goes on by itself: routines with their YAML, and long jobs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import Property, Signal, Slot
from PySide6.QtQml import QmlElement

from app.assistant.card_words import JOB_WORDS
from app.contracts.cards import AnyCard
from app.contracts.skill_cards import JobCard, JobState, RoutineCard
from ui.viewmodels.card_view import CardView
from ui.viewmodels.facts import FactsModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

_LINE = re.compile(r"^(?=(\d{1,6}):\d+:)|\bline (?=(\d{1,6})\b)", re.IGNORECASE)
"""Where a problem begins: ``5:3: …``, or "line 5"."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step of a routine."""

    number: int
    does: str
    gave: str


@QmlElement
class RoutineView(CardView):
    """A routine. While its YAML is being edited, ``draft`` is the text in the editor; it outlives the delegate."""

    revised = Signal()

    draftChanged = Signal()
    accepted = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._steps = FactsModel(("number", "does", "gave"), self)
        self._draft: str | None = None
        self._saving = False

    def _get_title(self) -> str:
        return self._routine().name

    def _get_state(self) -> str:
        return "" if self._routine().saved else "Not saved yet"

    def _is_saved(self) -> bool:
        return self._routine().saved

    def _get_phrases(self) -> str:
        return ", ".join(f"“{phrase}”" for phrase in self._routine().phrases)

    def _get_steps(self) -> FactsModel:
        return self._steps

    def _get_parameters(self) -> str:
        return "\n".join(self._routine().parameters)

    def _get_yaml(self) -> str:
        return self._routine().yaml

    def _get_problem(self) -> str:
        return self._routine().problem

    def _get_problem_line(self) -> int:
        found = _LINE.search(self._routine().problem)
        return int(found[1] or found[2]) if found else 0

    def _get_draft(self) -> str:
        return self._routine().yaml if self._draft is None else self._draft

    def _set_draft(self, text: str) -> None:
        draft = None if text == self._routine().yaml else text
        if draft != self._draft:
            self._draft = draft
            self.draftChanged.emit()

    def _is_edited(self) -> bool:
        return self._draft is not None

    title = Property(str, _get_title, notify=revised)
    state = Property(str, _get_state, notify=revised)
    saved = Property(bool, _is_saved, notify=revised)
    phrases = Property(str, _get_phrases, notify=revised)
    steps = Property(FactsModel, _get_steps, constant=True)
    parameters = Property(str, _get_parameters, notify=revised)
    yaml = Property(str, _get_yaml, notify=revised)
    problem = Property(str, _get_problem, notify=revised)
    problemLine = Property(int, _get_problem_line, notify=revised)
    draft = Property(str, _get_draft, _set_draft, notify=draftChanged)
    edited = Property(bool, _is_edited, notify=draftChanged)

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, RoutineCard)
        self._steps.show(StepFacts(number, step.does, step.gave) for number, step in enumerate(card.steps, 1))

    @Slot()
    def saving(self) -> None:
        """The draft goes to the assistant: what it answers says whether it was accepted."""
        self._saving = True

    def show(self, card: AnyCard) -> None:
        """Another text of the routine takes the place of the draft; the same one with a problem leaves it."""
        before, saving = self._routine().yaml, self._saving
        self._saving = False
        super().show(card)
        after = self._routine()
        if after.yaml != before or (saving and not after.problem):
            self._draft = None
            self.draftChanged.emit()
            if not after.problem:
                self.accepted.emit()

    def _routine(self) -> RoutineCard:
        card = self.card
        assert isinstance(card, RoutineCard)
        return card


@QmlElement
class JobView(CardView):
    """A long job."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)

    def _get_title(self) -> str:
        return self._job().name

    def _get_message(self) -> str:
        return self._job().message

    def _get_progress(self) -> float:
        """In [0, 1] while it runs, -1 when that is unknown or nothing runs."""
        card = self._job()
        return -1.0 if card.progress is None or not self._is_going_on() else min(1.0, max(0.0, card.progress))

    def _get_state(self) -> str:
        return JOB_WORDS[self._job().state]

    def _is_going_on(self) -> bool:
        return self._job().state in (JobState.QUEUED, JobState.RUNNING)

    def _has_failed(self) -> bool:
        return self._job().state is JobState.FAILED

    title = Property(str, _get_title, notify=revised)
    message = Property(str, _get_message, notify=revised)
    progress = Property(float, _get_progress, notify=revised)
    state = Property(str, _get_state, notify=revised)
    goingOn = Property(bool, _is_going_on, notify=revised)
    failed = Property(bool, _has_failed, notify=revised)

    def _job(self) -> JobCard:
        card = self.card
        assert isinstance(card, JobCard)
        return card
