"""Voice activity over a host process."""

from __future__ import annotations

from app.contracts.audio import AudioChunk
from app.contracts.errors import TurnCancelledError
from app.contracts.ports import VoiceActivityStream
from models.host.engine import JsonValue
from models.host.session import HostSession, open_session
from models.hosted.base import HostedRuntime, list_of, require_speech, wrong

PATIENCE_S = 5.0
"""A frame takes a millisecond; a gate silent for so long hangs."""


class HostedVoiceActivity(HostedRuntime):
    """Implements `app.contracts.ports.VoiceActivity`. One stream at a time: a newer one ends the one before."""

    _session: HostSession | None = None

    async def open_stream(self) -> VoiceActivityStream:
        """Begin with fresh state."""
        session = await open_session(self._host)
        if self._session is not None:
            self._session.close()
        self._session = session
        try:
            await session.post("vad.reset")
        except BaseException:
            session.close()
            raise
        return HostedVoiceActivityStream(self, session)

    def current(self, session: HostSession) -> bool:
        """False once a newer stream has the engine."""
        return self._session is session


class HostedVoiceActivityStream:
    """The gate over one utterance, inside one incarnation of the host."""

    def __init__(self, gate: HostedVoiceActivity, session: HostSession) -> None:
        self._gate = gate
        self._session = session

    async def feed(self, chunk: AudioChunk) -> tuple[float, ...]:
        """Speech probability of every frame completed by this chunk.

        Raises:
            HostDied: The process is gone, and the state with it.
        """
        if not self._gate.current(self._session):
            raise TurnCancelledError("A newer utterance began.")
        require_speech(chunk)
        reply = await self._session.call("vad.feed", payload=chunk.pcm, timeout_s=PATIENCE_S)
        return tuple(_probability(value) for value in list_of(reply, "probabilities"))

    async def aclose(self) -> None:
        """Forget the state. The next stream begins with a fresh one anyway."""
        self._session.close()


def _probability(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise wrong("probabilities", value)
    return float(value)
