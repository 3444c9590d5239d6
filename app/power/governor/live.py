"""The governor of the running program: it decides at every look at the sensors, and says when it changed its mind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict
from app.power.governor.deciding import decide
from app.power.governor.state import State
from app.power.governor.view import View
from app.settings.limits import Limits

log = logging.getLogger(__name__)


class LiveGovernor:
    """Implements `app.contracts.ports.Governor`. Before the first look everything is allowed.

    Args:
        limits: What it keeps to, asked at every look.
        on_change: Gets every verdict that is another one than that before it. What the turn may still take changes all
            the time, and is no other verdict.
    """

    def __init__(self, limits: Callable[[], Limits], *, on_change: Callable[[GovernorVerdict], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._state = State()
        self._verdict = GovernorVerdict(frozenset(Device))

    def look(self, view: View) -> GovernorVerdict:
        """Decide by what is seen now."""
        before = self._verdict
        self._state, self._verdict = decide(self._state, view, self._limits())
        if replace(self._verdict, joules=None) != replace(before, joules=None):
            log.info("governor: %s", self._verdict.reason or "nothing is held back")
            self._on_change(self._verdict)
        return self._verdict

    def verdict(self) -> GovernorVerdict:
        """What was decided at the last look."""
        return self._verdict
