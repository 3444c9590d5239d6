"""Plays events into the window's one listener and looks at what a person would see."""

from __future__ import annotations

import pytest

from app.contracts.audio import AudioDevice
from app.contracts.cards import AnswerCard, AnswerSpan, ErrorCard, NoticeCard, QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.events import (
    SYSTEM_EVENTS,
    TURN_EVENTS,
    AudioDevicesChanged,
    CardChanged,
    CardRemoved,
    CardUpserted,
    DeviceUsed,
    Escalated,
    FailedOver,
    FinalTranscript,
    HostChanged,
    JobProgress,
    Listening,
    Notice,
    PartialTranscript,
    Retrying,
    SettingChanged,
    SpeechStarted,
    StageFinished,
    StageStarted,
    Status,
    TextDelta,
    TextReplaced,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import StageMetrics, TurnMetrics
from ui.bridge import Bridge
from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel
from ui.viewmodels.power import PowerViewModel
from ui.viewmodels.turn import TurnViewModel

SMALL = Tier("llama-cpu", "smollm2")


class NoKey:
    def press(self) -> None: ...
    def release(self) -> None: ...
    def cancel(self) -> None: ...


class Screen:
    """The view models behind a bridge, and what they show."""

    def __init__(self) -> None:
        self.cards = ConversationModel()
        self.turn = TurnViewModel(NoKey())
        self.composer = ComposerViewModel(lambda text: None)
        self.devices: list[AudioDevicesChanged] = []
        self.power = PowerViewModel(None, lambda text: None)
        self.show = Bridge(self.cards, self.turn, self.composer, self.power, self.devices.append)

    def look(self, name: str) -> object:
        return self.turn.property(name)

    def texts(self) -> list[str]:
        return [
            self.cards.data(self.cards.index(row), role) for row in range(self.cards.rowCount()) for role in (TEXT,)
        ]


TEXT = next(role for role, name in ConversationModel().roleNames().items() if bytes(name) == b"text")


@pytest.fixture
def screen() -> Screen:
    return Screen()


def question(turn: str, text: str, *, revision: int = 1, final: bool = True) -> QuestionCard:
    return QuestionCard(
        card_id=f"{turn}-q", turn_id=turn, priority=100, revision=revision, text=text, final=final, spoken=True
    )


def answer(turn: str, **fields: object) -> AnswerCard:
    return AnswerCard(card_id=f"{turn}-a", turn_id=turn, priority=90, **fields)


def stage(name: str, backend: str = "some-cpu") -> StageMetrics:
    return StageMetrics(stage=name, backend=backend, device=Device.CPU, elapsed_ms=100.0)


def test_a_spoken_turn_from_key_to_the_last_word(screen: Screen) -> None:
    show, look = screen.show, screen.look
    show(TurnStarted(turn_id="t", source="voice"))
    assert look("state") == "listening"
    show(Listening(turn_id="t", level=-33.0))
    assert look("level") == pytest.approx(0.5, abs=0.05)
    show(PartialTranscript(turn_id="t", text="How"))
    assert look("caption") == "How"
    show(CardUpserted(turn_id="t", card=question("t", "How", final=False)))
    assert (look("caption"), screen.texts()) == ("", ["How"])
    show(Status(turn_id="t", stage="transcribe", message="Recognising…"))
    assert (look("state"), look("status"), look("level")) == ("thinking", "Recognising…", 0.0)
    show(FinalTranscript(turn_id="t", text="How far?"))
    show(CardUpserted(turn_id="t", card=question("t", "How far?", revision=2)))
    show(StageStarted(turn_id="t", stage="answer", backend="llama-cpu"))
    show(CardUpserted(turn_id="t", card=answer("t")))
    show(TextDelta(turn_id="t", text="Far ", confidence=0.95, tier=SMALL))
    show(TextDelta(turn_id="t", text="away.", confidence=0.5, tier=SMALL))
    assert screen.texts() == ["How far?", "Far away."]
    show(SpeechStarted(turn_id="t", utterance=0, text="Far away."))
    assert (look("state"), look("status")) == ("speaking", "Speaking…")
    show(StageFinished(turn_id="t", metrics=stage("answer", "llama-cpu")))
    spans = (
        AnswerSpan(text="Far ", confidence=0.95, tier=SMALL),
        AnswerSpan(text="away.", confidence=0.5, tier=SMALL),
    )
    show(CardUpserted(turn_id="t", card=answer("t", revision=2, spans=spans, finished=True)))
    show(TurnFinished(turn_id="t", metrics=TurnMetrics(stages=(stage("transcribe"), stage("answer"), stage("speak")))))
    assert (look("state"), look("status")) == ("idle", "")
    assert [item.stage for item in screen.turn.strip.items] == ["transcribe", "answer", "speak"]
    assert screen.composer.recall() is True
    assert screen.composer.property("text") == "How far?"


def test_text_that_is_taken_back_leaves_the_card_and_what_another_stage_writes_never_reaches_it(screen: Screen) -> None:
    show = screen.show
    show(TurnStarted(turn_id="t", source="text"))
    show(CardUpserted(turn_id="t", card=answer("t")))
    show(TextDelta(turn_id="t", text="It is ", confidence=0.9, tier=SMALL))
    show(TextDelta(turn_id="t", text="Rome, I think.", confidence=0.2, tier=SMALL))
    show(TextDelta(turn_id="t", text="a draft", confidence=0.2, tier=SMALL, stage="draft"))
    show(TextReplaced(turn_id="t", kept=6, reason="not sure enough"))
    show(TextReplaced(turn_id="t", kept=0, reason="another stage's", stage="draft"))
    assert screen.texts() == ["It is "]
    show(TextDelta(turn_id="t", text="Paris.", confidence=0.9, tier=SMALL))
    assert screen.texts() == ["It is Paris."]


def test_a_typed_turn_begins_with_thinking(screen: Screen) -> None:
    screen.show(TurnStarted(turn_id="t", source="text"))
    assert screen.look("state") == "thinking"


def test_the_late_end_of_an_older_turn_changes_nothing_on_screen(screen: Screen) -> None:
    screen.show(TurnStarted(turn_id="old", source="voice"))
    screen.show(TurnStarted(turn_id="new", source="voice"))
    screen.show(Listening(turn_id="new", level=-20.0))
    level = screen.look("level")
    screen.show(Status(turn_id="old", stage="answer", message="Old news"))
    screen.show(SpeechStarted(turn_id="old", utterance=0, text="Old"))
    screen.show(Listening(turn_id="old", level=-90.0))
    screen.show(TurnCancelled(turn_id="old", after_ms=5.0))
    assert (screen.look("state"), screen.look("status"), screen.look("level")) == ("listening", "", level)


def test_the_listening_ends_with_whatever_says_so_first(screen: Screen) -> None:
    for ended in (
        Status(turn_id="t", stage="transcribe", message="…"),
        FinalTranscript(turn_id="t", text="Why?"),
        StageFinished(turn_id="t", metrics=stage("transcribe")),
    ):
        screen.show(TurnStarted(turn_id="t", source="voice"))
        screen.show(ended)
        assert screen.look("state") == "thinking"


def test_an_error_is_shown_once_whether_or_not_it_has_a_card(screen: Screen) -> None:
    failed = {"code": "host-died", "message": "It stopped.", "remedy": "Ask again."}
    screen.show(TurnStarted(turn_id="one", source="text"))
    screen.show(TurnFailed(turn_id="one", **failed))
    assert screen.texts() == ["It stopped. Ask again."]
    screen.show(TurnStarted(turn_id="two", source="text"))
    screen.show(CardUpserted(turn_id="two", card=ErrorCard(card_id="e", turn_id="two", **failed)))
    screen.show(TurnFailed(turn_id="two", **failed))
    assert screen.texts() == ["It stopped. Ask again.", "It stopped. Ask again."]
    assert screen.look("state") == "idle"


def test_a_turn_that_breaks_off_keeps_the_stages_that_ended(screen: Screen) -> None:
    screen.show(TurnStarted(turn_id="t", source="voice"))
    screen.show(StageStarted(turn_id="t", stage="transcribe", backend="moonshine-cpu"))
    screen.show(StageFinished(turn_id="t", metrics=stage("transcribe", "moonshine-cpu")))
    screen.show(StageStarted(turn_id="t", stage="answer", backend="llama-cpu"))
    screen.show(TurnCancelled(turn_id="t", after_ms=900.0))
    assert [item.stage for item in screen.turn.strip.items] == ["transcribe"]


def test_what_a_turn_took_reaches_its_answer_and_the_timeline(screen: Screen) -> None:
    screen.show(TurnStarted(turn_id="t", source="text"))
    screen.show(CardUpserted(turn_id="t", card=AnswerCard(card_id="t-a", turn_id="t", priority=90)))
    screen.show(TurnFinished(turn_id="t", t_ms=900.0, metrics=TurnMetrics(energy=Energy(3.1, Provenance.ESTIMATE))))
    assert screen.cards.find("t-a").joules == "≈ 3.1 J"
    assert screen.power.timeline.property("caption") == "900 ms · ≈ 3.1 J"


def test_the_device_that_really_ran_reaches_badge_and_strip(screen: Screen) -> None:
    screen.show(TurnStarted(turn_id="t", source="text"))
    screen.show(StageStarted(turn_id="t", stage="answer", backend="openvino-npu"))
    screen.show(CardUpserted(turn_id="t", card=answer("t")))
    screen.show(TextDelta(turn_id="t", text="x", confidence=None, tier=Tier("openvino-npu", "phi")))
    screen.show(DeviceUsed(turn_id="t", stage="answer", backend="openvino-npu", asked=Device.NPU, ran=Device.CPU))
    assert screen.cards.find("t-a").badge == "openvino-npu, ran on CPU"
    assert screen.turn.strip.items[0].where == "CPU"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Retrying(turn_id="t", attempt=1, of=2, delay_ms=300.4, code="busy"), "Retry 1/2 in 300 ms…"),
        (Retrying(turn_id="t", attempt=1, of=1, delay_ms=0.0, code="host-died"), "Trying again (1 of 1)…"),
        (
            FailedOver(turn_id="t", from_backend="a", to_backend="llama-cpu", reason="it is too hot", at_token=9),
            "Going on with llama-cpu: it is too hot",
        ),
        (
            Escalated(turn_id="t", from_tier=SMALL, to_tier=Tier("x-gpu", "large"), reason="low", confidence=0.3),
            "Asking large, to be surer…",
        ),
        (Status(turn_id="t", stage="answer", message="Compiling…", progress=0.25), "Compiling…"),
    ],
)
def test_one_line_says_what_goes_on(
    screen: Screen, event: Retrying | FailedOver | Escalated | Status, line: str
) -> None:
    screen.show(TurnStarted(turn_id="t", source="text"))
    screen.show(event)
    assert screen.look("status") == line


