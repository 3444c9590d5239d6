"""The few functions of Windows that sensors call, at the level of its libraries: buffers, handles and return codes.

Everything is laid out here once more, from the headers, so that an error in the program's own layouts shows.
"""

# ruff: noqa: N802 - functions of Windows have its names

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PATH = r"\\?\ACPI#INTC1055#0#{45bd8344-7ed6-49cf-a440-c276c933b053}"
GUID = bytes.fromhex("4483bd45d67ecf49a440c276c933b053")


def wide(text: str) -> bytes:
    """Text as Windows holds it, with its end."""
    return text.encode("utf-16-le") + b"\0\0"


def metadata_v1(name: str, *, unit: int = 0) -> bytes:
    """``EMI_METADATA_V1``."""
    header = struct.pack("<I32s32sHH", unit, wide("OEM"), wide("Model"), 1, len(wide(name)))
    return header + wide(name)


def metadata_v2(*names: str, units: Mapping[str, int] | None = None) -> bytes:
    """``EMI_METADATA_V2``; a channel begins where the name of the one before it ends."""
    data = struct.pack("<32s32sHH", wide("INTEL"), wide("RAPL"), 7, len(names))
    for name in names:
        data += struct.pack("<IH", (units or {}).get(name, 0), len(wide(name))) + wide(name)
    return data


def measurement(*picowatt_hours: int) -> bytes:
    """``EMI_MEASUREMENT_DATA_V2``."""
    return b"".join(struct.pack("<QQ", energy, 133_000_000_000_000_000) for energy in picowatt_hours)


@dataclass
class Function:
    """A function of a library, which takes ``restype`` and ``argtypes`` as ctypes' own do."""

    call: Callable[..., Any]
    restype: Any = None
    argtypes: Any = None

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


@dataclass
class FakeAdapter:
    """One adapter: its bits, its name, where it sits."""

    bits: int
    name: str
    address: tuple[int, int, int]
    luid: int


