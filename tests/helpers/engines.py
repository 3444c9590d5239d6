"""Drive an engine as the host's server does, in this process: calls in, replies out."""

from __future__ import annotations

import importlib.util
import re
import threading
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.audio.resample import resampled
from models.embedded import SMOLLM2, EmbeddedModels
from models.host.engine import Call, Engine, JsonValue, Reply

Samples = npt.NDArray[np.float32]

BECKETT = "ever tried ever failed no matter try again fail again fail better"
TWO_CITIES = (
    "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness "
    "it was the epoch of belief it was the epoch of incredulity it was the season of light it was the season of "
    "darkness it was the spring of hope it was the winter of despair we had everything before us we had nothing "
    "before us we were all going direct to heaven we were all going direct the other way in short the period was so "
    "far like the present period that some of its noisiest authorities insisted on its being received for good or for "
    "evil in the superlative degree of comparison only"
)


def ask(
    engine: Engine,
    operation: str,
    args: dict[str, JsonValue] | None = None,
    payload: bytes = b"",
    cancelled: threading.Event | None = None,
) -> list[Reply]:
    """Every reply of one call."""
    return list(engine.operations()[operation](Call(args or {}, payload, cancelled or threading.Event())))


def fields(engine: Engine, operation: str, args: dict[str, JsonValue] | None = None, payload: bytes = b"") -> dict:
    """The fields of the only reply of one call."""
    (reply,) = ask(engine, operation, args, payload)
    return dict(reply.fields)


@dataclass
class Answer:
    """What a generation gave."""

    text: str = ""
    pieces: list[str] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    finish: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0


def question(
    text: str, *, system: str = "You answer in one short sentence.", **more: JsonValue
) -> dict[str, JsonValue]:
    """Arguments of a generation: greedy and short unless told otherwise."""
    messages: list[JsonValue] = [["system", system], ["user", text]]
    return {"messages": messages, "max_tokens": 16, "temperature": 0.0, **more}


def generate(engine: Engine, args: dict[str, JsonValue], cancelled: threading.Event | None = None) -> Answer:
    """One generation to its end."""
    answer = Answer()
    for reply in ask(engine, "generate", args, cancelled=cancelled):
        assert not answer.finish, "a piece came after the last one"
        if "finish" in reply.fields:
            answer.finish = str(reply.fields["finish"])
            answer.prompt_tokens = int(str(reply.fields["prompt_tokens"]))
            answer.cached_tokens = int(str(reply.fields["cached_tokens"]))
        else:
            answer.pieces.append(str(reply.fields["text"]))
            answer.log_probs.append(float(str(reply.fields["log_prob"])))
    answer.text = "".join(answer.pieces)
    return answer


def language_model() -> str:
    """Path of the embedded GGUF file."""
    return str(EmbeddedModels().require(SMOLLM2))


def recording(name: str) -> Samples:
    """One of the human recordings in moonshine's wheel, at 16 kHz."""
    spec = importlib.util.find_spec("moonshine_voice")
    assert spec is not None
    assert spec.submodule_search_locations
    with wave.open(str(Path(spec.submodule_search_locations[0]) / "assets" / f"{name}.wav")) as file:
        whole = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        rate_hz = file.getframerate()
    return at_speech_rate(whole, rate_hz)


def at_speech_rate(samples: Samples, rate_hz: int) -> Samples:
    """The same sound at 16 kHz."""
    if rate_hz != 16_000:
        samples = resampled(samples, rate_hz, 16_000)
    return np.ascontiguousarray(samples, dtype=np.float32)


def trimmed(samples: Samples, threshold: float = 0.02) -> Samples:
    """The sound from its first loud sample to its last."""
    loud = np.flatnonzero(np.abs(samples) > threshold)
    return samples[loud[0] : loud[-1] + 1]


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.sub(r"[^a-z0-9' ]", " ", text.lower()).split()


def word_errors(heard: str, said: str) -> int:
    """Insertions, deletions and substitutions between two texts."""
    got, expected = words(heard), words(said)
    row = list(range(len(got) + 1))
    for at, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], at
        for index, other in enumerate(got, 1):
            diagonal, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, diagonal + (word != other))
    return row[-1]