def test_cards_come_and_go_outside_turns(screen: Screen) -> None:
    screen.show(CardChanged(card=NoticeCard(card_id="n", message="A recording.")))
    assert screen.texts() == ["A recording."]
    screen.show(CardRemoved(turn_id="", card_id="n"))
    assert screen.texts() == []


def test_a_warning_becomes_a_card_and_a_remark_a_line(screen: Screen) -> None:
    warning = Notice(level="warning", code="no-microphone", message="There is no microphone.", remedy="Typing works.")
    screen.show(warning)
    screen.show(warning)
    screen.show(Notice(level="info", code="ready", message="Ready."))
    assert screen.texts() == ["There is no microphone. Typing works."]
    assert screen.look("status") == "Ready."


def test_what_loads_is_named_until_it_has_loaded(screen: Screen) -> None:
    screen.show(HostChanged(backend="moonshine-cpu", state="starting"))
    screen.show(HostChanged(backend="llama-cpu", state="starting"))
    assert screen.look("status") == "Loading moonshine-cpu…"
    screen.show(HostChanged(backend="moonshine-cpu", state="warm"))
    screen.show(JobProgress(job_id="j", name="Calibrating", message="2 of 5"))
    assert screen.look("status") == "Loading llama-cpu…"
    screen.show(HostChanged(backend="llama-cpu", state="died"))
    assert screen.look("status") == "Calibrating: 2 of 5"
    screen.show(JobProgress(job_id="j", name="Calibrating", message="", done=True))
    assert screen.look("status") == ""


def test_devices_are_passed_on(screen: Screen) -> None:
    event = AudioDevicesChanged(inputs=(AudioDevice("a", "A"),), outputs=())
    screen.show(event)
    assert screen.devices == [event]


def test_every_kind_of_event_is_met_without_a_complaint(screen: Screen, qt_messages: list[str]) -> None:
    met = {type(event) for event in (SettingChanged(key="k", value="v"), TurnStarted(turn_id="t", source="replay"))}
    screen.show(SettingChanged(key="k", value="v"))
    screen.show(TurnStarted(turn_id="t", source="replay"))
    assert met <= {*TURN_EVENTS, *SYSTEM_EVENTS}
    assert screen.look("state") == "thinking"
