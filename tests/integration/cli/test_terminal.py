"""The `sotto` command with nothing faked: real models in their processes, real files."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np

from app.bench.wer import normalized
from app.settings.paths import asset
from tests.helpers.terminal import sotto

QUESTION = asset("recordings/capital-of-france.wav")
WORDS = normalized("What is the capital of France?")


def test_a_recorded_question_is_understood_and_answered(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "--audio", QUESTION)
    assert done.returncode == 0, done.stderr
    asked, answered = done.stdout.splitlines()[:2]
    assert normalized(asked.removeprefix("You: ")) == WORDS
    assert normalized(answered.removeprefix("Sotto: "))
    assert "first word" in done.stderr


def test_the_events_of_a_recorded_question(environment: dict[str, str]) -> None:
    done = sotto(environment, "ask", "--json", "--audio", QUESTION)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    types = [event["type"] for event in events]
    assert (types[0], types[-1]) == ("TurnStarted", "TurnFinished")
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert len({event["turn_id"] for event in events}) == 1
    assert normalized(next(event["text"] for event in events if event["type"] == "FinalTranscript")) == WORDS
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
