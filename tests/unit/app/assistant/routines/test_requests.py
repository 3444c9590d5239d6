"""The shipped requests for routines, typed: each becomes a sound routine that runs and is found by other words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.assistant.jobs.book import JobBook
from app.assistant.routines.doing import Abilities
from app.assistant.routines.parameters import discover, mapped
from app.assistant.routines.reading import read_routine
from app.assistant.routines.running import How
from app.assistant.routines.skill import Routines
from app.assistant.routines.workflow import Draft
from app.assistant.skills.skill import ModelAsk
from app.assistant.speculation.direct import Direct
from app.assistant.staged.making import Making, Revisions
from app.assistant.staged.skillset import SkillSet
from app.assistant.understanding.matcher import Matcher
from app.bootstrap.staged import skills_of
from app.settings.paths import asset
from tests.helpers.skills import SATURDAY, parts
from tests.helpers.virtual_time import in_virtual_time


@dataclass(frozen=True)
class Request:
    """A line of the shipped file."""

    request: str
    paraphrase: str
    set: str


def shipped() -> tuple[Request, ...]:
    """All of them."""
    lines = asset("bench/routines/requests.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Request(**json.loads(line)) for line in lines)


@asynccontextmanager
async def real_routines(folder: Path) -> AsyncIterator[Routines]:
    """Routines over the real skills and the real matcher, without a language model."""
    given = parts(folder)

    async def model(ask: ModelAsk) -> str:
        return f"About {ask.question}"

    box: list[Abilities] = []
    routines = Routines(given, lambda: box[0], JobBook(given.clock, given.notebook, given.publish))
    skills = SkillSet((*skills_of(given), routines))
    matcher, revisions = Matcher(skills), Revisions()
    given.notebook.subscribe(revisions.note)
    box.append(Abilities(matcher, skills, Making(Direct(), revisions), given.notebook, model))
    try:
        yield routines
    finally:
        await routines.aclose()
        await given.notebook.aclose()


@in_virtual_time
async def test_every_request_becomes_a_routine_that_runs_and_is_found_again(tmp_path: Path) -> None:
    requests, lost, kept = shipped(), [], []
    made: dict[Request, str] = {}
    async with real_routines(tmp_path) as routines:
        for each in requests:
            draft = (await routines.workflow.take(each.request, SATURDAY)).result
            assert isinstance(draft, Draft), each.request
            assert not draft.problems, (each.request, draft.problems)
            routine = read_routine(draft.kept.yaml)
            values = mapped(routine, discover(""), "").values
            ran = await routines.run_through(routine, values, How(SATURDAY, dry=True))
            assert ran.complete, each.request
            made[each] = routine.routine_id
            kept.append(routines.shelf.saving(draft.kept))
        await routines._parts.notebook.commit(kept)
        for each in requests:
            found = await routines.discovery.find(each.paraphrase)
            claim = await routines.claim(each.paraphrase, SATURDAY)
            if not found or found[0].saved.kept.routine_id != made[each] or claim is None:
                lost.append(each.paraphrase)
    assert len({*made.values()}) == len(requests) == 40
    assert len(lost) <= 4, lost
