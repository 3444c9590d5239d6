"""Speech recognition over a host process."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from app.aio.lease import CpuLease, Priority
from app.contracts.audio import AudioChunk, Transcript
from app.contracts.capabilities import Capabilities
from app.contracts.devices import Backend
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.ports import RecognitionStream
from models.host.engine import Reply
from models.host.session import HostSession, open_session
from models.host.supervisor import Host
from models.hosted.base import Gate, HostedRuntime, float_of, int_of, require_speech, text_of

PATIENCE_S = 8.0
"""A recognition may take this long, and in addition `PATIENCE_PER_S` for each second of sound."""
PATIENCE_PER_S = 1.0


class HostedSpeechToText(HostedRuntime):
    """Implements `app.contracts.ports.SpeechToText`.

    Args:
        host: Where the engine lives.
        backend: Which runtime, device and model this is.
        capabilities: What it can do.
        lease: Asked before the engine computes; None for an engine too light to ask.
        gates: As `HostedRuntime` takes them.
    """

    def __init__(
        self,
        host: Host,
        backend: Backend,
        capabilities: Capabilities,
        lease: CpuLease | None = None,
        gates: Sequence[Gate] = (),
    ) -> None:
        super().__init__(host, backend, capabilities, lease, gates)
        self._stream: HostedRecognitionStream | None = None

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        """Recognise a whole clip of up to 60 s."""
        require_speech(clip)
        patience_s = PATIENCE_S + PATIENCE_PER_S * clip.seconds
        async with self.computing(Priority.FINAL):
            return _transcript(await self._host.call("transcribe", payload=clip.pcm, timeout_s=patience_s))

    async def open_stream(self) -> RecognitionStream:
        """Begin an utterance; one that is still open ends without a word."""
        session = await open_session(self._host)
        if self._stream is not None:
            self._stream.supersede()
        stream = self._stream = HostedRecognitionStream(self, session)
        try:
            await stream.begin()
        except BaseException:
            stream.supersede()
            raise
        return stream


class HostedRecognitionStream:
    """One utterance inside one incarnation of the host: it ends with the process.

    Args:
        recogniser: Whose utterance this is.
        session: With the process that hears it.
    """

    def __init__(self, recogniser: HostedSpeechToText, session: HostSession) -> None:
        self._recogniser = recogniser
        self._session = session
        self._over = False
        self._superseded = False
        self._seconds = 0.0

    async def begin(self) -> None:
        """Tell the engine; what was open there before is forgotten."""
        await self._session.post("stream.open")

    async def feed(self, chunk: AudioChunk) -> None:
        """Hand over the next samples.

        Raises:
            HostDied: The process is gone, and what it heard with it.
        """
        self._check()
        require_speech(chunk)
        self._seconds += chunk.seconds
        await self._session.post("stream.feed", payload=chunk.pcm)

    async def partial(self) -> Transcript:
        """Recognise what was fed so far."""
        return await self._ask("stream.partial", Priority.PARTIAL)

    async def finish(self) -> Transcript:
        """The final text. Ends the stream."""
        final = await self._ask("stream.finish", Priority.FINAL)
        self._over = True
        self._session.close()
        return final

    async def aclose(self) -> None:
        """Drop the utterance. May be called twice, and after the process has gone."""
        if not (self._over or self._superseded):
            self._over = True
            with contextlib.suppress(SottoError):  # an utterance that went wrong, or went with the process, is dropped
                await self._session.post("stream.drop")
        self._session.close()

    def supersede(self) -> None:
        """A newer utterance has the engine; nothing more may be said about this one."""
        self._superseded = True
        self._session.close()

    async def _ask(self, operation: str, priority: Priority) -> Transcript:
        self._check()
        async with self._recogniser.computing(priority):
            self._check()
            patience_s = PATIENCE_S + PATIENCE_PER_S * self._seconds
            return _transcript(await self._session.call(operation, timeout_s=patience_s))

    def _check(self) -> None:
        if self._superseded:
            raise TurnCancelledError("A newer utterance began.")
        if self._over:
            raise TurnCancelledError("The utterance has ended.")


def _transcript(reply: Reply) -> Transcript:
    language = reply.fields.get("language")
    return Transcript(
        text=text_of(reply, "text").strip(),
        samples=int_of(reply, "samples"),
        confidence=float_of(reply, "confidence"),
        language=language if isinstance(language, str) else "",
    )
