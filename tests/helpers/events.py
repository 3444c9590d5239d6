"""What backends report, in short."""

from __future__ import annotations

from app.contracts.events import DeviceUsed, FailedOver, Retrying


class Reports:
    """An observer that writes everything down, a line for each report."""

    def __init__(self) -> None:
        self.events: list[Retrying | FailedOver | DeviceUsed] = []

    def __call__(self, event: Retrying | FailedOver | DeviceUsed) -> None:
        self.events.append(event)

    @property
    def lines(self) -> list[str]:
        return [_line(event) for event in self.events]


def _line(event: Retrying | FailedOver | DeviceUsed) -> str:
    match event:
        case Retrying():
            return f"retry {event.attempt}/{event.of} {event.code}"
        case FailedOver():
            return f"{event.from_backend} -> {event.to_backend} at {event.at_token}"
        case DeviceUsed():
            return f"{event.stage} on {event.backend}"
