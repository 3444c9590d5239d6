"""The host process: ``python -P -m models.host ENGINE_PATH JSON_OPTIONS``.

Why it exists: before any library is imported, the pipes are taken out of its reach. Frames keep a private copy of
standard output, what a library prints goes to standard error, and nothing but the server reads the input.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import BinaryIO, NoReturn

from models.host.server import Server
from models.quiet import refuse_telemetry

NICENESS = 5
"""Engines give way to sound and to the window."""
_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve one engine until the parent closes the pipe or is gone. Never returns.

    Args:
        arguments: The engine's path and its options as a JSON object.
    """
    inlet, outlet = _private_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process in order
    _end_with_parent()
    _be_nice()
    refuse_telemetry()
    code = 1
    try:
        engine_path, options = arguments
        Server(engine_path, json.loads(options), inlet, outlet).serve()
        code = 0
    except SystemExit as request:
        code = request.code if isinstance(request.code, int) else 1
    except BaseException:  # noqa: BLE001 - the last thing this process says, on its way out
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)  # a library's destructors have been seen to hang and to crash


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes to the parent; descriptors 0 and 1 then lead elsewhere."""
    inlet, outlet = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (inlet, outlet):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(inlet, "rb"), os.fdopen(outlet, "wb")


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent ends. Elsewhere the end of the input does it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # without it, the end of the input is noticed all the same
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _be_nice() -> None:
    with contextlib.suppress(OSError):  # a container may forbid it
        if sys.platform == "win32":
            import psutil

            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(NICENESS)


if __name__ == "__main__":
    main(sys.argv[1:])
