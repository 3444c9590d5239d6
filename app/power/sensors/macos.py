"""The sensors of macOS: psutil, and the energy counters of Apple's chips (IOReport), which need no administrator.

Why it exists: `powermetrics` asks for a password, IOReport does not. It is a private library of the system, so every
step of opening it may fail, and then psutil alone remains. It was written from how public programs use it; **it has
never been run on macOS**.
"""

from __future__ import annotations

import ctypes
import re
import threading
import time
from collections.abc import Callable, Iterator
from ctypes import byref, c_bool, c_char_p, c_int32, c_int64, c_long, c_uint32, c_uint64, c_void_p
from dataclasses import replace
from typing import Any

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, unavailable
from app.power.sensors.everywhere import EverywhereSensors
from app.power.sensors.metering import watts_between
from app.power.sensors.rates import Rising
from app.power.sensors.sample import Counters, Meter, Sample

IOREPORT = "/usr/lib/libIOReport.dylib"
FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
_GROUP = "Energy Model"
_UTF8 = 0x08000100
_NAME_BYTES = 128
_MOST_W = 1000.0
_GAP_S = 3.0
"""What the counters rose since an older look is not taken for work of now: they are read at whole looks alone."""
_JOULES = {"mJ": 1e-3, "uJ": 1e-6, "nJ": 1e-9}
_CHANNEL = re.compile(r"(?:DIE_\d+_)?(?:(CPU|GPU) Energy|(ANE)(?:\d+(?:_\d+)?)?)")
_DEVICES = {"CPU": Device.CPU, "GPU": Device.IGPU, "ANE": Device.NPU}
_NAMES = {Device.IGPU: "Apple's graphics", Device.NPU: "Apple's Neural Engine"}
_ONLY_ENERGY = unavailable("macOS tells this to administrators alone.")
_SIGNATURES = {
    "CFStringCreateWithCString": (c_void_p, (c_void_p, c_char_p, c_uint32)),
    "CFStringGetCString": (c_bool, (c_void_p, c_char_p, c_long, c_uint32)),
    "CFDictionaryGetValue": (c_void_p, (c_void_p, c_void_p)),
    "CFArrayGetCount": (c_long, (c_void_p,)),
    "CFArrayGetValueAtIndex": (c_void_p, (c_void_p, c_long)),
    "CFRelease": (None, (c_void_p,)),
    "IOReportCopyChannelsInGroup": (c_void_p, (c_void_p, c_void_p, c_uint64, c_uint64, c_uint64)),
    "IOReportCreateSubscription": (c_void_p, (c_void_p, c_void_p, ctypes.POINTER(c_void_p), c_uint64, c_void_p)),
    "IOReportCreateSamples": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "IOReportChannelGetChannelName": (c_void_p, (c_void_p,)),
    "IOReportChannelGetUnitLabel": (c_void_p, (c_void_p,)),
    "IOReportSimpleGetIntegerValue": (c_int64, (c_void_p, c_int32)),
}
"""What each function gives and takes."""


