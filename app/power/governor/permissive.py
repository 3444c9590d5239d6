"""Holds nothing back: for what is measured, and for the demonstration."""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict


class PermissiveGovernor:
    """Implements `app.contracts.ports.Governor`: every device may run."""

    def verdict(self) -> GovernorVerdict:
        """Everything is allowed."""
        return GovernorVerdict(frozenset(Device))

    async def ready(self) -> None:
        """It always is."""
