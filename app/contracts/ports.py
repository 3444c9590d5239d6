"""The ports: what Sotto asks of a runtime, a sound device, a store or a sensor, and nothing about how it is done.

Constructors are cheap; `warm_up` does the work; `aclose` may be called twice. Every method raises only the errors of
`app.contracts.errors`. Cancelling the awaiting task, or closing the async generator, stops the work in the engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Protocol, runtime_checkable

from app.contracts.audio import AudioChunk, AudioDevice, HeardSpan, Transcript, Voice, VoiceOptions
from app.contracts.calibration import Measurement
from app.contracts.capabilities import Capabilities
from app.contracts.devices import Backend, Device, DeviceInfo, WarmUp
from app.contracts.energy import Comparison, DeviceReading, Energy, EnergyAccount, GovernorVerdict
from app.contracts.text import GenerationRequest, TextPiece, Verified


class Runtime(Protocol):
    """What the five model ports have in common."""

    @property
    def backend(self) -> Backend:
        """Which runtime, device and model this is."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; known before it is warm."""
        ...

    async def warm_up(self) -> WarmUp:
        """Load what is needed. Does nothing when already warm.

        Raises:
            Unavailable: The library, the model or the device is not there.
            RuntimeFault: The library could not load the model.
            HostDied, HostHung: The host ended while loading.
        """
        ...

    async def aclose(self) -> None:
        """Give everything back."""
        ...


class RecognitionStream(Protocol):
    """One utterance being recognised while it is spoken."""

    async def feed(self, chunk: AudioChunk) -> None:
        """Hand over the next samples (16 kHz mono). Returns at once; nothing is recognised yet."""
        ...

    async def partial(self) -> Transcript:
        """Recognise what was fed so far. Takes a share of the processor: call it again only when it has returned."""
        ...

    async def finish(self) -> Transcript:
        """The final text of everything fed. Ends the stream."""
        ...

    async def aclose(self) -> None:
        """Drop the utterance."""
        ...


@runtime_checkable
class SpeechToText(Runtime, Protocol):
    """Speech recognition of 16 kHz mono sound."""

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        """Recognise a whole clip of up to 60 s. Silence gives an empty text."""
        ...

    async def open_stream(self) -> RecognitionStream:
        """Begin an utterance. One at a time per backend."""
        ...


@runtime_checkable
class TextGenerator(Runtime, Protocol):
    """A language model."""

    def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate. The last piece has ``finish`` set. Closing the generator stops the engine."""
        ...

    async def prefill(self, request: GenerationRequest) -> int:
        """Bring the prompt into the prefix cache without generating; returns the tokens now cached.

        Cancelling it keeps what was done. A later `generate` reuses the longest common prefix.
        """
        ...

    async def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens in each text, without template marks."""
        ...

    async def verify(self, request: GenerationRequest, top_k: int) -> Verified:
        """Read ``request.answer_so_far`` as a draft: how much of it would this model have written itself?

        Only where ``capabilities.verify`` is true. Afterwards the accepted prefix is in the prefix cache.
        """
        ...

    async def export_state(self) -> bytes:
        """What the model holds of the last prompt and answer, its KV state; empty when it holds nothing.

        It is for the same model on another backend of the same runtime. Only where ``capabilities.state`` is true.
        """
        ...

    async def import_state(self, state: bytes) -> int:
        """Take over a state; returns how many tokens it holds. Only where ``capabilities.state`` is true.

        Raises:
            InvalidInput: It comes from another model or version.
        """
        ...


@runtime_checkable
class TextToSpeech(Runtime, Protocol):
    """Speech synthesis."""

    def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
        """Speak one sentence of spoken form, chunk by chunk as they come, at ``capabilities.sample_rate_hz``."""
        ...

    async def voices(self) -> tuple[Voice, ...]:
        """The voices that can be chosen."""
        ...


@runtime_checkable
class Embedder(Runtime, Protocol):
    """Text to vectors."""

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        """A unit vector for each text, all of one length. An empty sequence gives an empty tuple.

        Args:
            texts: What gets a vector.
            query: They ask, as opposed to being what is to be found: many models want to be told.
        """
        ...


