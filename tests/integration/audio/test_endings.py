"""What must not happen: a program that does not end, a half-written file, a recording that is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.bench.virtual_sound import SoundServer

LISTEN = """
    import asyncio, sys
    from app.audio.capture import MicrophoneSource
    from app.audio.devices import SoundDevices
    from app.audio.portaudio import PortAudio

    async def main():
        devices = SoundDevices(PortAudio())
        microphone = MicrophoneSource(devices)
        await microphone.open()
        print("listening", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await microphone.aclose()

    asyncio.run(main())
"""

SAVE = """
    import asyncio, sys
    from pathlib import Path
    from app.audio.files import write_wav
    from app.audio.spool import RecordingSpool
    from app.contracts.audio import AudioChunk
    from app.contracts.errors import StorageError

    async def main(folder):
        problems = []
        spool = RecordingSpool(folder / "recordings", on_problem=problems.append)
        for _ in range(100):
            spool.append(AudioChunk(bytes(4 * 1600)))
        await spool.finish()
        await asyncio.sleep(0)
        print(*(problem.code for problem in problems), f"{sum(chunk.seconds for chunk in spool.chunks()):.1f}")
        await spool.discard()
        try:
            write_wav(folder / "answer.wav", [AudioChunk(bytes(4 * 160_000))])
        except StorageError as error:
            print(error.code, *(entry.name for entry in folder.iterdir() if entry.name != "recordings"))

    asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_sound_server_that_hangs_does_not_keep_a_program_from_ending(sound: SoundServer) -> None:
    command = [sys.executable, "-c", textwrap.dedent(LISTEN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == b"listening\n"
        os.kill(sound.pid, signal.SIGSTOP)
        try:
            child.stdin.write(b"\n")
            child.stdin.close()
            assert child.wait(timeout=20) == 0
        finally:
            os.kill(sound.pid, signal.SIGCONT)
            child.kill()


@pytest.mark.parametrize(("options", "code"), [("size=64k", "disk-full"), ("size=64k,ro", "read-only")])
def test_a_disk_that_takes_nothing_costs_no_word_and_leaves_no_half_file(
    tmp_path: Path, options: str, code: str
) -> None:
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("needs root and unshare to mount a disk of its own")
    script = f'mount -t tmpfs -o {options} tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1"'
    program = textwrap.dedent(SAVE)
    child = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if child.returncode == 77 or child.stderr.startswith("unshare:"):
        pytest.skip(f"no disk of its own can be mounted here: {child.stderr.strip()}")
    assert child.stdout.splitlines() == [f"{code} 10.0", code]