class AppleEnergy:
    """The energy counters of Apple's chips.

    Args:
        load: Gives a library by its path.

    Raises:
        OSError: They cannot be read here: this is no Mac with a chip of Apple's, or its library has changed.
    """

    def __init__(self, load: Callable[[str], Any] = ctypes.CDLL) -> None:
        foundation, report = load(FOUNDATION), load(IOREPORT)
        try:
            self._calls = {
                name: _signed(report if name.startswith("IOReport") else foundation, name) for name in _SIGNATURES
            }
        except AttributeError as error:
            raise OSError(f"the system's library has changed: {error}") from error
        group = self._text(_GROUP)
        channels = self._calls["IOReportCopyChannelsInGroup"](group, None, 0, 0, 0)
        self._calls["CFRelease"](group)
        if not channels:
            raise OSError("this machine has no energy counters")
        self._list = self._text("IOReportChannels")
        subscribed = c_void_p()
        self._subscription = self._calls["IOReportCreateSubscription"](None, channels, byref(subscribed), 0, None)
        if not self._subscription:
            raise OSError("the system gives its energy counters to nobody")
        self._channels = subscribed.value or channels

    def read(self) -> dict[Device, float]:
        """Joules since the machine started, by device; those that have a counter."""
        looks = self._calls["IOReportCreateSamples"](self._subscription, self._channels, None)
        if not looks:
            return {}
        found: dict[Device, float] = {}
        try:
            for name, unit, value in self._values(looks):
                match = _CHANNEL.fullmatch(name)
                if match and unit in _JOULES:
                    device = _DEVICES[match[1] or match[2]]
                    found[device] = found.get(device, 0.0) + value * _JOULES[unit]
        finally:
            self._calls["CFRelease"](looks)
        return found

    def _values(self, looks: int) -> Iterator[tuple[str, str, int]]:
        """Name, unit and value of every channel."""
        calls = self._calls
        channels = calls["CFDictionaryGetValue"](looks, self._list)
        for index in range(calls["CFArrayGetCount"](channels) if channels else 0):
            channel = calls["CFArrayGetValueAtIndex"](channels, index)
            name = self._words(calls["IOReportChannelGetChannelName"](channel))
            unit = self._words(calls["IOReportChannelGetUnitLabel"](channel)).strip()
            yield name, unit, int(calls["IOReportSimpleGetIntegerValue"](channel, 0))

    def _text(self, words: str) -> int:
        return int(self._calls["CFStringCreateWithCString"](None, words.encode(), _UTF8))

    def _words(self, text: int | None) -> str:
        room = ctypes.create_string_buffer(_NAME_BYTES)
        if not text or not self._calls["CFStringGetCString"](text, room, _NAME_BYTES, _UTF8):
            return ""
        return room.value.decode(errors="replace")


class MacSensors:
    """Implements `app.power.sensors.sample.Sensors`.

    Args:
        load: Gives a library by its path.
        clock: Monotonic seconds.
    """

    def __init__(self, load: Callable[[str], Any] = ctypes.CDLL, clock: Callable[[], float] = time.monotonic) -> None:
        self._base = EverywhereSensors(clock)
        self._lock = threading.Lock()
        self._rising: dict[Device, Rising] = {}
        self._meters: tuple[Meter, ...] = ()
        self._last: Counters | None = None
        self.trouble = ""
        """Why the energy counters cannot be read, empty when they can."""
        try:
            self._energy: AppleEnergy | None = AppleEnergy(load)
        except OSError as error:
            self._energy, self.trouble = None, f"The energy counters of Apple's chips cannot be read: {error}."

    def sample(self) -> Sample:
        """Look at everything."""
        base = self._base.sample()
        with self._lock:
            before = self._last
            if before is not None and base.counters.at_s - before.at_s > _GAP_S:
                before = None
                for rising in self._rising.values():
                    rising.skip()
            if self._energy is not None:
                self._meters = tuple(
                    Meter(
                        f"ioreport-{device}",
                        frozenset({device}),
                        self._rising.setdefault(device, Rising(_MOST_W)).took(joules, base.counters.at_s),
                        f"IOReport, {_GROUP}",
                    )
                    for device, joules in self._energy.read().items()
                )
            self._last = counters = replace(base.counters, meters=self._meters)
        readings = tuple(self._reading(reading, before, counters) for reading in base.readings)
        return Sample(counters, readings, base.battery)

    def counters(self) -> Counters:
        """The processor's times now, and the energy of the last look: reading it anew takes milliseconds."""
        return replace(self._base.counters(), meters=self._meters)

    def close(self) -> None:
        """Nothing has to be let go: the counters cost nothing while nobody reads them."""

    def _reading(self, base: DeviceReading, before: Counters | None, now: Counters) -> DeviceReading:
        """One device: what psutil said, with the energy counters put over it."""
        watts = watts_between(before, now, base.device)
        if watts is None:
            return (
                replace(base, watts=unavailable(self.trouble)) if base.device is Device.CPU and self.trouble else base
            )
        if base.device is Device.CPU:
            return replace(base, watts=watts)
        return DeviceReading(
            base.device,
            name=_NAMES[base.device],
            watts=watts,
            temperature_c=_ONLY_ENERGY,
            busy=_ONLY_ENERGY,
            memory_bytes=_ONLY_ENERGY,
            frequency_mhz=_ONLY_ENERGY,
        )


def _signed(library: Any, name: str) -> Any:
    """A function with its types set."""
    function = getattr(library, name)
    function.restype, function.argtypes = _SIGNATURES[name]
    return function
