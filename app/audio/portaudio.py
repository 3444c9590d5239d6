"""The one door to PortAudio, the library that reaches microphones and speakers.

Why it exists: PortAudio is not thread-safe, some of its calls take as long as the sound server likes (half a minute
when a server hangs), it sees what is plugged in only when it is started anew, and its binding fails to import where the
C library is missing. So one thread of our own makes every call, nobody waits for it longer than they said, and its
errors become ours here and nowhere else. Only `app.audio` may use it.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import logging
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from app.audio.endpoints import Endpoint, library_missing, not_answering, refused
from app.audio.streams import InputCallback, OutputCallback, Stream
from app.contracts.errors import Unavailable

log = logging.getLogger(__name__)

T = TypeVar("T")

SCAN_TIMEOUT_S = 10.0
"""A look at the devices may take this long."""
BLOCK_S = 0.01
"""How much sound one callback carries."""
INPUT_LATENCY_S = 0.02
"""What is asked of a microphone; it may take more."""
OUTPUT_LATENCY_S = 0.03
"""What is asked of a speaker. With less, a gap was heard now and then while the models kept every core busy."""
_EXIT_PATIENCE_S = 1.0


class PortAudio:
    """PortAudio on a thread of its own. One per process; the constructor does nothing yet."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._library: Any = None
        self._streams: set[Stream] = set()

    @property
    def streams(self) -> int:
        """Streams that are open now; the devices can be looked at afresh only when there are none."""
        return len(self._streams)

    async def scan(self, *, afresh: bool = False) -> tuple[Endpoint, ...]:
        """What can be heard with and spoken through; empty when there is no sound server and no card.

        Args:
            afresh: Start the library anew, so that it sees what was plugged in since. Left out while a stream is open.

        Raises:
            Unavailable: The library is missing or the sound system does not answer.
        """

        def look() -> tuple[Endpoint, ...]:
            fresh = "sounddevice" not in sys.modules
            library = self._load()
            if afresh and not fresh and not self._streams:
                library._terminate()  # noqa: SLF001 - the binding offers no public way to look again
                library._initialize()  # noqa: SLF001
            return _endpoints(library)

        return await self.call(look, timeout_s=SCAN_TIMEOUT_S)

    async def open_input(
        self, endpoint: Endpoint, callback: InputCallback, ended: Callable[[], None], timeout_s: float
    ) -> Stream:
        """Open and start a microphone at its own rate.

        Args:
            endpoint: Where, from the newest `scan`.
            callback: Called on PortAudio's own thread with every block.
            ended: Called, on a thread that is not the caller's, when the stream ends without having been asked to.
            timeout_s: How long to wait for the sound system.

        Raises:
            Unavailable: It cannot be opened.
        """

        def adapted(block: Any, _frames: int, times: Any, status: Any) -> None:
            callback(block, times.currentTime - times.inputBufferAdcTime, bool(status))

        def make() -> Stream:
            return self._start(self._load().InputStream, endpoint, endpoint.inputs, INPUT_LATENCY_S, adapted, ended)

        return await self.call(make, timeout_s=timeout_s, undo=self._close)

    async def open_output(
        self, endpoint: Endpoint, callback: OutputCallback, ended: Callable[[], None], timeout_s: float
    ) -> Stream:
        """Open and start a speaker at its own rate; the arguments and errors are those of `open_input`."""

        def adapted(block: Any, _frames: int, times: Any, status: Any) -> None:
            callback(block, times.outputBufferDacTime - times.currentTime, bool(status))

        def make() -> Stream:
            return self._start(self._load().OutputStream, endpoint, endpoint.outputs, OUTPUT_LATENCY_S, adapted, ended)

        return await self.call(make, timeout_s=timeout_s, undo=self._close)

    def close(self, stream: Stream) -> None:
        """Let a stream go; returns at once."""
        self._post(lambda: self._close(stream))

    def cut(self, stream: Stream, done: Callable[[], None]) -> None:
        """Drop what the device still holds and go on from there; returns at once.

        Args:
            stream: An open one.
            done: Called on the sound thread when the device has dropped it, before it asks for more.
        """

        def work() -> None:
            try:
                stream.cut(done)
            except self._library.PortAudioError as error:
                log.info("the device did not come back: %s", error)
                stream.finished()

        self._post(work)

    async def call(self, work: Callable[[], T], *, timeout_s: float, undo: Callable[[T], None] | None = None) -> T:
        """Run ``work`` on the sound thread and wait for it.

        Args:
            work: Blocking work.
            timeout_s: After so many seconds nobody waits any longer.
            undo: Gets the result, on the sound thread, when nobody waits for it any longer.

        Raises:
            Unavailable: PortAudio reported an error, or did not answer in time.
        """
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def discard(result: T) -> None:
            if undo is not None:
                undo(result)

        def settle(result: T) -> None:
            if outcome.done():
                self._post(lambda: discard(result))
            else:
                outcome.set_result(result)

        def fail(error: Exception) -> None:
            if not outcome.done():
                outcome.set_exception(error)

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                _tell(loop, fail, error)
                return
            if not _tell(loop, settle, result):
                discard(result)

        self._post(job)
        try:
            async with asyncio.timeout(timeout_s):
                return await outcome
        except TimeoutError as error:
            raise not_answering() from error
        except Exception as error:
            if self._library is not None and isinstance(error, self._library.PortAudioError):
                raise refused(str(error)) from error
            raise

    async def aclose(self) -> None:
        """Close every stream and end the thread."""
        if self._thread is None:
            return

        def close_all() -> None:
            for stream in tuple(self._streams):
                self._close(stream)

        try:
            await self.call(close_all, timeout_s=SCAN_TIMEOUT_S)
        except Unavailable as error:
            log.warning("streams are left to the system: %s", error)
            return
        self._jobs.put(None)
        self._thread = None
        atexit.unregister(self._at_exit)

    # Below: on the sound thread, save for `_post`.

    def _post(self, job: Callable[[], None]) -> None:
        """Have the sound thread do something after what it has been asked before."""
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name="portaudio", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _load(self) -> Any:
        """Import the binding, which starts PortAudio."""
        if self._library is None:
            try:
                import sounddevice
            except OSError as error:
                raise library_missing() from error
            _quiet_alsa()
            self._library = sounddevice
            atexit.register(self._at_exit)
        return self._library

    def _start(
        self,
        make: Callable[..., Any],
        endpoint: Endpoint,
        channels: int,
        latency_s: float,
        callback: Callable[..., None],
        ended: Callable[[], None],
    ) -> Stream:
        if self._library.query_devices(endpoint.index)["name"] != endpoint.name:
            raise refused(f"{endpoint.name} has just moved")
        stream = Stream(endpoint.rate_hz, ended)
        raw = make(
            device=endpoint.index,
            samplerate=endpoint.rate_hz,
            channels=min(2, channels),
            dtype="float32",
            blocksize=round(endpoint.rate_hz * BLOCK_S),
            latency=latency_s,
            callback=callback,
            finished_callback=stream.finished,
        )
        stream.attach(raw)
        self._streams.add(stream)
        try:
            raw.start()
        except self._library.PortAudioError:
            self._close(stream)
            raise
        return stream

    def _close(self, stream: Stream) -> None:
        if stream in self._streams:
            self._streams.remove(stream)
            stream.close()

    def _at_exit(self) -> None:
        """Keep the binding's exit handler from waiting for a sound server that hangs."""
        if self._thread is None:
            return
        idle = threading.Event()
        self._post(idle.set)
        if not idle.wait(_EXIT_PATIENCE_S):
            atexit.unregister(self._library._exit_handler)  # noqa: SLF001


