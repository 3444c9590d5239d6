"""Lists and notes by words and by card, as the stages use the skill."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.lists.store import ITEMS, NOTES, Item, Note
from app.contracts.skill_cards import ListCard
from tests.helpers.timekeeping import Desk, desk
from tests.helpers.virtual_time import in_virtual_time


async def add(at: Desk, skill: ListsSkill, text: str) -> str:
    await at.clock.go_on(1)
    return (await at.do(skill, "add_to_list", text)).speech


async def items(at: Desk) -> list[tuple[str, str, bool]]:
    return [(item.list_id, item.text, item.done) for item in await at.notebook.entries(ITEMS, Item)]


async def shown(at: Desk, list_id: str = "shopping") -> list[tuple[str, bool]]:
    card = await at.notebook.card(f"list-{list_id}")
    assert isinstance(card, ListCard)
    return [(item.text, item.done) for item in card.items]


@in_virtual_time
async def test_added_ticked_off_and_taken_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        added = await add(at, skill, "add milk, eggs and bread to my shopping list")
        assert added == "Milk, eggs and bread added to your shopping list."
        assert (
            await add(at, skill, "add an egg and tea")
            == "Tea added to your shopping list. You already have eggs on your shopping list."
        )
        off = await at.do(skill, "remove_from_list", "I bought the milk and the wine")
        assert off.speech == "Milk ticked off. Wine is not on your shopping list."
        assert await shown(at) == [("Eggs", False), ("Bread", False), ("Tea", False), ("Milk", True)]
        undone = await at.act(skill, "list-shopping", "undo")
        assert undone.say == "Undone."
        assert await shown(at) == [("Milk", False), ("Eggs", False), ("Bread", False), ("Tea", False)]
        assert (await at.act(skill, "list-shopping", "undo")).say == "There is nothing to undo."
        gone = await at.do(skill, "remove_from_list", "take the bread off my shopping list")
        assert gone.speech == "Bread taken off your shopping list."
        assert [text for _, text, _ in await items(at)] == ["milk", "eggs", "tea"]


@in_virtual_time
async def test_what_was_ticked_off_and_is_wanted_again_comes_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        await add(at, skill, "add milk to my shopping list")
        await at.do(skill, "remove_from_list", "check off milk")
        assert await items(at) == [("shopping", "milk", True)]
        assert await add(at, skill, "add milk to my shopping list") == "Milk added to your shopping list."
        assert await items(at) == [("shopping", "milk", False)]


@in_virtual_time
async def test_the_buttons_of_the_card(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        await add(at, skill, "add milk and eggs to my shopping list")
        card = await at.notebook.card("list-shopping")
        assert isinstance(card, ListCard)
        first, second = (item.item_id for item in card.items)
        (ticked,) = (await at.act(skill, card.card_id, f"check:{first}")).cards
        assert ticked.revision == card.revision + 1
        assert await shown(at) == [("Eggs", False), ("Milk", True)]
        assert [action.label for action in ticked.actions] == ["Clear ticked"]
        await at.act(skill, card.card_id, f"check:{first}")
        await at.act(skill, card.card_id, f"remove:{second}")
        assert await shown(at) == [("Milk", False)]
        await at.act(skill, card.card_id, "undo")
        await at.act(skill, card.card_id, f"check:{second}")
        await at.act(skill, card.card_id, "clear-done")
        assert await items(at) == [("shopping", "milk", False)]
        assert await skill.act(card, "fly", "") is None


@in_virtual_time
async def test_two_changes_planned_at_the_same_time_are_both_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        await add(at, skill, "add milk to my shopping list")
        first = await at.plan(skill, "add_to_list", "add eggs to my shopping list")
        second = await at.plan(skill, "remove_from_list", "take milk off my shopping list")
        await at.notebook.commit(first.writes)
        await at.notebook.commit(second.writes)
        assert [text for _, text, _ in await items(at)] == ["eggs"]


@in_virtual_time
async def test_which_list_is_asked_when_there_are_several(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        nothing = at.asked(skill, "add_to_list", "add batteries to my list")
        assert skill.clarify(nothing, await at.data(skill, nothing)) is None
        await add(at, skill, "add milk to my shopping list")
        await add(at, skill, "add call Anna to my to do list")
        asked = at.asked(skill, "add_to_list", "add batteries to my list")
        question = skill.clarify(asked, await at.data(skill, asked))
        assert question is not None
        assert [(choice.label, choice.default) for choice in question.choices] == [
            ("To-do list", True),
            ("Shopping list", False),
        ]
        assert skill.read_answer(asked, "list", "the shopping one, the grocery list") == "shopping"
        tick = at.asked(skill, "remove_from_list", "tick off call Anna")
        assert skill.clarify(tick, await at.data(skill, tick)) is None
        assert (await at.do(skill, "remove_from_list", "tick off call Anna")).speech == "Call Anna ticked off."
        empty = at.asked(skill, "add_to_list", "add something to my list")
        question = skill.clarify(empty, await at.data(skill, empty))
        assert question is not None
        assert skill.read_answer(empty, question.slot, "cheese and ham") == ("cheese", "ham")


@in_virtual_time
async def test_shown_and_read_out(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        show = "what's on my shopping list"
        assert (await at.do(skill, "show_list", show)).speech == "There is nothing on your shopping list."
        await add(at, skill, "add milk and eggs to my shopping list")
        assert (await at.do(skill, "show_list", show)).speech == "On your shopping list: milk and eggs."
        assert (await at.do(skill, "show_list", "is milk on the list")).speech == "Yes, milk is on your shopping list."
        assert (
            await at.do(skill, "show_list", "is wine on the list")
        ).speech == "No, wine is not on your shopping list."
        await add(at, skill, "add one thing, two things, a book, a pen, a cup, a hat and a coat to my packing list")
        assert (
            await at.do(skill, "show_list", "which lists do I have")
        ).speech == "Your lists: packing list and shopping list."
        long = (await at.do(skill, "show_list", "read me the packing list")).speech
        assert long.endswith("One more is on the card.")


@in_virtual_time
async def test_clearing_asks_first_and_can_be_undone(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        asked = at.asked(skill, "clear_list", "clear my shopping list")
        assert skill.propose(asked, await at.data(skill, asked)) is None
        await add(at, skill, "add milk and eggs to my shopping list")
        proposal = skill.propose(asked, await at.data(skill, asked))
        assert proposal is not None
        assert (proposal.sentence, proposal.preview, proposal.weighty) == (
            "I'll delete both lines of your shopping list.",
            ("milk", "eggs"),
            True,
        )
        assert (await at.do(skill, "clear_list", "clear my shopping list")).speech == "Your shopping list is empty."
        assert await items(at) == []
        await at.act(skill, "list-shopping", "undo")
        assert await shown(at) == [("Milk", False), ("Eggs", False)]


@in_virtual_time
async def test_notes_know_the_moment_they_speak_of(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        assert (
            skill.clarify(
                at.asked(skill, "take_note", "take a note"), await at.data(skill, at.asked(skill, "take_note", ""))
            )
            is not None
        )
        noted = await at.do(skill, "take_note", "take a note: the plumber comes on Monday at three")
        assert noted.speech == "Noted."
        await at.clock.go_on(1)
        await at.do(skill, "take_note", "make a note that the key is under the mat")
        first, second = await at.notebook.entries(NOTES, Note)
        assert first.when == datetime(2026, 11, 23, 15, 0, tzinfo=UTC).timestamp()
        assert second.when is None
        seen = await at.do(skill, "show_list", "read my notes")
        assert seen.speech == "You have 2 notes. The latest: The key is under the mat"
        (card,) = seen.cards
        assert isinstance(card, ListCard)
        assert [(item.text, item.when) for item in card.items] == [
            ("The key is under the mat", "21 Nov"),
            ("The plumber comes on Monday at three", "Mon 23 Nov, 3 pm"),
        ]
        await at.act(skill, "list-notes", f"remove:{second.note_id}")
        assert [note.text for note in await at.notebook.entries(NOTES, Note)] == [first.text]


@in_virtual_time
async def test_two_lists_in_one_sentence_are_not_mixed_up(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        plan = await at.do(skill, "add_to_list", "add milk to my shopping list and socks to my packing list")
        assert plan.speech == "Milk added to your shopping list."
        assert plan.notes == ('One list at a time, please. Not done: "socks to my packing list".',)
        assert await items(at) == [("shopping", "milk", False)]


@in_virtual_time
async def test_undo_by_voice_after_a_new_start(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        assert await skill.claim("undo that", at.now) is None
        await add(at, skill, "add milk, eggs and bread to my shopping list")
        await at.do(skill, "clear_list", "clear my shopping list")
        again = ListsSkill(at.parts, at.zone)
        claim = await again.claim("undo that", at.now)
        assert claim is not None
        undone = await at.do(again, claim.intent, "undo that")
        assert undone.speech == "Undone. On your shopping list: milk, eggs and bread."
        assert (await at.do(again, claim.intent, "undo that")).speech == "There is nothing to undo."


@in_virtual_time
async def test_a_long_list_is_counted_and_not_read_out(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = ListsSkill(at.parts, at.zone)
        for tens in range(0, 120, 50):
            said = await add(at, skill, f"add {', '.join(f'part {tens + one}' for one in range(60))} to my kit list")
        assert said == "That was a lot: only the first 50 things. 50 things added to your kit list."
        assert len(await items(at)) == 150
        again = await add(at, skill, "add part 7, part 7 and part 8 to my kit list")
        assert again == "You already have part 7 and part 8 on your kit list."
