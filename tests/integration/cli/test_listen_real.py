"""`sotto listen` with nothing faked: a terminal, a question played into the microphone, the answer at the speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.bench.virtual_sound import RATE_HZ, VirtualSound, virtual_sound
from app.bench.wer import normalized
from app.settings.paths import asset
from tests.helpers.listening import transcribed
from tests.helpers.sound import missing_tools
from tests.helpers.terminal import Terminal, sotto

QUESTION = asset("recordings/capital-of-france.wav")
WORDS = normalized("What is the capital of France?")


@pytest.fixture(scope="module")
def sound() -> Iterator[VirtualSound]:
    if missing_tools():
        pytest.skip(missing_tools())
    with virtual_sound() as server:
        yield server


@contextmanager
def listening(environment: dict[str, str], *options: str) -> Iterator[Terminal]:
    """The command in a terminal, ready; at its end the terminal must be as it was."""
    terminal = Terminal(environment, "listen", *options)
    try:
        terminal.wait_for("Space to talk")
        assert terminal.attributes != terminal.attributes_before
        yield terminal
        assert terminal.attributes == terminal.attributes_before
        assert "Traceback" not in terminal.shown
    finally:
        terminal.close()


def said(terminal: Terminal, who: str) -> list[list[str]]:
    return [normalized(line) for line in re.findall(rf"{who}: (.*?)\r?\n", terminal.shown)]


def test_a_question_is_heard_answered_and_spoken(environment: dict[str, str], sound: VirtualSound) -> None:
    with listening(environment | sound.environment) as terminal, sound.listen() as monitor:
        terminal.type(" ")
        terminal.wait_for("●")
        sound.play_into_microphone(QUESTION).wait(30)
        terminal.type("\r")
        assert terminal.wait() == 0, terminal.shown
        spoken = transcribed(monitor.so_far().samples, RATE_HZ)
        assert said(terminal, "You") == [WORDS]
        assert "paris" in said(terminal, "Sotto")[0]
        assert "paris" in normalized(spoken)


def test_one_question_after_the_other(environment: dict[str, str], sound: VirtualSound) -> None:
    with listening(environment | sound.environment, "--repeat") as terminal:
        for number in (1, 2):
            terminal.type(" ")
            terminal.wait_for("Speak;", number)
            sound.play_into_microphone(QUESTION).wait(30)
            terminal.type(" ")
            terminal.wait_for("Space to talk", number + 1)
        terminal.type("\x1b")
        assert terminal.wait() == 0, terminal.shown
        assert said(terminal, "You") == [WORDS, WORDS]


def test_escape_ends_the_listening(environment: dict[str, str], sound: VirtualSound) -> None:
    with listening(environment | sound.environment) as terminal:
        terminal.type(" ")
        terminal.wait_for("●")
        terminal.type("\x1b")
        assert terminal.wait() == 130, terminal.shown
        assert "Stopped." in terminal.shown


def test_the_interrupt_key_ends_it(environment: dict[str, str], sound: VirtualSound) -> None:
    with listening(environment | sound.environment) as terminal:
        terminal.type("\x03")
        assert terminal.wait() == 130, terminal.shown


def test_no_sound_server(environment: dict[str, str]) -> None:
    nowhere = {"PULSE_SERVER": "unix:/nowhere", "XDG_RUNTIME_DIR": "/nowhere"}
    with listening(environment | nowhere) as terminal:
        terminal.type(" ")
        assert terminal.wait() == 4, terminal.shown
        assert "sotto: There is no microphone" in terminal.shown


def test_no_terminal(environment: dict[str, str]) -> None:
    done = sotto(environment, "listen")
    assert done.returncode == 2
    assert done.stderr.startswith("sotto: sotto listen needs a terminal")
