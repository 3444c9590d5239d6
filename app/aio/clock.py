"""The machine's own clock, behind the port, so that tests can own time instead."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_WITH_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""The clock that counts sleep: Linux has one for it, that of macOS does by itself."""


class SystemClock:
    """Implements `app.contracts.ports.Clock`."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        await asyncio.sleep(seconds)

    def since_boot(self) -> float:
        """Seconds since the machine started, sleep included. Windows counts sleep in its monotonic clock."""
        return time.monotonic() if _WITH_SLEEP is None else time.clock_gettime(_WITH_SLEEP)

    def boot(self) -> str:
        """The kernel's name for this start of the machine; empty where there is none."""
        return _boot_id()


@cache
def _boot_id() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class LocalZone(tzinfo):
    """The zone of this machine with its changes to summer time and back, by the system's own rules.

    Why it exists: `datetime.astimezone` gives the offset of one moment, and a week later it may be another.
    """

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Offset at a local moment; None for none."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Summer time at a local moment; None for none."""
        if dt is None:
            return None
        local = time.localtime(dt.replace(tzinfo=None).timestamp())
        return timedelta(hours=1) if local.tm_isdst > 0 else timedelta(0)

    def tzname(self, dt: datetime | None) -> str | None:
        """Its abbreviation at a local moment; None for none."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """Local time of a moment that is given as UTC."""
        local = dt.replace(tzinfo=UTC).astimezone()
        return local.replace(tzinfo=self, fold=datetime.fromtimestamp(local.timestamp()).fold)


LOCAL = LocalZone()
"""The zone of this machine."""


def follow_zone() -> None:
    """Notice that the machine's time zone has been changed while the program runs; costs a look at one file."""
    if hasattr(time, "tzset"):
        time.tzset()
