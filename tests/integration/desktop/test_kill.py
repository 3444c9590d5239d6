"""`kill -9` of each part while it works: the window lives, nothing said is lost, the turn ends, all comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.bench.questions import as_wav, spoken_questions
from app.bench.virtual_sound import VirtualSound
from app.bench.wer import normalized
from tests.helpers.desktop import Desktop, answer_of, is_host, open_desktop

STORY = "Tell me a long story about a small robot who learned to sing in the rain."


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recording = next(one for one in spoken_questions() if one.question_id == "capital-of-france")
    return as_wav(recording, tmp_path_factory.mktemp("recordings"))[0]


def command(process: psutil.Process) -> list[str]:
    """Its command line, nothing when it has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def unchanged(desktop: Desktop) -> Iterator[None]:
    """After the test there are as many processes as before, and hardly more memory."""
    deadline = time.monotonic() + 60.0
    while any("models.devices.probe" in word for child in desktop.children() for word in command(child)):
        assert time.monotonic() < deadline, "the look for devices does not end"
        time.sleep(0.1)
    before = (len(desktop.children()), psutil.Process(desktop.process.pid).memory_info().rss)
    yield
    deadline = time.monotonic() + 15.0
    while len(desktop.children()) != before[0] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(desktop.children()) == before[0]
    assert psutil.Process(desktop.process.pid).memory_info().rss < before[1] * 1.25 + 2e7


@pytest.mark.usefixtures("unchanged")
def test_the_recogniser_is_killed_while_it_hears(desktop: Desktop, question: Path) -> None:
    seen = len(desktop.events())
    desktop.xdotool("key", "Escape")
    desktop.xdotool("keydown", "space")
    player = desktop.sound.play_into_microphone(question)
    desktop.wait(lambda event: event["type"] == "PartialTranscript", after=seen)
    os.kill(desktop.host_pid("moonshine-cpu"), signal.SIGKILL)
    player.wait(30)
    desktop.xdotool("keyup", "space")
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    assert desktop.end_of(started["turn_id"])["type"] == "TurnFinished"
    turn = desktop.turn(started["turn_id"])
    assert "Retrying" in [event["type"] for event in turn]
    final = next(event["text"] for event in turn if event["type"] == "FinalTranscript")
    assert normalized(final) == normalized("What is the capital of France?"), "what was said before the kill counts"
    assert "Paris" in answer_of(turn)
    desktop.wait(is_host("moonshine-cpu", "warm"), after=seen)


@pytest.mark.usefixtures("unchanged")
def test_the_language_model_is_killed_in_mid_answer(desktop: Desktop) -> None:
    seen = len(desktop.events())
    desktop.type_question(STORY)
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    turn_id = started["turn_id"]
    while len([event for event in desktop.turn(turn_id) if event["type"] == "TextDelta"]) < 8:
        time.sleep(0.01)
    os.kill(desktop.host_pid("llama-cpu", "openvino-cpu"), signal.SIGKILL)
    before = answer_of(desktop.turn(turn_id))
    desktop.wait(lambda event: event["type"] in ("Retrying", "FailedOver"), after=seen)
    desktop.wait(lambda event: event["type"] == "StageFinished" and event["metrics"]["stage"] == "answer", after=seen)
    answer = answer_of(desktop.turn(turn_id))
    assert answer.startswith(before)
    assert len(answer) > len(before)
    assert not answer[len(before) :].lstrip().startswith(before.strip()[:40]), "no word is repeated"
    desktop.xdotool("key", "Escape")  # hearing all of it would take half a minute
    assert desktop.end_of(turn_id)["type"] == "TurnCancelled"


@pytest.mark.usefixtures("unchanged")
def test_the_voice_is_killed_in_mid_sentence(desktop: Desktop) -> None:
    seen = len(desktop.events())
    desktop.type_question("What is the capital of France?")
    started = desktop.wait(lambda event: event["type"] == "TurnStarted", after=seen)
    turn_id = started["turn_id"]
    desktop.wait(lambda event: event["type"] == "TextDelta" and event.get("turn_id") == turn_id, after=seen)
    os.kill(desktop.host_pid("espeak-cpu"), signal.SIGKILL)
    assert desktop.end_of(turn_id)["type"] == "TurnFinished"
    turn = desktop.turn(turn_id)
    heard = "".join(event["heard"] for event in turn if event["type"] == "SpeechFinished")
    assert heard.strip() == answer_of(turn).strip()
    desktop.wait(is_host("espeak-cpu", "warm"), after=seen)


def test_the_window_is_killed_while_the_key_is_held(
    sound: VirtualSound, screen: dict[str, str], question: Path, tmp_path: Path
) -> None:
    with open_desktop(tmp_path, sound, screen) as first:
        first.wait_ready()
        hosts = first.children()
        first.xdotool("key", "Escape")
        first.xdotool("keydown", "space")
        sound.play_into_microphone(question).wait(30)
        first.wait(lambda event: event["type"] == "PartialTranscript")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.communicate(timeout=10)
        first.xdotool("keyup", "space")
        psutil.wait_procs(hosts, timeout=10)
        assert not [host for host in hosts if host.is_running()], "no host outlives the window"
    with open_desktop(tmp_path, sound, screen) as second:
        offer = second.wait(lambda event: event["type"] == "CardChanged" and event["card"]["kind"] == "notice")
        assert "recording" in offer["card"]["message"]
        assert offer["card"]["action"].startswith("recover-recording:")
        second.wait_ready()
        second.xdotool("key", "Tab")
        card = offer["card"]
        assert list((tmp_path / "data" / "recordings").glob("*.wav"))
        assert card["reference"]
