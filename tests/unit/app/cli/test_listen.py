from __future__ import annotations

import asyncio
import io

from app.cli.console import Console
from app.cli.keyboard import Key
from app.cli.listen import Inbox, Talk, converse, forget_early_keys
from app.cli.render import TextView
from app.cli.session import TurnWatch
from app.contracts.events import CardUpserted, TurnFailed, TurnFinished
from app.contracts.metrics import TurnMetrics
from tests.helpers.demo_cards import CLARIFICATION
from tests.helpers.scripted_assistant import ENDLESS, SPOKEN, ScriptedAssistant
from tests.helpers.virtual_time import Seconds


async def talk_with(assistant: ScriptedAssistant, keys: list[Key], *, repeat: bool = False) -> tuple[int, str, int]:
    """Press keys one after the other; returns the exit code, what was written, and how often the prompt came."""
    out = io.StringIO()
    watch = TurnWatch(TextView(Console(out, io.StringIO()), labelled=True))
    assistant.subscribe(watch)
    inbox: Inbox = asyncio.Queue()
    prompts: list[int] = []
    conversation = asyncio.ensure_future(
        converse(assistant, watch, inbox, prompt=lambda: prompts.append(1), repeat=repeat)
    )
    for key in keys:
        inbox.put_nowait(key)
        for _ in range(20):
            await asyncio.sleep(0)
    code = await asyncio.wait_for(conversation, 5)
    await assistant.aclose()
    return code, out.getvalue(), len(prompts)


async def test_space_starts_and_enter_ends() -> None:
    assistant = ScriptedAssistant(SPOKEN)
    code, written, _ = await talk_with(assistant, [Key.ENTER, Key.SPACE, Key.ENTER])
    assert code == 0
    assert written == "You: What is the capital of France?\nSotto: The capital is Paris.\n"
    assert assistant.calls[:2] == ["press", "release"]


async def test_a_second_space_ends_too() -> None:
    assistant = ScriptedAssistant(SPOKEN)
    assert (await talk_with(assistant, [Key.SPACE, Key.SPACE]))[0] == 0
    assert assistant.calls[:2] == ["press", "release"]


async def test_escape_cancels_what_goes_on() -> None:
    assistant = ScriptedAssistant(ENDLESS)
    assert (await talk_with(assistant, [Key.SPACE, Key.ESCAPE]))[0] == 130
    assert assistant.calls[:2] == ["press", "cancel"]


async def test_escape_before_anything_leaves() -> None:
    assert (await talk_with(ScriptedAssistant(), [Key.ESCAPE]))[0] == 130


async def test_a_failed_turn_gives_its_exit_code() -> None:
    failed = TurnFailed(code="no-speech", message="Nobody spoke.", exit_code=2)
    assert (await talk_with(ScriptedAssistant((failed,)), [Key.SPACE, Key.SPACE]))[0] == 2


async def test_repeat_goes_on_until_the_person_leaves() -> None:
    assistant = ScriptedAssistant(SPOKEN)
    keys = [Key.SPACE, Key.ENTER, Key.SPACE, Key.ENTER, Key.ESCAPE]
    code, written, prompts = await talk_with(assistant, keys, repeat=True)
    assert code == 0
    assert written.count("Sotto: ") == 2
    assert prompts == 3


class TapAware(ScriptedAssistant):
    """Goes on listening after a release, as an assistant does that took the press for a tap."""

    def release(self) -> None:
        self.calls.append("release")


async def test_keys_faster_than_a_tap_end_the_listening_all_the_same() -> None:
    assistant = TapAware(SPOKEN)
    clock = Seconds(0.0)
    talk = Talk(assistant, clock)
    talk.space()
    clock.now = 0.1
    talk.space()
    assert assistant.calls == ["press", "release", "press", "release"]
    assert assistant.state == "thinking"
    await assistant.aclose()


async def test_a_key_during_the_release_tail_begins_nothing() -> None:
    assistant = TapAware(SPOKEN)
    clock = Seconds(0.0)
    talk = Talk(assistant, clock)
    talk.space()
    clock.now = 2.0
    talk.space()
    talk.space()
    talk.end()
    assert assistant.calls == ["press", "release"]
    await assistant.aclose()


async def test_keys_pressed_while_the_models_loaded_are_forgotten() -> None:
    inbox: Inbox = asyncio.Queue()
    inbox.put_nowait(Key.SPACE)
    forget_early_keys(inbox)
    assert inbox.empty()


async def test_a_question_is_answered_by_its_digit_and_is_no_end() -> None:
    end = TurnFinished(metrics=TurnMetrics(), waiting_for="focus")
    assistant = ScriptedAssistant((CardUpserted(card=CLARIFICATION), end))
    code, written, _ = await talk_with(assistant, [Key.SPACE, Key.ENTER, Key.DIGIT_4, Key.ESCAPE])
    assert code == 130
    assert "ask Core" in assistant.calls
    assert written.startswith("What would you like to train?\n  1. Upper body\n")