@dataclass
class FakeWindows:
    """Loads libraries; what they answer is in its fields.

    Attributes:
        metadata: Of the one energy meter; empty for none.
        version: Of its interface.
        energies: What its channels stand at, picowatt-hours.
        adapters: Graphics and compute adapters.
        instances: Of the performance counters, by path: name to value and status.
        handles: Open now.
    """

    metadata: bytes = b""
    version: int = 2
    energies: tuple[int, ...] = ()
    adapters: list[FakeAdapter] = field(default_factory=list)
    instances: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)
    handles: set[int] = field(default_factory=set)
    queries: int = 0
    kept: list[Any] = field(default_factory=list)

    def load(self, name: str) -> Any:
        names = {
            "kernel32": ("CreateFileW", "CloseHandle", "DeviceIoControl"),
            "cfgmgr32": ("CM_Get_Device_Interface_List_SizeW", "CM_Get_Device_Interface_ListW"),
            "gdi32": ("D3DKMTEnumAdapters3", "D3DKMTQueryAdapterInfo", "D3DKMTCloseAdapter"),
            "pdh": (
                "PdhOpenQueryW",
                "PdhAddEnglishCounterW",
                "PdhCollectQueryData",
                "PdhGetFormattedCounterArrayW",
                "PdhCloseQuery",
            ),
        }[name]
        return type(name, (), {each: Function(getattr(self, f"_{each}")) for each in names})

    # kernel32 and cfgmgr32

    def _interfaces(self) -> bytes:
        return wide(PATH) + b"\0\0" if self.metadata else b"\0\0"

    def _CM_Get_Device_Interface_List_SizeW(self, length: Any, guid: bytes, device: None, flags: int) -> int:
        assert (guid, device, flags) == (GUID, None, 0)
        length._obj.value = len(self._interfaces()) // 2
        return 0

    def _CM_Get_Device_Interface_ListW(self, guid: bytes, device: None, room: Any, length: int, flags: int) -> int:
        assert (guid, device, flags) == (GUID, None, 0)
        assert ctypes.sizeof(room) == 2 * length
        room[: 2 * length] = self._interfaces()
        return 0

    def _CreateFileW(self, path: Any, access: int, share: int, security: None, how: int, flags: int, copy: None) -> int:
        assert (path.value, access, share, how, flags) == (PATH, 0x80000000, 3, 3, 0)
        self.handles.add(0x44)
        return 0x44

    def _CloseHandle(self, handle: Any) -> int:
        self.handles.remove(handle.value)
        return 1

    def _DeviceIoControl(
        self, handle: Any, code: int, given: None, given_size: int, room: Any, size: int, got: Any, later: None
    ) -> int:
        assert handle.value in self.handles
        assert (given, given_size, later) == (None, 0, None)
        answer = {
            0x00224000: struct.pack("<H", self.version),
            0x00224004: struct.pack("<I", len(self.metadata)),
            0x00224008: self.metadata,
            0x0022400C: measurement(*self.energies),
        }[code]
        if size < len(answer):
            return 0
        room[: len(answer)] = answer
        got._obj.value = len(answer)
        return 1

    # gdi32

    def _D3DKMTEnumAdapters3(self, listed: Any) -> int:
        which, room, adapters = struct.unpack("<QI4xQ", bytes(listed._obj))
        assert (which, room >= len(self.adapters)) == (1, True)
        rows = b"".join(
            struct.pack("<IIiIi", 0x40000000 + index, each.luid & 0xFFFFFFFF, each.luid >> 32, 1, 0)
            for index, each in enumerate(self.adapters)
        )
        ctypes.memmove(adapters, rows, len(rows))
        listed._obj.count = len(self.adapters)
        self.handles.update(0x40000000 + index for index in range(len(self.adapters)))
        return 0

    def _D3DKMTQueryAdapterInfo(self, query: Any) -> int:
        handle, kind, data, size = struct.unpack_from("<IiQI", bytes(query._obj))
        adapter = self.adapters[handle - 0x40000000]
        answer = {
            6: struct.pack("<III", *adapter.address),
            8: wide(adapter.name).ljust(520, b"\0") * 4,
            15: struct.pack("<I", adapter.bits),
        }[kind]
        if size != len(answer):
            return -1
        ctypes.memmove(data, answer, size)
        return 0

    def _D3DKMTCloseAdapter(self, close: Any) -> int:
        self.handles.remove(close._obj.handle)
        return 0

    # pdh

    def _PdhOpenQueryW(self, source: None, user: int, query: Any) -> int:
        assert source is None
        self.queries += 1
        query._obj.value = 0x77
        return 0

    def _PdhAddEnglishCounterW(self, query: Any, path: Any, user: int, counter: Any) -> int:
        assert query.value == 0x77
        if path.value not in self.instances:
            return 0xC0000BB8 - 2**32  # PDH_CSTATUS_NO_OBJECT
        counter._obj.value = 0x100 + list(self.instances).index(path.value)
        return 0

    def _PdhCollectQueryData(self, query: Any) -> int:
        assert query.value == 0x77
        return 0

    def _PdhGetFormattedCounterArrayW(self, counter: Any, form: int, size: Any, count: Any, room: Any) -> int:
        assert form == 0x200
        instances = list(self.instances.values())[counter.value - 0x100]
        needed = sum(24 + len(wide(name)) for name in instances)
        size._obj.value, count._obj.value = needed, len(instances)
        if room is None:
            return 0x800007D2 - 2**32  # PDH_MORE_DATA, as a signed number
        assert ctypes.sizeof(room) >= needed
        names = [ctypes.create_unicode_buffer(name) for name in instances]  # as wide as this system's characters
        self.kept += names
        items = b"".join(
            struct.pack("<QI4xd", ctypes.addressof(name), status, value)
            for name, (value, status) in zip(names, instances.values(), strict=True)
        )
        ctypes.memmove(room, items, len(items))
        return 0

    def _PdhCloseQuery(self, query: Any) -> int:
        assert query.value == 0x77
        self.queries -= 1
        return 0
