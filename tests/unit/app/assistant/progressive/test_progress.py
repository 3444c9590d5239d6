"""An open question goes through as many stages as it needs, on one card and in one voice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.assistant.parts import Depth, TurnOptions
from app.assistant.progressive.draft import Draft
from app.assistant.progressive.progress import surer
from app.assistant.turn import Turn
from app.assistant.understanding.meaning import Complexity
from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnswerCard, NoticeCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import GovernorVerdict, Rest
from app.contracts.errors import HostDied
from app.contracts.events import CardUpserted, StageCancelled, StageFailed, StageFinished, StageSkipped, Status
from app.contracts.text import Role
from app.pipeline.tools import Judged
from app.settings.answer_stages import DEFAULT_STAGES, AnswerStage
from models.fakes.llm import FakeTextGenerator
from models.fakes.system import FakeGovernor
from tests.helpers.assistants import SILENT
from tests.helpers.piped import piped
from tests.helpers.progressive import ASKED, Answered, Ladder, answered, asked_of, writer
from tests.helpers.virtual_time import in_virtual_time

QUICK = "It is blue because of the sea. Light is scattered."
DEEP = "Light is scattered. Blue light is scattered most."
BEST = "Light is scattered. Blue light is scattered most. That is Rayleigh scattering."
ALOUD = TurnOptions()


def three(**more: float) -> Ladder:
    return Ladder(writer("small", QUICK), writer("larger", DEEP), writer("largest", BEST), worth=more)


def wanting(*stages: str, hybrid: tuple[str, ...] = ()) -> TurnOptions:
    return replace(SILENT, depth=Depth(stages=stages, hybrid=hybrid))


def asked_times(ladder: Ladder) -> list[int]:
    return [len(model.requests) for model in ladder.models.values()]


def notices(done: Answered) -> list[str]:
    cards = [event.card for event in done.events if isinstance(event, CardUpserted)]
    return [card.message for card in cards if isinstance(card, NoticeCard)]


@in_virtual_time
async def test_a_simple_question_gets_one_answer_as_without_stages() -> None:
    ladder = three()
    done = await answered(ladder)
    assert done.lines == [
        "card - r0",
        "deep_analysis skipped",
        "synthesis skipped",
        "answer <",
        f"+ {QUICK}",
        "answer >",
        "card quick_response 0.60 r0 done",
        "finished",
    ]
    assert asked_times(ladder) == [1, 0, 0]
    assert done.answer.confidence_source is ConfidenceSource.STAGE_PRIOR
    assert asked_of(ladder.models["small"]).temperature == 0.1


@in_virtual_time
async def test_a_plain_turn_is_one_pass_with_the_sampling_of_the_profile() -> None:
    ladder = three()
    done = await answered(ladder, Complexity.COMPLEX, options=replace(SILENT, plain=True))
    assert done.lines == ["card - r0", "answer <", f"+ {QUICK}", "answer >", "card - r0 done", "finished"]
    assert asked_of(ladder.models["small"]).temperature == SILENT.temperature
    assert asked_times(ladder) == [1, 0, 0]


@in_virtual_time
async def test_a_model_that_writes_in_one_go_has_no_stages() -> None:
    ladder = three()
    small = ladder.models["small"]
    small._capabilities = replace(small.capabilities, streaming=False)
    done = await answered(ladder, Complexity.COMPLEX)
    assert (done.answer.text, asked_times(ladder), notices(done)) == (QUICK, [1, 0, 0], [])
    done = await answered(ladder, options=wanting("quick_response", "synthesis"))
    assert notices(done) == ["The language model writes its answer in one go, so there are no stages."]


@in_virtual_time
async def test_a_medium_question_is_refined_once_on_the_same_card() -> None:
    ladder = three()
    done = await answered(ladder, Complexity.MEDIUM)
    assert done.lines[1:] == [
        "deep_analysis skipped",
        "answer <",
        f"+ {QUICK}",
        "answer >",
        "card quick_response 0.60 r0",
        "synthesis <",
        "synthesis >",
        "keep 0",
        f"+ {BEST}",
        "card synthesis 0.95 r1",
        "card synthesis 0.95 r1 done",
        "finished",
    ]
    cards = [event.card for event in done.events if isinstance(event, CardUpserted)]
    answers = [card for card in cards if isinstance(card, AnswerCard)]
    assert [card.revision for card in answers] == [1, 2, 3, 4]
    assert len({card.card_id for card in answers}) == 1
    system, question = asked_of(ladder.models["largest"]).messages
    assert system.role is Role.SYSTEM
    assert "some may be wrong" in system.content
    assert question.content == f"Question: {ASKED}\n\nAnswer 1: {QUICK}"


@in_virtual_time
async def test_two_stages_with_models_of_their_own_work_while_the_quick_answer_streams() -> None:
    ladder = three()
    done = await answered(ladder, Complexity.COMPLEX)
    lines = done.lines
    assert lines.index("deep_analysis <") < lines.index("answer <")
    assert lines[-1] == "finished"
    assert asked_of(ladder.models["larger"]).messages[-1].content == ASKED
    assert QUICK in asked_of(ladder.models["largest"]).messages[-1].content
    assert (done.answer.text, done.answer.stage, done.answer.refined) == (BEST, "synthesis", 2)


@in_virtual_time
async def test_two_that_work_at_once_are_made_one_and_no_sentence_comes_twice() -> None:
    slow = writer("larger", "Light is scattered. Dust turns the evening light red.", token_s=0.5)
    ladder = Ladder(writer("small", QUICK), slow, writer("largest", BEST))
    done = await answered(ladder, Complexity.COMPLEX)
    assert done.answer.text == f"{BEST} Dust turns the evening light red."
    assert done.answer.stage == "synthesis"


@in_virtual_time
async def test_the_next_model_is_loaded_while_the_quick_answer_streams() -> None:
    ladder = three()
    ladder.models["largest"].load_s = 0.15
    done = await answered(ladder, Complexity.MEDIUM)
    times = {event.metrics.stage: event.metrics.elapsed_ms for event in done.events if isinstance(event, StageFinished)}
    assert times["synthesis"] == pytest.approx(len(BEST.split()) * 20.0), "no loading is left in it"


@in_virtual_time
async def test_one_model_for_two_stages_works_for_one_after_the_other() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", DEEP, BEST))
    done = await answered(ladder, Complexity.COMPLEX)
    stages = [line for line in done.lines if line.endswith((" <", " >"))]
    assert stages == ["answer <", "answer >", "deep_analysis <", "deep_analysis >", "synthesis <", "synthesis >"]
    assert asked_of(ladder.models["larger"]).messages[-1].content.endswith(f"Answer 1: {QUICK}\nAnswer 2: {DEEP}")
    assert done.answer.text == BEST
    assert "keep 49" not in done.lines
    assert "+  That is Rayleigh scattering." in done.lines


@pytest.mark.parametrize("complexity", [Complexity.MEDIUM, Complexity.COMPLEX])
def test_further_stages_are_skipped_where_the_answer_is_sure(complexity: Complexity) -> None:
    @in_virtual_time
    async def test() -> None:
        ladder = Ladder(writer("small", QUICK), writer("larger", DEEP), threshold=0.8)
        ladder.models["small"].token_s = 0.0
        done = await answered(ladder, complexity, text=ladder.models["small"])
        skipped = [event.stage for event in done.events if isinstance(event, StageSkipped)]
        reasons = [event.reason for event in done.events if isinstance(event, StageSkipped)]
        if complexity is Complexity.COMPLEX:  # what deep analysis deserves is over the lowered threshold
            assert skipped == ["synthesis"]
            assert reasons == ["The confidence of 0.85 suffices (0.80)."]
            assert done.answer.text == DEEP
        else:
            assert done.answer.stage == "synthesis"

    test()


@in_virtual_time
async def test_a_stage_that_works_beside_the_first_is_ended_when_that_suffices() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", DEEP, token_s=0.5), writer("largest", BEST), threshold=0.6)
    done = await answered(ladder, Complexity.COMPLEX)
    assert [event.stage for event in done.events if isinstance(event, StageCancelled)] == ["deep_analysis"]
    assert [event.stage for event in done.events if isinstance(event, StageSkipped)] == ["synthesis"]
    assert (ladder.models["larger"].stopped, done.answer.text) == (1, QUICK)


@in_virtual_time
async def test_behind_three_that_work_at_once_comes_a_fourth_unless_that_suffices() -> None:
    stages = (*DEFAULT_STAGES, AnswerStage(name="check", tier="checker", prior=0.99))
    for threshold, asked in ((0.9, 0), (0.97, 1)):
        ladder = Ladder(
            writer("small", QUICK), writer("larger", DEEP), writer("checker", BEST), writer("largest", BEST),
            threshold=threshold,
        )  # fmt: skip
        done = await answered(ladder, Complexity.COMPLEX, options=replace(SILENT, answers=stages))
        assert len(ladder.models["checker"].requests) == asked
        assert not any(isinstance(event, StageCancelled) for event in done.events)
        assert ("check skipped" in done.lines) is (asked == 0)


@in_virtual_time
async def test_a_first_stage_of_another_tier_is_shown_and_spoken_as_it_writes() -> None:
    own = (AnswerStage(name="first", tier="largest", temperature=0.3, prior=0.9, timeout_s=9.0),)
    done = await answered(three(), options=replace(ALOUD, answers=own))
    assert (done.answer.text, done.answer.stage, done.answer.confidence) == (BEST, "first", 0.9)
    assert " ".join(done.heard) == BEST
    assert done.lines[-1] == "finished"


@in_virtual_time
async def test_a_model_that_the_pipeline_climbed_to_is_not_asked_again() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", BEST))
    done = await answered(ladder, Complexity.MEDIUM, text=ladder.models["larger"])
    reasons = {event.stage: event.reason for event in done.events if isinstance(event, StageSkipped)}
    assert reasons["synthesis"] == "model of larger has answered already."
    assert (done.answer.text, asked_times(ladder)) == (BEST, [0, 1])


@in_virtual_time
async def test_named_stages_are_all_gone_through() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", DEEP), threshold=0.1)
    done = await answered(ladder, options=wanting("quick_response", "synthesis"))
    assert asked_times(ladder) == [1, 1]
    assert done.answer.text == DEEP
    alone = await answered(Ladder(writer("small", QUICK), writer("larger", DEEP)), options=wanting("deep_analysis"))
    assert (alone.answer.text, alone.answer.stage, alone.error) == (DEEP, "deep_analysis", None)
    assert "answer <" not in alone.lines


@in_virtual_time
async def test_a_stage_that_does_not_exist_is_refused_with_those_that_do() -> None:
    done = await answered(three(), options=wanting("deep_analisys"))
    assert done.error is not None
    assert (done.error.code, done.error.exit_code) == ("no-answer-stage", 2)
    assert "deep_analysis" in done.error.remedy


@in_virtual_time
async def test_a_chain_of_tiers_behind_the_quick_answer() -> None:
    ladder = three()
    done = await answered(ladder, options=wanting(hybrid=("model of larger", "largest")))
    assert asked_times(ladder) == [1, 1, 1]
    assert done.answer.stage == "hybrid-2"


@in_virtual_time
async def test_with_one_model_the_stages_use_it_and_say_so_once() -> None:
    only = writer("small", QUICK, DEEP, BEST)
    done = await answered(Ladder(only), options=wanting("quick_response", "deep_analysis", "synthesis"))
    (told,) = notices(done)
    assert told.startswith("No larger language model is here, so model of small writes deep analysis and synthesis")
    assert (done.answer.text, done.answer.confidence, done.answer.refined) == (QUICK, 0.6, 0)
    assert [request.messages[-1].content for request in only.requests] == [ASKED] * 3
    assert [request.temperature for request in only.requests] == [0.1, 0.7, 0.8]


@in_virtual_time
async def test_one_model_does_not_try_again_where_nobody_could_tell_whether_that_is_better() -> None:
    only = writer("small", QUICK, DEEP, BEST)
    done = await answered(Ladder(only), Complexity.COMPLEX)
    skipped = [event.stage for event in done.events if isinstance(event, StageSkipped)]
    assert skipped == ["deep_analysis", "synthesis"]
    assert (len(only.requests), notices(done)) == (1, [])


@in_virtual_time
async def test_an_answer_that_speaks_of_the_answers_or_repeats_the_question_is_none() -> None:
    for written in ("The answer is answer 1.", ASKED, "<think>Hm.</think>"):
        done = await answered(Ladder(writer("small", QUICK), writer("larger", written)), Complexity.MEDIUM)
        assert done.answer.text == QUICK
        assert [event.code for event in done.events if isinstance(event, StageFailed)] == ["no-answer"]


@in_virtual_time
async def test_a_stage_that_fails_or_is_late_leaves_the_best_answer_there_is() -> None:
    ladder = three()
    ladder.models["larger"].token_s = 8.0
    ladder.models["largest"].break_after(3, HostDied("The host ended."))
    done = await answered(ladder, Complexity.COMPLEX)
    failed = {event.stage: event.code for event in done.events if isinstance(event, StageFailed)}
    assert failed == {"deep_analysis": "stage-timeout", "synthesis": "host-died"}
    assert (done.error, done.answer.text, done.answer.refined) == (None, QUICK, 0)
    assert ladder.models["larger"].stopped == 1


@in_virtual_time
async def test_a_quick_answer_that_has_begun_in_time_is_let_finish() -> None:
    ladder = three()
    ladder.models["small"].token_s = 0.5
    done = await answered(ladder, Complexity.MEDIUM)
    assert not [event for event in done.events if isinstance(event, StageFailed)]
    assert (done.answer.text, done.answer.refined) == (BEST, 1)
    assert ladder.models["small"].stopped == 0


@in_virtual_time
async def test_a_quick_answer_that_breaks_or_does_not_come_is_made_good_by_the_next_stage() -> None:
    broken = three()
    broken.models["small"].break_after(3, HostDied("The host ended."))
    done = await answered(broken, Complexity.MEDIUM)
    assert (done.error, done.answer.text) == (None, BEST)
    silent = three()
    silent.models["small"].token_s = 5.0
    done = await answered(silent, Complexity.MEDIUM)
    assert (done.error, done.answer.text, done.answer.refined) == (None, BEST, 0)
    only = Ladder(writer("small", QUICK, token_s=5.0))
    done = await answered(only, Complexity.MEDIUM)
    assert (done.error, done.answer.text) == (None, QUICK), "nobody else could answer, so it is waited for"
    alone = three()
    alone.models["small"].break_after(3, HostDied("The host ended."))
    done = await answered(alone)
    assert done.error is not None
    assert done.error.code == "host-died"


@in_virtual_time
async def test_the_voice_corrects_what_no_longer_holds_and_repeats_nothing() -> None:
    done = await answered(three(), Complexity.MEDIUM, options=ALOUD)
    assert " ".join(done.heard) == (f"{QUICK} Correction: Blue light is scattered most. That is Rayleigh scattering.")
    assert done.answer.text == BEST
    assert done.answer.heard == f"{QUICK} Correction: Blue light is scattered most. That is Rayleigh scattering."


@in_virtual_time
async def test_what_was_not_begun_is_not_said_any_more() -> None:
    long = " ".join(f"The number {number} is here and stays for a while." for number in range(12))
    ladder = Ladder(
        writer("small", long, token_s=0.001), writer("larger", "The number 0 is here and stays for a while.")
    )
    done = await answered(ladder, Complexity.MEDIUM, options=ALOUD)
    said = " ".join(done.heard)
    assert 0 < said.count("number") < 12
    assert said.endswith("while.")
    assert "Correction" not in said


@in_virtual_time
async def test_a_correction_that_was_withdrawn_itself_is_made_with_the_next_text() -> None:
    long = "It is blue because of the sea, which is very wide and very deep, as everybody knows who has been there."
    ladder = Ladder(writer("small", long, token_s=0.0), writer("larger", DEEP, token_s=0.0), writer("largest", BEST))
    ladder.models["largest"].token_s = 0.0
    done = await answered(ladder, Complexity.COMPLEX, options=ALOUD)
    said = " ".join(done.heard)
    assert said.startswith(long)
    assert said.count("Correction: ") == 1
    assert said.count("scattered most") == 1


@in_virtual_time
async def test_additions_just_go_on() -> None:
    ladder = Ladder(writer("small", DEEP), writer("larger", BEST))
    done = await answered(ladder, Complexity.MEDIUM, options=ALOUD)
    assert " ".join(done.heard) == BEST
    assert not any(line.startswith("keep") for line in done.lines)


@in_virtual_time
async def test_a_turn_that_is_stopped_during_a_later_stage_keeps_what_stands() -> None:
    ladder = three()
    stop: list[Turn] = []

    def later(turn: Turn) -> None:
        task = asyncio.current_task()
        assert task is not None

        async def end() -> None:
            await asyncio.sleep(0.35)
            task.cancel()

        stop.append(turn)
        ending.append(asyncio.ensure_future(end()))

    ending: list[asyncio.Future[None]] = []
    ladder.models["largest"].token_s = 5.0
    with pytest.raises(asyncio.CancelledError):
        await answered(ladder, Complexity.MEDIUM, meddle=later)
    await asyncio.gather(*ending)
    assert ladder.models["largest"].stopped == 1
    assert stop[0].stream.ended


@in_virtual_time
async def test_nothing_more_is_asked_of_a_device_that_rests_or_a_turn_that_is_spent() -> None:
    gpu = FakeTextGenerator((BEST,), "largest", device=Device.GPU, model="big")
    ladder = Ladder(writer("small", QUICK), gpu)

    def rest(turn: Turn) -> None:
        allowed = frozenset({Device.CPU})
        assert isinstance(turn.parts.governor, FakeGovernor)
        turn.parts.governor.says = GovernorVerdict(allowed, rests=(Rest(Device.GPU, "It is hot."),))

    done = await answered(ladder, Complexity.MEDIUM, meddle=rest)
    assert [event.code for event in done.events if isinstance(event, StageFailed)] == ["device-rests"]
    assert (done.error, done.answer.text) == (None, QUICK)


@pytest.mark.parametrize(
    ("new", "old", "stand_in", "wins"),
    [(0.5, 0.4, True, True), (0.4, 0.5, False, False), (None, 0.5, False, True), (None, 0.5, True, False)],
)
def test_calibrated_confidences_are_compared_and_a_second_try_alone_is_no_better(
    new: float | None, old: float, stand_in: bool, wins: bool
) -> None:
    tier = Tier("small", "model")
    known = Judged(old, ConfidenceSource.CALIBRATED)
    later = Judged(0.95, ConfidenceSource.STAGE_PRIOR) if new is None else Judged(new, ConfidenceSource.CALIBRATED)
    first = Draft("quick_response", QUICK, tier, known)
    assert surer(Draft("synthesis", BEST, tier, later, stand_in), first) is wins


@in_virtual_time
async def test_a_refined_answer_ends_with_a_whole_sentence() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", BEST))
    done = await answered(ladder, Complexity.MEDIUM, options=replace(SILENT, max_tokens=11))
    assert done.answer.text == "Light is scattered. Blue light is scattered most."


@in_virtual_time
async def test_to_load_a_model_is_no_work_of_its_stage() -> None:
    ladder = Ladder(writer("small", QUICK), writer("larger", BEST))
    ladder.models["larger"].load_s = 20.0
    done = await answered(ladder, Complexity.MEDIUM)
    (took_ms,) = [
        event.metrics.elapsed_ms
        for event in done.events
        if isinstance(event, StageFinished) and event.metrics.stage == "synthesis"
    ]
    assert done.answer.text == BEST
    assert took_ms < 1000.0


@in_virtual_time
async def test_every_stage_says_what_it_does() -> None:
    done = await answered(three(), Complexity.COMPLEX)
    said = [(event.stage, event.message) for event in done.events if isinstance(event, Status)]
    assert ("deep_analysis", "Looking more closely…") in said
    assert ("synthesis", "Putting it together…") in said


async def over_a_pipeline(folder: Path, ladder: Ladder, confidence: float) -> tuple[AnswerCard, list[str]]:
    """The answer of all stages over the pipeline of a profile whose model is that sure, and the order of the stages."""
    small = ladder.models["small"]
    chosen = wanting("quick_response", "synthesis")
    async with piped(folder, small, confidence={"small": confidence}, options=chosen, stages=ladder) as there:
        there.assistant.ask(ASKED)
        await there.watched.ended()
        stages = [event.metrics.stage for event in there.watched.events if isinstance(event, StageFinished)]
        return there.watched.answer(), stages


@in_virtual_time
async def test_the_first_stage_is_the_pipeline_of_the_profile_with_its_calibrated_confidence(tmp_path: Path) -> None:
    answer, stages = await over_a_pipeline(tmp_path, Ladder(writer("small", QUICK), writer("larger", DEEP)), 0.8)
    assert stages == ["answer", "synthesis"]
    assert (answer.text, answer.stage, answer.confidence) == (DEEP, "synthesis", 0.95)


@pytest.mark.parametrize(("worth", "text"), [(0.3, QUICK), (0.6, DEEP)])
def test_another_try_of_the_same_model_is_taken_when_it_is_surer(tmp_path: Path, worth: float, text: str) -> None:
    @in_virtual_time
    async def test() -> None:
        ladder = Ladder(writer("small", QUICK, DEEP), worth={"small": worth})
        answer, stages = await over_a_pipeline(tmp_path, ladder, 0.5)
        assert stages == ["answer", "synthesis"]
        assert (answer.text, answer.confidence) == (text, max(worth, 0.5))
        assert answer.confidence_source is ConfidenceSource.CALIBRATED

    test()