class VoiceActivityStream(Protocol):
    """The voice gate over one utterance; it keeps state from frame to frame."""

    async def feed(self, chunk: AudioChunk) -> tuple[float, ...]:
        """Speech probability in [0, 1] of every whole frame of 512 samples (32 ms) completed by this chunk."""
        ...

    async def aclose(self) -> None:
        """Forget the state."""
        ...


@runtime_checkable
class VoiceActivity(Runtime, Protocol):
    """Tells speech from everything else in 16 kHz mono sound."""

    async def open_stream(self) -> VoiceActivityStream:
        """Begin with fresh state."""
        ...


class Capture(Protocol):
    """One recording from the microphone, from `AudioSource.open` until `stop`."""

    def chunks(self) -> AsyncIterator[AudioChunk]:
        """16 kHz mono, every 10 to 40 ms, beginning with the pre-roll if there is one; ends after `stop` or loss.

        Everything captured before `stop` is delivered before it ends.
        """
        ...

    def stop(self) -> None:
        """No more samples than those captured by now. The device stays warm for a while."""
        ...

    @property
    def lost(self) -> str:
        """Why the device went away in the middle, in one sentence; empty when it did not."""
        ...


class AudioSource(Protocol):
    """A microphone."""

    async def open(self) -> Capture:
        """Begin to record; quick when the stream is warm.

        Raises:
            MicrophoneUnavailable: No device, no sound server, no permission.
        """
        ...

    async def aclose(self) -> None:
        """Let the device go."""
        ...


class AudioSink(Protocol):
    """A speaker with a gap-free queue."""

    async def wake(self) -> None:
        """Bring a sleeping output device up, so that no first sample is lost. Quick when it is awake.

        Raises:
            Unavailable: There is no output.
        """
        ...

    async def write(self, chunk: AudioChunk, utterance: int) -> None:
        """Queue sound of an utterance; waits while more than a few seconds are queued."""
        ...

    async def drain(self) -> None:
        """Return when the last queued sample has left the speaker."""
        ...

    def stop(self) -> None:
        """Silence, at once: the queue is dropped and what the device still holds is aborted."""
        ...

    def heard(self) -> tuple[HeardSpan, ...]:
        """How much of each utterance since the last `begin` has been heard, to the sample."""
        ...

    def begin(self) -> None:
        """Start counting utterances afresh."""
        ...

    @property
    def first_sample_at(self) -> float | None:
        """Monotonic seconds at which the first non-silent sample since `begin` was audible, None before."""
        ...

    async def aclose(self) -> None:
        """Let the device go."""
        ...


class AudioDevices(Protocol):
    """What can be heard with and spoken through."""

    async def inputs(self) -> tuple[AudioDevice, ...]:
        """Microphones, the system's default marked. Empty without a sound server."""
        ...

    async def outputs(self) -> tuple[AudioDevice, ...]:
        """Speakers, likewise."""
        ...


class ModelStore(Protocol):
    """Where weights lie."""

    def find(self, model: str) -> str | None:
        """Absolute path of an installed model's file or folder, None when it is not installed."""
        ...

    def installed(self) -> tuple[str, ...]:
        """Names of the installed models."""
        ...


class DeviceCatalogue(Protocol):
    """Which devices and backends this machine really has."""

    def devices(self) -> tuple[Device, ...]:
        """Devices that can run something now."""
        ...

    def backends(self) -> tuple[Backend, ...]:
        """Backends that can be started now."""
        ...

    def why_not(self, backend_id: str) -> str:
        """Why a backend cannot be started, with the remedy; empty when it can."""
        ...


