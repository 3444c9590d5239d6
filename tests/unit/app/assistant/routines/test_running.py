"""Steps run in order and see what came before; a failure ends the routine, and nothing of weight is done unasked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.assistant.routines.reading import read_routine
from app.assistant.routines.running import How, Ran, run
from app.contracts.errors import InvalidInput
from tests.helpers.routines import NOW, House, Kept, house
from tests.helpers.virtual_time import in_virtual_time

HEAD = "routine: a\nphrases: [go]\nparameters: {item: milk}\nsteps:\n"


async def _ran(made: House, steps: str, how: How | None = None) -> Ran:
    return await run(read_routine(HEAD + steps), {"item": "eggs"}, made.abilities, how or How(NOW))


async def _list(made: House) -> list[str]:
    return [each.text for each in await made.notebook.entries("household", Kept)]


@in_virtual_time
async def test_each_step_sees_what_those_before_it_gave_and_did(tmp_path: Path) -> None:
    steps = (
        "  - ask: add {{ item }} to my list\n  - intent: show_list\n  - say: 'Heard: {{ steps.step2 }}'\n"
        "  - pipeline: shout\n    input: '{{ previous }}'\n  - ask: 'explain this: {{ previous }}'\n"
    )
    async with house(tmp_path) as made:
        ran = await _ran(made, steps)
        assert await _list(made) == ["eggs"]
        assert len(made.household.told) == 1  # what has no effect yet is left to the caller
    assert [each.text for each in ran.gave] == [
        "Added eggs.",
        "On it: eggs.",
        "Heard: On it: eggs.",
        "HEARD: ON IT: EGGS.",
        "About explain this: HEARD: ON IT: EGGS.",
    ]
    assert list(ran.cards) == ["the-list"]
    assert ran.cards["the-list"].skill == "household"


@in_virtual_time
async def test_a_dry_run_changes_and_asks_nothing(tmp_path: Path) -> None:
    steps = (
        "  - ask: add milk to my list\n  - ask: tell me a joke\n"
        "  - ask: clear my list\n  - pipeline: shout\n    input: x\n"
    )
    async with house(tmp_path) as made:
        ran = await _ran(made, steps, How(NOW, dry=True))
        assert await _list(made) == []
        assert made.asked == []
    assert [each.text for each in ran.gave] == [
        "Added milk.",
        "(would ask the language model: tell me a joke)",
        "(would ask first: I'll clear your list.)",
        "(would run the pipeline shout on: x)",
    ]


@in_virtual_time
async def test_weight_needs_a_word(tmp_path: Path) -> None:
    steps = "  - ask: add milk to my list\n  - ask: clear my list\n"
    async with house(tmp_path) as made:
        held = await _ran(made, steps)
        assert await _list(made) == ["milk"]
        done = await _ran(made, steps, How(NOW, confirmed=True))
        await made.abilities.keep(done.open)
        assert await _list(made) == []
    assert held.gave[1].held_back
    assert held.notes == ["Not done, because nobody said it may be: I'll clear your list."]


@in_virtual_time
async def test_a_step_that_fails_ends_it_and_an_optional_one_does_not(tmp_path: Path) -> None:
    steps = "  - ask: what time is it\n  - ask: break the vase\n    optional: {0}\n  - say: end\n"
    async with house(tmp_path) as made:
        ended = await _ran(made, steps.format("false"))
        went_on = await _ran(made, steps.format("true"))
        with pytest.raises(InvalidInput, match="vase"):
            await _ran(made, "  - ask: break the vase\n")
    assert (ended.complete, ended.speech) == (False, "It is eight.")
    assert ended.notes == ["Ask: break the vase: The vase is gone. The step after it was not done."]
    assert (went_on.complete, went_on.speech) == (True, "It is eight. end.")


@in_virtual_time
async def test_what_an_earlier_step_gave_does_not_decide_who_is_asked(tmp_path: Path) -> None:
    steps = "  - say: what time is it\n  - ask: '{{ previous }} in Latin'\n"
    async with house(tmp_path) as made:
        ran = await _ran(made, steps)
    assert ran.gave[1].text == "About what time is it in Latin"


@in_virtual_time
async def test_a_place_that_needs_more_than_a_name_needs_the_sandbox(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        with pytest.raises(InvalidInput, match="more than bare names"):
            await _ran(made, "  - say: '{{ item | upper }}'\n")


@in_virtual_time
async def test_a_routine_that_calls_itself_ends(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save("make a routine called go that adds milk to my list")
        saved = await made.routines.shelf.get("go")
        looping = replace(
            saved.routine, steps=read_routine(HEAD + "  - intent: run_routine\n    values: {name: go}\n").steps
        )
        text = saved.kept.yaml.replace("- ask: add milk to my list", "- intent: run_routine\n  values: {name: go}")
        await made.notebook.commit((made.routines.shelf.saving(replace(saved.kept, yaml=text)),))
        with pytest.raises(InvalidInput, match="go → go"):
            await run(looping, {}, made.abilities, How(NOW))
