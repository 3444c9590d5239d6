"""The `sotto` command with nothing faked: real models in their processes, real files, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.settings.paths import asset
from models.host import launch
from tests.helpers.sound import VirtualSound, missing_tools

QUESTION = asset("recordings/capital-of-france.wav")
WORDS = "what is the capital of france"
COMMAND = (sys.executable, "-P", "-m", "app")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return launch.environment() | {"SOTTO_HOME": str(tmp_path / "home"), "COLUMNS": "200"}


def sotto(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def plain(text: str) -> str:
    """The words alone."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def write_wav(path: Path, samples: int, rate_hz: int = 16_000) -> Path:
    """A WAV file of silence that takes no room on the disk."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.setnframes(samples)
        file.writeframes(b"")
    header = bytearray(path.read_bytes())
    header[4:8] = (36 + samples * 2).to_bytes(4, "little")
    header[40:44] = (samples * 2).to_bytes(4, "little")
    with path.open("wb") as raw:
        raw.write(header)
        raw.truncate(len(header) + samples * 2)
    return path


def write_float_stereo(path: Path, source: Path) -> Path:
    """The same recording as 8 kHz stereo float, the way some recorders leave it."""
    with wave.open(str(source), "rb") as file:
        rate_hz, pcm = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    mono = pcm.astype("<f4") / 32768
    positions = np.arange(0, mono.size, rate_hz / 8000)
    slow = np.interp(positions, np.arange(mono.size), mono).astype("<f4")
    data = np.repeat(slow, 2).tobytes()
    header = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (3).to_bytes(2, "little") + (2).to_bytes(2, "little") + (8000).to_bytes(4, "little")
    header += (8000 * 8).to_bytes(4, "little") + (8).to_bytes(2, "little") + (32).to_bytes(2, "little")
    path.write_bytes(header + b"data" + len(data).to_bytes(4, "little") + data)
    return path


def test_a_recorded_question_is_understood_and_answered(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "--audio", QUESTION)
    assert done.returncode == 0, done.stderr
    asked, answered = done.stdout.splitlines()[:2]
    assert plain(asked.removeprefix("You: ")) == WORDS
    assert plain(answered.removeprefix("Sotto: "))
    assert "first word" in done.stderr


def test_the_events_of_a_recorded_question(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "--json", "--audio", QUESTION)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    types = [event["type"] for event in events]
    assert (types[0], types[-1]) == ("TurnStarted", "TurnFinished")
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert len({event["turn_id"] for event in events}) == 1
    assert plain(next(event["text"] for event in events if event["type"] == "FinalTranscript")) == WORDS
    shown = "".join(event["text"] for event in events if event["type"] == "TextDelta")
    cards = [event["card"] for event in events if event["type"] == "CardUpserted"]
    assert "".join(span["text"] for span in cards[-1]["spans"]) == shown


def test_the_spoken_answer_is_a_sound_file(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "answer.wav"
    done = sotto(environment, "ask", "--speak", target, "Say hello.")
    assert done.returncode == 0, done.stderr
    with wave.open(str(target), "rb") as file:
        assert file.getnframes() / file.getframerate() > 0.2
        assert np.abs(np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")).max() > 1000


def test_a_recording_of_another_kind_is_understood_as_well(environment: dict[str, str], tmp_path: Path) -> None:
    done = sotto(environment, "ask", "--audio", write_float_stereo(tmp_path / "phone.wav", QUESTION))
    assert done.returncode == 0, done.stderr
    assert "capital of france" in plain(done.stdout.splitlines()[0])


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "silence", "forty-minutes-of-silence", "folder"])
def test_input_that_cannot_be_used(kind: str, environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "question.wav"
    match kind:
        case "empty":
            file.touch()
        case "text":
            file.write_text("What is the capital of France?\n" * 100, encoding="utf-8")
        case "silence":
            write_wav(file, 3 * 16_000)
        case "forty-minutes-of-silence":
            write_wav(file, 40 * 60 * 16_000)
        case "folder":
            file.mkdir()
    done = sotto(environment, "ask", "--json", "--audio", file)
    assert done.returncode == 2, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["type"], last["exit_code"]) == ("TurnFailed", 2)
    assert last["message"].endswith(".")
    assert f"sotto: {last['message']}" in done.stderr
    assert "Traceback" not in done.stderr


def in_a_namespace(environment: dict[str, str], mounts: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where these mounts have been made, for itself alone."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no file system of its own can be mounted here")
    script = f'{mounts} && exec "$@"'
    return subprocess.run(
        ["unshare", "-m", "sh", "-ec", script, "sh", *COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_home_that_cannot_be_written_still_answers(environment: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = in_a_namespace(environment, f"mount -t tmpfs -o ro tmpfs {home}", "ask", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert plain(done.stdout)
    assert str(home) in done.stderr


def test_a_full_disk_still_answers_and_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    fill = f"mount -t tmpfs -o size=64k tmpfs {home} && (head -c 1m /dev/zero >{home}/filler || true) 2>/dev/null"
    done = in_a_namespace(environment, fill, "ask", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert plain(done.stdout)
    assert str(home) in done.stderr


def test_a_full_disk_for_the_spoken_answer(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "full"
    target.mkdir()
    fill = f"mount -t tmpfs -o size=64k tmpfs {target} && (head -c 1m /dev/zero >{target}/filler || true) 2>/dev/null"
    done = in_a_namespace(environment, fill, "ask", "--speak", f"{target}/answer.wav", "Say hello.")
    assert done.returncode == 5, done.stderr
    assert "sotto: " in done.stderr


class Terminal:
    """A terminal with the command in it: what is typed goes in, what is shown can be waited for."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._typing, inside = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
        )
        os.close(inside)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, keys: str) -> None:
        os.write(self._typing, keys.encode())

    def wait_for(self, text: str, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            assert self.process.poll() is None or text in self.shown, self.shown
            time.sleep(0.02)

    def wait(self, timeout_s: float = 60.0) -> int:
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        os.close(self._typing)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._typing, 4096)
            except OSError:
                return
            if not data:
                return
            self.shown += data.decode(errors="replace")


