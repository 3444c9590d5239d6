"""NVIDIA's cards as the driver's own library (NVML) tells of them.

Why it exists: these cards tell nothing through files. Whether one may be asked at all is decided by who reads the files
(`app.power.sensors.graphics_card`): asking wakes a sleeping card, and an open library keeps one awake. A card is asked
for by its address, so that no other one is touched. What one card does not support is left out, not guessed. The
library is used in a thread of its own: a driver may hang, and nobody must hang with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.aio.daemon import DaemonThread
from app.power.sensors.graphics_card import CardLook

GAP_S = 3.0
"""A card that was not looked at for longer is not guessed any further."""
LEFT_ALONE_S = 35.0
"""The same for an idle one that is left alone for half a minute so that it can fall asleep."""
RETRY_S = 30.0
"""Seconds until a library that did not open is tried again."""
PATIENCE_S = 2.0
"""A driver that has not answered by then hangs."""
_REASONS = {
    0x04: "software power cap",
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}
"""Bits of ``nvmlClocksEventReasons`` that slow a card down."""
_THROTTLES = 0x20 | 0x40 | 0x80
"""Heat, and the power supply's brake. Its own power cap is how a card works at full load, and 0x08 says no reason."""
_NO_ANSWER = "NVIDIA's driver has not answered the last question yet."


