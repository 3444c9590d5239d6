"""Decides which devices may run."""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict


class PermissiveGovernor:
    """Implements `app.contracts.ports.Governor`: every device may run; no sensor is read yet to say no."""

    def verdict(self) -> GovernorVerdict:
        """Everything is allowed."""
        return GovernorVerdict(frozenset(Device))
