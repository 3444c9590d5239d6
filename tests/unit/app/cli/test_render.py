from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from app.cli.console import Console
from app.cli.render import JsonView, TextView, view_for
from app.cli.wording import milliseconds, turn_line
from app.contracts.cards import AnswerCard, AnswerSpan, ErrorCard, NoticeCard
from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance
from app.contracts.errors import StorageError
from app.contracts.events import (
    CardUpserted,
    FailedOver,
    FinalTranscript,
    GovernorDecided,
    HostChanged,
    Listening,
    Notice,
    PartialTranscript,
    Retrying,
    Status,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import StageMetrics, TurnMetrics
from app.contracts.wire import from_line
from tests.helpers.scripted_assistant import TIER
from tests.helpers.streams import Terminal

SPOKEN_TURN: tuple[TurnEvent | SystemEvent, ...] = (
    TurnStarted(source="voice"),
    Status(stage="listen", message="Listening…"),
    Listening(level=-20.0),
    PartialTranscript(text="How far"),
    Status(stage="transcribe", message="Recognising…"),
    FinalTranscript(text="How far is the moon?"),
    HostChanged(backend="llama-cpu", state="starting"),
    TextDelta(text="Very ", confidence=None, tier=TIER),
    Retrying(attempt=1, of=1, delay_ms=0.0, code="host-died"),
    TextDelta(text="far.", confidence=None, tier=TIER),
    TurnFinished(metrics=TurnMetrics(final_transcript_ms=98.2, first_token_ms=240.0, total_ms=2310.0)),
)


def shown(
    events: tuple[TurnEvent | SystemEvent, ...], *, labelled: bool = True, terminal: bool = False
) -> tuple[str, str]:
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    view = TextView(Console(out, err), labelled=labelled)
    for event in events:
        view.show(event)
    return out.getvalue(), err.getvalue()


def test_a_turn_in_a_pipe() -> None:
    out, err = shown(SPOKEN_TURN)
    assert out == "You: How far is the moon?\nSotto: Very far.\n"
    assert err.splitlines() == [
        "Listening…",
        "Recognising…",
        "Trying again (host-died, attempt 1 of 1)",
        "2.3 s · transcript 98 ms · first word 240 ms",
    ]


def test_a_turn_on_a_terminal_replaces_its_partials() -> None:
    out, err = shown(SPOKEN_TURN, terminal=True)
    assert out == "You: How far is the moon?\nSotto: Very \nfar.\n"
    live = err.split("\r\x1b[2K")
    assert "● How far" in live
    assert "Starting llama-cpu…" in live
    assert live[-1].endswith("first word 240 ms\n")


def test_a_typed_question_in_a_pipe_gives_the_bare_answer() -> None:
    out, _ = shown(
        (
            TurnStarted(source="text"),
            TextDelta(text="Four.", confidence=None, tier=TIER),
            TurnFinished(metrics=TurnMetrics()),
        ),
        labelled=False,
    )
    assert out == "Four.\n"


def test_an_answer_that_came_whole_is_shown_once() -> None:
    spans = (AnswerSpan(text="Four.", confidence=1.0, tier=TIER),)
    card = AnswerCard(card_id="a", spans=spans, finished=True)
    whole = (TurnStarted(source="text"), CardUpserted(card=card), TurnFinished(metrics=TurnMetrics()))
    assert shown(whole, labelled=False)[0] == "Four.\n"
    streamed = (*whole[:1], TextDelta(text="Four.", confidence=1.0, tier=TIER), *whole[1:])
    assert shown(streamed, labelled=False)[0] == "Four.\n"


def test_a_failure_is_said_once_with_its_remedy() -> None:
    out, err = shown(
        (
            TurnStarted(source="voice"),
            CardUpserted(card=ErrorCard(card_id="e", code="no-microphone", message="There is no microphone.")),
            TurnFailed(code="no-microphone", message="There is no microphone.", remedy="Plug one in.", exit_code=4),
        )
    )
    assert out == ""
    assert err == "sotto: There is no microphone. Plug one in.\n"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (TurnCancelled(after_ms=3.0, reason="Stopped."), "Stopped."),
        (TurnCancelled(after_ms=3.0), "Stopped."),
        (CardUpserted(card=NoticeCard(card_id="n", message="The microphone went away.")), "The microphone went away."),
        (
            FailedOver(from_backend="llama-cpu", to_backend="openvino-cpu", reason="it crashed", at_token=3),
            "Going on with openvino-cpu instead of llama-cpu: it crashed",
        ),
        (Notice(level="warning", code="c", message="No models.", remedy="Get some."), "No models. Get some."),
    ],
)
def test_what_a_person_is_told_beside_the_answer(event: TurnEvent | SystemEvent, line: str) -> None:
    assert shown((event,)) == ("", line + "\n")


