"""The real window, nothing faked: a workout is asked for aloud, proposed, confirmed aloud, and its cards are there."""

from __future__ import annotations

import shutil
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.audio.files import read_clip
from app.bench.virtual_sound import RATE_HZ
from app.bench.wer import normalized
from app.contracts.audio import SPEECH_RATE_HZ
from tests.helpers.desktop import Desktop
from tests.helpers.listening import rings, transcribed

SPOKEN = Path(__file__).resolve().parents[2] / "data" / "spoken"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings as WAV, which the player of the sound server takes."""
    folder = tmp_path_factory.mktemp("spoken")
    for source in SPOKEN.glob("*.flac"):
        pcm = b"".join(chunk.pcm for chunk in read_clip(source))
        samples = (np.frombuffer(pcm, dtype="<f4") * 32767.0).astype("<i2")
        with wave.open(str(folder / f"{source.stem}.wav"), "wb") as clip:
            clip.setnchannels(1)
            clip.setsampwidth(2)
            clip.setframerate(SPEECH_RATE_HZ)
            clip.writeframes(samples.tobytes())
    assert shutil.disk_usage(folder).free
    return folder


def speak(desktop: Desktop, clip: Path) -> list[dict[str, Any]]:
    """Say something with the key held; gives the events of the turn."""
    seen = len(desktop.events())
    desktop.hold_and_play(clip)
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    end = desktop.end_of(started["turn_id"])
    assert end["type"] == "TurnFinished", end
    return desktop.turn(started["turn_id"])


def cards(turn: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The revisions of the cards of a kind, in order."""
    return [event["card"] for event in turn if event["type"] == "CardUpserted" and event["card"]["kind"] == kind]


def test_a_workout_by_voice_from_the_wish_to_the_cards(desktop: Desktop, recordings: Path, artefacts: Path) -> None:
    proposed = speak(desktop, recordings / "upper-body.wav")
    desktop.screenshot(artefacts / "desktop-pre-plan.png")
    understood = next(event for event in proposed if event["type"] == "Understood")
    assert understood["intent"] == "plan_workout"
    proposal = cards(proposed, "pre-plan")[-1]
    assert proposed[-1]["waiting_for"] == proposal["card_id"]
    assert [action["label"] for action in proposal["actions"]] == ["Proceed", "Modify", "Cancel"]

    monitor = desktop.sound.listen()
    done = speak(desktop, recordings / "proceed.wav")
    heard = normalized(transcribed(monitor.stop().samples, RATE_HZ))
    desktop.screenshot(artefacts / "desktop-session.png")
    assert done[0]["continues"] == proposed[0]["turn_id"]
    assert cards(done, "pre-plan")[-1]["state"] == "proceeding"
    session = cards(done, "session-plan")
    assert [card["detail"] for card in session] == ["basic", "detailed", "illustrated", "illustrated"]
    assert not any(card["actions"] for card in session[:-1])
    assert session[-1]["actions"]
    complete = next(event for event in done if event["type"] == "Complete")
    assert complete["interaction_ready"]
    assert "workout" in heard


def test_an_ambiguous_wish_is_asked_about(desktop: Desktop, recordings: Path, artefacts: Path) -> None:
    asked = speak(desktop, recordings / "workout.wav")
    desktop.screenshot(artefacts / "desktop-clarification.png")
    question = cards(asked, "clarification")[-1]
    assert asked[-1]["waiting_for"] == question["card_id"]
    answered = speak(desktop, recordings / "lower-body.wav")
    assert cards(answered, "clarification")[0]["chosen"] == "Lower body"
    assert answered[-1]["waiting_for"]


def test_a_timer_by_voice_rings_to_the_second_and_is_said(desktop: Desktop, recordings: Path, artefacts: Path) -> None:
    monitor = desktop.sound.listen()
    due_at = cards(speak(desktop, recordings / "timer.wav"), "timer")[-1]["due_at"]
    seen = len(desktop.events())
    said = desktop.wait(lambda event: event["type"] == "TurnStarted" and event["source"] == "announcement")
    desktop.screenshot(artefacts / "desktop-timer-rings.png")
    desktop.end_of(said["turn_id"])
    heard = monitor.stop()
    late_s = rings(heard)[0] + (time.time() - time.monotonic()) - due_at
    (artefacts.parent / "timer-by-voice.txt").write_text(f"rang {late_s * 1000:.0f} ms after it was due\n", "utf-8")
    assert -0.05 < late_s < 1.0
    assert "timer is over" in " ".join(normalized(transcribed(heard.samples, RATE_HZ)))
    desktop.type_question("stop")
    desktop.wait(lambda event: "card" in event and event["card"].get("state") == "done", after=seen)
