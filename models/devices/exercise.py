"""A short known task for each port: enough to make a device work, and to see whether what comes out makes sense.

Why it exists: loading a model proves little. Some runtimes load for a device and compute on the processor, some compute
garbage without an error; both show as soon as something is asked.
"""

from __future__ import annotations

import wave
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.errors import RuntimeFault, Unavailable
from app.contracts.ports import Embedder, Runtime, SpeechToText, TextGenerator, TextToSpeech
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.settings.paths import asset

CLIP = "recordings/capital-of-france.wav"
QUESTION = "What is the capital of France?"
"""What is spoken in the clip, and what a language model is asked."""
SENTENCE = "The quick brown fox jumps over the lazy dog."
TEXTS = (
    "The dog ran across the green meadow.",
    "A dog ran across the meadow.",
    "Interest rates rose again this quarter.",
)
"""The first two mean the same, the third something else."""

REQUEST = GenerationRequest(
    messages=(ChatMessage(Role.SYSTEM, "Answer in one short sentence."), ChatMessage(Role.USER, QUESTION)),
    max_tokens=24,
    temperature=0.0,
    top_p=1.0,
    seed=1,
)


@dataclass(frozen=True, slots=True)
class Written:
    """What a language model wrote.

    Attributes:
        text: Its answer.
        log_probs: Of its tokens, as far as the runtime gives them.
    """

    text: str
    log_probs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser understood of the clip; ``english`` is whether it knows the clip's language."""

    text: str
    english: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What a voice said: mono samples of any finite or other value, and their rate in hertz."""

    samples: npt.NDArray[np.float32]
    rate_hz: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of `TEXTS`."""

    vectors: tuple[tuple[float, ...], ...]


Outcome = Written | Recognised | Spoken | Embedded


async def exercise(port: Runtime) -> Outcome | None:
    """What came of the known task; None for a port that has none.

    Raises:
        SottoError: What the port raised.
    """
    match port:
        case TextGenerator():
            return await _write(port)
        case SpeechToText():
            languages = port.capabilities.languages
            heard = await port.transcribe(clip())
            return Recognised(heard.text, english=not languages or any(tag.startswith("en") for tag in languages))
        case TextToSpeech():
            return await _speak(port)
        case Embedder():
            return Embedded(await port.embed(TEXTS))
        case _:
            return None


async def _write(port: TextGenerator) -> Written:
    text, log_probs = "", []
    async with aclosing(port.generate(REQUEST)) as pieces:
        async for piece in pieces:
            text += piece.text
            if piece.log_prob is not None:
                log_probs.append(piece.log_prob)
    return Written(text, tuple(log_probs))


async def _speak(port: TextToSpeech) -> Spoken:
    parts, rate_hz = [], 0
    async with aclosing(port.synthesize(SENTENCE, VoiceOptions())) as chunks:
        async for chunk in chunks:
            parts.append(np.frombuffer(chunk.pcm, dtype="<f4"))
            rate_hz = chunk.sample_rate_hz
    if not parts:
        raise RuntimeFault("The voice said nothing.", code="no-sound")
    return Spoken(np.concatenate(parts).astype(np.float32), rate_hz)


@cache
def clip() -> AudioChunk:
    """The known clip, about two seconds of speech: 16 kHz, mono.

    Raises:
        Unavailable: It is missing from the installation, or damaged.
    """
    path = asset(CLIP)
    try:
        with wave.open(str(path)) as file:
            raw = file.readframes(file.getnframes())
            rate_hz = file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise Unavailable(f"{path} cannot be read: {error}.", code="asset", remedy="Install Sotto again.") from error
    samples = np.frombuffer(raw, dtype="<i2").astype("<f4") / 32768.0
    return AudioChunk(samples.astype("<f4").tobytes(), rate_hz)
