"""What the governor keeps to: heat, battery, watts, joules and quiet hours, as a profile and the settings say.

Why it exists: profiles are read here below, and decided by in `app.power.governor`; both need the same words for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_MAX_TOKENS = 160
QUIET_HOURS = r"(?!(.{5})-\1)([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)"
"""How quiet hours are written: two times of the day, not the same."""
_QUIET_HOURS = re.compile(QUIET_HOURS)


class OnBattery(StrEnum):
    """What changes when the machine runs on its battery."""

    AS_IS = "as-is"
    """Nothing, until the battery is low."""
    FRUGAL = "frugal"
    """What takes much power rests, and answers are shorter."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A part of every day, in minutes of the local day from 0 to 1439. It may go over midnight.

    Attributes:
        begins: The first minute.
        ends: The first minute behind it.
    """

    begins: int
    ends: int

    @classmethod
    def from_text(cls, text: str) -> QuietHours | None:
        """Of ``22:00-07:00``; None when it is written otherwise."""
        found = _QUIET_HOURS.fullmatch(text)
        if found is None:
            return None
        first, second, third, fourth = (int(part) for part in found.groups()[1:])
        return cls(first * 60 + second, third * 60 + fourth)

    def include(self, minute_of_day: int) -> bool:
        """Whether a minute lies within."""
        if self.begins < self.ends:
            return self.begins <= minute_of_day < self.ends
        return minute_of_day >= self.begins or minute_of_day < self.ends

    def __str__(self) -> str:
        return f"{_clock(self.begins)}-{_clock(self.ends)}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the governor keeps to.

    Attributes:
        governs: It decides at all; what the person says of a device counts even where it does not.
        max_tokens: Longest answer while nothing asks for shorter ones, tokens.
        rest_under_trip_c: A device rests so many degrees Celsius under the point where it slows itself down.
        warm_again_c: It may work again so many degrees Celsius under the point where it had to rest.
        dwell_s: Seconds for which a device stays as it is, working or resting, before that changes again.
        battery_percent: A charge under it is low, in [0, 100]; 0 never is.
        on_battery: What changes on battery before it is low.
        watts: Most that Sotto's own work may take for more than a few seconds, W; None for no bound.
        joules_per_turn: Most that one turn may take above idle, J; None for no bound.
        joules_per_hour: Most that all work of the last hour may take above idle, J; None for no bound.
        quiet_hours: When the graphics card rests for the sake of its fan; None for never.
    """

    governs: bool = True
    max_tokens: int = DEFAULT_MAX_TOKENS
    rest_under_trip_c: float = 5.0
    warm_again_c: float = 10.0
    dwell_s: float = 30.0
    battery_percent: float = 20.0
    on_battery: OnBattery = OnBattery.AS_IS
    watts: float | None = None
    joules_per_turn: float | None = None
    joules_per_hour: float | None = None
    quiet_hours: QuietHours | None = None


def _clock(minute_of_day: int) -> str:
    hours, minutes = divmod(minute_of_day, 60)
    return f"{hours:02}:{minutes:02}"
