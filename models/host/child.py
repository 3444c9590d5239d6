"""One host process from its start to its end: pipes, requests under way, signs of life.

Why it exists: a supervisor restarts hosts, so one incarnation must own everything that dies with it. It is an asyncio
protocol without tasks of its own: frames are cut from what arrives, written as the pipe takes them, and every wait has
a timer. Once it is over nothing of it is left, neither process nor pipe nor timer.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import cast

import psutil

from app.contracts.errors import HostDied, HostHung, SottoError
from models.host.engine import JsonValue, Reply
from models.host.launch import environment, home
from models.host.pending import Pending
from models.host.protocol import (
    Alive,
    Answer,
    BrokenFrame,
    Cancel,
    Decoder,
    End,
    Frame,
    Request,
    encode_head,
    header_of,
    message_of,
)

log = logging.getLogger(__name__)

_SLICE_BYTES = 256 * 1024
"""So much is handed to the pipe at once: a large payload must not be copied in one go."""
_LAST_WORDS = 20
"""Lines of standard error that are kept for the log."""
_LAST_WORDS_S = 0.2
"""After the process has ended, pipes that something else holds open are closed this much later."""
_SECOND_LOOK_S = 0.1
"""A silent host gets one more turn of the event loop: its frames may be waiting while the loop was held up."""
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class Cause(StrEnum):
    """Why a host process ended."""

    ASKED = "stopped"
    DIED = "died"
    HUNG = "hung"
    WOULD_NOT_STOP = "would-not-stop"


class Child(asyncio.SubprocessProtocol):
    """One incarnation of a host. Use `spawn`.

    Args:
        name: The backend's id, for sentences and the log.
        on_over: Called once, on the event loop, the moment it can no longer be used.
    """

    def __init__(self, name: str, on_over: Callable[[Child, Cause], None]) -> None:
        self.name = name
        self.cause: Cause | None = None
        self.pid = 0
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._process: asyncio.SubprocessTransport | None = None
        self._identity: psutil.Process | None = None
        self._inlet: asyncio.WriteTransport | None = None
        self._decoder = Decoder()
        self._numbers = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        self._outbox: deque[tuple[memoryview, Pending | None]] = deque()
        self._paused = False
        self._heard_at = 0.0
        self._suspect = False
        self._watch: asyncio.TimerHandle | None = None
        self._graces: dict[int, asyncio.TimerHandle] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._errors: deque[str] = deque(maxlen=_LAST_WORDS)
        self._gone = asyncio.Event()

    @classmethod
    async def spawn(
        cls,
        name: str,
        command: Sequence[str],
        on_over: Callable[[Child, Cause], None],
        variables: Mapping[str, str] | None = None,
    ) -> Child:
        """Start the process.

        Args:
            name: The backend's id.
            command: Its command line.
            on_over: As the constructor takes it.
            variables: Its whole environment; None for the usual one.

        Raises:
            HostDied: The operating system did not start it.
        """
        loop = asyncio.get_running_loop()
        try:
            _, child = await loop.subprocess_exec(
                lambda: cls(name, on_over),
                *command,
                cwd=str(home()),
                env=environment() if variables is None else dict(variables),
                creationflags=_NO_WINDOW,
            )
        except OSError as error:
            raise HostDied(f"The process of {name} could not be started: {error}.", code="host-not-started") from error
        return child

    @property
    def alive(self) -> bool:
        """True while requests can be sent."""
        return self.cause is None

    @property
    def gone(self) -> bool:
        """True once process and pipes have been given back."""
        return self._gone.is_set()

    @property
    def busy(self) -> bool:
        """True while a request is under way."""
        return bool(self._pending)

    def begin(
        self, operation: str, args: Mapping[str, JsonValue], payload: bytes | memoryview, timeout_s: float
    ) -> Pending:
        """Send a request.

        Raises:
            HostDied: The process has ended.
            InvalidInput: The request is too long.
        """
        if not self.alive:
            raise HostDied(f"{self.name} ended unexpectedly.")
        request = Request(next(self._numbers), operation, args)
        pending = Pending(request.number, operation, timeout_s)
        raw = memoryview(payload).cast("B")
        head = encode_head(header_of(request), raw.nbytes)
        if not self._pending:
            self._sign_of_life()
        self._pending[request.number] = pending
        self._post(head, raw, pending)
        self._arm()
        return pending

    async def abandon(self, pending: Pending, grace_s: float) -> None:
        """Give up a request: cancel it unless it has ended, and end the process if it does not stop in time.

        Returns when the engine does not work on it (any more). Cancelling this wait changes nothing about that.
        """
        if not (pending.ended or pending.abandoned):
            pending.abandoned = True
            self._post(encode_head(header_of(Cancel(pending.number)), 0), memoryview(b""), None)
            self._graces[pending.number] = self._loop.call_later(grace_s, self._grace_over, pending, grace_s)
        if self._oldest is pending:
            await pending.until_ended()

    def kill(self, cause: Cause = Cause.ASKED) -> None:
        """End the process at once. Requests under way fail."""
        self._over(cause)

    async def stop(self, grace_s: float) -> None:
        """End the process in order: it frees what it holds, and is killed when that takes too long."""
        if self.alive:
            self._over(Cause.ASKED, kill=False)
            if self._inlet is not None:
                self._inlet.close()
            self._later(grace_s, self._kill)
        await self.wait_gone()

    async def wait_gone(self) -> None:
        """Wait until the process has been reaped and its pipes are closed."""
        await self._gone.wait()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs."""
        self._process = cast("asyncio.SubprocessTransport", transport)
        self._inlet = cast("asyncio.WriteTransport", self._process.get_pipe_transport(0))
        self.pid = self._process.get_pid()
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended that soon; its pipes will say so
            self._identity = psutil.Process(self.pid)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Frames on standard output, words on standard error."""
        if fd == 2:
            self._note_words(data)
        if fd != 1 or not self.alive:
            return
        self._sign_of_life()
        try:
            for frame in self._decoder.feed(data):
                self._take(frame)
        except BrokenFrame as error:
            self._errors.append(error.message)
            self._over(Cause.DIED)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """A pipe closed; without its answers the process is of no use."""
        if fd == 1:
            self._over(Cause.DIED)

    def pause_writing(self) -> None:
        """The pipe is full."""
        self._paused = True

    def resume_writing(self) -> None:
        """The pipe takes more."""
        self._paused = False
        self._flush()

    def process_exited(self) -> None:
        """The process was reaped. What it wrote last may still be in the pipes, or a grandchild holds them open."""
        self._later(_LAST_WORDS_S, self._close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Process and pipes are all gone."""
        self._over(Cause.DIED)
        self._close()
        if self.cause in (Cause.DIED, Cause.HUNG):
            code = self._process.get_returncode() if self._process else None
            words = " | ".join(self._errors) or "it said nothing"
            log.warning("%s (process %d) %s with code %s: %s", self.name, self.pid, self.cause, code, words)
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._gone.set()

    # Requests.

    def _take(self, frame: Frame) -> None:
        message = message_of(frame)
        match message:
            case Answer(number, fields, payload):
                if pending := self._pending.get(number):
                    pending.reply(Reply(fields, payload))
            case End(number, error):
                if pending := self._pending.pop(number, None):
                    pending.end(error)
                if grace := self._graces.pop(number, None):
                    grace.cancel()
                self._arm()
            case Alive():
                pass  # every byte that comes is a sign of life
            case Request() | Cancel():
                raise BrokenFrame("The host sent a request.")

    def _post(self, head: bytes, payload: memoryview, pending: Pending | None) -> None:
        """Queue a frame, small ones in one piece, and write what the pipe takes."""
        if payload.nbytes <= _SLICE_BYTES:
            self._outbox.append((memoryview(head + payload.tobytes()), pending))
        else:
            self._outbox.append((memoryview(head), None))
            last = payload.nbytes - 1
            for at in range(0, payload.nbytes, _SLICE_BYTES):
                piece = payload[at : at + _SLICE_BYTES]
                self._outbox.append((piece, pending if at + _SLICE_BYTES > last else None))
        self._flush()

    def _flush(self) -> None:
        """Write what the pipe takes. Once it is closed nothing is: the end of the answers is about to be seen too."""
        while self._outbox and not self._paused and self.alive:
            if self._inlet is None or self._inlet.is_closing():
                return
            piece, pending = self._outbox.popleft()
            self._inlet.write(piece)
            if pending is not None:
                pending.was_sent()
                self._sign_of_life()

    @property
    def _oldest(self) -> Pending | None:
        """The request the engine works on."""
        return next(iter(self._pending.values()), None)

    def _grace_over(self, pending: Pending, grace_s: float) -> None:
        oldest = self._oldest
        if oldest is None or oldest.abandoned:
            self._over(Cause.WOULD_NOT_STOP)
        else:  # it has not even begun, and will be passed over when its turn comes
            self._graces[pending.number] = self._loop.call_later(grace_s, self._grace_over, pending, grace_s)

    # Signs of life.

    def _sign_of_life(self) -> None:
        self._heard_at = self._loop.time()
        self._suspect = False

    def _arm(self) -> None:
        """Watch the request that is being worked on."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        oldest = self._oldest
        if oldest is not None and self.alive:
            self._watch = self._loop.call_at(self._heard_at + oldest.timeout_s, self._look, oldest)

    def _look(self, oldest: Pending) -> None:
        now = self._loop.time()
        if now < self._heard_at + oldest.timeout_s:
            self._arm()
        elif not self._suspect:
            self._suspect = True
            self._watch = self._loop.call_at(now + _SECOND_LOOK_S, self._look, oldest)
        else:
            self._over(Cause.HUNG)

    # The end.

    def _over(self, cause: Cause, *, kill: bool = True) -> None:
        """It cannot be used any more; everybody who waits is told at once."""
        if self.cause is not None:
            return
        self.cause = cause
        for timer in (self._watch, *self._graces.values()):
            if timer is not None:
                timer.cancel()
        waiting = tuple(self._pending.values())
        self._pending.clear()
        self._outbox.clear()
        for pending in waiting:
            pending.end(self._failure(cause, pending))
        if kill:
            self._kill()
        self._on_over(self, cause)

    def _failure(self, cause: Cause, pending: Pending) -> SottoError:
        if cause is Cause.HUNG:
            return HostHung(f"{self.name} gave no sign of life and was ended ({pending.operation}).")
        return HostDied(f"{self.name} ended unexpectedly ({pending.operation}).")

    def _kill(self) -> None:
        """End the process, if it still is that process.

        Not through the transport: that looks whether the process has ended, and so takes its exit code away from the
        thread in which asyncio waits for it.
        """
        if self._identity is not None and self._process is not None and self._process.get_returncode() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._identity.kill()

    def _close(self) -> None:
        if self._process is not None:
            self._process.close()

    def _later(self, delay_s: float, callback: Callable[..., None], *args: object) -> None:
        """Call something later, unless everything is over by then."""
        if not self._gone.is_set():
            self._timers.add(self._loop.call_later(delay_s, callback, *args))

    def _note_words(self, data: bytes) -> None:
        for line in data.decode("utf-8", "replace").splitlines():
            if line.strip():
                self._errors.append(line[:500])
