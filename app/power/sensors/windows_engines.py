"""How busy adapters are and what memory they take, by Windows' performance counters (PDH). Never run by its authors.

Why it exists: these counters are kept by the system, so reading them wakes no device, and NPUs are among them. There is
one instance per process and engine, named like ``pid_4_luid_0x00000000_0x0000c85a_phys_0_eng_0_engtype_Compute``.
"""

from __future__ import annotations

import ctypes
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from ctypes import byref
from typing import Any

ENGINES = r"\GPU Engine(*)\Utilization Percentage"
DEDICATED = r"\GPU Adapter Memory(*)\Dedicated Usage"
SHARED = r"\GPU Adapter Memory(*)\Shared Usage"
_AS_DOUBLE = 0x00000200
_MORE_DATA = 0x800007D2
_LUID = re.compile(r"luid_(0x[0-9a-f]+_0x[0-9a-f]+)", re.IGNORECASE)
_ENGINE = re.compile(r"(phys_\d+_eng_\d+)", re.IGNORECASE)


class _Value(ctypes.Structure):
    _fields_ = (("status", ctypes.c_uint32), ("value", ctypes.c_double))


class _Item(ctypes.Structure):
    _fields_ = (("name", ctypes.c_wchar_p), ("value", _Value))


class EngineCounters:
    """Some counters, read together.

    Args:
        load: Gives a library by its name.
        paths: What is counted, in English whatever the system's language.

    Raises:
        OSError: This is no Windows.
    """

    def __init__(self, load: Callable[[str], Any], paths: Iterable[str] = (ENGINES, DEDICATED, SHARED)) -> None:
        self._pdh = load("pdh")
        self._paths = tuple(paths)
        self._query = ctypes.c_void_p()
        self._counters: dict[str, ctypes.c_void_p] = {}

    def read(self) -> Mapping[str, Mapping[str, float]]:
        """Every instance of every counter that this system has; rates are those since the last call, none at first."""
        if not self._query.value:
            self._open()
        if not self._query.value or self._pdh.PdhCollectQueryData(self._query):
            return {path: {} for path in self._paths}
        return {path: self._instances(self._counters[path]) if path in self._counters else {} for path in self._paths}

    def close(self) -> None:
        """Let the counters go; `read` opens them again."""
        if self._query.value:
            self._pdh.PdhCloseQuery(self._query)
        self._query, self._counters = ctypes.c_void_p(), {}

    def _open(self) -> None:
        if self._pdh.PdhOpenQueryW(None, 0, byref(self._query)):
            self._query = ctypes.c_void_p()
            return
        for path in self._paths:
            counter = ctypes.c_void_p()
            if not self._pdh.PdhAddEnglishCounterW(self._query, ctypes.c_wchar_p(path), 0, byref(counter)):
                self._counters[path] = counter

    def _instances(self, counter: ctypes.c_void_p) -> Mapping[str, float]:
        size, count = ctypes.c_uint32(), ctypes.c_uint32()
        ask = self._pdh.PdhGetFormattedCounterArrayW
        if ask(counter, _AS_DOUBLE, byref(size), byref(count), None) & 0xFFFFFFFF != _MORE_DATA:
            return {}
        room = ctypes.create_string_buffer(size.value)
        if ask(counter, _AS_DOUBLE, byref(size), byref(count), room):
            return {}
        items = ctypes.cast(room, ctypes.POINTER(_Item))
        valid = (items[index] for index in range(count.value))
        return {item.name: float(item.value.value) for item in valid if item.value.status in (0, 1)}


def busy_by_adapter(instances: Mapping[str, float]) -> Mapping[str, float]:
    """Share of time each adapter worked, in [0, 1], by its LUID: that of its busiest engine, over all processes."""
    engines: dict[tuple[str, str], float] = defaultdict(float)
    for name, percent in instances.items():
        luid, engine = _LUID.search(name), _ENGINE.search(name)
        if luid and engine:
            engines[luid[1].lower(), engine[1].lower()] += percent / 100
    busiest: dict[str, float] = {}
    for (luid_of, _), share in engines.items():
        busiest[luid_of] = min(1.0, max(busiest.get(luid_of, 0.0), share))
    return busiest


def bytes_by_adapter(instances: Mapping[str, float]) -> Mapping[str, float]:
    """Memory each adapter's work takes, by its LUID."""
    found: dict[str, float] = defaultdict(float)
    for name, value in instances.items():
        if luid := _LUID.search(name):
            found[luid[1].lower()] += value
    return found
