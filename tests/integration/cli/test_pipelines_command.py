"""`sotto pipelines` and `sotto documents` as a person types them, on the embedded default."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
import wave
from pathlib import Path

import pytest

from tests.helpers.terminal import COMMAND, sotto

pytestmark = pytest.mark.usefixtures("in_advance")

BUILT_IN = (
    "adaptive-text", "code-generation", "power-budget", "rag", "realtime-audio", "speculative", "thermal-failover",
    "voice-assistant",
)  # fmt: skip
RECORDING = Path("assets/recordings/capital-of-france.wav")


def test_all_eight_are_listed_and_fine(environment: dict[str, str]) -> None:
    listed = json.loads(sotto(environment, "pipelines", "list", "--json").stdout)
    assert tuple(entry["id"] for entry in listed["pipelines"]) == BUILT_IN
    checked = sotto(environment, "pipelines", "check")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "fine: 8 pipelines")


def test_a_text_pipeline_answers_on_standard_output_with_a_table_beside_it(environment: dict[str, str]) -> None:
    done = sotto(environment, "pipelines", "run", "adaptive-text", "What is the capital of France?")
    assert done.returncode == 0
    assert "Paris" in done.stdout
    assert "generate-text" not in done.stdout
    row = next(line for line in done.stderr.splitlines() if line.startswith("generate-text  "))
    assert "llama-cpu" in row
    assert "J (estimate)" in row


def test_speech_goes_in_and_comes_out(environment: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "answer.wav"
    done = sotto(environment, "pipelines", "run", "voice-assistant", "--audio", RECORDING, "--save", target)
    assert done.returncode == 0, done.stderr
    assert "Paris" in done.stdout
    with wave.open(str(target)) as sound:
        assert sound.getnframes() > sound.getframerate() // 2


def test_the_events_are_one_object_a_line_and_end_once(environment: dict[str, str]) -> None:
    done = sotto(environment, "pipelines", "run", "adaptive-text", "--json", "--set", "max_tokens=5", "Hello.")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events if event["type"].startswith("Run")] == ["RunStarted", "RunFinished"]
    finished = next(event for event in events if event["type"] == "StageFinished")
    assert finished["metadata"]["backend"] == "llama-cpu"
    assert finished["metadata"]["attempt_count"] == 1


def test_an_endless_source_becomes_captions(environment: dict[str, str]) -> None:
    done = sotto(environment, "pipelines", "run", "realtime-audio", "--audio", RECORDING)
    assert done.returncode == 0, done.stderr
    assert "apital of France" in done.stdout
    assert done.stdout.startswith("[ ")


def test_the_second_time_it_comes_from_the_cache(environment: dict[str, str]) -> None:
    words = ("pipelines", "run", "adaptive-text", "What is the capital of Spain?")
    first, second = sotto(environment, *words), sotto(environment, *words)
    assert first.stdout == second.stdout != ""
    assert "comes from the cache" not in first.stderr
    assert "comes from the cache" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run", "adaptive-txt", "x"), 2, "Did you mean 'adaptive-text'?"),
        (("run", "adaptive-text", ""), 2, "There is no input. Try: sotto pipelines run adaptive-text"),
        (("run", "adaptive-text", "x", "--set", "max_tokens"), 2, "KEY=VALUE"),
        (("run", "adaptive-text", "x", "--set", "max_tokns=3"), 2, "max_tokens"),
        (("run", "adaptive-text", "x", "--audio", "nothing.wav"), 2, "either words, or --audio"),
        (("run", "voice-assistant", "--audio", "nothing.wav"), 2, "nothing.wav"),
        (("run", "voice-assistant", "--microphone"), 2, "one recording at a time"),
        (("run", "adaptive-text", "x", "--save", "/nowhere/at/all.wav"), 5, "does not exist"),
        (("show", "nothing"), 2, "nothing"),
        (("graph", "nothing"), 2, "nothing"),
        (("check", "nothing.yaml"), 2, "nothing.yaml"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    environment: dict[str, str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = sotto(environment, "pipelines", *arguments)
    assert done.returncode == code
    assert sentence in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_file_named_for_this_start_goes_before_all_others(environment: dict[str, str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "pipelines:\n  - id: adaptive-text\n    name: Mine\n    stages:\n"
        "      - {id: say, type: custom, use: condition, with: {if: 'true'}}\n"
    )
    done = sotto(environment, "--pipelines", mine, "pipelines", "list", "--json")
    entry = next(entry for entry in json.loads(done.stdout)["pipelines"] if entry["id"] == "adaptive-text")
    assert entry["name"] == "Mine"
    mine.write_text(mine.read_text().replace("name:", "nmae:"))
    wrong = sotto(environment, "--pipelines", mine, "pipelines", "run", "adaptive-text", "x")
    assert wrong.returncode == 2
    assert f"{mine}:3:5" in wrong.stderr
    assert "Did you mean 'name'?" in wrong.stderr


def test_what_serves_in_place_of_a_wrong_file_is_told(environment: dict[str, str]) -> None:
    folder = Path(environment["SOTTO_HOME"]) / "config" / "pipelines"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("pipelines: [{id: adaptive-text, stages: [{id: a, type: text_generatoin}]}]\n")
    done = sotto(environment, "pipelines", "run", "adaptive-text", "--set", "max_tokens=3", "Hello.")
    assert done.returncode == 0
    assert f"{folder / 'mine.yaml'}:1:" in done.stderr
    assert "The built-in 'adaptive-text' serves instead." in done.stderr


def test_the_interrupt_key_ends_a_run(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "pipelines", "run", "adaptive-text", "--set", "max_tokens=400", "Tell me a very long story."],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert first, err
    assert process.returncode == 130
    assert "Stopped." in err
    assert "Traceback" not in err
    assert time.monotonic() - began < 20


def test_documents_are_indexed_found_and_quoted(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler in the cellar was serviced on 3 May by Anna Krol.\n")
    (folder / "garden.txt").write_text("The hedge is cut in October.\n")
    added = sotto(environment, "documents", "add", folder, "--json")
    assert added.returncode == 0, added.stderr
    found = json.loads(sotto(environment, "documents", "search", "--json", "who serviced the boiler").stdout)
    assert found["passages"][0]["source"].endswith("boiler.md")
    answered = sotto(environment, "pipelines", "run", "rag", "Who serviced the boiler?")
    assert answered.returncode == 0, answered.stderr
    assert "boiler.md" in answered.stdout
    (folder / "garden.txt").write_text("The hedge is cut in November.\n")
    assert sotto(environment, "documents", "refresh").returncode == 0
    assert "November" in sotto(environment, "documents", "search", "hedge").stdout
    assert sotto(environment, "documents", "remove", "notes").returncode == 0
    assert "November" not in sotto(environment, "documents", "search", "hedge").stdout
    shutil.rmtree(folder)


def test_the_words_of_an_answer_that_is_spoken_are_shown_too(environment: dict[str, str], tmp_path: Path) -> None:
    mine, target = tmp_path / "mine.yaml", tmp_path / "answer.wav"
    mine.write_text(
        "pipelines:\n  - id: aloud\n    name: Aloud\n    stages:\n"
        "      - {id: answer, type: text_generation, max_tokens: 12}\n      - {id: voice, type: text_to_audio}\n"
    )
    words = ("--pipelines", mine, "pipelines", "run", "aloud", "What is the capital of France?")
    done = sotto(environment, *words, "--save", target)
    assert done.returncode == 0, done.stderr
    assert "Paris" in done.stdout
    assert target.stat().st_size > 20_000
    events = [json.loads(line) for line in sotto(environment, *words, "--json").stdout.splitlines()]
    assert "Paris" in events[-1]["text"]
