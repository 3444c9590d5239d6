"""One key, two ways: held longer than a quarter of a second it talks while held, tapped it listens until the next tap.

Pure: times go in, what to do comes out. Key repeat must be filtered by the window, which alone can tell.
"""

from __future__ import annotations

from enum import Enum, auto

HOLD_S = 0.25
"""A press longer than this is a hold."""


class Action(Enum):
    """What a key event asks for."""

    NOTHING = auto()
    START = auto()
    END = auto()


class _State(Enum):
    IDLE = auto()
    HELD = auto()
    HANDS_FREE = auto()
    ENDING = auto()


class PushToTalk:
    """The state of the key."""

    def __init__(self) -> None:
        self._state = _State.IDLE
        self._pressed_at = 0.0

    @property
    def hands_free(self) -> bool:
        """True after a tap: silence, not the key, ends the listening."""
        return self._state is _State.HANDS_FREE

    def press(self, now: float) -> Action:
        """The key went down at ``now`` (monotonic seconds)."""
        if self._state is _State.HANDS_FREE:
            self._state = _State.ENDING
            return Action.END
        if self._state is _State.HELD:
            return Action.NOTHING
        self._state = _State.HELD
        self._pressed_at = now
        return Action.START

    def release(self, now: float) -> Action:
        """The key went up at ``now`` (monotonic seconds)."""
        if self._state is _State.HELD:
            if now - self._pressed_at >= HOLD_S:
                self._state = _State.IDLE
                return Action.END
            self._state = _State.HANDS_FREE
        elif self._state is _State.ENDING:
            self._state = _State.IDLE
        return Action.NOTHING

    def reset(self) -> None:
        """Listening is over for another reason: silence, Esc, an error."""
        self._state = _State.IDLE
