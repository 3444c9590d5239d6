"""Energy counters of Windows: the Energy Meter Interface (EMI), readable by every user. Never run by its authors.

Why it exists: it is the only way to the processor's energy on Windows that needs neither an administrator nor a driver
of one's own. Codes and layouts: ``emi.h`` of the Windows SDK, documented at
learn.microsoft.com/windows-hardware/drivers/powermeter/energy-meter-interface.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from ctypes import byref
from dataclasses import dataclass
from typing import Any

GUID_DEVICE_ENERGY_METER = struct.pack(
    "<IHH8s", 0x45BD8344, 0x7ED6, 0x49CF, bytes((0xA4, 0x40, 0xC2, 0x76, 0xC9, 0x33, 0xB0, 0x53))
)
GET_VERSION, GET_METADATA_SIZE, GET_METADATA, GET_MEASUREMENT = 0x224000, 0x224004, 0x224008, 0x22400C
JOULES_PER_UNIT = 3.6e-9
"""A picowatt-hour."""
_PICOWATT_HOURS = 0
_NAME_BYTES = 32
"""Of maker and model: 16 characters of two bytes."""
_READ, _SHARED, _EXISTING = 0x80000000, 3, 3
_INVALID_HANDLE = ctypes.c_void_p(-1).value


@dataclass(frozen=True, slots=True)
class EnergyChannel:
    """One counter of one meter.

    Attributes:
        name: For instance ``RAPL_Package0_PKG``.
        joules: Since the system started.
    """

    name: str
    joules: float


class EnergyMeters:
    """The energy meters of this machine.

    Args:
        load: Gives a library by its name.

    Raises:
        OSError: This is no Windows.
    """

    def __init__(self, load: Callable[[str], Any]) -> None:
        self._kernel32, self._cfgmgr32 = load("kernel32"), load("cfgmgr32")
        self._kernel32.CreateFileW.restype = ctypes.c_void_p
        self._open: list[tuple[ctypes.c_void_p, tuple[str, ...]]] | None = None

    def read(self) -> tuple[EnergyChannel, ...]:
        """Every channel that counts energy now; empty where there is no meter."""
        if self._open is None:
            self._open = [meter for path in self._paths() if (meter := self._opened(path)) is not None]
        found: list[EnergyChannel] = []
        for handle, names in self._open:
            data = self._ask(handle, GET_MEASUREMENT, 16 * len(names))
            if data is not None and len(data) == 16 * len(names):
                energies = parse_measurement(data, len(names))
                found += [EnergyChannel(name, joules) for name, joules in zip(names, energies, strict=True) if name]
        return tuple(found)

    def close(self) -> None:
        """Let the meters go; `read` opens them again."""
        for handle, _names in self._open or ():
            self._kernel32.CloseHandle(handle)
        self._open = None

    def _paths(self) -> list[str]:
        length = ctypes.c_uint32()
        if self._cfgmgr32.CM_Get_Device_Interface_List_SizeW(byref(length), GUID_DEVICE_ENERGY_METER, None, 0):
            return []
        names = ctypes.create_string_buffer(2 * max(1, length.value))
        if self._cfgmgr32.CM_Get_Device_Interface_ListW(GUID_DEVICE_ENERGY_METER, None, names, length.value, 0):
            return []
        return [name for name in names.raw.decode("utf-16-le", errors="replace").split("\0") if name]

    def _opened(self, path: str) -> tuple[ctypes.c_void_p, tuple[str, ...]] | None:
        opened = self._kernel32.CreateFileW(ctypes.c_wchar_p(path), _READ, _SHARED, None, _EXISTING, 0, None)
        if opened in (None, _INVALID_HANDLE):
            return None
        handle = ctypes.c_void_p(opened)
        names = self._channels(handle)
        if not names:
            self._kernel32.CloseHandle(handle)
            return None
        return handle, names

    def _channels(self, handle: ctypes.c_void_p) -> tuple[str, ...]:
        version, size = self._ask(handle, GET_VERSION, 2), self._ask(handle, GET_METADATA_SIZE, 4)
        if version is None or size is None or len(version) < 2 or len(size) < 4:
            return ()
        metadata = self._ask(handle, GET_METADATA, int.from_bytes(size[:4], "little"))
        if metadata is None:
            return ()
        try:
            return parse_metadata(metadata, int.from_bytes(version[:2], "little"))
        except ValueError:
            return ()

    def _ask(self, handle: ctypes.c_void_p, code: int, size: int) -> bytes | None:
        """What a meter answers, None when it refuses."""
        answer, got = ctypes.create_string_buffer(size), ctypes.c_uint32()
        if not self._kernel32.DeviceIoControl(handle, code, None, 0, answer, size, byref(got), None):
            return None
        return answer.raw[: got.value]


def parse_metadata(data: bytes, version: int) -> tuple[str, ...]:
    """The names of a meter's channels in their order; empty in place of one in an unknown unit.

    Args:
        data: ``EMI_METADATA_V1`` or ``EMI_METADATA_V2``.
        version: 1 or 2.

    Raises:
        ValueError: It is shorter than it says, or of another version.
    """
    if version == 1:
        unit, _, size = _unpacked("<I", data, 0)[0], *_unpacked("<HH", data, 4 + 2 * _NAME_BYTES)
        name = _name(data, 8 + 2 * _NAME_BYTES, size)
        return (name if unit == _PICOWATT_HOURS else "",)
    if version != 2:
        raise ValueError(f"version {version} of the Energy Meter Interface is not known")
    count = _unpacked("<HH", data, 2 * _NAME_BYTES)[1]
    names, at = [], 2 * _NAME_BYTES + 4
    for _ in range(count):
        unit, size = _unpacked("<IH", data, at)
        name = _name(data, at + 6, size)
        names.append(name if unit == _PICOWATT_HOURS else "")
        at += 6 + size
    return tuple(names)


def parse_measurement(data: bytes, channels: int) -> tuple[float, ...]:
    """Joules of every channel: ``EMI_CHANNEL_MEASUREMENT_DATA`` one after the other, energy before time.

    Raises:
        ValueError: It holds fewer channels.
    """
    return tuple(_unpacked("<QQ", data, 16 * index)[0] * JOULES_PER_UNIT for index in range(channels))


def _unpacked(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error as error:
        raise ValueError(f"the meter's answer ends at byte {len(data)}, where more was announced") from error


def _name(data: bytes, at: int, size: int) -> str:
    if at + size > len(data):
        raise ValueError(f"the meter's answer ends at byte {len(data)}, inside a name")
    return data[at : at + size].decode("utf-16-le", errors="replace").partition("\0")[0]
