"""Documents are searched, and questions about them go to the pipeline that cites."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.assistant.skills.documents.skill import SEARCH, DocumentsSkill
from app.contracts.errors import StorageError
from app.contracts.skill_cards import Source, SourcesCard
from tests.helpers.skills import SATURDAY, Shelf, asked, fetched, parts, planned, question, said
from tests.helpers.staged import staged_assistant
from tests.helpers.virtual_time import in_virtual_time

LEASE = Source(title="/home/ada/papers/lease.pdf", place="page 3", excerpt="the rent is due on the first")
BOILER = Source(title="boiler.txt", place="line 2", excerpt="press the red button of the boiler")
READ = {
    "search my documents for the Warranty Number": ("the Warranty Number", "places"),
    "what do my documents say about the rent?": ("the rent", "answer"),
    "find the insurance number in my files": ("the insurance number", "places"),
    "according to my documents, when does the lease end": ("when does the lease end", "answer"),
    "which document mentions the boiler": ("the boiler", "places"),
    "is there anything about holidays in my documents": ("holidays", "answer"),
    "when does my passport expire according to my papers": ("when does my passport expire", "answer"),
    "in my documents what is the delivery date": ("what is the delivery date", "answer"),
    "find me the page about safety in the manual": ("safety", "places"),
    "look for the word deposit in my files": ("deposit", "places"),
    "dig through my notes for the offer": ("the offer", "places"),
    "what is written in my rental agreement about pets": (
        "what is written in my rental agreement about pets",
        "answer",
    ),
    "search the manual for the error code": ("the error code", "places"),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_looked_for(tmp_path: Path, text: str) -> None:
    values = DocumentsSkill(parts(tmp_path)).values(SEARCH, text, SATURDAY)
    assert (values["query"], values["wants"]) == READ[text]


async def test_places_are_shown_without_a_model(tmp_path: Path) -> None:
    shelf = Shelf(LEASE, BOILER)
    plan = await planned(DocumentsSkill(parts(tmp_path, search=shelf)), SEARCH, "search my documents for the boiler")
    assert shelf.questions == ["the boiler"]
    assert plan.ask is None
    assert plan.speech == "I found 2 passages about the boiler, in lease.pdf and boiler.txt."
    (card,) = plan.cards
    assert isinstance(card, SourcesCard)
    assert card.sources == (LEASE, BOILER)


async def test_a_question_goes_to_the_pipeline_that_cites(tmp_path: Path) -> None:
    skill = DocumentsSkill(parts(tmp_path, search=Shelf(LEASE)))
    plan = await planned(skill, SEARCH, "according to my documents when is the rent due")
    assert plan.ask is not None
    assert (plan.ask.pipeline, plan.ask.question) == ("rag", "when is the rent due")
    assert isinstance(plan.cards[0], SourcesCard)


async def test_nothing_to_search_and_nothing_found_say_what_to_do(tmp_path: Path) -> None:
    without = DocumentsSkill(parts(tmp_path))
    assert "sotto documents add" in await said(without, SEARCH, "search my documents for the boiler")
    empty = DocumentsSkill(parts(tmp_path, search=Shelf()))
    found = await said(empty, SEARCH, "find the boiler in my files")
    assert found.startswith("I found nothing about the boiler in your documents.")


async def test_it_asks_what_to_look_for(tmp_path: Path) -> None:
    skill = DocumentsSkill(parts(tmp_path, search=Shelf(BOILER)))
    asks = await question(skill, SEARCH, "search my files")
    assert asks is not None
    assert asks.slot == "query"
    request = asked(skill, SEARCH, "search my files").having({"query": "red button"})
    plan = await skill.plan(request, await fetched(skill, request))
    assert plan.speech == "I found one passage about red button, in boiler.txt."


@in_virtual_time
async def test_the_sources_are_there_before_the_answer(tmp_path: Path) -> None:
    skill = DocumentsSkill(parts(tmp_path, search=Shelf(LEASE)))
    known = {"ask my files": (SEARCH, "documents", 0.95)}
    async with staged_assistant(tmp_path, skills=(skill,), known=known) as stage:
        asks = await stage.ask("ask my files")
        answered = await stage.ask("when is the rent due")
    assert asks[-1] == "finished, waits for query"
    sources = [at for at, line in enumerate(answered) if line.startswith("card sources")]
    words = [at for at, line in enumerate(answered) if line.startswith("text")]
    assert len(sources) == 1
    assert sources[0] < words[0]
    assert answered[-1] == "finished"


class Broken(Shelf):
    """An index that cannot be read."""

    async def find(self, question: str, limit: int) -> tuple[Source, ...]:
        raise StorageError("The index is damaged.")


async def test_a_search_that_fails_is_said(tmp_path: Path) -> None:
    skill = DocumentsSkill(parts(tmp_path, search=Broken()))
    request = asked(skill, SEARCH, "search my documents for the boiler")
    data = await fetched(skill, request)
    assert data.missing == ("Your documents could not be searched.",)
    assert (await skill.plan(request, data)).speech == "I cannot tell what your documents say right now."