class RuntimeCatalogue(DeviceCatalogue, Protocol):
    """The backends of this machine and their ports. Everybody who asks for a backend gets the same one."""

    def revision(self, backend_id: str) -> str:
        """What changes when the weights or the runtime change; part of what a cached answer is known by."""
        ...

    def remote(self, backend_id: str) -> bool:
        """Whether text for this backend leaves the machine."""
        ...

    def speech_to_text_port(self, backend_id: str) -> SpeechToText:
        """Speech recognition by one backend, without retries.

        Raises:
            Unavailable: There is no such backend.
            InvalidInput: It does something else.
        """
        ...

    def text_port(self, backend_id: str) -> TextGenerator:
        """A language model on one backend; errors as `speech_to_text_port`."""
        ...

    def text_to_speech_port(self, backend_id: str) -> TextToSpeech:
        """A voice by one backend; errors as `speech_to_text_port`."""
        ...

    def embedder_port(self, backend_id: str) -> Embedder:
        """Embeddings by one backend; errors as `speech_to_text_port`."""
        ...

    def voice_activity_port(self, backend_id: str) -> VoiceActivity:
        """The voice gate by one backend; errors as `speech_to_text_port`."""
        ...

    def serving(self, kind: str) -> tuple[Backend, ...]:
        """Backends that can be started now and serve a stage type, the preferred one first.

        Args:
            kind: ``audio_to_text``, ``text_generation``, ``text_to_audio``, ``embedding`` or ``voice_activity``.
        """
        ...


class Machine(Protocol):
    """The devices of this machine as they were found by the last look, which happened in a child process."""

    def look(self) -> tuple[DeviceInfo, ...]:
        """What is known now; quick. The processor is always in it; the others once they have been looked for."""
        ...

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        """Look again, in a child process, and keep what was found."""
        ...


class Calibrator(Protocol):
    """How fast and how costly each model was found to be on each device of this machine."""

    def measured(self, backend_id: str) -> Measurement | None:
        """The newest measurement that still holds, on the power source of now where there is one; None for none."""
        ...


class EnergySpan(Protocol):
    """The energy of one stage while it runs."""

    def ran_on(self, device: Device) -> None:
        """Where it really runs; what came before is counted there too."""
        ...

    def so_far(self) -> Energy:
        """Joules above idle until now. Cheap: counters are read at most every few milliseconds."""
        ...

    def end(self) -> Energy:
        """Joules above idle of all of it. Whoever asks again gets the same."""
        ...


class TurnEnergy(Protocol):
    """The energy of everything between a turn's begin and end."""

    def end(self) -> tuple[EnergyAccount, tuple[Comparison, ...]]:
        """Where the joules went, and what the same stages would have taken elsewhere."""
        ...


class PowerMonitor(Protocol):
    """Watts, degrees and joules."""

    def readings(self) -> tuple[DeviceReading, ...]:
        """The newest look at each device; takes none itself."""
        ...

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Joules above idle a device takes for so many seconds of work, by its model: what a plan reckons with."""
        ...

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """Begin to count a stage.

        Args:
            stage: Its name.
            backend_id: Whose host works for it, empty for work of our own process.
            device: Where it is thought to run.
            busy: Seconds it has worked so far; counts where no counter of the device or the host can be read.
        """
        ...

    def turn(self, turn_id: str) -> TurnEnergy:
        """Begin to count a turn: the spans that begin before its end belong to it."""
        ...


class PowerWatch(Protocol):
    """Whoever wants to see watts and degrees asks here; nothing is sampled while nobody does."""

    def watch(self) -> Callable[[], None]:
        """Have `SensorReadings` published once a second; returns how to end that."""
        ...

    def override(self, device: Device, allowed: bool | None) -> None:
        """The person's own word on a device, over the governor's, until Sotto ends: use it, rest it, or None."""
        ...


class Governor(Protocol):
    """Decides which devices may run."""

    def verdict(self) -> GovernorVerdict:
        """What is allowed now. Quick: it was decided when the sensors were last read."""
        ...

    async def ready(self) -> None:
        """Have the sensors read before work begins, and wait for the first look, but no longer than a moment."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        ...

    def since_boot(self) -> float:
        """Seconds that never go back either, and go on while the machine sleeps; comparable within one `boot`."""
        return self.monotonic()

    def boot(self) -> str:
        """Which start of the machine `since_boot` counts from; empty where nobody can tell."""
        return ""


class Secrets(Protocol):
    """Tokens and passwords, in the system keyring and never in a file of ours."""

    def get(self, name: str) -> str | None:
        """The secret, None when there is none."""
        ...

    def set(self, name: str, value: str) -> None:
        """Keep it."""
        ...

    def delete(self, name: str) -> None:
        """Forget it."""
        ...
