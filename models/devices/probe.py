"""The child process that asks one library for its devices: ``python -P -m models.devices.probe LIBRARY``.

Why it exists: a bad driver may end the process that looks, hang it, or print into its output. Here that costs this one
answer. The answer goes out through a private copy of standard output; what a library prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from models.quiet import refuse_telemetry

PROBE_FLAG = "--look-for-devices"
"""A frozen program given this flag first is such a process: it calls `main` with the rest."""
PROCESSES = "nvml-processes"
"""The question which processes compute on an NVIDIA GPU."""
LONGEST_S = 120
"""A child that nobody waits for any more ends itself after this."""


def command(*arguments: str) -> tuple[str, ...]:
    """The command line of a child."""
    if getattr(sys, "frozen", False):
        return (sys.executable, PROBE_FLAG, *arguments)
    return (sys.executable, "-P", "-m", "models.devices.probe", *arguments)


def main(arguments: Sequence[str]) -> NoReturn:
    """Answer one question and end without running any library's destructors, which have been seen to crash."""
    outlet = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    if sys.platform != "win32":
        signal.alarm(LONGEST_S)
    refuse_telemetry()
    try:
        reply = _reply(*arguments)
        code = 0
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its answer
        reply, code = {"error": f"{type(error).__name__}: {error}"}, 1
    with suppress(OSError):
        os.write(outlet, json.dumps(reply).encode())
    os._exit(code)


def _reply(question: str, *rest: str) -> dict[str, object]:
    from models.devices import libraries, nvidia
    from models.devices.answers import as_fields

    if question == PROCESSES:
        return {"pids": list(nvidia.nvml_processes())}
    if rest:
        return as_fields(libraries.openvino(rest))
    return as_fields(libraries.QUESTIONS[question]())


if __name__ == "__main__":
    main(sys.argv[1:])
