from __future__ import annotations

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.events import TextDelta, TextReplaced, TurnEvent
from app.pipeline.outlet import Outlet
from app.pipeline.stretch import Stretch
from app.pipeline.values import Text
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TIER = Tier("a", "b")


class Stage:
    """An outlet and the text as a screen would show it."""

    def __init__(self) -> None:
        self.seen = ""
        self.outlet = Outlet("a", self._note)

    def _note(self, event: TurnEvent) -> None:
        match event:
            case TextDelta(text=text):
                self.seen += text
            case TextReplaced(kept=kept):
                self.seen = self.seen[:kept]
            case _:
                pass

    def part(self, **how: object) -> Stretch:
        return Stretch(self.outlet, LoopClock(), **how)  # type: ignore[arg-type]


@in_virtual_time
async def test_a_try_counts_from_its_own_beginning() -> None:
    stage = Stage()
    first = stage.part()
    first.show("One", None, TIER)
    first.commit()
    first.done()
    second = stage.part(lead="\n")
    second.show("Twa", None, TIER)
    second.replace(2, "spelling")
    second.show("o", None, TIER)
    assert (stage.seen, second.shown) == ("One\nTwo", "Two")
    second.take_back("retry")
    assert stage.seen == "One\n"
    assert stage.outlet.committed == "One"


@in_virtual_time
async def test_what_is_held_is_shown_and_not_handed_on() -> None:
    stage = Stage()
    firsts: list[str] = []
    part = stage.part(hold=True, on_first=lambda: firsts.append("first"))
    part.show("Paris", None, TIER)
    part.commit()
    assert (stage.seen, stage.outlet.committed, firsts, part.handed_on) == ("Paris", "", [], False)
    part.settle("Paris!", None, TIER)
    assert (stage.seen, stage.outlet.committed, firsts, part.handed_on) == ("Paris!", "Paris!", ["first"], True)


@pytest.mark.parametrize(("raw", "final"), [("abc", "abd"), ("abc", ""), ("", "xyz"), ("abc", "abcdef"), ("a", "b")])
def test_settling_shows_what_it_comes_to(raw: str, final: str) -> None:
    @in_virtual_time
    async def body() -> None:
        stage = Stage()
        before = stage.part()
        before.show("0", None, TIER)
        before.commit()
        part = stage.part(hold=True, lead="-")
        part.show(raw, None, TIER)
        part.settle(final, None, TIER)
        assert stage.seen == "0" + ("-" if raw or final else "") + final

    body()


@in_virtual_time
async def test_a_try_that_is_over_writes_nothing() -> None:
    stage = Stage()
    part = stage.part()
    part.done()
    part.show("late", None, TIER)
    part.replace(0, "late")
    part.commit()
    part.sound(AudioChunk(b"\0" * 8))
    part.item(Text("late"))
    part.settle("late", None, TIER)
    part.take_back("late")
    assert stage.seen == ""
    assert not part.handed_on
    assert part.first_at is None


@in_virtual_time
async def test_sounds_and_items_go_on_at_once() -> None:
    stage = Stage()
    part = stage.part(hold=True)
    part.sound(AudioChunk(b"\0" * 8))
    part.item(Text("x"))
    stage.outlet.finish(Text(""))
    assert [chunk.samples async for chunk in stage.outlet.sounds()] == [2]
    assert [item async for item in stage.outlet.items()] == [Text("x")]
    assert part.handed_on
    assert part.first_at == 1000.0
