"""The processor: what it is called, its cores, and the instructions that decide how fast a model runs on it."""

from __future__ import annotations

import os
import platform

import psutil

from app.contracts.devices import Device, DeviceInfo, Presence
from app.power.hardware.tree import Tree

_FEATURES = (
    ("AVX2", "avx2"),
    ("AVX-512", "avx512f"),
    ("VNNI", "avx512_vnni"),
    ("VNNI", "avx_vnni"),
    ("BF16", "avx512_bf16"),
    ("AMX", "amx_int8"),
    ("NEON", "asimd"),
    ("SVE", "sve"),
)
"""Names people know, and the kernel's."""


def processor(tree: Tree) -> DeviceInfo:
    """This machine's, from its tree; from the system's own word where that has nothing."""
    table = _first(tree.text("/proc/cpuinfo"))
    flags = set((table.get("flags") or table.get("Features") or "").split())
    features = dict.fromkeys(name for name, flag in _FEATURES if flag in flags)
    facts = [("cores", _cores(tree))]
    if features:
        facts.append(("instructions", ", ".join(features)))
    name = table.get("model name") or platform.processor() or platform.machine()
    return DeviceInfo(Device.CPU, " ".join(name.split()), Presence.READY, facts=tuple(facts))


def _first(text: str) -> dict[str, str]:
    """The first block of ``/proc/cpuinfo``; every core of a kind says the same."""
    lines = text.partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _cores(tree: Tree) -> str:
    """Physical cores and threads."""
    blocks = [_first(block) for block in tree.text("/proc/cpuinfo").split("\n\n") if block.strip()]
    if blocks:
        threads = len(blocks)
        cores = len({(block.get("physical id"), block.get("core id", str(at))) for at, block in enumerate(blocks)})
    else:
        threads = os.cpu_count() or 1
        cores = psutil.cpu_count(logical=False) or threads
    return str(cores) if cores == threads else f"{cores}, {threads} threads"
