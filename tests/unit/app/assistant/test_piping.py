"""A turn whose answer comes from a pipeline: the card, the voice and the events are those of any other turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.assistant.parts import TurnOptions
from app.contracts.cards import NoticeCard
from app.contracts.devices import Device, Tier
from app.contracts.errors import HostDied
from app.contracts.events import (
    CardUpserted,
    DeviceUsed,
    Escalated,
    RunFinished,
    StageFinished,
    TurnCancelled,
    TurnFailed,
    TurnFinished,
)
from app.pipeline.definition import (
    Forwarding,
    StageDefinition,
    StageType,
    Template,
    TierWish,
)
from tests.helpers.assistants import ANSWER, QUESTION
from tests.helpers.piped import ANSWERING, VOICE, paced, piped
from tests.helpers.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_spoken_question_is_answered_by_the_pipeline_and_spoken(tmp_path: Path) -> None:
    async with piped(tmp_path, paced("small-cpu")) as there:
        await there.hold(1.6)
        await there.watched.saw(TurnFinished)
        lines = there.watched.lines()
        assert there.watched.answer().text == ANSWER
        assert there.watched.answer().heard == ANSWER
    start = lines.index("answer >")
    assert lines[start:] == [
        "answer >",
        "runstarted",
        "planmade",
        "deviceused",
        "text",
        *lines[start + 5 : lines.index("runfinished")],
        "runfinished",
        "answer <",
        *lines[lines.index("answer <") + 1 :],
    ]
    assert [line for line in lines if line.startswith(("says", "heard"))] == [
        "says It goes to the sea.",
        "heard It goes to the sea. ",
        "says The sea is far away from here.",
        "heard The sea is far away from here.",
    ]
    assert "text-to-voice >" not in lines
    assert lines[-1] == "finished"


@in_virtual_time
async def test_the_turn_says_where_the_pipeline_answered(tmp_path: Path) -> None:
    async with piped(tmp_path, paced("small-npu", device=Device.NPU)) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        events = there.watched.of(there.watched.turns[-1])
        used = [event for event in events if isinstance(event, DeviceUsed) and event.stage == "answer"]
        assert [(event.backend, event.ran) for event in used] == [("small-npu", Device.NPU)]
        finished = next(
            event for event in events if isinstance(event, StageFinished) and event.metrics.stage == "answer"
        )
        assert (finished.metrics.backend, finished.metrics.device) == ("small-npu", Device.NPU)
        assert {event.run_id for event in events if isinstance(event, RunFinished)} != {""}
        assert len({event.run_id for event in events if event.run_id}) == 1


@in_virtual_time
async def test_what_a_higher_tier_takes_back_is_never_heard(tmp_path: Path) -> None:
    ladder = replace(
        VOICE,
        stages=(
            VOICE.stages[0],
            replace(
                ANSWERING,
                backend="small-cpu",
                forwarding=Forwarding(min_confidence=0.8, path=(TierWish("large-cpu"),), early_tokens=0),
            ),
            VOICE.stages[2],
        ),
    )
    small, large = paced("small-cpu", "It goes uphill. So it does."), paced("large-cpu", "It flows to the sea.")
    sure = {"small-cpu": 0.3, "large-cpu": 0.95}
    async with piped(tmp_path, small, large, definition=ladder, confidence=sure) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        assert there.watched.answer().text == "It flows to the sea."
        assert there.watched.answer().heard == "It flows to the sea."
        assert [event for event in there.watched.events if isinstance(event, Escalated)]
        assert there.cast.speaker.heard()[0].utterance == 0
        lines = there.watched.lines()
    assert [line for line in lines if line.startswith("says")] == ["says It flows to the sea."]
    assert "textreplaced" in lines


@in_virtual_time
async def test_the_limits_and_tiers_of_the_profile_reach_the_model(tmp_path: Path) -> None:
    first, second = paced("first-cpu"), paced("second-cpu")
    options = TurnOptions(speak=False, max_tokens=3, temperature=0.5, seed=7)
    tiers = (Tier("second-cpu", "second-cpu-model"),)
    async with piped(tmp_path, first, second, options=options, tiers=lambda: tiers) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        assert there.watched.answer().text == "It goes to"
    assert first.requests == []  # type: ignore[attr-defined]
    (request,) = second.requests  # type: ignore[attr-defined]
    assert (request.max_tokens, request.temperature, request.seed) == (3, 0.5, 7)
    assert [message.role.value for message in request.messages] == ["system", "user"]
    assert request.messages[-1].content == QUESTION


@in_virtual_time
async def test_a_checked_answer_climbs_the_profile_and_passes_over_the_same_model_elsewhere(tmp_path: Path) -> None:
    checked = replace(ANSWERING, forwarding=Forwarding(min_confidence=0.7, early_tokens=0))
    definition = replace(VOICE, stages=(VOICE.stages[0], checked, VOICE.stages[2]))
    small, twin, large = paced("small-cpu"), paced("twin-cpu"), paced("large-gpu", "To the North Sea.", Device.GPU)
    tiers = (
        Tier("small-cpu", "small-cpu-model"),
        Tier("twin-cpu", "small-cpu-model"),
        Tier("large-gpu", "large-gpu-model"),
    )
    confidence = {"small-cpu": 0.2, "twin-cpu": 0.2, "large-gpu": 0.9}
    options = TurnOptions(speak=False)
    async with piped(
        tmp_path, small, twin, large,
        definition=definition, confidence=confidence, options=options, tiers=lambda: tiers,
    ) as there:  # fmt: skip
        turn = there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        assert there.watched.answer().text == "To the North Sea."
        (how,) = (event.metadata for event in there.watched.of(turn) if isinstance(event, StageFinished))
    assert how is not None
    assert [(attempt.backend, attempt.decision) for attempt in how.attempts] == [
        ("small-cpu", "escalated"),
        ("large-gpu", "accepted"),
    ]
    assert len(small.requests) == len(large.requests) == 1  # type: ignore[attr-defined]
    assert twin.requests == []  # type: ignore[attr-defined]


@in_virtual_time
async def test_the_request_is_the_one_that_was_prefilled(tmp_path: Path) -> None:
    model = paced("small-cpu")
    async with piped(tmp_path, model, options=TurnOptions(speak=False)) as there:
        for question in ("where does the river go", "and after that"):
            there.assistant.ask(question)
            await there.watched.ended(1 + (question != QUESTION))
            await there.idle()
        prefilled = there.cast.text.prefilled[0].messages
    asked = model.requests[1].messages  # type: ignore[attr-defined]
    assert asked[: len(prefilled)] == prefilled


@in_virtual_time
async def test_a_run_that_fails_fails_the_turn_with_its_own_sentence(tmp_path: Path) -> None:
    model = paced("small-cpu")
    model.fail("generate", *[HostDied("The host ended.", remedy="Ask again.")] * 9)  # type: ignore[attr-defined]
    async with piped(tmp_path, model) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFailed)
        failed = there.watched.of(there.watched.turns[-1])[-1]
        assert isinstance(failed, TurnFailed)
        assert (failed.code, failed.message) == ("host-died", "The host ended.")


@in_virtual_time
async def test_stopping_the_turn_stops_the_engine(tmp_path: Path) -> None:
    model = paced("small-cpu", "word " * 200)
    async with piped(tmp_path, model) as there:
        turn = there.assistant.ask(QUESTION)
        await there.watched.until(lambda: "text" in there.watched.lines(turn))
        there.assistant.cancel()
        await there.idle()
        events = there.watched.of(turn)
        assert isinstance(events[-1], TurnCancelled)
        assert not [event for event in events if event.type.startswith("RunC")]
    assert model.stopped == 1  # type: ignore[attr-defined]


@in_virtual_time
async def test_an_answer_that_an_energy_budget_shortened_says_so(tmp_path: Path) -> None:
    lean = replace(VOICE, options=replace(VOICE.options, joules_per_run=20.0))
    many = " ".join(f"word{number}" for number in range(100))
    options = TurnOptions(speak=False, max_tokens=80)
    async with piped(tmp_path, paced("small-cpu", many), definition=lean, options=options) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        cards = [event.card for event in there.watched.events if isinstance(event, CardUpserted)]
    assert len(there.watched.answer().text.split()) == 32
    (notice,) = (card.message for card in cards if isinstance(card, NoticeCard))
    assert notice == "Shortened to fit the energy budget of 20 J."


@in_virtual_time
async def test_a_pipeline_that_makes_nothing_is_an_error_and_no_empty_answer(tmp_path: Path) -> None:
    never = replace(VOICE, stages=(replace(ANSWERING, needs=(), when=Template("false")),))
    async with piped(tmp_path, paced("small-cpu"), definition=never) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFailed)
        failed = next(event for event in there.watched.events if isinstance(event, TurnFailed))
        assert (failed.code, failed.message) == ("no-answer", "The pipeline 'voice-assistant' made no answer.")


@in_virtual_time
async def test_an_answer_of_an_earlier_stage_says_who_made_it(tmp_path: Path) -> None:
    review = StageDefinition(
        stage_id="review", type=StageType.TEXT_GENERATION, needs=("process-text",), when=Template("false")
    )
    short = replace(VOICE, stages=(replace(ANSWERING, needs=()), review))
    async with piped(tmp_path, paced("small-cpu"), definition=short) as there:
        there.assistant.ask(QUESTION)
        await there.watched.saw(TurnFinished)
        answer = there.watched.answer()
        assert answer.text == ANSWER
        assert [span.tier.backend_id for span in answer.spans] == ["small-cpu"]
