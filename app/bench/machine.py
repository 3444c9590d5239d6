"""Says on what machine a benchmark ran, and nothing by which that machine could be recognised."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

_LIBRARIES = (
    "sotto",
    "moonshine-voice",
    "llama-cpp-python",
    "openvino-genai",
    "espeakng-loader",
    "faster-whisper",
    "onnxruntime",
    "PySide6-Essentials",
)


def describe(**more: JsonValue) -> dict[str, JsonValue]:
    """What matters for the figures.

    Args:
        **more: What this benchmark adds, for instance that it started a sound server of its own.

    Returns:
        Processor, cores, memory in GB, system, Python, versions of the libraries that are installed, and how busy the
        machine was before the benchmark (``load``: runnable processes over the last minute, None where unknown).
    """
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": _system(),
        "python": platform.python_version(),
        "libraries": dict(_versions()),
        "load": _load(),
        **more,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model"}:
                return value.strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    name = f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {name}"
    except (OSError, KeyError):
        return name


def _versions() -> list[tuple[str, str]]:
    versions = []
    for library in _LIBRARIES:
        try:
            versions.append((library, importlib.metadata.version(library)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