def test_a_terminal_is_not_driven_by_an_answer() -> None:
    out, _ = shown((TextDelta(text="\x1b]0;title\x07red \x1b[31m", confidence=None, tier=TIER),), labelled=False)
    assert out == "]0;titlered [31m"


def test_json_is_the_stream_and_nothing_else() -> None:
    out, err = io.StringIO(), io.StringIO()
    view = JsonView(Console(out, err))
    for event in SPOKEN_TURN:
        view.show(event)
    lines = out.getvalue().splitlines()
    assert [from_line(line) for line in lines] == [event for event in SPOKEN_TURN if not isinstance(event, HostChanged)]
    assert err.getvalue() == ""


def test_a_failure_without_a_turn_is_an_event_too() -> None:
    out, err = io.StringIO(), io.StringIO()
    code = JsonView(Console(out, err)).fail(StorageError("The disk is full.", code="disk-full", remedy="Make room."))
    assert code == 5
    assert json.loads(out.getvalue()) == {
        "type": "TurnFailed",
        "turn_id": "",
        "run_id": "",
        "seq": 0,
        "t_ms": 0.0,
        "code": "disk-full",
        "message": "The disk is full.",
        "remedy": "Make room.",
        "exit_code": 5,
    }
    assert err.getvalue() == "sotto: The disk is full. Make room.\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "0 ms"), (999.4, "999 ms"), (1000.0, "1.0 s"), (59_900.0, "59.9 s"), (125_000.0, "2 min 5 s")],
)
def test_times_are_read_easily(value: float, text: str) -> None:
    assert milliseconds(value) == text


def test_the_cost_of_a_turn_in_one_line() -> None:
    stage = StageMetrics(
        stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=900.0, first_output_ms=400.0, tokens=41
    )
    metrics = TurnMetrics(
        stages=(stage,),
        final_transcript_ms=130.0,
        first_token_ms=90.0,
        first_audio_ms=200.0,
        total_ms=3000.0,
        energy=Energy(joules=4.25, provenance=Provenance.ESTIMATE),
    )
    assert turn_line(metrics) == (
        "3.0 s · transcript 130 ms · first word 90 ms · first sound 200 ms · 41 tokens at 80/s on the cpu · "
        "4.2 J (estimate)"
    )
    elsewhere = replace(stage, device=Device.REMOTE)
    assert turn_line(TurnMetrics(stages=(elsewhere,), total_ms=10.0)) == "10 ms · 41 tokens at 80/s on a server"
    nothing = Energy(joules=0.0, provenance=Provenance.UNAVAILABLE)
    assert turn_line(TurnMetrics(total_ms=10.0, energy=nothing)) == "10 ms"


ENERGY = Energy(9.5, Provenance.ESTIMATE)
SAVED = TurnMetrics(
    stages=(
        StageMetrics(
            stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=470.0, energy=replace(ENERGY, joules=5.6)
        ),
        StageMetrics(
            stage="speak", backend="espeak-cpu", device=Device.CPU, elapsed_ms=324.0, energy=replace(ENERGY, joules=3.9)
        ),
    ),
    total_ms=1060.0,
    energy=ENERGY,
    account=EnergyAccount(15.0, 9.5, 1.0, 4.5, 1.06, Provenance.ESTIMATE),
    compared=(Comparison(Device.GPU, 59.4, 0.84, "Busy seconds times the table's watts."),),
)


def test_the_joules_of_each_stage_and_what_was_saved() -> None:
    _, err = shown((TurnFinished(metrics=SAVED),))
    assert err.splitlines() == [
        "1.1 s · 9.5 J (estimate)",
        "answer ≈ 5.6 J · speak ≈ 3.9 J · 84 % less than all on the GPU (estimate)",
    ]


def test_where_every_joule_went_is_said_to_who_asks() -> None:
    out, err = io.StringIO(), io.StringIO()
    view_for(Console(out, err), as_json=False, stats=True).show(TurnFinished(metrics=SAVED))
    assert err.getvalue().splitlines()[2:] == [
        "The devices took ≈ 15 J in 1.1 s: 9.5 J the stages, 1.0 J other work, 4.5 J idle.",
        "84 % less than all on the GPU, which would take ≈ 59 J. Busy seconds times the table's watts.",
    ]


def test_a_decision_is_told_when_it_changes_what_runs() -> None:
    every = tuple(Device)
    some = tuple(device for device in Device if device is not Device.GPU)
    hot = "The graphics card rests: 93 °C."
    _, err = shown(
        (
            GovernorDecided(allowed=every, reason=""),
            GovernorDecided(allowed=some, reason=hot),
            GovernorDecided(allowed=some, reason="The graphics card rests: 92 °C.", joules=3.0),
            GovernorDecided(allowed=some, reason="The battery is at 18 %: answers are shorter.", max_tokens=48),
            GovernorDecided(allowed=every, reason=""),
        )
    )
    assert err.splitlines() == [
        hot,
        "The battery is at 18 %: answers are shorter.",
        "Nothing is held back any more.",
    ]