def _work(jobs: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    """The sound thread: one job after the other."""
    while (job := jobs.get()) is not None:
        try:
            job()
        except Exception:  # a stream that fails to close is gone all the same
            log.exception("the sound thread could not finish a job")


def _tell(loop: asyncio.AbstractEventLoop, callback: Callable[[T], None], value: T) -> bool:
    """Call something on the event loop; returns False when the loop is gone."""
    try:
        loop.call_soon_threadsafe(callback, value)
    except RuntimeError:
        return False
    return True


def _endpoints(library: Any) -> tuple[Endpoint, ...]:
    """The devices as the library lists them."""
    host_apis = library.query_hostapis()
    default = host_apis[library.default.hostapi] if host_apis else {}
    return tuple(
        Endpoint(
            index=device["index"],
            host_api=host_apis[device["hostapi"]]["name"],
            name=device["name"],
            inputs=device["max_input_channels"],
            outputs=device["max_output_channels"],
            rate_hz=round(device["default_samplerate"]),
            default_input=device["index"] == default["default_input_device"],
            default_output=device["index"] == default["default_output_device"],
        )
        for device in library.query_devices()
    )


def _quiet_alsa() -> None:
    """Keep ALSA from printing on the terminal what PortAudio reports as an error code anyway.

    ALSA wants a C function that takes the message. Any function that ignores its arguments will do, and one that is not
    Python can be called on any thread at any time, also while the interpreter is going down.
    """
    if sys.platform != "linux":
        return
    try:
        alsa = ctypes.CDLL("libasound.so.2")
        does_nothing = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p)
        alsa.snd_lib_error_set_handler(does_nothing)
    except (OSError, AttributeError) as error:
        log.debug("ALSA's messages are left as they are: %s", error)
