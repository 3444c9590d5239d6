from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.assistant.parts import Depth
from app.cli.ask import MAX_STDIN_CHARACTERS, ask, check_target, depth_of, question, typed
from app.cli.console import Console
from app.contracts.cards import AnswerCard, AnswerSpan
from app.contracts.errors import InvalidInput, StorageError
from app.contracts.events import CardUpserted, TextDelta, TextReplaced, TurnEvent, TurnFinished
from app.contracts.metrics import TurnMetrics
from app.settings.paths import asset
from tests.helpers.scripted_assistant import ANSWER, SPOKEN, TIER, Opening, ScriptedAssistant
from tests.helpers.streams import Terminal


class Asked:
    """One call of the command on a scripted assistant."""

    def __init__(
        self,
        *words: str,
        audio: Path | None = None,
        speak: Path | None = None,
        as_json: bool = False,
        depth: Depth | None = None,
        script: Sequence[TurnEvent] = ANSWER,
        out: io.StringIO | None = None,
    ) -> None:
        out, err = out or io.StringIO(), io.StringIO()
        self.assistant = ScriptedAssistant(SPOKEN if audio else script)
        self.opening = Opening(self.assistant)
        console = Console(out, err)
        self.code = ask(
            self.opening,
            console,
            words=words,
            audio=audio,
            speak=speak,
            as_json=as_json,
            profile="quiet",
            depth=depth or Depth(),
        )
        self.out, self.err = out.getvalue(), err.getvalue()


def test_a_typed_question() -> None:
    asked = Asked("What", "now?")
    assert asked.code == 0
    assert asked.out == "The capital is Paris.\n"
    assert asked.assistant.calls == ["start", "ask What now?", "close"]
    (options,) = asked.opening.asked
    assert (options.profile, options.speak_into, options.talk) == ("quiet", None, False)


def test_a_recorded_question() -> None:
    asked = Asked(audio=asset("recordings/capital-of-france.wav"))
    assert asked.code == 0
    assert asked.out == "You: What is the capital of France?\nSotto: The capital is Paris.\n"
    assert sum(chunk.seconds for chunk in asked.assistant.heard) > 1


def test_the_spoken_answer_goes_where_it_is_wanted(tmp_path: Path) -> None:
    target = tmp_path / "answer.wav"
    asked = Asked("Why?", speak=target)
    assert asked.code == 0
    assert asked.opening.asked[0].speak_into == target


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"audio": Path("a.wav")}, 2, "not both"),
        ({"speak": Path("/no/such/folder/a.wav")}, 5, "does not exist"),
    ],
)
def test_what_cannot_work_is_said_before_a_model_is_loaded(arguments: dict[str, Any], code: int, said: str) -> None:
    asked = Asked("Why?", as_json=True, **arguments)
    assert asked.code == code
    assert said in asked.err
    event = json.loads(asked.out)
    assert (event["type"], event["exit_code"]) == ("TurnFailed", code)
    assert asked.opening.asked == []


def test_the_question_may_be_piped_in() -> None:
    assert question((), io.StringIO("How far is\nthe moon?\n")) == "How far is\nthe moon?\n"
    assert question(("given",), io.StringIO("piped")) == "given"


@pytest.mark.parametrize("stdin", [io.StringIO(""), io.StringIO("  \n"), Terminal("typed later")])
def test_no_question_is_an_error_with_an_example(stdin: io.StringIO) -> None:
    with pytest.raises(InvalidInput, match="There is no question") as caught:
        question((), stdin)
    assert "sotto ask" in caught.value.remedy


def test_a_book_is_no_question() -> None:
    with pytest.raises(InvalidInput, match="longer than"):
        question((), io.StringIO("x" * (MAX_STDIN_CHARACTERS + 1)))


def test_a_pipeline_that_reads_books_is_given_one() -> None:
    book = "x" * (MAX_STDIN_CHARACTERS + 1)
    assert typed((), io.StringIO(book), 2 * MAX_STDIN_CHARACTERS) == book


def test_what_is_no_text_is_no_question() -> None:
    with pytest.raises(InvalidInput, match="not text"):
        question((), io.TextIOWrapper(io.BytesIO(b"RIFF\xff\xfe\x00"), encoding="utf-8"))


def test_a_target_that_is_a_folder_or_cannot_be_made(tmp_path: Path) -> None:
    check_target(tmp_path / "new.wav")
    with pytest.raises(StorageError, match="is a folder"):
        check_target(tmp_path)
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(StorageError, match="does not exist"):
        check_target(in_the_way / "new.wav")


REFINED: tuple[TurnEvent, ...] = (
    TextDelta(text="It is Sydney.", confidence=0.5, tier=TIER),
    TextReplaced(kept=0, reason="Refined by synthesis."),
    TextDelta(text="It is Canberra.", confidence=0.8, tier=TIER),
    CardUpserted(
        card=AnswerCard(
            card_id="answer",
            spans=(AnswerSpan(text="It is Canberra.", confidence=0.8, tier=TIER),),
            finished=True,
            stage="synthesis",
            confidence=0.95,
            refined=1,
        )
    ),
    TurnFinished(metrics=TurnMetrics(total_ms=1.0)),
)


def test_into_a_pipe_one_stage_answers_unless_stages_were_asked_for() -> None:
    assert Asked("Why?").opening.asked[0].depth == Depth(single=True)
    assert Asked("Why?", as_json=True).opening.asked[0].depth == Depth()
    chosen = Depth(stages=("quick_response", "synthesis"))
    asked = Asked("Why?", depth=chosen, script=REFINED)
    assert asked.opening.asked[0].depth == chosen
    assert asked.out == "It is Canberra.\n"


def test_in_a_terminal_the_answer_is_shaded_and_says_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    asked = Asked("Why?", script=REFINED, out=Terminal())
    assert asked.opening.asked[0].depth == Depth()
    assert asked.out == "Sotto: \x1b[33;4mIt is Sydney.\x1b[0m\nSotto: \x1b[36mIt is Canberra.\x1b[0m\n"
    assert "synthesis: confidence 0.95 (none), refined\n" in asked.err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in Asked("Why?", script=REFINED, out=Terminal()).out


def test_lists_of_the_command_line() -> None:
    found = depth_of(plain=False, stages="quick_response, synthesis", hybrid="")
    assert found == Depth(stages=("quick_response", "synthesis"))
    assert depth_of(plain=True, stages="", hybrid="") == Depth(plain=True)
    assert depth_of(plain=False, stages="", hybrid="larger").hybrid == ("larger",)
    with pytest.raises(InvalidInput, match="--hybrid"):
        depth_of(plain=False, stages="", hybrid="a,,b")
