"""`sotto listen`: a spoken question in a terminal. Space starts, Space or Enter ends, Esc cancels."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from app.assistant.assistant import AssistantState
from app.assistant.push_to_talk import HOLD_S
from app.cli.console import Console
from app.cli.keyboard import Key, pressed_keys
from app.cli.render import view_for
from app.cli.replies import Question, reply_to
from app.cli.session import Assistant, Opener, SessionOptions, TurnEnd, TurnWatch, exit_code, opened, run
from app.contracts.errors import TurnCancelledError
from app.contracts.events import TurnCancelled, TurnFailed, TurnFinished

LISTENING = AssistantState.LISTENING
PROMPT = "Space to talk, Esc to leave"
Inbox = asyncio.Queue[Key | TurnEnd]


def listen(
    open_assistant: Opener, console: Console, *, as_json: bool, repeat: bool, stats: bool = False, profile: str
) -> int:
    """Listen for one question, or with ``repeat`` until the person leaves; returns the exit code."""
    view = view_for(console, as_json=as_json, stats=stats)

    async def conversation() -> int:
        inbox: Inbox = asyncio.Queue()
        options = SessionOptions(profile=profile, talk=True)
        async with (
            pressed_keys(sys.stdin, inbox.put_nowait),
            opened(open_assistant, options, view, console) as (assistant, watch),
        ):
            forget_early_keys(inbox)
            return await converse(
                assistant,
                watch,
                inbox,
                prompt=lambda: view.prompt(PROMPT),
                prompt_answer=lambda question: view.prompt(answer_prompt(question)),
                repeat=repeat,
            )

    return run(conversation(), view, console)


def forget_early_keys(inbox: Inbox) -> None:
    """Drop what was pressed while the models were loading: nobody was listening yet."""
    while not inbox.empty():
        inbox.get_nowait()


async def converse(
    assistant: Assistant,
    watch: TurnWatch,
    inbox: Inbox,
    *,
    prompt: Callable[[], None],
    prompt_answer: Callable[[Question], None] = lambda _question: None,
    repeat: bool,
) -> int:
    """Turn keys into turns until it is over; returns the exit code of the last turn. A question is no end of it."""
    watch.on_end = inbox.put_nowait
    talk = Talk(assistant)
    question: Question | None = None
    prompt()
    while True:
        match await inbox.get():
            case Key() as key if question is not None and not watch.running and (said := pressed_answer(question, key)):
                question = None
                assistant.ask(said)
            case Key.SPACE:
                talk.space()
            case Key.ENTER:
                talk.end()
            case Key.ESCAPE | Key.QUIT if watch.running:
                assistant.cancel()
            case Key.ESCAPE | Key.QUIT:
                return 0 if repeat else TurnCancelledError.exit_code
            case TurnFinished() | TurnFailed() | TurnCancelled() as end:
                if not watch.running:
                    question = watch.question_of(end)
                    if question is not None:
                        prompt_answer(question)
                    elif not repeat:
                        return exit_code(end)
                    else:
                        prompt()


def pressed_answer(question: Question, key: Key) -> str:
    """What a key answers: a digit the choice with its number, Enter what is suggested. Empty for the other keys."""
    if key is Key.ENTER:
        return reply_to(question, "")
    said = reply_to(question, str(key.number)) if key.number else ""
    return "" if said == str(key.number) else said


def answer_prompt(question: Question) -> str:
    """What can be pressed while a question waits."""
    count = len(question.actions)
    digits = f"1-{count} to choose, " if count > 1 else ""
    return f"Space to answer, {digits}Esc to leave"


class Talk:
    """Plays the push-to-talk key of an assistant with a key that has no way up."""

    def __init__(self, assistant: Assistant, now: Callable[[], float] = time.monotonic) -> None:
        self._assistant = assistant
        self._now = now
        self._began = 0.0
        self._open = False

    def space(self) -> None:
        """Begin to listen, or end it."""
        if self._assistant.state == LISTENING:
            self.end()
        else:
            self._open = True
            self._began = self._now()
            self._assistant.press()

    def end(self) -> None:
        """End the listening, if it goes on and has not been ended already."""
        if not self._open:
            return
        self._open = False
        self._assistant.release()
        if self._now() - self._began < HOLD_S and self._assistant.state == LISTENING:
            # So short that the assistant took it for a tap, which a second press ends.
            self._assistant.press()
            self._assistant.release()
