"""A saved routine is found by its phrase, by words like it and by meaning; others are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.fakes.embed import FakeEmbedder
from tests.helpers.routines import NOW, house
from tests.helpers.virtual_time import in_virtual_time

REQUESTS = (
    "when I say good morning, tell me the time",
    "when I say tea time, set a timer for 4 minutes",
    "make a shutdown routine that reads me my list",
    "when I say going to bed, clear my list",
)


@in_virtual_time
async def test_claims(tmp_path: Path) -> None:
    said = {
        "Good morning!": ("run_routine", "good-morning"),
        "start my morning routine please": ("run_routine", "good-morning"),
        "I want the bedtime routine": ("run_routine", "going-to-bed"),
        "tea time for 6 minutes": ("run_routine", "tea-time"),
        "run the shut down routine": ("run_routine", "shutdown"),
        "what is a good morning routine": None,
        "what time is it in the morning": None,
        "tell me about tea": None,
        "when I say hello, tell me the time": ("make_routine", ""),
    }
    async with house(tmp_path) as made:
        for request in REQUESTS:
            await made.save(request)
        found = {}
        for text in said:
            guess = await made.routines.claim(text, NOW)
            best = await made.routines.discovery.find(text)
            name = best[0].saved.kept.routine_id if guess and best else ""
            found[text] = None if guess is None else (guess.intent, name if guess.intent == "run_routine" else "")
    assert found == said


@in_virtual_time
async def test_what_was_heard_otherwise_is_found_by_its_sound(tmp_path: Path) -> None:
    requests = (
        "make a laundry routine that sets a timer for 40 minutes",
        "when I say coating, tell me the time",
        "when I say mondie check, tell me the time",
        "when I say wind down, tell me the time",
        "when I say status, tell me the time",
        "when I say report, read me my list",
    )
    said = {
        "run the londry thing": "laundry",
        "start coding": "coating",
        "do the Monday check now": "mondie-check",
        "help me wendown": "wind-down",
        "status overview": "status",
        "give me the weather": "",
        "late": "",
    }
    async with house(tmp_path) as made:
        for request in requests:
            await made.save(request)
        found = {text: await made.routines.discovery.find(text) for text in said}
    assert {text: each[0].saved.kept.routine_id if each else "" for text, each in found.items()} == said


@in_virtual_time
async def test_its_own_words_go_before_everything_they_mean_otherwise(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.save("when I say what time is it, read me my list")
        await made.save("when I say good morning, tell me the time")
        own = await made.routines.claim("What time is it?", NOW)
        begun = await made.routines.claim("start my morning", NOW)
        spoken_of = await made.routines.claim("a good morning to everybody there", NOW)
    assert own is not None
    assert own.confidence == 1.0
    assert begun is not None
    assert begun.confidence >= 0.85
    assert spoken_of is None


class Meaning(FakeEmbedder):
    """Knows that a few words mean the same."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[tuple[str, str]] = []

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> tuple[tuple[float, ...], ...]:
        self.wanted.extend(("query" if query else "phrase", text) for text in texts)
        return tuple((1.0, 0.0) if "morning" in text or "sunrise" in text else (0.0, 1.0) for text in texts)


@in_virtual_time
async def test_meaning_where_there_is_a_model_for_it(tmp_path: Path) -> None:
    embedder = Meaning()
    async with house(tmp_path, embedder=embedder) as made:
        for request in REQUESTS[:2]:
            await made.save(request)
        await made.routines.discovery.warm_up()
        found = await made.routines.discovery.find("the sunrise business")
        again = await made.routines.discovery.find("the sunrise business")
    assert [(each.saved.kept.routine_id, each.how) for each in found] == [("good-morning", "meaning")]
    assert again == found
    assert [text for kind, text in embedder.wanted if kind == "phrase"] == ["good morning", "tea time"]
    assert embedder.wanted[-1] == ("query", "the sunrise business")
    assert embedder.wanted.count(embedder.wanted[-1]) == 1


@in_virtual_time
async def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        before = await made.routines.discovery.find("good morning")
        await made.save(REQUESTS[0])
        after = await made.routines.discovery.find("good morning")
        await made.notebook.commit(made.routines.shelf.removing("good-morning"))
        gone = await made.routines.discovery.find("good morning")
    assert (len(before), len(after), len(gone)) == (0, 1, 0)
