"""Sound on its way in and out of the service."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np

from app.audio.files import read_clip
from app.audio.levels import Samples, as_pcm, as_samples
from app.audio.resample import Resampler
from app.audio.wav import header, to_int16
from app.contracts.audio import BYTES_PER_SAMPLE, SPEECH_RATE_HZ, AudioChunk
from app.contracts.errors import InvalidInput
from app.pipeline.run import RunResult
from app.pipeline.values import Parts, Sound, Value
from app.service.generated.compute.v1 import compute_pb2 as pb

RATES_HZ = range(4_000, 192_001)
"""Sample rates that are taken."""
SAMPLE_BYTES: dict[int, int] = {pb.AUDIO_FORMAT_PCM_S16LE: 2, pb.AUDIO_FORMAT_PCM_F32LE: 4}


async def decoded(audio: pb.Audio, longest_s: float) -> Sound:
    """A recording of a request, at 16 kHz.

    Raises:
        InvalidInput: It is empty, no sound, damaged, or longer than ``longest_s`` seconds.
    """
    if not audio.data:
        raise InvalidInput("The recording of the request is empty.", code="empty-audio")
    if audio.format in SAMPLE_BYTES:
        rate_hz = checked_rate(audio.sample_rate_hz)
        if len(audio.data) / SAMPLE_BYTES[audio.format] / rate_hz > longest_s:
            raise _too_long(longest_s)
        samples = await asyncio.to_thread(_raw, audio.data, audio.format, rate_hz)
        return Sound(AudioChunk(as_pcm(samples)))
    return Sound(await asyncio.to_thread(_from_file, audio.data, longest_s))


def _raw(data: bytes, audio_format: int, rate_hz: int) -> Samples:
    resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
    return np.concatenate((resampler.push(samples_of(data, audio_format)), resampler.flush()))


def _from_file(data: bytes, longest_s: float) -> AudioChunk:
    """Decode a file that lies in memory: through a file that nobody else can read, gone when this returns."""
    descriptor, name = tempfile.mkstemp(prefix="sotto-", suffix=".audio")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        pieces, seconds = [], 0.0
        for piece in read_clip(name):
            pieces.append(piece.pcm)
            seconds += piece.seconds
            if seconds > longest_s:
                raise _too_long(longest_s)
        return AudioChunk(b"".join(pieces))
    except InvalidInput as error:
        raise InvalidInput(
            error.message.replace(name, "the recording of the request"), code=error.code, remedy=error.remedy
        ) from error
    finally:
        Path(name).unlink(missing_ok=True)


def samples_of(data: bytes, audio_format: int) -> Samples:
    """Raw samples of a request as float32.

    Raises:
        InvalidInput: There is half a sample at the end, or the format is not raw.
    """
    size = SAMPLE_BYTES.get(audio_format)
    if size is None:
        raise InvalidInput("Sound that streams in is raw: AUDIO_FORMAT_PCM_S16LE or AUDIO_FORMAT_PCM_F32LE.")
    if len(data) % size:
        raise InvalidInput(f"{len(data)} bytes are no whole number of {size}-byte samples.", code="half-a-sample")
    if size == 2:
        return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768.0
    return np.clip(np.nan_to_num(as_samples(data)), -1.0, 1.0)


def checked_rate(rate_hz: int) -> int:
    """A sample rate, 16 kHz for none.

    Raises:
        InvalidInput: It is out of range.
    """
    rate_hz = rate_hz or SPEECH_RATE_HZ
    if rate_hz not in RATES_HZ:
        raise InvalidInput(
            f"sample_rate_hz is {rate_hz}; it lies between {RATES_HZ.start} and {RATES_HZ.stop - 1}.", code="bad-rate"
        )
    return rate_hz


class ClientSound(AsyncIterator[AudioChunk]):
    """Sound that a client streams, as 16 kHz mono. What is not read waits at the client: the stream has flow control.

    Args:
        requests: The messages after the first.
        audio_format: Of their sound.
        rate_hz: Of their sound.
    """

    def __init__(self, requests: AsyncIterator[pb.PipelineAudioRequest], audio_format: int, rate_hz: int) -> None:
        samples_of(b"", audio_format)
        self._requests = requests
        self._format = audio_format
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        self._ended = False

    async def __anext__(self) -> AudioChunk:
        """The next piece.

        Raises:
            InvalidInput: A message holds something else than sound.
            StopAsyncIteration: The client has closed its side.
        """
        while not self._ended:
            try:
                request = await anext(self._requests)
            except StopAsyncIteration:
                self._ended = True
                samples = self._resampler.flush()
            else:
                if request.WhichOneof("kind") != "audio":
                    raise InvalidInput("After `start`, a client sends nothing but `audio`.", code="audio-expected")
                samples = self._resampler.push(samples_of(request.audio, self._format))
            if samples.size:
                return AudioChunk(as_pcm(samples))
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Read no more."""
        self._ended = True


def sound_of(value: Value | None) -> AudioChunk | None:
    """All sound of an output in one piece, None when it is no sound."""
    match value:
        case Sound(chunk=chunk):
            return chunk
        case Parts(items=items):
            made = [piece for item in items if (piece := sound_of(item)) is not None]
            if made and all(piece.sample_rate_hz == made[0].sample_rate_hz for piece in made):
                return AudioChunk(b"".join(piece.pcm for piece in made), made[0].sample_rate_hz)
        case _:
            pass
    return None


def sound_made(result: RunResult) -> AudioChunk | None:
    """The sound of a run: its output, or else that of the last stage that made some; None when none did."""
    values = (result.output, *(stage.value for stage in reversed(result.stages)))
    return next((made for value in values if (made := sound_of(value)) is not None), None)


def pieces(chunk: AudioChunk) -> Iterator[AudioChunk]:
    """The same sound in pieces of a second."""
    size = chunk.sample_rate_hz * BYTES_PER_SAMPLE
    for at in range(0, len(chunk.pcm), size):
        yield AudioChunk(chunk.pcm[at : at + size], chunk.sample_rate_hz)


def encoded(chunk: AudioChunk, audio_format: pb.AudioFormat) -> pb.Audio:
    """Sound as a client asked for it: a WAV file unless it asked for raw samples."""
    if audio_format == pb.AUDIO_FORMAT_PCM_F32LE:
        data = chunk.pcm
    elif audio_format == pb.AUDIO_FORMAT_PCM_S16LE:
        data = to_int16(chunk.pcm)
    else:
        audio_format = pb.AUDIO_FORMAT_FILE
        samples = to_int16(chunk.pcm)
        data = header(chunk.sample_rate_hz, len(samples)) + samples
    return pb.Audio(data=data, format=audio_format, sample_rate_hz=chunk.sample_rate_hz)


def streamed(chunk: AudioChunk, audio_format: pb.AudioFormat) -> pb.Audio:
    """A piece of sound as a client asked for it: raw 16-bit samples unless it asked for floats."""
    raw = audio_format if audio_format in SAMPLE_BYTES else pb.AUDIO_FORMAT_PCM_S16LE
    return encoded(chunk, raw)


def _too_long(longest_s: float) -> InvalidInput:
    return InvalidInput(
        f"The recording is longer than the {longest_s:.0f} s that this server takes.",
        code="audio-too-long",
        remedy="Cut it, or stream it to a pipeline without an end.",
    )
