"""NVIDIA's management library without a driver: its functions, its errors, its bytes; cards are plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace


class NVMLError(Exception):
    """As the library raises it."""


class NotSupported(NVMLError):
    def __str__(self) -> str:
        return "Not Supported"


class LibraryNotFound(NVMLError):
    def __str__(self) -> str:
        return "NVML Shared Library Not Found"


class NotFound(NVMLError):
    def __str__(self) -> str:
        return "Not Found"


@dataclass
class Card:
    """One card; what is None is not supported."""

    name: bytes | None = b"NVIDIA GeForce RTX 4060 Laptop GPU"
    milliwatts: int | None = 34_500
    millijoules: int | None = 1_000_000
    celsius: int | None = 61
    slowdown: int | None = 87
    margin: int | None = None
    percent: int | None = 40
    used: int | None = 2 * 1024**3
    clock: int | None = 1890
    reasons: int | None = 0


@dataclass
class FakeNvml:
    """The library; ``is_open`` and ``calls`` tell what was done to it."""

    cards: dict[str, Card] = field(default_factory=dict)
    driver: bool = True
    is_open: bool = False
    calls: list[str] = field(default_factory=list)

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0
    NVML_TEMPERATURE_THRESHOLD_SLOWDOWN = 1
    NVML_CLOCK_SM = 1

    def nvmlInit(self) -> None:  # noqa: N802
        self.calls.append("init")
        if not self.driver:
            raise LibraryNotFound
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.calls.append("shutdown")
        self.is_open = False

    def nvmlDeviceGetHandleByPciBusId(self, pci: str) -> Card:  # noqa: N802
        self.calls.append(f"handle {pci}")
        assert self.is_open
        if pci not in self.cards:
            raise NotFound
        return self.cards[pci]

    def __getattr__(self, name: str) -> object:
        answers = {
            "nvmlDeviceGetName": lambda card: card.name,
            "nvmlDeviceGetPowerUsage": lambda card: card.milliwatts,
            "nvmlDeviceGetTotalEnergyConsumption": lambda card: card.millijoules,
            "nvmlDeviceGetTemperature": lambda card, sensor: card.celsius if sensor == 0 else None,
            "nvmlDeviceGetTemperatureThreshold": lambda card, which: card.slowdown if which == 1 else None,
            "nvmlDeviceGetMarginTemperature": lambda card: card.margin,
            "nvmlDeviceGetUtilizationRates": lambda card: _record(gpu=card.percent, memory=0),
            "nvmlDeviceGetMemoryInfo": lambda card: _record(used=card.used, total=8 * 1024**3),
            "nvmlDeviceGetClockInfo": lambda card, which: card.clock if which == 1 else None,
            "nvmlDeviceGetCurrentClocksEventReasons": lambda card: card.reasons,
        }
        if name not in answers:
            raise AttributeError(name)

        def call(*arguments: object) -> object:
            self.calls.append(name)
            assert self.is_open, f"{name} before nvmlInit"
            answer = answers[name](*arguments)
            if answer is None:
                raise NotSupported
            return answer

        return call


def _record(**fields: object) -> SimpleNamespace | None:
    return None if None in fields.values() else SimpleNamespace(**fields)
