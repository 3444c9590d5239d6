from __future__ import annotations

import asyncio

from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.events import RunFinished, StageStarted, Status, TextDelta, TextReplaced, TurnEvent
from app.service.limits import Limits
from app.service.outbox import JOIN_FROM, SOUNDS, Item, Outbox
from tests.helpers.virtual_time import in_virtual_time

SMALL, LARGE = Tier("small", ""), Tier("large", "")


def delta(text: str, stage: str = "a", tier: Tier = SMALL) -> TextDelta:
    return TextDelta(text=text, confidence=0.5, tier=tier, stage=stage)


def filled(limits: Limits | None = None) -> tuple[Outbox, list[str]]:
    """An outbox with so much in it that new text is joined."""
    told: list[str] = []
    outbox = Outbox(limits or Limits(), lambda: told.append("overflow"))
    for number in range(JOIN_FROM):
        outbox.put(StageStarted(stage=str(number), backend=""))
    return outbox, told


async def left(outbox: Outbox) -> list[Item]:
    outbox.put(RunFinished(pipeline_id="p"))
    outbox.no_more_sound()
    items = []
    while (item := await outbox.get()) is not None:
        items.append(item)
    return items


def told(items: list[Item]) -> list[str]:
    return [
        f"{item.stage}:{item.text}" if isinstance(item, TextDelta) else f"{type(item).__name__}"
        for item in items
        if not isinstance(item, StageStarted)
    ]


@in_virtual_time
async def test_for_a_client_that_keeps_up_every_event_is_one() -> None:
    outbox = Outbox(Limits(), lambda: None)
    for word in ("a", "b", "c"):
        outbox.put(delta(word))
    assert told(await left(outbox)) == ["a:a", "a:b", "a:c"]


@in_virtual_time
async def test_text_that_waits_is_joined_by_stage_and_tier_and_never_across_a_replacement() -> None:
    outbox, _ = filled()
    events: list[TurnEvent] = [
        delta("1"),
        delta("x", "b"),
        delta("2"),
        delta("y", "b"),
        TextReplaced(kept=1, reason="", stage="a"),
        delta("3"),
        delta("4"),
        delta("5", tier=LARGE),
        delta("6", tier=LARGE),
    ]
    for event in events:
        outbox.put(event)
    assert told(await left(outbox)) == ["a:12", "b:xy", "TextReplaced", "a:34", "a:56"]


@in_virtual_time
async def test_of_states_only_the_newest_waits() -> None:
    outbox, _ = filled()
    for progress in (0.1, 0.2, 0.3):
        outbox.put(Status(stage="a", message="loading", progress=progress))
    items = await left(outbox)
    assert [item.progress for item in items if isinstance(item, Status)] == [0.3]


@in_virtual_time
async def test_too_much_text_is_told_once_and_no_more_is_kept() -> None:
    outbox, overflows = filled(Limits(buffered_characters=100))
    for _ in range(50):
        outbox.put(delta("0123456789"))
    assert overflows == ["overflow"]
    items = await left(outbox)
    assert sum(len(item.text) for item in items if isinstance(item, TextDelta)) == 110


@in_virtual_time
async def test_too_many_events_are_told_once_and_their_number_is_bounded() -> None:
    outbox, overflows = filled(Limits(buffered_events=30))
    for number in range(1000):
        outbox.put(StageStarted(stage=str(number), backend=""))
    assert overflows == ["overflow"]
    assert len(outbox) < 100


@in_virtual_time
async def test_sound_waits_for_room_and_the_end_waits_for_sound() -> None:
    outbox = Outbox(Limits(), lambda: None)
    put = 0

    async def pump() -> None:
        nonlocal put
        for _ in range(SOUNDS + 3):
            await outbox.put_sound(AudioChunk(bytes(4)))
            put += 1
        outbox.no_more_sound()

    pumping = asyncio.create_task(pump())
    await asyncio.sleep(1)
    assert put == SOUNDS
    outbox.put(RunFinished(pipeline_id="p"))
    items = []
    while (item := await outbox.get()) is not None:
        items.append(item)
    await pumping
    assert len(items) == SOUNDS + 3
