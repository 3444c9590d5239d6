"""The skill makes, runs, shows, edits and deletes routines; what takes long becomes a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.assistant.routines.routine import KeptRoutine
from app.assistant.routines.running import How
from app.assistant.routines.timing import COLLECTION as PATHS
from app.assistant.routines.timing import PathTaken
from app.assistant.routines.workflow import Draft, Reused
from app.assistant.skills.skill import Asked
from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import JobCard, JobState, ListCard, RoutineCard
from app.memory.notebook import Notebook, Put, Remove, put_card
from tests.helpers.routines import NOW, House, Kept, house
from tests.helpers.virtual_time import in_virtual_time

MORNING = "when I say good morning, tell me the time and my list"


async def _card(made: House, request: str = MORNING) -> RoutineCard:
    plan = await made.ask("make_routine", request)
    card = plan.cards[0]
    assert isinstance(card, RoutineCard)
    return card


@in_virtual_time
async def test_made_and_run(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        card = await _card(made)
        await made.notebook.commit((Put("household", "milk", Kept("milk")),))
        ran = await made.ask("run_routine", "good morning")
        kept = await made.notebook.entry("routines", "good-morning", KeptRoutine)
        paths = await made.notebook.entries(PATHS, PathTaken)
    assert [step.does for step in card.steps] == ["Ask: tell me the time", "Ask: tell me my list"]
    assert [action.action for action in card.actions] == ["run", "dry-run", "save", "delete"]
    assert (ran.speech, [each.card_id for each in ran.cards]) == ("It is eight. On it: milk.", ["the-list"])
    assert kept is not None
    assert (kept.runs, kept.made_by, kept.intents) == (1, "composition", ("ask_time", "show_list"))
    assert [each.path for each in paths] == ["make"]


@in_virtual_time
async def test_the_same_wish_again_is_the_saved_one_and_another_of_its_phrase_asks_first(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await _card(made)
        again = (await made.routines.workflow.take(MORNING, NOW)).result
        asked = Asked("make_routine", "when I say good morning, clear my list", {}, NOW)
        other = made.routines.propose(asked, await made.data(asked))
    assert isinstance(again, Reused)
    assert other is not None
    assert (other.sentence, other.weighty) == ("I'll replace the routine Good morning.", True)


@in_virtual_time
async def test_what_a_wish_leaves_out_is_asked(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        questions = []
        values: dict[str, str] = {}
        for answer in ("tell me the time", "hello there", ""):
            asked = Asked("make_routine", "create a routine", dict(values), NOW)
            question = made.routines.clarify(asked, await made.data(asked))
            if question is not None:
                questions.append(question.question)
                values[question.slot] = answer
        plan = await made.ask("make_routine", "create a routine", values)
    assert questions == ["What should the routine do?", "What will you say to start it?"]
    assert plan.speech == "Saved. Say “hello there” and I'll do its 1 step."


@in_virtual_time
async def test_parameters_come_from_the_words_or_are_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save("when I say tea time, set a timer for some minutes")
        short = Asked("run_routine", "tea time", {}, NOW)
        question = made.routines.clarify(short, await made.data(short))
        said = await made.ask("run_routine", "tea time for 6 minutes")
        answered = await made.ask("run_routine", "tea time", {"with.minutes": "half an hour"})
    assert question is not None
    assert (question.slot, question.question) == ("with.minutes", "How many minutes?")
    assert (said.speech, answered.speech) == ("Timer for 6 minutes.", "Timer for 30 minutes.")


@in_virtual_time
async def test_weight_is_proposed_and_done_when_confirmed(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save("when I say clean up, clear my list")
        await made.notebook.commit((Put("household", "milk", Kept("milk")),))
        asked = Asked("run_routine", "clean up", {}, NOW)
        proposal = made.routines.propose(asked, await made.data(asked))
        await made.ask("run_routine", "clean up", confirmed=True)
        left = await made.notebook.entries("household", Kept)
    assert proposal is not None
    assert proposal.weighty
    assert proposal.sentence == "Clean up does this: I'll clear your list."
    assert left == ()


@in_virtual_time
async def test_what_takes_long_is_a_job_whose_end_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save("when I say cheer me up, tell me the time and tell me a joke")
        plan = await made.ask("run_routine", "cheer me up")
        card = plan.cards[0]
        assert isinstance(card, JobCard)
        job = await made.jobs.wait(card.job_id)
    assert (plan.speech, card.state) == ("Cheer me up is running.", JobState.QUEUED)
    assert (job.state, job.message) == (JobState.DONE, "It is eight. About tell me a joke.")
    assert made.said == [job.message]


@in_virtual_time
async def test_the_card_is_tried_edited_and_saved(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        card = await _card(made)
        tried = await made.routines.act(card, "dry-run", "")
        broken = await made.routines.act(card, "save", card.yaml.replace("ask: tell me my list", "aks: x"))
        text = card.yaml.replace("tell me my list", "add milk to my list")
        saved = await made.routines.act(card, "save", text)
        assert tried is not None
        assert broken is not None
        assert saved is not None
        await made.notebook.commit(saved.writes)
        kept = await made.routines.shelf.get("good morning")
    first, second, third = (acted.cards[0] for acted in (tried, broken, saved))
    assert isinstance(first, RoutineCard)
    assert [step.gave for step in first.steps] == ["It is eight.", "On it: nothing."]
    assert isinstance(second, RoutineCard)
    assert second.problem == "7:3: 'aks' is no key of a step. Did you mean 'ask'?"
    assert broken.writes == ()
    assert isinstance(third, RoutineCard)
    assert (third.problem, third.revision, kept.kept.made_by) == ("", card.revision + 1, "person")
    assert kept.routine.steps[1].text == "add milk to my list"


@in_virtual_time
async def test_shown_and_deleted(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        none = await made.ask("show_routines", "show my routines")
        card = await _card(made)
        shown = await made.ask("show_routines", "show my routines")
        acted = await made.routines.act(card, "delete", "")
        assert acted is not None
        assert acted.asked is not None
        proposal = made.routines.propose(acted.asked, await made.data(acted.asked))
        await made.notebook.commit([put_card(card, 1.0)])
        gone = await made.ask("delete_routine", "delete it", {"name": "good-morning"}, confirmed=True)
        left = await made.notebook.card(card.card_id)
        with pytest.raises(InvalidInput, match="none yet"):
            await made.routines.shelf.get("good-morning")
    assert none.speech == "There are no routines yet."
    assert isinstance(shown.cards[0], ListCard)
    assert len(shown.cards[0].items) == 1
    assert proposal is not None
    assert proposal.weighty
    assert gone.speech == "The routine Good morning is gone."
    assert left is None


@in_virtual_time
async def test_beginning_together_and_one_after_the_other_come_to_the_same(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        together = await made.routines.workflow.take(MORNING, NOW)
        apart = await made.routines.workflow.take(MORNING, NOW, together=False)
        await made.save(MORNING)
        both = await made.routines.workflow.compare([MORNING], NOW, repeats=2)
        reused = await made.routines.workflow.take(MORNING, NOW, together=False)
    assert isinstance(together.result, Draft)
    assert isinstance(apart.result, Draft)
    assert together.result.kept.yaml == apart.result.kept.yaml
    assert (together.took.together, apart.took.together) == (True, False)
    assert (reused.took.path, reused.took.requirements_ms) == ("reuse", 0.0)
    assert both.requests == 2
    assert min(both.together_ms, both.apart_ms) > 0


@in_virtual_time
async def test_nothing_of_a_wish_is_left_out_without_a_word(tmp_path: Path) -> None:
    steps = ", then ".join(["tell me the time"] * 21)
    async with house(tmp_path) as made:
        with pytest.raises(InvalidInput, match="at most 20 steps, and these are 21"):
            await made.ask("make_routine", f"when I say busy, {steps}")
        with pytest.raises(InvalidInput, match="no word in it"):
            await made.ask("make_routine", "when I say \U0001f642, tell me the time")
        assert await made.routines.shelf.all() == {}


@in_virtual_time
async def test_another_wish_is_no_answer_to_the_question_about_the_first(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        request = Asked("make_routine", "make me a routine: tell me the time", {}, NOW)
        answers = ("I'll say good day", "tea", "set up a gym routine: set a timer for 45 minutes")
        read = [made.routines.read_answer(request, "phrase", each) for each in answers]
    assert read == ["good day", "tea", None]


@in_virtual_time
async def test_a_run_does_not_bring_back_what_was_deleted_elsewhere(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save(MORNING)
        before = await made.routines.shelf.all()
        other = Notebook(tmp_path / "notebook.db")
        await other.commit((Remove("routines", "good-morning"),))
        await other.aclose()
        await made.routines.run_through(before["good-morning"].routine, {}, How(NOW))
        assert await made.notebook.entries("routines", KeptRoutine) == ()


@in_virtual_time
async def test_a_routine_that_names_itself_is_not_saved(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        card = await _card(made)
        text = card.yaml + "- intent: run_routine\n  values: {name: Good morning}\n"
        acted = await made.routines.act(card, "save", text)
    assert acted is not None
    shown = acted.cards[0]
    assert isinstance(shown, RoutineCard)
    assert "would start the routine itself again" in shown.problem
    assert acted.writes == ()
