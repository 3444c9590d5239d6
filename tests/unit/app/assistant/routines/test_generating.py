"""A model's routine is held to what there is; what is wrong with it is told to the model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from app.assistant.routines.generating import TRIES, schema_of
from app.assistant.routines.workflow import Draft
from app.contracts.capabilities import Capabilities
from models.fakes.llm import FakeTextGenerator
from tests.helpers.routines import NOW, house
from tests.helpers.virtual_time import in_virtual_time

WISH = "when I say surprise, something nice about my list and the time"


class Writer(FakeTextGenerator):
    """A scripted model that can be held to a schema."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, json_schema=True)


def _answer(*steps: tuple[str, str, str], name: str = "Nice surprise") -> str:
    return json.dumps(
        {
            "name": name,
            "phrases": ["surprise me"],
            "parameters": [],
            "steps": [{"kind": kind, "text": text, "target": target} for kind, text, target in steps],
        }
    )


LIST, TIME = ("ask", "read me my list", ""), ("say", "Something nice about the time: {{ previous }}", "")


@in_virtual_time
async def test_what_the_validator_finds_goes_into_the_next_try(tmp_path: Path) -> None:
    writer = Writer(["{", _answer(LIST, ("pipeline", "x", "shoot")), _answer(LIST, TIME)])
    async with house(tmp_path, writer=writer) as made:
        draft = (await made.routines.workflow.take(WISH, NOW)).result
        components = made.routines.workflow.components()
    assert isinstance(draft, Draft)
    assert (draft.kept.made_by, draft.kept.attempts, draft.problems) == ("model", 3, ())
    assert (draft.routine.name, draft.routine.phrases) == ("Surprise", ("surprise",))
    told = [request.messages[-1].content for request in writer.requests]
    assert "no JSON" in told[1]
    assert "There is no pipeline 'shoot'. Did you mean 'shout'?" in told[2]
    assert json.loads(writer.requests[0].json_schema) == schema_of(components)


@in_virtual_time
async def test_rules_answer_where_the_model_writes_nothing_sound(tmp_path: Path) -> None:
    writer = Writer([_answer(("say", "shout", ""), ("say", "shout", ""))])
    async with house(tmp_path, writer=writer) as made:
        draft = (await made.routines.workflow.take(WISH, NOW)).result
    assert isinstance(draft, Draft)
    assert (draft.kept.made_by, len(writer.requests)) == ("composition", TRIES)
    assert "Some steps are the same" in writer.requests[1].messages[-1].content
    assert "No step does anything about: nice, about, list" in writer.requests[1].messages[-1].content


@in_virtual_time
async def test_what_the_rules_are_sure_of_asks_no_model_and_what_they_are_not_becomes_a_job(tmp_path: Path) -> None:
    writer = Writer([_answer(LIST, TIME)])
    async with house(tmp_path, writer=writer) as made:
        await made.ask("make_routine", "when I say hello, tell me the time and tell me a joke")
        assert writer.requests == []
        plan = await made.ask("make_routine", WISH)
        job = await made.jobs.wait(plan.cards[0].card_id.removeprefix("job-"))
        saved = await made.routines.shelf.get("surprise")
    assert job.message == "Saved. Say “surprise” and I'll do its 2 steps."
    assert saved.kept.made_by == "model"
    assert made.said == [job.message]
