"""The graphics and compute adapters of Windows, by the kernel's own list (D3DKMT). Never run by its authors.

Why it exists: Windows counts the work of NPUs and graphics processors per adapter, which it names by a number that is
new at every start (LUID). The list says which number is which device; an NPU is an adapter that only computes. Layouts:
``d3dkmthk.h`` of the Windows SDK.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref
from dataclasses import dataclass
from typing import Any

from app.contracts.devices import Device

_ADDRESS, _REGISTRY, _TYPE = 6, 8, 15
"""Questions of ``KMTQUERYADAPTERINFOTYPE``."""
_RENDERS, _SOFTWARE, _DISCRETE, _INTEGRATED, _COMPUTE_ONLY = 1 << 0, 1 << 2, 1 << 4, 1 << 5, 1 << 11
"""Bits of ``D3DKMT_ADAPTERTYPE``."""
_AND_COMPUTE_ONLY = 1 << 0
"""Of ``D3DKMT_ENUMADAPTERS_FILTER``: without it NPUs are left out."""
_NAME_BYTES = 520
_MOST = 64


class _AdapterInfo(ctypes.Structure):
    _fields_ = (
        ("handle", ctypes.c_uint32),
        ("luid_low", ctypes.c_uint32),
        ("luid_high", ctypes.c_int32),
        ("sources", ctypes.c_uint32),
        ("preferred", ctypes.c_int32),
    )


class _EnumAdapters(ctypes.Structure):
    _fields_ = (
        ("filter", ctypes.c_uint64),
        ("count", ctypes.c_uint32),
        ("adapters", ctypes.POINTER(_AdapterInfo)),
    )


class _Query(ctypes.Structure):
    _fields_ = (
        ("handle", ctypes.c_uint32),
        ("kind", ctypes.c_int32),
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_uint32),
    )


class _Close(ctypes.Structure):
    _fields_ = (("handle", ctypes.c_uint32),)


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter.

    Attributes:
        device: Which kind.
        name: As its driver calls it.
        luid: As the names of counters hold it: ``0x00000000_0x0000c85a``.
        pci: Its address, for instance ``0000:01:00.0``; empty when Windows does not say.
    """

    device: Device
    name: str
    luid: str
    pci: str


def adapters(load: Callable[[str], Any]) -> tuple[Adapter, ...]:
    """The adapters that are hardware; empty where Windows has no such list (before Windows 10, version 2004).

    Args:
        load: Gives a library by its name.
    """
    gdi32 = load("gdi32")
    infos = (_AdapterInfo * _MOST)()
    listed = _EnumAdapters(_AND_COMPUTE_ONLY, _MOST, infos)
    list_them = getattr(gdi32, "D3DKMTEnumAdapters3", None)
    if list_them is None or list_them(byref(listed)) != 0:
        return ()
    found = []
    for info in infos[: listed.count]:
        try:
            adapter = _adapter(gdi32, info)
        finally:
            gdi32.D3DKMTCloseAdapter(byref(_Close(info.handle)))
        if adapter is not None:
            found.append(adapter)
    return tuple(found)


def _adapter(gdi32: Any, info: _AdapterInfo) -> Adapter | None:
    bits = int.from_bytes(_ask(gdi32, info, _TYPE, 4), "little")
    if bits & _SOFTWARE or not bits & (_RENDERS | _COMPUTE_ONLY):
        return None
    name = _ask(gdi32, info, _REGISTRY, 4 * _NAME_BYTES)[:_NAME_BYTES].decode("utf-16-le", errors="replace")
    name = name.partition("\0")[0]
    address = _ask(gdi32, info, _ADDRESS, 12)
    bus, slot, function = (int.from_bytes(address[at : at + 4], "little") for at in (0, 4, 8))
    return Adapter(
        device=_kind(bits, name, bus),
        name=name,
        luid=f"0x{info.luid_high & 0xFFFFFFFF:08x}_0x{info.luid_low:08x}",
        pci=f"0000:{bus:02x}:{slot:02x}.{function:x}" if address and max(bus, slot) < 256 else "",
    )


def _kind(bits: int, name: str, bus: int) -> Device:
    """Windows says integrated or not only where a machine has both; Intel's sit on the first bus, AMD's say so."""
    if bits & _COMPUTE_ONLY:
        return Device.NPU
    if bits & _INTEGRATED:
        return Device.IGPU
    if bits & _DISCRETE:
        return Device.GPU
    amds = "Radeon" in name and name.endswith("Graphics")
    return Device.IGPU if bus == 0 or amds else Device.GPU


def _ask(gdi32: Any, info: _AdapterInfo, kind: int, size: int) -> bytes:
    """The answer to one question, empty when there is none."""
    answer = ctypes.create_string_buffer(size)
    query = _Query(info.handle, kind, ctypes.cast(answer, ctypes.c_void_p), size)
    return b"" if gdi32.D3DKMTQueryAdapterInfo(byref(query)) != 0 else answer.raw
