"""The key: hold, tap, and everything rapid fingers do to it."""

from hypothesis import given
from hypothesis import strategies as st

from app.assistant.push_to_talk import Action, PushToTalk


def test_a_hold_talks_while_held() -> None:
    key = PushToTalk()
    assert key.press(1.0) is Action.START
    assert not key.hands_free
    assert key.release(1.3) is Action.END


def test_a_tap_listens_until_the_next_tap() -> None:
    key = PushToTalk()
    assert key.press(1.0) is Action.START
    assert key.release(1.1) is Action.NOTHING
    assert key.hands_free
    assert key.press(3.0) is Action.END
    assert key.release(3.9) is Action.NOTHING
    assert key.press(5.0) is Action.START


def test_a_second_key_down_while_held_is_nothing() -> None:
    key = PushToTalk()
    key.press(1.0)
    assert key.press(1.2) is Action.NOTHING
    assert key.release(1.4) is Action.END


def test_after_silence_ended_a_tap_the_next_press_starts_anew() -> None:
    key = PushToTalk()
    key.press(1.0)
    key.release(1.1)
    key.reset()
    assert key.press(4.0) is Action.START


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 1.0)), max_size=60))
def test_starts_and_ends_alternate_whatever_the_fingers_do(events: list[tuple[bool, float]]) -> None:
    key, now, actions = PushToTalk(), 0.0, []
    for down, pause in events:
        now += pause
        action = key.press(now) if down else key.release(now)
        if action is not Action.NOTHING:
            actions.append(action)
    assert actions == [Action.START, Action.END] * (len(actions) // 2) + [Action.START] * (len(actions) % 2)
