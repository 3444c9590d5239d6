"""Sound as it crosses layers: raw little-endian float32 mono in a buffer, never a list of numbers."""

from __future__ import annotations

from dataclasses import dataclass

SPEECH_RATE_HZ = 16_000
"""Sample rate of everything that is recognised, in hertz."""

BYTES_PER_SAMPLE = 4


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of mono sound.

    Attributes:
        pcm: Little-endian float32 samples in [-1, 1]; its length is a multiple of four bytes.
        sample_rate_hz: Samples per second.
    """

    pcm: bytes
    sample_rate_hz: int = SPEECH_RATE_HZ

    def __post_init__(self) -> None:
        if len(self.pcm) % BYTES_PER_SAMPLE:
            raise ValueError(f"pcm holds {len(self.pcm)} bytes, which is not a whole number of float32 samples")

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.samples / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser understood.

    Attributes:
        text: The words, without leading or trailing space; empty when there was no speech.
        samples: How many input samples (at 16 kHz) the text accounts for, from the start of the clip.
        confidence: In [0, 1], or None when the model gives none.
        language: BCP 47 tag, empty when unknown.
    """

    text: str
    samples: int
    confidence: float | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How something is to be spoken.

    Attributes:
        voice: The voice's id as its port lists it; empty takes the backend's default.
        speed: 1.0 is the voice's own pace; 0.5 to 2.0.
        language: BCP 47 tag.
    """

    voice: str = ""
    speed: float = 1.0
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be chosen."""

    voice_id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A microphone or a speaker as the person knows it.

    Attributes:
        identity: Stable across restarts and re-plugging, for instance ``ALSA/HDA Intel PCH: ALC257``; settings keep it.
        name: What is shown.
        default: The operating system's choice at the moment.
        present: False for a chosen device that is not plugged in now ("waiting").
    """

    identity: str
    name: str
    default: bool = False
    present: bool = True


@dataclass(frozen=True, slots=True)
class HeardSpan:
    """How much of one queued utterance has left the speaker.

    Attributes:
        utterance: The number the caller gave the utterance when it queued it.
        heard_samples: Samples that were played, at ``sample_rate_hz``, to the sample.
        queued_samples: Samples queued for this utterance so far.
        sample_rate_hz: The rate at which it was queued.
    """

    utterance: int
    heard_samples: int
    queued_samples: int
    sample_rate_hz: int
