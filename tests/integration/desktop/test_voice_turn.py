"""The real window, nothing faked: the key is held, a question is played, the answer is heard and heard again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.bench.questions import as_wav, spoken_questions
from app.bench.virtual_sound import RATE_HZ
from app.bench.wer import normalized
from tests.helpers.desktop import Desktop, answer_of, open_desktop
from tests.helpers.listening import transcribed

QUESTION = "capital-of-france"


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recording = next(one for one in spoken_questions() if one.question_id == QUESTION)
    return as_wav(recording, tmp_path_factory.mktemp("recordings"))[0]


def test_a_question_is_heard_answered_shown_and_spoken(desktop: Desktop, question: Path, artefacts: Path) -> None:
    before = desktop.screenshot(artefacts / "desktop-before.png")
    seen = len(desktop.events())
    monitor = desktop.sound.listen()
    desktop.hold_and_play(question)
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    end = desktop.end_of(started["turn_id"])
    spoken = monitor.stop()
    after = desktop.screenshot(artefacts / "desktop-answer.png")

    turn = desktop.turn(started["turn_id"])
    assert end["type"] == "TurnFinished"
    assert [event["seq"] for event in turn] == list(range(len(turn)))
    kinds = [event["type"] for event in turn]
    assert kinds[0] == "TurnStarted"
    assert kinds.index("Listening") < kinds.index("PartialTranscript") < kinds.index("FinalTranscript")
    assert kinds.index("FinalTranscript") < kinds.index("TextDelta") < kinds.index("SpeechStarted")
    final = next(event["text"] for event in turn if event["type"] == "FinalTranscript")
    assert normalized(final) == normalized("What is the capital of France?")
    answer = answer_of(turn)
    assert "Paris" in answer
    heard = normalized(transcribed(spoken.samples, RATE_HZ))
    assert set(normalized(answer)) & set(heard), f"answered {answer!r}, heard {heard}"
    assert "paris" in heard
    assert before.read_bytes() != after.read_bytes()
    assert not list((desktop.home / "data" / "recordings").glob("*.wav")), "an answered recording is not kept"


def test_speech_that_starts_with_the_key_loses_no_word(desktop: Desktop, question: Path) -> None:
    """The player is already playing when the key goes down: the first word comes 0 ms after it."""
    seen = len(desktop.events())
    desktop.xdotool("key", "Escape")
    player = desktop.sound.play_into_microphone(question)
    desktop.xdotool("keydown", "space")
    player.wait(30)
    desktop.xdotool("keyup", "space")
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    desktop.wait(lambda event: event["type"] == "FinalTranscript", after=seen)
    desktop.end_of(started["turn_id"])
    final = next(event["text"] for event in desktop.turn(started["turn_id"]) if event["type"] == "FinalTranscript")
    assert normalized(final) == normalized("What is the capital of France?")


def test_escape_silences_the_answer(desktop: Desktop) -> None:
    seen = len(desktop.events())
    desktop.type_question("Tell me a long story about a small robot who learned to sing.")
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    monitor = desktop.sound.listen()
    desktop.wait(lambda event: event["type"] == "SpeechStarted", after=seen)
    desktop.xdotool("key", "Escape")
    assert desktop.end_of(started["turn_id"])["type"] == "TurnCancelled"
    subprocess.run(["sleep", "0.6"], check=True)
    tail = monitor.stop().samples[-RATE_HZ // 4 :]
    assert not np.any(np.abs(tail) > 1e-4)
    cards = [event["card"] for event in desktop.turn(started["turn_id"]) if event["type"] == "CardUpserted"]
    answer = [card for card in cards if card["kind"] == "answer"][-1]
    whole = "".join(span["text"] for span in answer["spans"])
    assert answer["stopped"]
    assert len(answer["heard"]) < len(whole), "history keeps only what was heard"


def test_fifty_key_presses_in_five_seconds(desktop: Desktop) -> None:
    seen = len(desktop.events())
    desktop.xdotool("key", "Escape")
    desktop.xdotool("key", "--repeat", "50", "--repeat-delay", "100", "space")
    desktop.xdotool("key", "Escape")
    started = [event for event in desktop.events()[seen:] if event["type"] == "TurnStarted"]
    assert len(started) >= 10
    for event in started:
        desktop.end_of(event["turn_id"])
        ends = [one for one in desktop.turn(event["turn_id"]) if one["type"].startswith("Turn")]
        assert [one["type"] for one in ends].count("TurnStarted") == 1
        assert len(ends) == 2, ends
    assert desktop.process.poll() is None


def test_a_second_window_says_so_and_leaves(desktop: Desktop) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "app"], env=desktop.environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert second.returncode == 3
    assert "already running" in second.stderr


def test_without_a_sound_server_it_opens_and_types(desktop: Desktop, screen: dict[str, str], tmp_path: Path) -> None:
    with open_desktop(tmp_path, desktop.sound, {**screen}) as lonely:
        lonely.close()
    environment = {**os.environ, **screen, "SOTTO_HOME": str(tmp_path), "PULSE_SERVER": "unix:/nonexistent"}
    asked = subprocess.run(
        [sys.executable, "-m", "app", "ask", "What is the capital of France?"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert asked.returncode == 0
    assert "Paris" in asked.stdout
