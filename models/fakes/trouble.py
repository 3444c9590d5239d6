"""An engine for a real host process with an operation for each kind of trouble.

Why it exists: what a supervisor is for cannot be shown with a model that works.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, Unavailable
from models.fakes.arguments import float_arg, int_arg
from models.host.engine import Call, Engine, JsonValue, Operation, Reply


class TroubleEngine(Engine):
    """An operation for each kind of trouble.

    Args:
        refuse: Sentence of the `Unavailable` that loading raises; empty loads.
        die_loading: End the process while loading.
        load_s: How long loading takes, seconds.
        closed_marker: A file that is made when the engine is closed in order.
    """

    def __init__(
        self, refuse: str = "", *, die_loading: bool = False, load_s: float = 0.0, closed_marker: str = ""
    ) -> None:
        self._refuse = refuse
        self._die_loading = die_loading
        self._load_s = load_s
        self._closed_marker = closed_marker

    def load(self) -> Device:
        """Load, or not, as told."""
        time.sleep(self._load_s)
        if self._die_loading:
            os._exit(7)
        if self._refuse:
            raise Unavailable(self._refuse, code="told-to", remedy="Tell it otherwise.")
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """All of them."""
        return {
            "echo": self._echo,
            "silent": self._silent,
            "pid": self._pid,
            "environment": self._environment,
            "count": self._count,
            "large": self._large,
            "chatter": self._chatter,
            "stubborn": self._stubborn,
            "plod": self._plod,
            "invalid": self._invalid,
            "fault": self._fault,
            "memory": self._memory,
            "exit": self._exit,
            "crash": self._crash,
        }

    def close(self) -> None:
        """Leave a trace."""
        if self._closed_marker:
            Path(self._closed_marker).touch()

    def _echo(self, call: Call) -> Iterator[Reply]:
        yield Reply(call.args, call.payload)

    def _silent(self, _call: Call) -> Iterator[Reply]:
        yield from ()

    def _pid(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"pid": os.getpid(), "parent": os.getppid()})

    def _environment(self, _call: Call) -> Iterator[Reply]:
        variables: dict[str, JsonValue] = dict(os.environ)
        yield Reply({"environment": variables, "path": list(sys.path)})

    def _count(self, call: Call) -> Iterator[Reply]:
        """``to`` replies, ``every_s`` apart; stops when cancelled."""
        for number in range(int_arg(call, "to")):
            yield Reply({"number": number})
            if call.cancelled.wait(float_arg(call, "every_s")):
                return

    def _large(self, call: Call) -> Iterator[Reply]:
        yield Reply({}, bytes(int_arg(call, "bytes")))

    def _chatter(self, _call: Call) -> Iterator[Reply]:
        """Print in every way a library can."""
        print("chatter by print")  # noqa: T201 - this is the point
        os.write(1, b"chatter by descriptor\n\x00\xff\xff\xff\xff")
        ctypes.CDLL(None).puts(b"chatter by C")
        sys.stdout.flush()
        ctypes.CDLL(None).fflush(None)
        yield Reply({"input": sys.stdin.read(10)})

    def _stubborn(self, call: Call) -> Iterator[Reply]:
        """Say one thing, then work for ``for_s`` without looking at anything."""
        yield Reply({"started": True})
        time.sleep(float_arg(call, "for_s"))
        yield Reply({"started": False})

    def _plod(self, call: Call) -> Iterator[Reply]:
        """Work for ``for_s`` with nothing to show before the end, but alive."""
        end = time.monotonic() + float_arg(call, "for_s")
        while time.monotonic() < end and not call.cancelled.wait(0.01):
            call.alive()
        yield Reply({"done": True})

    def _invalid(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"before": True})
        raise InvalidInput("This cannot be used.", code="told-to", remedy="Use something else.")

    def _fault(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"before": True})
        raise ZeroDivisionError("told to")

    def _memory(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"before": True})
        raise MemoryError

    def _exit(self, _call: Call) -> Iterator[Reply]:
        print("these are the last words", file=sys.stderr, flush=True)  # noqa: T201 - the host's log
        yield Reply({"before": True})
        os._exit(3)

    def _crash(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"before": True})
        ctypes.string_at(0)
