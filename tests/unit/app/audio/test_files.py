from __future__ import annotations

import errno
import os
import struct
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.audio.files import CHUNK_SAMPLES, read_clip, write_wav
from app.audio.levels import Samples, as_pcm, as_samples
from app.audio.resample import resampled
from app.audio.wav import header
from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput, StorageError
from tests.helpers.signals import find, murmur, write_16_bit


def read(path: Path) -> Samples:
    return np.concatenate([as_samples(chunk.pcm) for chunk in read_clip(path)])


def refused(path: Path) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        list(read_clip(path))
    assert str(path) in caught.value.message
    assert caught.value.remedy
    return caught.value


def write_float(path: Path, samples: Samples, rate_hz: int, channels: int) -> Path:
    """A WAV file of 32-bit floats, which the standard library cannot write."""
    data = np.repeat(samples[:, np.newaxis], channels, axis=1).astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, channels, rate_hz, rate_hz * 4 * channels, 4 * channels, 32)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_a_16_bit_file_comes_back_sample_by_sample(tmp_path: Path) -> None:
    samples = murmur(1.3, 16_000)
    heard = read(write_16_bit(tmp_path / "clip.wav", samples, 16_000))
    assert heard.size == samples.size
    assert np.max(np.abs(heard - samples)) < 1e-4


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 2), (44_100, 1), (96_000, 2)])
def test_any_rate_and_any_channels_become_16_khz_mono(tmp_path: Path, rate_hz: int, channels: int) -> None:
    samples = murmur(1.0, rate_hz)
    heard = read(write_float(tmp_path / "clip.wav", samples, rate_hz, channels))
    assert heard.size == pytest.approx(16_000, abs=40)
    start, likeness = find(resampled(samples, rate_hz, 16_000)[100:-100], heard)
    assert start == pytest.approx(100, abs=1)
    assert likeness > 0.99
    assert float(np.sqrt(np.mean(np.square(heard)))) == pytest.approx(0.1, rel=0.05)


def test_chunks_are_half_a_second_and_the_last_one_the_rest(tmp_path: Path) -> None:
    path = write_16_bit(tmp_path / "clip.wav", murmur(1.2, 16_000), 16_000)
    assert [chunk.samples for chunk in read_clip(path)] == [CHUNK_SAMPLES, CHUNK_SAMPLES, 3200]


def test_too_loud_and_not_a_number_are_made_harmless(tmp_path: Path) -> None:
    samples = np.array([0.5, 3.0, -3.0, np.nan] * 1000, np.float32)
    heard = read(write_float(tmp_path / "loud.wav", samples, 16_000, 1))
    assert np.max(np.abs(heard)) <= 1.0
    assert not np.isnan(heard).any()


def test_forty_minutes_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        for _ in range(40):
            file.writeframes(bytes(60 * 8_000 * 2))
    process = psutil.Process()
    before = process.memory_info().rss
    seconds = 0.0
    for chunk in read_clip(path):
        seconds += chunk.seconds
        assert process.memory_info().rss - before < 32 << 20
    assert seconds == pytest.approx(40 * 60, abs=0.1)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.wav").code == "no-such-file"


def test_a_folder(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "is-a-folder"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert refused(tmp_path / "pipe.wav").code == "no-file"


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert refused(tmp_path / "empty.wav").code == "empty-file"


def test_text_that_is_called_wav(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("hello, this is no sound\n" * 50)
    assert refused(tmp_path / "text.wav").code == "not-a-sound-file"


def test_a_header_without_sound(tmp_path: Path) -> None:
    (tmp_path / "header.wav").write_bytes(header(16_000, 0))
    assert refused(tmp_path / "header.wav").code in ("no-sound", "not-a-sound-file")


def test_a_file_without_a_sound_track(tmp_path: Path) -> None:
    (tmp_path / "subtitles.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nhello\n\n")
    assert refused(tmp_path / "subtitles.srt").code == "no-sound"


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    whole = write_16_bit(tmp_path / "whole.wav", murmur(3.0, 16_000), 16_000).read_bytes()
    (tmp_path / "half.wav").write_bytes(whole[: len(whole) // 2])
    assert refused(tmp_path / "half.wav").code == "truncated"


def test_a_recording_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "open.wav").write_bytes(header(16_000) + bytes(16_000))
    assert read(tmp_path / "open.wav").size == 8_000


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.aac\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(playlist)
    assert refused(tmp_path / "list.m3u8").code == "not-a-sound-file"


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    samples = murmur(0.6, 22_050)
    path = tmp_path / "out.wav"
    write_wav(path, [AudioChunk(as_pcm(piece), 22_050) for piece in np.array_split(samples, 5)])
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
        written = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767.0
    assert np.max(np.abs(written - samples)) < 1e-4
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.wav"]


def test_a_long_sound_is_written_in_stretches_that_fit_together(tmp_path: Path) -> None:
    samples = np.tile(murmur(0.6, 16_000), 40)
    path = tmp_path / "long.wav"
    write_wav(path, [AudioChunk(as_pcm(samples), 16_000)])
    with wave.open(str(path)) as file:
        written = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767.0
    assert len(written) == len(samples)
    assert np.max(np.abs(written - samples)) < 1e-4


def test_no_sound_at_all_is_a_valid_file(tmp_path: Path) -> None:
    write_wav(tmp_path / "none.wav", [])
    with wave.open(str(tmp_path / "none.wav")) as file:
        assert file.getnframes() == 0


def test_a_failure_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")

    def chunks() -> Iterator[AudioChunk]:
        yield AudioChunk(bytes(4000))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match="the disk is full") as caught:
        write_wav(path, chunks())
    assert caught.value.code == "disk-full"
    assert caught.value.remedy
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_rate_that_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rate changes"):
        write_wav(tmp_path / "out.wav", [AudioChunk(bytes(4), 16_000), AudioChunk(bytes(4), 22_050)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "code"), [("missing/out.wav", "no-folder"), ("", "is-a-folder"), ("file/out.wav", "no-folder")]
)
def test_places_where_no_file_can_be(tmp_path: Path, target: str, code: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as caught:
        write_wav(tmp_path / target, [AudioChunk(bytes(400))])
    assert caught.value.code == code
    assert caught.value.remedy
