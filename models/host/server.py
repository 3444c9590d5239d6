"""The loop inside a host process: requests in, one engine working on them in order, replies out.

Two threads. The reader takes frames off the pipe as they come, so that a cancellation reaches a request that is being
worked on and a large payload never blocks the parent. The main thread builds the engine and runs its operations:
libraries that care about the main thread find themselves on it. The end of the input means the parent is gone.
"""

from __future__ import annotations

import importlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from typing import BinaryIO

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError
from models.host.engine import Call, Engine, JsonValue
from models.host.protocol import (
    LOAD,
    Alive,
    Answer,
    BrokenFrame,
    Cancel,
    End,
    Message,
    Request,
    encode_head,
    header_of,
    message_of,
    read_frame,
)

LAST_CHANCE_S = 2.0
"""After the parent is gone, an engine that is still busy gets this long before the process ends regardless."""
ALIVE_EVERY_S = 0.25
"""How often the parent is told at most that work goes on."""


class Server:
    """Serves one engine.

    Args:
        engine_path: ``package.module:Class`` of the engine.
        options: Keyword arguments of its constructor.
        inlet: Where frames come from; blocking.
        outlet: Where frames go to; nobody else may write to it.
    """

    def __init__(self, engine_path: str, options: Mapping[str, JsonValue], inlet: BinaryIO, outlet: BinaryIO) -> None:
        self._engine_path = engine_path
        self._options = options
        self._inlet = inlet
        self._outlet = outlet
        self._writing = threading.Lock()
        self._waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._cancelled: dict[int, threading.Event] = {}
        self._engine: Engine | None = None
        self._device = Device.CPU
        self._finished = threading.Event()
        self._said_at = 0.0

    def serve(self) -> None:
        """Answer requests until the input ends."""
        threading.Thread(target=self._read, name="frames", daemon=True).start()
        while (request := self._waiting.get()) is not None:
            self._handle(request)
        if self._engine is not None:
            self._engine.close()
        self._finished.set()

    def _read(self) -> None:
        try:
            while (frame := read_frame(self._inlet)) is not None:
                match message_of(frame):
                    case Request() as request:
                        self._cancelled[request.number] = threading.Event()
                        self._waiting.put(request)
                    case Cancel(number):
                        if event := self._cancelled.get(number):
                            event.set()
                    case Answer() | End() | Alive() as answer:
                        print(f"The parent sent an answer: {answer}.", file=sys.stderr)  # noqa: T201 - the host's log
                        break
        except (BrokenFrame, OSError):
            traceback.print_exc()
        for event in tuple(self._cancelled.values()):
            event.set()
        self._waiting.put(None)
        if not self._finished.wait(LAST_CHANCE_S):
            os._exit(1)

    def _handle(self, request: Request) -> None:
        """Work on one request and send its end, whatever it comes to."""
        cancelled = self._cancelled[request.number]
        error: SottoError | None = None
        try:
            if not cancelled.is_set():
                self._work(request, cancelled)
        except SottoError as failure:
            error = failure
        except MemoryError:
            raise  # nothing can be trusted now; the parent sees the process end and starts a fresh one
        except Exception as failure:  # noqa: BLE001 - a library may raise anything; it crosses the pipe as a fault
            traceback.print_exc()
            error = RuntimeFault(f"The engine failed: {type(failure).__name__}: {failure}.")
        del self._cancelled[request.number]
        self._send(End(request.number, error))

    def _work(self, request: Request, cancelled: threading.Event) -> None:
        if request.operation == LOAD:
            self._send(Answer(request.number, {"device": self._load().value}))
            return
        if self._engine is None:
            raise RuntimeFault("The engine was asked before it was loaded.", code="host-not-loaded")
        operation = self._engine.operations().get(request.operation)
        if operation is None:
            raise InvalidInput(f"The engine has no operation {request.operation!r}.", code="no-such-operation")
        replies = operation(Call(request.args, request.payload, cancelled, self._alive))
        try:
            for reply in replies:
                if cancelled.is_set():
                    return
                self._send(Answer(request.number, reply.fields), reply.payload)
        finally:
            if isinstance(replies, Generator):
                replies.close()

    def _alive(self) -> None:
        """Tell the parent that work goes on, unless it has just heard something."""
        if time.monotonic() - self._said_at >= ALIVE_EVERY_S:
            self._send(Alive())

    def _load(self) -> Device:
        """Build the engine and load it; once it is loaded, asking again does nothing."""
        if self._engine is None:
            engine = engine_class(self._engine_path)(**self._options)
            self._device = engine.load()
            self._engine = engine
        return self._device

    def _send(self, message: Message, payload: bytes | memoryview = b"") -> None:
        """Write one frame. A parent that no longer reads ends the process."""
        raw = memoryview(payload).cast("B")
        head = encode_head(header_of(message), raw.nbytes)
        self._said_at = time.monotonic()
        with self._writing:
            try:
                self._outlet.write(head)
                self._outlet.write(raw)
                self._outlet.flush()
            except OSError as error:
                raise SystemExit(0) from error


def engine_class(path: str) -> Callable[..., Engine]:
    """The engine that ``package.module:Class`` names.

    Raises:
        RuntimeFault: There is none.
    """
    module_name, _, class_name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise RuntimeFault(f"There is no engine {path}: {error}.", code="no-such-engine") from error
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise RuntimeFault(f"{path} is not an engine.", code="no-such-engine")
    return found
