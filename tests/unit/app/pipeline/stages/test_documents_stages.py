"""The stages `vector-lookup` and `cite`, each called as the runner calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.contracts.events import TextDelta, TextReplaced, TurnEvent
from app.pipeline.definition import OptionValue, PipelineOptions, StageDefinition, StageType
from app.pipeline.documents.index import NOTHING_INDEXED
from app.pipeline.documents.quoting import NOTHING_FOUND
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.cite import QUOTED, CiteProcessor
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.stages.vector_lookup import VectorLookupProcessor
from app.pipeline.tools import Documents
from app.pipeline.values import Parts, Passage, Passages, Text, Value, Vectors, in_words
from tests.helpers.pipelines import tools_over

OIL = Passage("One filling takes 2.5 litres of oil.", "loom.pdf", "page 2", 1.0)
BELT = Passage("Fault E17 stands for a worn belt.", "faults.md", "line 9", 0.4)


class Shelf(Documents):
    """Documents that remember what they were asked."""

    def __init__(self, *items: Passage, count: int | None = None) -> None:
        self.items = items
        self.count = len(items) if count is None else count
        self.asked: list[tuple[str, int, str, tuple[float, ...] | None]] = []

    async def lookup(
        self, question: str, limit: int, collection: str = "", vector: tuple[float, ...] | None = None
    ) -> Value:
        self.asked.append((question, limit, collection, vector))
        return Passages(question, self.items[:limit])

    async def embed(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError("nobody asked for vectors")

    async def indexed(self) -> int:
        return self.count


class Stage:
    """One call of a processor."""

    def __init__(self, processor: Processor, documents: Documents | None, **settings: OptionValue) -> None:
        self.processor = processor
        self.documents = documents
        self.definition = StageDefinition(stage_id="stage", type=StageType.CUSTOM, settings=settings)
        self.events: list[TurnEvent] = []
        self.outlet = Outlet("stage", self.events.append)
        self.inputs: dict[str, Outlet] = {}

    async def run(self, value: Value) -> Done:
        async def given() -> Value:
            return value

        async def nothing() -> AsyncIterator[str]:
            return
            yield

        call = StageCall(
            stage=PlannedStage(definition=replace(self.definition, needs=tuple(self.inputs))),
            options=PipelineOptions(),
            tools=tools_over(documents=self.documents),
            value=given,
            stream=nothing,
            inputs=self.inputs,
            context={},
            messages=(),
            report=self.events.append,
        )
        return await self.processor.run(call, self.outlet)


async def test_a_question_becomes_passages() -> None:
    shelf = Shelf(OIL, BELT)
    done = await Stage(VectorLookupProcessor(), shelf, limit=2, collection="manuals").run(Text("How much oil?"))
    assert done.value == Passages("How much oil?", (OIL, BELT))
    assert shelf.asked == [("How much oil?", 2, "manuals", None)]
    assert done.metadata.figures == (("passages", 2.0),)


async def test_passages_in_words_are_numbered_and_followed_by_the_question() -> None:
    assert in_words(Passages("How much?", (OIL, BELT))) == (
        "[1] loom.pdf, page 2\nOne filling takes 2.5 litres of oil.\n\n"
        "[2] faults.md, line 9\nFault E17 stands for a worn belt.\n\nQuestion: How much?"
    )
    assert in_words(Passages("How much?", ())) == "No passages.\n\nQuestion: How much?"


async def test_a_vector_made_before_is_used() -> None:
    shelf = Shelf(OIL)
    vectors = Vectors(("oil?",), ((0.6, 0.8),))
    await Stage(VectorLookupProcessor(), shelf).run(vectors)
    await Stage(VectorLookupProcessor(), shelf).run(Parts((Text("How much oil?"), vectors)))
    assert shelf.asked == [("oil?", 4, "", (0.6, 0.8)), ("How much oil?", 4, "", (0.6, 0.8))]


async def test_passages_below_the_bar_are_left_out() -> None:
    done = await Stage(VectorLookupProcessor(), Shelf(OIL, BELT), min_score=0.5).run(Text("oil"))
    assert done.value == Passages("oil", (OIL,))


@pytest.mark.parametrize(
    ("documents", "note"),
    [
        (None, NOTHING_INDEXED),
        (Shelf(), NOTHING_INDEXED),
        (Shelf(count=3), "Nothing in the documents has to do with this."),
    ],
)
async def test_nothing_found_is_said_and_is_no_failure(documents: Documents | None, note: str) -> None:
    done = await Stage(VectorLookupProcessor(), documents).run(Text("oil"))
    assert done.value == Passages("oil", ())
    assert done.metadata.notes == (note,)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "4"}, "limit"),
        ({"min_score": 2}, "min_score"),
        ({"collection": 3}, "collection"),
        ({"limt": 3}, "limt"),
    ],
)
async def test_wrong_settings_are_named(settings: dict[str, OptionValue], key: str) -> None:
    with pytest.raises(InvalidInput, match=repr(key)):
        await Stage(VectorLookupProcessor(), Shelf(OIL), **settings).run(Text("oil"))


@pytest.mark.parametrize("settings", [{"min_overlap": -1}, {"sources": 0}, {"source": 1}])
async def test_wrong_settings_of_cite_are_named(settings: dict[str, OptionValue]) -> None:
    with pytest.raises(InvalidInput, match="cite stage"):
        await Stage(CiteProcessor(), Shelf(OIL), **settings).run(Parts((Text("x"), Passages("q", (OIL,)))))


async def test_an_answer_gets_its_source() -> None:
    stage = Stage(CiteProcessor(), Shelf(OIL))
    done = await stage.run(Parts((Passages("How much oil?", (OIL,)), Text("It needs 2.5 litres.", 0.7))))
    assert done.value == Text("It needs 2.5 litres. [1]\n\nSource:\n[1] loom.pdf, page 2", 0.7)
    assert stage.outlet.committed == done.value.text
    assert done.metadata.notes == ()


async def test_the_answer_is_shown_as_it_comes_and_taken_back_when_it_rests_on_nothing() -> None:
    stage = Stage(CiteProcessor(), Shelf(OIL))
    answer = Outlet("answer", lambda _event: None)
    lookup = Outlet("lookup", lambda _event: None)
    stage.inputs = {"answer": answer, "lookup": lookup}
    passages = Passages("How much oil?", (OIL,))
    lookup.finish(passages)
    task = asyncio.create_task(stage.run(Parts((Text("Egyptians wove."), passages))))
    for piece in ("Egyptians", " wove."):
        answer.show(piece, 0.5, Tier("llm", "model"))
        answer.commit()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    answer.finish(Text("Egyptians wove."))
    done = await task
    quoted = "“One filling takes 2.5 litres of oil.” [1]\n\nSource:\n[1] loom.pdf, page 2"
    assert done.value == Text(quoted)
    assert done.metadata.notes == (QUOTED,)
    shown = [event.text if isinstance(event, TextDelta) else event for event in stage.events]
    assert shown[:2] == ["Egyptians", " wove."]
    assert isinstance(shown[2], TextReplaced)
    assert (shown[2].kept, shown[3]) == (0, quoted)
    assert stage.outlet.committed == quoted


@pytest.mark.parametrize(("documents", "text"), [(None, NOTHING_INDEXED), (Shelf(count=2), NOTHING_FOUND)])
async def test_without_passages_the_model_has_no_say(documents: Documents | None, text: str) -> None:
    done = await Stage(CiteProcessor(), documents).run(Parts((Text("Egyptians wove."), Passages("q", ()))))
    assert done.value == Text(text)


async def test_what_is_made_up_without_a_passage_is_never_shown() -> None:
    stage = Stage(CiteProcessor(), Shelf(OIL))
    answer = Outlet("answer", lambda _event: None)
    lookup = Outlet("lookup", lambda _event: None)
    stage.inputs = {"answer": answer, "lookup": lookup}
    nothing = Passages("How fast is a swallow?", ())
    lookup.finish(nothing)
    answer.show("It flies 35 metres a second.", 0.9, Tier("llm", "model"))
    answer.finish(Text("It flies 35 metres a second."))
    done = await stage.run(Parts((Text("It flies 35 metres a second."), nothing)))
    assert done.value == Text(NOTHING_FOUND)
    assert [type(event) for event in stage.events] == [TextDelta]
    assert stage.outlet.committed == NOTHING_FOUND


async def test_cite_needs_an_answer_and_passages() -> None:
    for value in (Text("x"), Parts((Text("x"), Text("y"))), Passages("q", (OIL,))):
        with pytest.raises(InvalidInput, match="needs: \\[answer, lookup\\]"):
            await Stage(CiteProcessor(), Shelf(OIL)).run(value)
