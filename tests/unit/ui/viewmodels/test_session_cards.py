from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.demo_cards import ALTERNATIVES, SESSION, acted
from ui.viewmodels.session_cards import AlternativesView, SessionPlanView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")


def opened(view: SessionPlanView) -> list[int]:
    return [facts.number for facts in view.exercises.items if facts.opened]


def test_the_words_of_a_session() -> None:
    view = SessionPlanView(SESSION)
    assert (view.property("title"), view.property("summary")) == ("Upper body with dumbbells", "About 30 minutes")
    assert view.property("progressWords") == "4 exercises, 11 sets"
    view.show(replace(SESSION, title="Upper body, 30 minutes", revision=2))
    assert view.property("summary") == ""
    first = view.exercises.items[0]
    assert (first.amount, first.said) == (
        "3 \u00d7 8 to 12 · 14 kg · rest 90 s",
        "Dumbbell floor press, 3 \u00d7 8 to 12 · 14 kg · rest 90 s, 0 of 3 sets done",
    )


def test_sets_are_counted_at_once_and_the_next_exercise_opens() -> None:
    view = SessionPlanView(SESSION)
    assert opened(view) == [1]
    for _ in range(3):
        assert view.expect("set-done:floor-press") is True
    assert (opened(view), view.property("progressWords")) == ([2], "3 of 11 sets done")
    assert view.property("progress") == pytest.approx(3 / 11)
    assert view.expect("set-done:floor-press") is False, "all its sets are done"


def test_only_the_exercise_that_changed_is_told() -> None:
    view = SessionPlanView(SESSION)
    rows: list[int] = []
    view.exercises.dataChanged.connect(lambda top, _bottom, _roles: rows.append(top.row()))
    view.show(acted(SESSION, "swap:row"))
    assert rows == [1]
    assert view.exercises.items[1].replaced == "Instead of One-arm dumbbell row"


def test_looking_at_another_exercise_opens_it_and_looking_again_closes_it() -> None:
    view = SessionPlanView(SESSION)
    view.look_at(3)
    assert opened(view) == [3]
    view.show(replace(SESSION, minutes=31, revision=2))
    assert opened(view) == [3], "a revision leaves open what the person opened"
    view.look_at(3)
    assert opened(view) == []


def test_a_finished_session_has_nothing_to_press() -> None:
    view = SessionPlanView(SESSION)
    assert view.property("inProgress") is True
    view.show(acted(SESSION, "finish"))
    assert (view.property("inProgress"), opened(view)) == (False, [])
    assert view.property("progressWords") == "Finished, kept in your training history"


def test_a_link_that_is_no_web_page_is_not_shown() -> None:
    links = ("https://example.org/row", "file:///etc/passwd", "javascript:alert(1)", "")
    exercises = tuple(replace(each, link=link) for each, link in zip(SESSION.exercises, links, strict=True))
    view = SessionPlanView(replace(SESSION, exercises=exercises))
    assert [facts.link for facts in view.exercises.items] == ["https://example.org/row", "", "", ""]


def test_alternatives() -> None:
    view = AlternativesView(ALTERNATIVES)
    assert [other.command for other in view.alternatives.items] == ["choose:short", "choose:bodyweight"]
    view.expect("choose:bodyweight")
    assert [other.taken for other in view.alternatives.items] == [False, True]
