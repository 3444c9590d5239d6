from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import wave
from pathlib import Path

import numpy as np
import pytest

from app.audio import spool as spool_module
from app.audio.files import read_clip
from app.audio.levels import as_pcm, as_samples
from app.audio.spool import RecordingSpool, pending
from app.contracts.audio import AudioChunk
from app.contracts.errors import StorageError
from tests.helpers.signals import Signal, murmur
from tests.helpers.waiting import until


def pieces(samples: Signal) -> list[AudioChunk]:
    return [AudioChunk(as_pcm(samples[start : start + 320])) for start in range(0, samples.size, 320)]


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def test_what_was_said_is_on_disk_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    words = murmur(1.0, 16_000)
    spool = RecordingSpool(tmp_path / "recordings")
    assert not spool.path.exists()
    for chunk in pieces(words):
        spool.append(chunk)
    await spool.finish()
    await spool.finish()
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.path.parent.stat().st_mode) == 0o700
    with wave.open(str(spool.path)) as file:
        assert file.getnframes() == words.size
    heard = np.concatenate([as_samples(chunk.pcm) for chunk in spool.chunks()])
    assert np.max(np.abs(heard - words)) < 1e-4
    assert spool.problem is None


async def test_samples_reach_the_disk_while_the_recording_goes_on(tmp_path: Path) -> None:
    spool = RecordingSpool(tmp_path)
    for chunk in pieces(murmur(0.5, 16_000)):
        spool.append(chunk)
    await until(lambda: spool.path.exists() and spool.path.stat().st_size == 44 + 16_000)
    assert pending(tmp_path) == []
    await spool.finish()
    (left,) = pending(tmp_path)
    assert left.recording_id == spool.recording_id
    assert left.path == spool.path
    assert left.seconds == 0.5


async def test_nothing_said_leaves_nothing(tmp_path: Path) -> None:
    spool = RecordingSpool(tmp_path)
    await spool.finish()
    await spool.discard()
    assert names(tmp_path) == []
    assert list(spool.chunks()) == []


async def test_a_discarded_recording_is_gone(tmp_path: Path) -> None:
    spool = RecordingSpool(tmp_path)
    spool.append(AudioChunk(bytes(4000)))
    await spool.discard()
    await spool.discard()
    assert names(tmp_path) == []
    with pytest.raises(RuntimeError):
        spool.append(AudioChunk(bytes(4)))


async def test_recordings_are_listed_by_age(tmp_path: Path) -> None:
    spools = [RecordingSpool(tmp_path) for _ in range(3)]
    for index, spool in enumerate(spools):
        spool.path = tmp_path / f"{1000 + index}-{spool.recording_id.partition('-')[2]}"
        spool.append(AudioChunk(bytes(4 * 160 * (index + 1))))
        await spool.finish()
    assert [(one.started_at, one.seconds) for one in pending(tmp_path)] == [(1.0, 0.01), (1.001, 0.02), (1.002, 0.03)]


def test_other_files_and_a_missing_folder_are_no_recordings(tmp_path: Path) -> None:
    (tmp_path / "holiday.wav").write_bytes(bytes(100))
    (tmp_path / "1000-empty.wav").write_bytes(bytes(44))
    assert pending(tmp_path) == []
    assert pending(tmp_path / "missing") == []
    assert names(tmp_path) == ["holiday.wav"]


def test_a_killed_process_leaves_its_recording_behind(tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        from pathlib import Path
        from app.audio.spool import RecordingSpool
        from app.contracts.audio import AudioChunk

        async def main():
            spool = RecordingSpool(Path(sys.argv[1]))
            spool.append(AudioChunk(bytes(4 * 8000)))
            while not spool.path.exists() or spool.path.stat().st_size < 44 + 16000:
                await asyncio.sleep(0.01)
            print("recording", flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"recording\n"
        assert pending(tmp_path) == []
        child.kill()
    (left,) = pending(tmp_path)
    assert left.seconds == 0.5
    assert sum(chunk.samples for chunk in read_clip(left.path)) == 8_000


def full_disk(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """A disk that takes so many bytes and then no more."""
    write = os.write
    left = room

    def limited(file: int, data: bytes) -> int:
        nonlocal left
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(file, bytes(data[:left]))
        left -= count
        return count

    monkeypatch.setattr(spool_module.os, "write", limited)


@pytest.mark.parametrize("room", [0, 44, 1001])
async def test_on_a_full_disk_the_recording_goes_on_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    words = murmur(1.0, 16_000)
    problems: list[StorageError] = []
    full_disk(monkeypatch, room)
    spool = RecordingSpool(tmp_path, on_problem=problems.append)
    for chunk in pieces(words):
        spool.append(chunk)
    await until(lambda: problems)
    await spool.finish()
    assert [problem.code for problem in problems] == ["disk-full"]
    assert spool.problem is problems[0]
    assert spool.unwritten_s > 0.9
    heard = np.concatenate([as_samples(chunk.pcm) for chunk in spool.chunks()])
    assert np.max(np.abs(heard - words)) < 1e-4


async def test_room_that_is_made_meanwhile_is_used_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()  # no folder can be made here
    problems: list[StorageError] = []
    spool = RecordingSpool(tmp_path / "recordings", on_problem=problems.append)
    spool.append(AudioChunk(bytes(4 * 1600)))
    await until(lambda: problems)
    (tmp_path / "recordings").unlink()
    spool.append(AudioChunk(bytes(4 * 1600)))
    await spool.finish()
    assert spool.unwritten_s == 0.0
    assert pending(tmp_path / "recordings")[0].seconds == 0.2