class NvidiaCards:
    """Implements `app.power.sensors.graphics_card.CardReader`.

    Args:
        load: Gives the library; it is called at the first look.
        clock: Monotonic seconds.
    """

    def __init__(self, load: Callable[[], Any] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load or _pynvml
        self._clock = clock
        self._thread = DaemonThread("nvml")
        self._asking: Future[CardLook | None] | None = None
        self._knowing = threading.Lock()
        self._library: Any = None
        self._open = False
        self._not_before = float("-inf")
        self._trouble = ""
        self._why_not: dict[str, str] = {}
        self._tallies: dict[str, _Tally] = {}

    def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        """Ask about a card that is known to be awake; takes some milliseconds, and two seconds when the driver hangs.

        While it hangs on an earlier question no other is asked.
        """
        if self._asking is None or self._asking.done():
            asked = self._asking = self._thread.begin(lambda: self._look(pci, keep_open=keep_open))
            with suppress(TimeoutError):
                return asked.result(PATIENCE_S)
        self._why_not[pci] = _NO_ANSWER
        return None

    def joules(self, pci: str) -> float | None:
        """What a card has taken by now: as of the last look, and its watts then for the time since."""
        with self._knowing:
            tally = self._tallies.get(pci)
            return None if tally is None else tally.by(self._clock())

    def why_not(self, pci: str) -> str:
        """Why the last look at a card gave nothing, one sentence; empty when it gave something."""
        return self._why_not.get(pci, "")

    def close(self) -> None:
        """Let go of the library. One that hangs is let go when it answers; nobody waits for that."""
        answered = self._asking is None or self._asking.done()
        if answered and not self._open:
            self._thread.close()
            return
        shut = self._thread.begin(self._shut)
        if answered:
            with suppress(TimeoutError):
                shut.result(PATIENCE_S)
                self._thread.close()

    def _look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        """In the thread, where alone the library is used."""
        if not self._opened():
            self._why_not[pci] = self._trouble
            return None
        try:
            return self._ask(pci, GAP_S if keep_open else LEFT_ALONE_S)
        finally:
            if not keep_open:
                self._shut()

    def _opened(self) -> bool:
        """Open the library unless it is; what keeps it from opening is asked for again only now and then."""
        if self._open:
            return True
        now = self._clock()
        if now < self._not_before:
            return False
        try:
            if self._library is None:
                self._library = self._load()
            self._library.nvmlInit()
        except ImportError:
            self._trouble = "NVIDIA's management library is not installed: nvidia-ml-py is missing."
        except self._failure as error:
            self._trouble = f"NVIDIA's driver does not answer: {_words(error)}."
        else:
            self._open = True
            return True
        self._not_before = now + RETRY_S
        return False

    @property
    def _failure(self) -> type[Exception]:
        """What the library raises; nothing can match while there is none."""
        return _Never if self._library is None else self._library.NVMLError

    def _shut(self) -> None:
        if self._open:
            self._open = False
            with suppress(self._failure):
                self._library.nvmlShutdown()

    def _ask(self, pci: str, guess_s: float) -> CardLook | None:
        library = self._library
        try:
            handle = library.nvmlDeviceGetHandleByPciBusId(pci)
        except self._failure as error:
            self._why_not[pci] = f"NVIDIA's driver does not give this card: {_words(error)}."
            self._shut()  # after a driver was loaded anew, only opening it again helps
            return None

        def one(name: str, *arguments: object) -> Any:
            try:
                return getattr(library, name)(handle, *arguments)
            except self._failure:
                return None

        milliwatts = _number(one("nvmlDeviceGetPowerUsage"))
        watts = None if milliwatts is None else milliwatts / 1e3
        celsius = _number(one("nvmlDeviceGetTemperature", library.NVML_TEMPERATURE_GPU))
        bits = one("nvmlDeviceGetCurrentClocksEventReasons")
        busy = _number(getattr(one("nvmlDeviceGetUtilizationRates"), "gpu", None))
        memory = getattr(one("nvmlDeviceGetMemoryInfo"), "used", None)
        slows_at = _number(
            one("nvmlDeviceGetTemperatureThreshold", library.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
        ) or _sum(celsius, _number(one("nvmlDeviceGetMarginTemperature")))
        millijoules = _number(one("nvmlDeviceGetTotalEnergyConsumption"))
        with self._knowing:
            tally = self._tallies.setdefault(pci, _Tally())
            tally.add(self._clock(), watts, None if millijoules is None else millijoules / 1e3, guess_s)
            joules = tally.by(tally.at_s)
        self._why_not[pci] = ""
        return CardLook(
            name=_words(one("nvmlDeviceGetName")),
            watts=watts,
            joules=joules,
            temperature_c=celsius,
            slows_at_c=slows_at,
            busy=None if busy is None else min(1.0, busy / 100),
            memory_bytes=None if memory is None else int(memory),
            frequency_mhz=_number(one("nvmlDeviceGetClockInfo", library.NVML_CLOCK_SM)),
            throttled=None if bits is None else bool(bits & _THROTTLES),
            reasons=tuple(words for bit, words in _REASONS.items() if bits is not None and bits & bit),
        )


@dataclass(slots=True)
class _Tally:
    """What one card has taken while it was looked at.

    Attributes:
        at_s: Time of the last look.
        guess_s: For so long from then on it is taken to go on as it did then.
        joules: Until then.
        counter: What the driver's own counter said then, J since it was loaded; None where there is none.
        watts: Power then, None where unknown.
        shown: The most that was ever told; less is never told again.
    """

    at_s: float = float("-inf")
    guess_s: float = GAP_S
    joules: float = 0.0
    counter: float | None = None
    watts: float | None = None
    shown: float = 0.0

    def add(self, now_s: float, watts: float | None, counter: float | None, guess_s: float) -> None:
        """A look. Without a counter the watts are integrated.

        After a pause what was told stands: all that the counter rose meanwhile would be taken for work of now.
        """
        if now_s - self.at_s > GAP_S:
            self.joules = self.shown
        elif counter is not None and self.counter is not None:
            self.joules += counter - self.counter if counter >= self.counter else counter
        elif counter is None and watts is not None and self.watts is not None:
            self.joules += (watts + self.watts) / 2 * (now_s - self.at_s)
        self.at_s, self.watts, self.counter, self.guess_s = now_s, watts, counter, guess_s

    def by(self, now_s: float) -> float | None:
        """What it has taken by now, None where neither energy nor power is known."""
        if self.counter is None and self.watts is None:
            return None
        since = min(max(now_s - self.at_s, 0.0), self.guess_s)
        self.shown = max(self.shown, self.joules + (self.watts or 0.0) * since)
        return self.shown


class _Never(Exception):
    """Stands for the library's error while there is no library."""


def _pynvml() -> Any:
    import pynvml

    return pynvml


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _words(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
    return text.rstrip(". ")
