"""The child of a sandbox: it takes one request after the other from its parent, and ends when the pipe closes."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO, NoReturn, cast

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue
from app.pipeline.sandbox import confine, wire
from app.pipeline.sandbox.operations import OPERATIONS, Limits

CONFINED = "confined"
"""The kind of child that reads data of others."""
LAUNCHER = "launcher"
"""The kind that starts processes, which are confined in its stead."""
GROWN_MB = 768
"""A child that has held so much memory is replaced after its answer."""

_Function = Callable[..., OptionValue]


def main(arguments: Sequence[str]) -> NoReturn:
    """Serve until the parent closes the pipe or is gone. Never returns.

    Args:
        arguments: `CONFINED` or `LAUNCHER`.
    """
    code = 1
    try:
        inlet, outlet = _private_pipes()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process in order
        confine.end_with_parent()
        launcher = list(arguments) == [LAUNCHER]
        missing = () if launcher else confine.confine()
        wire.write(outlet, wire.encode({"hello": list(missing)}))
        _serve(inlet, outlet, launcher=launcher)
        code = 0
    except wire.BrokenPipeToChildError:
        code = 0
    finally:
        os._exit(code)  # what others wrote may have left threads and destructors behind


def _serve(inlet: BinaryIO, outlet: BinaryIO, *, launcher: bool) -> None:
    while True:
        request = wire.read(inlet)
        name, arguments = str(request["operation"]), cast("dict[str, OptionValue]", request["arguments"])
        limits = OPERATIONS.get(name)
        if limits is None or limits.launches is not launcher:
            wire.write(outlet, wire.encode({"fault": f"The sandbox knows no operation {name!r}."}))
            continue
        function = _loaded(name)
        wire.write(outlet, wire.encode({"begun": True}))
        answer, intact = _answer(function, arguments, limits)
        wire.write(outlet, answer)
        if not intact or confine.held_mb() > GROWN_MB:
            return


def _loaded(name: str) -> _Function:
    module, _, function = name.partition(":")
    return cast("_Function", getattr(importlib.import_module(module), function))


def _answer(function: _Function, arguments: dict[str, OptionValue], limits: Limits) -> tuple[bytes, bool]:
    """The last frame of an operation, and whether this process is still as it should be."""
    if not limits.launches:
        confine.limit(limits.memory_mb, limits.cpu_s)
    intact = True
    try:
        frame = wire.encode({"value": function(**arguments)})
    except InvalidInput as error:
        frame = wire.encode({"refused": error.message, "code": error.code, "remedy": error.remedy})
    except MemoryError:
        frame, intact = wire.encode({"fault": f"It took more than {limits.memory_mb} MB of memory."}), False
    except Exception as error:  # noqa: BLE001 - whatever others wrote does to our code, the parent hears of it
        frame = wire.encode({"fault": f"It failed with {type(error).__name__}."})
    finally:
        confine.unlimit()
    if len(frame) > limits.output_bytes:
        frame = wire.encode({"fault": f"It made more than {limits.output_bytes >> 20} MB of output."})
    return frame, intact


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes to the parent; descriptors 0 and 1 then lead nowhere."""
    inlet, outlet = os.dup(0), os.dup(1)
    for descriptor, way in ((0, os.O_RDONLY), (1, os.O_WRONLY)):
        nothing = os.open(os.devnull, way)
        os.dup2(nothing, descriptor)
        os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (inlet, outlet):
            msvcrt.setmode(descriptor, os.O_BINARY)
    with contextlib.suppress(AttributeError, ValueError):
        sys.stdout.flush()
    return os.fdopen(inlet, "rb"), os.fdopen(outlet, "wb")
