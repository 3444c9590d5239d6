"""How a host process is started: from a checkout, from an installation, from a frozen program."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import models
from models.host.engine import JsonValue
from models.quiet import VARIABLES

HOST_FLAG = "--host"
"""A frozen program given this flag first is a host process: it calls `models.host.__main__.main` with the rest."""

_QUIET: Mapping[str, str] = {
    **VARIABLES,
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "PYTHONUTF8": "1",
    "PYTHONFAULTHANDLER": "1",
}


def home() -> Path:
    """The folder that holds the package `models`."""
    return Path(models.__path__[0]).resolve().parent


def command(engine_path: str, options: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The command line of a host process."""
    arguments = (engine_path, json.dumps(dict(options)))
    if getattr(sys, "frozen", False):
        return (sys.executable, HOST_FLAG, *arguments)
    return (sys.executable, "-P", "-m", "models.host", *arguments)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a host process: this one's, no network for model libraries, no telemetry, our own packages.

    Args:
        more: Variables on top, for instance which device a library may see.
    """
    variables = {**os.environ, **_QUIET, **(more or {})}
    where = str(home())
    if not getattr(sys, "frozen", False) and Path(where).name not in ("site-packages", "dist-packages"):
        rest = variables.get("PYTHONPATH", "")
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (where, rest)))
    return variables
