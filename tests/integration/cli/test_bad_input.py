"""What people do by mistake: each gets its sentence and its exit code, a script its event, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from app.bench.wer import normalized
from app.settings.paths import asset
from tests.helpers.terminal import COMMAND, Terminal, on_a_disk_of_its_own, sotto

pytestmark = pytest.mark.usefixtures("in_advance")

QUESTION = asset("recordings/capital-of-france.wav")
STORY = "Write a very long story about a lighthouse, a storm and a ship."
MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def write_silence(path: Path, seconds: int) -> Path:
    """A WAV file of silence that takes no room on the disk."""
    size = seconds * 16_000 * 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"")
    header = bytearray(path.read_bytes())
    header[4:8] = (36 + size).to_bytes(4, "little")
    header[40:44] = size.to_bytes(4, "little")
    with path.open("wb") as raw:
        raw.write(header)
        raw.truncate(len(header) + size)
    return path


def write_float_stereo(path: Path, source: Path) -> Path:
    """The same recording as 8 kHz stereo float, the way some recorders leave it."""
    with wave.open(str(source), "rb") as file:
        rate_hz, pcm = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    positions = np.arange(0, pcm.size, rate_hz / 8000)
    slow = np.interp(positions, np.arange(pcm.size), pcm.astype("<f4") / 32768).astype("<f4")
    data = np.repeat(slow, 2).tobytes()
    header = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (3).to_bytes(2, "little") + (2).to_bytes(2, "little") + (8000).to_bytes(4, "little")
    header += (8000 * 8).to_bytes(4, "little") + (8).to_bytes(2, "little") + (32).to_bytes(2, "little")
    path.write_bytes(header + b"data" + len(data).to_bytes(4, "little") + data)
    return path


def failure(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one failure of a command with --json; it stands on standard error as well, and nothing else does."""
    failed = [json.loads(line) for line in done.stdout.splitlines() if '"type":"TurnFailed"' in line]
    assert len(failed) == 1, done
    assert failed[0]["exit_code"] == done.returncode
    assert done.stderr == f"sotto: {failed[0]['message']} {failed[0]['remedy']}".rstrip() + "\n"
    return failed[0]


