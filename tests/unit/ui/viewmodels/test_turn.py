from __future__ import annotations

import pytest

from ui.viewmodels.turn import TurnState, TurnViewModel, level_of


class Key:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def press(self) -> None:
        self.calls.append("press")

    def release(self) -> None:
        self.calls.append("release")

    def cancel(self) -> None:
        self.calls.append("cancel")


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def turn(key: Key) -> TurnViewModel:
    return TurnViewModel(key)


def test_the_key_reaches_the_assistant_at_once(turn: TurnViewModel, key: Key) -> None:
    turn.press()
    assert (key.calls, turn.property("held")) == (["press"], True)
    turn.release()
    assert (key.calls, turn.property("held")) == (["press", "release"], False)


def test_a_second_press_or_release_is_a_repeat(turn: TurnViewModel, key: Key) -> None:
    turn.release()
    turn.press()
    turn.press()
    turn.release()
    turn.release()
    assert key.calls == ["press", "release"]


def test_a_tap_is_both(turn: TurnViewModel, key: Key) -> None:
    turn.tap()
    assert key.calls == ["press", "release"]


def test_stop_lets_the_key_go_as_well(turn: TurnViewModel, key: Key) -> None:
    turn.press()
    turn.stop()
    turn.release()
    assert key.calls == ["press", "cancel"]


def test_held_is_shown_before_the_assistant_is_called() -> None:
    seen: list[bool] = []

    class Looking(Key):
        def release(self) -> None:
            seen.append(turn.property("held"))

    turn = TurnViewModel(Looking())
    turn.press()
    turn.release()
    assert seen == [False]


def test_states_have_names_and_flags(turn: TurnViewModel) -> None:
    for state in TurnState:
        turn.enter(state)
        assert turn.property("state") == state.value
        flags = {name: turn.property(name) for name in ("idle", "listening", "thinking", "speaking")}
        assert [name for name, on in flags.items() if on] == [state.value]


@pytest.mark.parametrize(
    ("dbfs", "level"), [(-120.0, 0.0), (-55.0, 0.0), (-33.5, 0.5), (-12.0, 1.0), (0.0, 1.0), (float("-inf"), 0.0)]
)
def test_loudness_becomes_a_level(dbfs: float, level: float) -> None:
    assert level_of(dbfs) == pytest.approx(level, abs=0.03)


def test_a_change_too_small_to_see_is_no_reason_to_paint(turn: TurnViewModel) -> None:
    told: list[None] = []
    turn.levelChanged.connect(lambda: told.append(None))
    turn.show_level(level_of(-30.0))
    turn.show_level(level_of(-30.2))
    assert len(told) == 1


def test_the_words_stand_in_the_line_until_their_card_shows_them(turn: TurnViewModel) -> None:
    turn.begin("one", TurnState.LISTENING)
    turn.show_partial("How far")
    assert turn.property("caption") == "How far"
    turn.question_shown()
    assert turn.property("caption") == ""
    turn.begin("two", TurnState.LISTENING)
    turn.show_partial("Why")
    assert turn.property("caption") == "Why"


def test_a_turn_speaks_before_the_background(turn: TurnViewModel) -> None:
    turn.show_background("Loading llama-cpu…")
    assert turn.property("status") == "Loading llama-cpu…"
    turn.show_status("Thinking…", 0.5)
    assert (turn.property("status"), turn.property("progress")) == ("Thinking…", 0.5)
    turn.end()
    assert (turn.property("status"), turn.property("progress")) == ("Loading llama-cpu…", -1.0)


def test_a_passing_remark_goes_when_a_turn_begins(turn: TurnViewModel) -> None:
    turn.show_background("Loading llama-cpu…")
    turn.show_remark("Set 2 of 3.")
    assert turn.property("status") == "Set 2 of 3."
    turn.begin("one", TurnState.THINKING)
    turn.end()
    assert turn.property("status") == "Loading llama-cpu…"


def test_nothing_is_told_twice(turn: TurnViewModel) -> None:
    told: list[str] = []
    turn.stateChanged.connect(lambda: told.append("state"))
    turn.statusChanged.connect(lambda: told.append("status"))
    turn.captionChanged.connect(lambda: told.append("caption"))
    for _ in range(2):
        turn.enter(TurnState.THINKING)
        turn.show_status("Thinking…")
        turn.show_partial("a")
    assert told == ["state", "status", "caption"]
