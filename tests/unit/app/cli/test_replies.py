from __future__ import annotations

import asyncio
import io
import os
import pty
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.keyboard import Key
from app.cli.listen import answer_prompt, pressed_answer
from app.cli.render import TextView
from app.cli.replies import Question, line_reader, prompt_of, reply_to
from app.cli.session import SessionOptions, one_turn, run
from app.contracts.events import (
    CardUpserted,
    HostChanged,
    Notice,
    QuestionAsked,
    TurnEvent,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics
from tests.helpers.demo_cards import CLARIFICATION, PRE_PLAN, WEIGHTY
from tests.helpers.scripted_assistant import ANSWER, Opening, ScriptedAssistant
from tests.helpers.staged import staged_assistant
from tests.helpers.streams import Terminal


@pytest.mark.parametrize(
    ("card", "line", "said"),
    [
        (CLARIFICATION, "1", "Upper body"),
        (CLARIFICATION, " 4 ", "Core"),
        (CLARIFICATION, "", "Full body"),
        (CLARIFICATION, "5", "5"),
        (CLARIFICATION, "only the back", "only the back"),
        (PRE_PLAN, "", "yes"),
        (PRE_PLAN, "y", "yes"),
        (PRE_PLAN, "M", "modify"),
        (PRE_PLAN, "n", "cancel"),
        (PRE_PLAN, "3", "Cancel"),
        (PRE_PLAN, "with kettlebells", "with kettlebells"),
        (WEIGHTY, "", ""),
        (WEIGHTY, "yes", "yes"),
        (replace(CLARIFICATION, choices=()), "", ""),
    ],
)
def test_what_a_line_says(card: Question, line: str, said: str) -> None:
    assert reply_to(card, line) == said


def test_what_can_be_answered() -> None:
    assert prompt_of(CLARIFICATION) == "1-4 or your own words, Enter for Full body > "
    assert prompt_of(replace(CLARIFICATION, choices=())) == "Your own words > "
    assert prompt_of(PRE_PLAN) == "Enter to proceed, or one of proceed, modify, cancel > "
    assert prompt_of(WEIGHTY) == "Type one of proceed, modify, cancel > "
    assert answer_prompt(CLARIFICATION) == "Space to answer, 1-4 to choose, Esc to leave"


@pytest.mark.parametrize(
    ("card", "key", "said"),
    [
        (CLARIFICATION, Key.DIGIT_2, "Lower body"),
        (CLARIFICATION, Key.DIGIT_9, ""),
        (CLARIFICATION, Key.ENTER, "Full body"),
        (CLARIFICATION, Key.SPACE, ""),
        (WEIGHTY, Key.ENTER, ""),
        (WEIGHTY, Key.DIGIT_1, "Proceed"),
    ],
)
def test_what_a_key_answers(card: Question, key: Key, said: str) -> None:
    assert pressed_answer(card, key) == said


class Asking(ScriptedAssistant):
    """Asks back after its first turn, and answers the second."""

    def __init__(self) -> None:
        super().__init__(_asks())

    def ask(self, text: str) -> str:
        if self._turns:
            self._script = ANSWER
        return super().ask(text)


def _asks() -> tuple[TurnEvent, ...]:
    end = TurnFinished(metrics=TurnMetrics(), waiting_for="focus")
    return (CardUpserted(card=CLARIFICATION), QuestionAsked(card_id="focus"), end)


def ask_back(*lines: str | None) -> tuple[int, list[str], str]:
    assistant, out = Asking(), io.StringIO()
    console = Console(out, io.StringIO())
    view = TextView(console, labelled=True)
    typed = iter(lines)

    async def read() -> str | None:
        return next(typed)

    opening = Opening(assistant)
    begin = one_turn(opening, SessionOptions(), view, console, lambda it: it.ask("Plan a workout"), read)
    code = run(begin, view, console)
    return code, [call for call in assistant.calls if call.startswith("ask")], out.getvalue()


def test_a_question_is_answered_by_a_line() -> None:
    code, asked, out = ask_back("2\n")
    assert (code, asked) == (0, ["ask Plan a workout", "ask Lower body"])
    assert out.endswith("  4. Core\nSotto: The capital is Paris.\n")


def test_who_closes_the_input_leaves_the_question_unanswered() -> None:
    code, asked, _ = ask_back(None)
    assert (code, asked) == (0, ["ask Plan a workout"])


def test_a_line_is_read_from_a_terminal_without_holding_up_the_loop() -> None:
    master, slave = pty.openpty()

    async def scenario() -> tuple[str | None, int]:
        turns = 0
        with os.fdopen(slave, "r", encoding="utf-8") as stream:
            reading = asyncio.ensure_future(line_reader(stream)())
            while turns < 5:
                await asyncio.sleep(0)
                turns += 1
            os.write(master, b"core\n")
            return await asyncio.wait_for(reading, 5), turns

    try:
        assert asyncio.run(scenario()) == ("core\n", 5)
    finally:
        os.close(master)


async def test_the_words_of_the_terminal_are_understood_by_the_stages(tmp_path: Path) -> None:
    """A number and Enter alone, as the terminal turns them into words, answer the real dialogue."""
    async with staged_assistant(tmp_path) as stage:
        await stage.ask("pack a picnic")
        question = stage.staged.pending
        assert question is not None
        await stage.ask(reply_to(question.card, "2"))
        proposal = stage.staged.pending
        assert proposal is not None
        assert proposal.card.kind == "pre-plan"
        lines = await stage.ask(reply_to(proposal.card, ""))
        assert lines[-1] == "finished"
        assert stage.picnic.planned[-1]["people"] == "4"


def test_nothing_takes_the_place_of_the_prompt_while_a_line_is_typed() -> None:
    err = Terminal()
    view = TextView(Console(Terminal(), err), labelled=True)
    view.prompt_line("1-4 > ")
    view.show(HostChanged(backend="llama-cpu", state="starting"))
    assert err.getvalue().endswith("1-4 > ")
    view.show(Notice(level="warning", code="c", message="It is hot."))
    assert err.getvalue().split("\n")[0].endswith("It is hot.")
    assert err.getvalue().endswith("1-4 > ")
    view.show(TurnStarted(source="text"))
    view.show(HostChanged(backend="llama-cpu", state="starting"))
    assert err.getvalue().endswith("Starting llama-cpu…")
