"""Counters of the kernel that only rise, and how fast they do.

Why it exists: they start again at 0 when they are full, when a driver is loaded anew, or after a night's sleep. What is
made of them must never be negative and never be more than the part can take.
"""

from __future__ import annotations

_SOON_S = 0.25
"""Two looks closer than this tell no rate: what is counted comes in steps."""
LATE_S = 20.0
"""A rate over more than this is not a rate of now."""
_GUESS_S = 35.0
"""What goes on unseen is not guessed any further."""
_UNSEEN_S = 5.0
"""A device not looked at for longer may have slept meanwhile, which is not work."""
_STEP_S = 0.1
"""An idle counter may be this far ahead of the clock."""
FIRST_LOOK = "It takes two looks, a moment apart, to tell; this is the first."


class Rising:
    """The sum of a counter's steps.

    Args:
        most_per_s: A step of more than this a second is not believed and counts nothing, in the counter's unit.
        span: Where the counter starts again at 0; 0 when it never does.
    """

    def __init__(self, most_per_s: float, span: float = 0.0) -> None:
        self.total = 0.0
        self._most_per_s, self._span = most_per_s, span
        self._last: tuple[float, float] | None = None

    def took(self, value: float, at_s: float) -> float:
        """The counter stood so; gives how far it has risen since the first time."""
        last, self._last = self._last, (value, at_s)
        if last is None:
            return self.total
        step = value - last[0]
        if step < 0:
            step += self._span
        if 0 <= step <= self._most_per_s * (at_s - last[1] + 1.0):
            self.total += step
        return self.total

    def skip(self) -> None:
        """What it rises until the next look is not to count."""
        self._last = None


class Remainder:
    """What is left of one rising sum when others, counted at other moments, are taken off. Never goes back."""

    def __init__(self) -> None:
        self.total = 0.0
        self._last: tuple[float, float] | None = None
        self._owed = 0.0

    def took(self, whole: float, parts: float) -> float:
        """The sums stand so; gives what is left of the whole since the first time."""
        last, self._last = self._last, (whole, parts)
        if last is not None:
            left = (whole - last[0]) - (parts - last[1]) + self._owed
            self._owed = min(0.0, left)
            self.total += max(0.0, left)
        return self.total

    def skip(self) -> None:
        """What rises until the next look is not to count: other parts are taken off from then on."""
        self._last = None
        self._owed = 0.0


class Worked:
    """Seconds of work, out of a counter of the seconds a device was idle."""

    def __init__(self) -> None:
        self.total = 0.0
        self._last: tuple[float, float] | None = None
        self._owed = 0.0

    def took(self, idle_s: float, at_s: float) -> float:
        """It was idle for so long by now; gives how long it has worked since the first time."""
        last, self._last = self._last, (idle_s, at_s)
        if last is None:
            return self.total
        passed, idle = at_s - last[1], idle_s - last[0]
        if 0 <= passed <= _UNSEEN_S and 0 <= idle <= passed + _STEP_S:
            left = passed - idle + self._owed
            self._owed = max(-_STEP_S, min(0.0, left))
            self.total += max(0.0, left)
        return self.total

    def skip(self) -> None:
        """It sleeps: until the next look nothing counts."""
        self._last = None
        self._owed = 0.0


class Integral:
    """A sum out of a rate that is looked at now and then: joules out of watts, seconds of work out of a share."""

    def __init__(self) -> None:
        self._total: float | None = None
        self._rate = 0.0
        self._at_s = 0.0

    def took(self, per_s: float | None, at_s: float) -> None:
        """So fast from now on; None when nobody can tell."""
        total = self.at(at_s)
        self._total = 0.0 if total is None and per_s is not None else total
        self._rate, self._at_s = per_s or 0.0, at_s

    def at(self, at_s: float) -> float | None:
        """The sum by then; nobody guesses further than half a minute on. None before anything was known."""
        if self._total is None:
            return None
        return self._total + self._rate * min(max(0.0, at_s - self._at_s), _GUESS_S)


class Rates:
    """How fast sums rise from look to look."""

    def __init__(self) -> None:
        self._looks: dict[str, tuple[float, float, float | None]] = {}

    def per_s(self, name: str, total: float, at_s: float) -> float | None:
        """How fast this one has risen since the last look; None at the first look and after a long pause."""
        look = self._looks.get(name)
        if look is None or total < look[0] or at_s - look[1] > LATE_S:
            self._looks[name] = (total, at_s, None)
            return None
        since = at_s - look[1]
        if since < _SOON_S:
            return look[2]
        rate = (total - look[0]) / since
        self._looks[name] = (total, at_s, rate)
        return rate