@pytest.fixture(scope="module")
def sound() -> Iterator[VirtualSound]:
    if missing_tools():
        pytest.skip(missing_tools())
    with VirtualSound() as server:
        yield server


def test_listening_in_a_terminal(environment: dict[str, str], sound: VirtualSound) -> None:
    terminal = Terminal(environment | sound.environment, "listen")
    try:
        terminal.wait_for("Space to talk")
        terminal.type(" ")
        terminal.wait_for("●")
        sound.play_into_microphone(QUESTION)
        terminal.type(" ")
        assert terminal.wait() == 0, terminal.shown
    finally:
        terminal.close()
    said = re.findall(r"You: (.*?)\r?\n", terminal.shown)
    assert [plain(line) for line in said] == [WORDS]
    assert "Sotto: " in terminal.shown


def test_escape_ends_the_listening(environment: dict[str, str], sound: VirtualSound) -> None:
    terminal = Terminal(environment | sound.environment, "listen")
    try:
        terminal.wait_for("Space to talk")
        terminal.type(" ")
        terminal.wait_for("●")
        terminal.type("\x1b")
        assert terminal.wait() == 130, terminal.shown
    finally:
        terminal.close()
    assert "Stopped." in terminal.shown


def test_listening_without_a_microphone(environment: dict[str, str]) -> None:
    nowhere = {"PULSE_SERVER": "unix:/nowhere", "XDG_RUNTIME_DIR": "/nowhere"}
    terminal = Terminal(environment | nowhere, "listen")
    try:
        terminal.wait_for("Space to talk")
        terminal.type(" ")
        assert terminal.wait() == 4, terminal.shown
    finally:
        terminal.close()
    assert "sotto: " in terminal.shown


def test_an_interrupted_answer(environment: dict[str, str]) -> None:
    terminal = Terminal(environment, "ask", "Write a very long story about a lighthouse, a storm and a ship.")
    try:
        terminal.wait_for("Sotto: ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.wait() == 130, terminal.shown
    finally:
        terminal.close()
    assert "Traceback" not in terminal.shown
