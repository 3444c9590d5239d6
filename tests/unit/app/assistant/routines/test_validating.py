"""The validator says what is wrong, where, and what would be right; what is sound passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.assistant.routines.reading import read_routine
from app.assistant.routines.validating import check
from tests.helpers.routines import NOW, house
from tests.helpers.virtual_time import in_virtual_time

HEAD = "routine: a\nphrases: [go]\nparameters: {city: Rome}\nsteps:\n"
WRONG = (
    ("  - intent: show_lists\n", (5, 5), "Did you mean 'show_list'"),
    ("  - intent: delete_routine\n", (5, 5), "does not change routines"),
    ("  - pipeline: shoot\n    input: x\n", (5, 5), "Did you mean 'shout'"),
    ("  - pipeline: shout\n", (5, 5), "needs an input"),
    ("  - say: in {{ town }}\n", (5, 5), "known: city, input, previous"),
    ("  - say: '{{ steps.step2 }}'\n  - say: x\n", (5, 5), "no earlier step"),
    ("  - say: 'in {{ city'\n", (5, 5), "never closed"),
    ("  - ask: Go!\n", (5, 5), "start the routine itself"),
)


@pytest.mark.parametrize(("steps", "place", "words"), WRONG)
def test_problems(tmp_path: Path, steps: str, place: tuple[int, int], words: str) -> None:
    @in_virtual_time
    async def whole() -> None:
        async with house(tmp_path) as made:
            problems = check(read_routine(HEAD + steps), made.routines.workflow.components())
        assert [problem.place for problem in problems] == [place]
        assert words in problems[0].message

    whole()


@in_virtual_time
async def test_a_sound_one_passes_and_a_request_without_its_value_does_not(tmp_path: Path) -> None:
    steps = "  - ask: what time is it in {{ city }}\n  - pipeline: shout\n    input: '{{ previous }}'\n"
    async with house(tmp_path) as made:
        components = made.routines.workflow.components()
        sound, short = read_routine(HEAD + steps), read_routine(HEAD + "  - ask: set a timer\n")
        nothing = check(sound, components)
        rehearsed = await made.routines.workflow.checked(sound, NOW)
        asks = await made.routines.workflow.checked(short, NOW)
    assert (nothing, rehearsed) == ((), ())
    assert [str(problem) for problem in asks] == ["5:5: 'Ask: set a timer' does not say enough: For how long?"]
