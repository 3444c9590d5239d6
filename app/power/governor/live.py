"""The governor of the running program: it decides at every look at the sensors, and says when it changed its mind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict
from app.power.governor.deciding import decide
from app.power.governor.rules import joules_left
from app.power.governor.state import State
from app.power.governor.view import View
from app.settings.limits import Limits

log = logging.getLogger(__name__)


class LiveGovernor:
    """What `app.power.service` gives as its verdict. Before the first look everything is allowed.

    Args:
        limits: What it keeps to, asked at every look.
        on_change: Gets every verdict that is another one than that before it. What the turn may still take changes all
            the time, and is no other verdict.
    """

    def __init__(self, limits: Callable[[], Limits], *, on_change: Callable[[GovernorVerdict], None]) -> None:
        self._limits = limits
        self._on_change = on_change
        self._state = State()
        self._view = View(0.0)
        self._verdict = GovernorVerdict(frozenset(Device))

    def look(self, view: View) -> GovernorVerdict:
        """Decide by what is seen now."""
        before, self._view = self._verdict, view
        self._state, self._verdict = decide(self._state, view, self._limits())
        if replace(self._verdict, joules=None) != replace(before, joules=None):
            log.info("governor: %s", self._verdict.reason or "nothing is held back")
            self._on_change(self._verdict)
        return self._verdict

    def turn_begins(self) -> None:
        """A turn may take what a turn may, whatever the one before it took."""
        if self._verdict.joules is not None:
            self._view = replace(self._view, spent_turn_j=0.0)
            self._verdict = replace(self._verdict, joules=joules_left(self._view, self._limits()))

    def verdict(self) -> GovernorVerdict:
        """What was decided at the last look."""
        return self._verdict
