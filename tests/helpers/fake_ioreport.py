"""Apple's IOReport and the part of CoreFoundation that it needs; pointers are numbers, and every object is counted."""

# ruff: noqa: N802 - functions of macOS have its names

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.helpers.fake_windows import Function

_FOUNDATION = (
    "CFStringCreateWithCString",
    "CFStringGetCString",
    "CFDictionaryGetValue",
    "CFArrayGetCount",
    "CFArrayGetValueAtIndex",
    "CFRelease",
)
_REPORT = (
    "IOReportCopyChannelsInGroup",
    "IOReportCreateSubscription",
    "IOReportCreateSamples",
    "IOReportChannelGetChannelName",
    "IOReportChannelGetUnitLabel",
    "IOReportSimpleGetIntegerValue",
)


@dataclass
class FakeIOReport:
    """The two libraries.

    Attributes:
        channels: Name to unit and value.
        lacks: A function that this version of the system does not have.
        gives: Whether a subscription is given at all.
        alive: Objects that nobody has released yet.
    """

    channels: dict[str, tuple[str, int]] = field(default_factory=dict)
    lacks: str = ""
    gives: bool = True
    alive: dict[int, Any] = field(default_factory=dict)
    _made: int = 0x1000

    def load(self, path: str) -> Any:
        names = _REPORT if path == "/usr/lib/libIOReport.dylib" else _FOUNDATION
        return type("Library", (), {name: Function(getattr(self, name)) for name in names if name != self.lacks})

    def _new(self, value: Any) -> int:
        self._made += 0x10
        self.alive[self._made] = value
        return self._made

    def CFStringCreateWithCString(self, allocator: None, text: bytes, encoding: int) -> int:
        assert encoding == 0x08000100
        return self._new(text.decode())

    def CFStringGetCString(self, text: int, room: Any, size: int, encoding: int) -> int:
        words = self.alive[text].encode() + b"\0"
        if len(words) > size:
            return 0
        room[: len(words)] = words
        return 1

    def CFDictionaryGetValue(self, dictionary: int, key: int) -> int | None:
        return self.alive[dictionary].get(self.alive[key])

    def CFArrayGetCount(self, array: int) -> int:
        return len(self.alive[array])

    def CFArrayGetValueAtIndex(self, array: int, index: int) -> int:
        return self.alive[array][index]

    def CFRelease(self, thing: int) -> None:
        for part in self._parts(self.alive.pop(thing)):
            self.alive.pop(part, None)

    def _parts(self, value: Any) -> list[int]:
        """What goes when a dictionary goes."""
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        numbers = [part for part in inner if isinstance(part, int)]
        return numbers + [deeper for part in numbers for deeper in self._parts(self.alive.get(part))]

    def IOReportCopyChannelsInGroup(self, group: int, subgroup: None, a: int, b: int, c: int) -> int | None:
        assert self.alive[group] == "Energy Model"
        return self._new({}) if self.channels else None

    def IOReportCreateSubscription(self, a: None, channels: int, subscribed: Any, b: int, c: None) -> int | None:
        subscribed._obj.value = channels
        return self._new("subscription") if self.gives else None

    def IOReportCreateSamples(self, subscription: int, channels: int, a: None) -> int:
        assert self.alive[subscription] == "subscription"
        rows = [
            self._new({"name": self._new(name), "unit": self._new(unit), "value": self._new(str(value))})
            for name, (unit, value) in self.channels.items()
        ]
        return self._new({"IOReportChannels": self._new(rows)})

    def IOReportChannelGetChannelName(self, channel: int) -> int:
        return self.alive[channel]["name"]

    def IOReportChannelGetUnitLabel(self, channel: int) -> int:
        return self.alive[channel]["unit"]

    def IOReportSimpleGetIntegerValue(self, channel: int, index: int) -> int:
        assert index == 0
        return int(self.alive[self.alive[channel]["value"]])
