from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.skill_cards import JobState
from tests.helpers.demo_cards import JOB, ROUTINE, YAML, acted
from ui.viewmodels.work_cards import JobView, RoutineView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")


def test_a_draft_outlives_revisions_that_do_not_change_the_text() -> None:
    view = RoutineView(ROUTINE)
    assert (view.property("draft"), view.property("edited")) == (YAML, False)
    view.setProperty("draft", YAML + "# more")
    assert view.property("edited") is True
    view.show(acted(ROUTINE, "dry-run"))
    assert view.property("draft") == YAML + "# more"
    assert next(step.gave for step in view.steps.items) == "It is 08:00."
    view.setProperty("draft", YAML)
    assert view.property("edited") is False


def test_a_draft_that_was_saved_is_one_no_more() -> None:
    view = RoutineView(ROUTINE)
    view.setProperty("draft", YAML + "# more")
    view.show(acted(ROUTINE, "save", YAML + "# more"))
    assert (view.property("draft"), view.property("edited")) == (YAML + "# more", False)


def test_a_draft_that_is_kept_as_it_was_is_accepted_and_one_with_a_problem_stays() -> None:
    view = RoutineView(ROUTINE)
    accepted: list[str] = []
    view.accepted.connect(lambda: accepted.append(view.property("draft")))
    view.setProperty("draft", YAML + "\n")
    view.saving()
    view.show(replace(ROUTINE, problem="3:1: no", revision=2))
    assert (view.property("edited"), accepted) == (True, [])
    view.saving()
    view.show(replace(ROUTINE, revision=3))
    assert (view.property("edited"), accepted) == (False, [YAML])


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        ("", 0),
        ("Line 5, column 3: nothing is called 'aks'.", 5),
        ("at line 12: …", 12),
        ("7:3: x 8:1: y", 7),
        ("It has no steps.", 0),
    ],
)
def test_the_line_of_a_problem_is_found(problem: str, line: int) -> None:
    view = RoutineView(replace(ROUTINE, problem=problem))
    assert (view.property("problemLine"), view.property("problem")) == (line, problem)


@pytest.mark.parametrize(
    ("state", "progress", "words"),
    [
        (JobState.QUEUED, -1.0, "Waiting for its turn"),
        (JobState.RUNNING, 0.56, "Running"),
        (JobState.DONE, -1.0, "Done"),
        (JobState.FAILED, -1.0, "Failed"),
        (JobState.CANCELLED, -1.0, "Cancelled"),
    ],
)
def test_a_job(state: JobState, progress: float, words: str) -> None:
    share = JOB.progress if state is JobState.RUNNING else None
    view = JobView(replace(JOB, state=state, progress=share))
    assert (view.property("progress"), view.property("state")) == (progress, words)
    assert view.property("goingOn") is (state in (JobState.QUEUED, JobState.RUNNING))