@pytest.mark.parametrize(
    ("kind", "code", "sentence"),
    [
        ("missing", "no-such-file", "There is no file {file}."),
        ("empty", "empty-file", "{file} is empty."),
        ("text", "not-a-sound-file", "{file} is no sound file, or a damaged one"),
        ("folder", "is-a-folder", "{file} is a folder."),
        ("silence", "no-speech", "No speech was heard in question.wav."),
    ],
)
def test_a_recording_that_is_none(
    kind: str, code: str, sentence: str, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "question.wav"
    match kind:
        case "empty":
            file.touch()
        case "text":
            file.write_text("What is the capital of France?\n" * 100, encoding="utf-8")
        case "folder":
            file.mkdir()
        case "silence":
            write_silence(file, 3)
    before = file.read_bytes() if file.is_file() else b""
    done = sotto(environment, "ask", "--json", "--audio", file)
    failed = failure(done)
    assert (done.returncode, failed["code"]) == (2, code)
    assert failed["message"].startswith(sentence.format(file=file))
    assert (file.read_bytes() if file.is_file() else b"") == before


def test_a_recording_of_another_kind_is_understood_as_well(environment: dict[str, str], tmp_path: Path) -> None:
    done = sotto(environment, "ask", "--audio", write_float_stereo(tmp_path / "phone.wav", QUESTION))
    assert done.returncode == 0, done.stderr
    asked, answered = done.stdout.splitlines()[:2]
    assert normalized(asked.removeprefix("You: ")) == normalized("What is the capital of France?")
    assert "paris" in normalized(answered)


def test_a_quarter_of_an_hour_of_silence_takes_no_more_memory_than_ten_seconds(
    environment: dict[str, str], tmp_path: Path
) -> None:
    peaks = []
    for seconds in (10, 15 * 60):
        file = write_silence(tmp_path / f"{seconds}.wav", seconds)
        command = [sys.executable, "-c", MEASURED, *COMMAND, "ask", "--audio", str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 2
        sentence, peak_kb = done.stderr.splitlines()[-2:]
        assert sentence == f"sotto: No speech was heard in {file.name}."
        peaks.append(int(peak_kb))
    assert peaks[1] < peaks[0] + 20_000, "as samples it would be 58 MB"


@pytest.mark.parametrize(
    ("options", "why"), [("ro", "it is read-only"), ("size=64k", "the disk is full")], ids=["read-only", "full"]
)
def test_a_home_that_takes_nothing_still_answers_and_says_so_once(
    options: str, why: str, environment: dict[str, str], tmp_path: Path
) -> None:
    done = on_a_disk_of_its_own(environment, tmp_path / "home", options, "ask", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert normalized(done.stdout)
    warnings = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert len(warnings) == 1, done.stderr
    assert warnings[0].startswith("This turn is not kept in the history: ")
    assert why in warnings[0]


def test_a_full_disk_for_the_spoken_answer_leaves_no_half_file(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "full" / "answer.wav"
    done = on_a_disk_of_its_own(environment, target.parent, "size=64k", "ask", "--speak", str(target), "Say hello.")
    assert done.returncode == 5, done.stderr
    assert f"sotto: The sound could not be written to {target}: the disk is full." in done.stderr
    assert done.stderr.splitlines()[-1] == "filler", "a part of the answer was left there"


def test_a_missing_folder_for_the_spoken_answer(environment: dict[str, str], tmp_path: Path) -> None:
    done = sotto(environment, "ask", "--json", "--speak", tmp_path / "nowhere" / "answer.wav", "Say hello.")
    assert failure(done)["code"] == "speak-target"
    assert done.returncode == 5


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--profile", "nonsense", "Hello."), "no-profile", "There is no profile 'nonsense'."),
        (("",), "empty-question", "There is no question."),
        (("  \n ",), "empty-question", "There is no question."),
        ((), "empty-question", "There is no question."),
        (("x" * 100_001,), "question-too-long", "The question is longer than"),
    ],
    ids=["profile", "empty", "blank", "none", "book"],
)
def test_questions_that_cannot_be_asked(
    arguments: tuple[str, ...], code: str, sentence: str, environment: dict[str, str]
) -> None:
    done = sotto(environment, "ask", "--json", *arguments)
    failed = failure(done)
    assert (done.returncode, failed["code"]) == (2, code)
    assert failed["message"].startswith(sentence)


@pytest.mark.parametrize("arguments", [("profiles", "use", "n\u00f6thing"), ("ask", "--nonsense")])
def test_a_fresh_interpreter_and_one_that_waited_say_the_same(
    arguments: tuple[str, ...], environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fresh = subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    done = sotto(environment, *arguments)
    assert done.returncode == fresh.returncode == 2
    assert (done.stdout, done.stderr) == (fresh.stdout, fresh.stderr)
    assert fresh.stderr


def test_a_malformed_settings_file_is_told_and_left_alone(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "home" / "config" / "settings.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("audio:\n  input: [\n", encoding="utf-8")
    done = sotto(environment, "ask", "Say hello.")
    assert done.returncode == 0, done.stderr
    assert normalized(done.stdout)
    assert done.stderr.startswith(f"{file}:3:1: ")
    assert "None of it counts until that is mended." in done.stderr
    assert file.read_text(encoding="utf-8") == "audio:\n  input: [\n"


def test_a_malformed_profile_that_was_chosen_is_replaced_and_one_asked_for_is_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "home" / "config"
    (config / "profiles").mkdir(parents=True)
    profile = config / "profiles" / "mine.yaml"
    profile.write_text("name: Mine\ntxt: []\n", encoding="utf-8")
    (config / "settings.yaml").write_text("profile:\n  active: mine\n", encoding="utf-8")
    chosen = sotto(environment, "ask", "Say hello.")
    assert chosen.returncode == 0, chosen.stderr
    problem = f"{profile}:2:1: 'txt' is not known here. Did you mean 'text'?"
    assert chosen.stderr.startswith(f"{problem} The profile 'starter' is used instead.\n")
    asked_for = sotto(environment, "ask", "--json", "--profile", "mine", "Say hello.")
    assert asked_for.returncode == 2
    assert f"{failure(asked_for)['message']} {failure(asked_for)['remedy']}".rstrip() == problem


def test_a_question_longer_than_the_model_can_read_is_answered_and_the_person_told(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "🙂é漢字 " * 800)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr.count("The question is longer than the model can read; a part of it was left out.") == 1


def test_control_characters_and_emoji(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "--json", "Say \x1b[31mhello\x07 🙂\u202e, please.")
    assert done.returncode == 0, done.stderr
    assert not any(ord(char) < 32 for char in done.stdout.replace("\n", ""))
    assert "TurnFinished" in done.stdout.splitlines()[-1]


def test_a_reader_that_leaves(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "ask", "--json", STORY], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"TurnStarted" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 141
        assert process.stderr.read() == b""


def test_an_interrupt_in_mid_answer_ends_everything(environment: dict[str, str]) -> None:
    terminal = Terminal(environment, "ask", STORY)
    try:
        terminal.wait_for("Sotto: ")
        children = psutil.Process(terminal.process.pid).children(recursive=True)
        assert children
        terminal.type("\x03")
        assert terminal.wait() == 130, terminal.shown
        assert psutil.wait_procs(children, timeout=10)[1] == []
    finally:
        terminal.close()
    assert "Stopped." in terminal.shown
    assert "Traceback" not in terminal.shown


def test_an_interrupt_as_a_script_sees_it(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "ask", "--json", STORY], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if [event["type"] for event in events].count("TextDelta") == 3:
                os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
    assert events[-1]["type"] == "TurnCancelled"


@pytest.mark.parametrize(
    ("number", "arguments", "code"),
    [(0, ("ask",), 2), (0, ("listen",), 2), (1, ("profiles", "list"), 0), (2, ("ask", "Say hello."), 0)],
    ids=["ask-without-input", "listen-without-input", "without-output", "without-errors"],
)
def test_a_standard_stream_that_is_closed(
    number: int, arguments: tuple[str, ...], code: int, environment: dict[str, str]
) -> None:
    close = {0: "<&-", 1: ">&-", 2: "2>&-"}[number]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {close}', "sh", *COMMAND, *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
