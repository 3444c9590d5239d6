"""A day in one agenda: reminders, alarms, dated notes, and what is free between them."""

from __future__ import annotations

from pathlib import Path

from app.assistant.skills.day.skill import DaySkill
from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.timers.skill import TimersSkill
from app.contracts.skill_cards import ListCard
from tests.helpers.timekeeping import SATURDAY_NOON, Desk, desk
from tests.helpers.virtual_time import in_virtual_time


async def fill(at: Desk) -> None:
    timers, lists = TimersSkill(at.parts, at.zone), ListsSkill(at.parts, at.zone)
    await at.do(timers, "set_reminder", "remind me to call my mum today at 3 pm")
    await at.do(timers, "set_reminder", "remind me every day at 9 am to take my vitamins")
    await at.do(timers, "set_alarm", "set an alarm for tomorrow at 7 am")
    await at.do(timers, "set_timer", "set a timer for two hours")
    await at.do(lists, "take_note", "take a note: the plumber comes tomorrow at 11 am")
    await at.do(lists, "take_note", "take a note: Anna's birthday is tomorrow")
    await at.do(lists, "take_note", "take a note: the key is under the mat")


async def lines(at: Desk, skill: DaySkill, text: str) -> tuple[str, list[tuple[str, str]]]:
    plan = await at.do(skill, "plan_day", text)
    (card,) = plan.cards
    assert isinstance(card, ListCard)
    return plan.speech, [(item.when, item.text) for item in card.items]


@in_virtual_time
async def test_an_empty_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        speech, shown = await lines(at, DaySkill(at.parts), "plan my day")
        assert speech == "Today nothing is planned."
        assert shown == [("noon to 8 pm", "Free")]


@in_virtual_time
async def test_what_is_free_today_begins_at_the_next_quarter_of_an_hour(tmp_path: Path) -> None:
    async with desk(tmp_path, SATURDAY_NOON.replace(minute=7)) as at:
        _, shown = await lines(at, DaySkill(at.parts), "plan my day")
    assert shown == [("12:15 pm to 8 pm", "Free")]


@in_virtual_time
async def test_today_and_tomorrow(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = DaySkill(at.parts)
        await fill(at)
        speech, shown = await lines(at, skill, "what's on my agenda today")
        assert speech == (
            "Today you have one thing: call your mum at 3 pm. You are free from noon to 3 pm and from 4 pm to 8 pm."
        )
        assert shown == [("noon to 3 pm", "Free"), ("3 pm", "Call my mum"), ("4 pm to 8 pm", "Free")]
        speech, shown = await lines(at, skill, "what does tomorrow look like")
        assert shown == [
            ("all day", "Anna's birthday"),
            ("7 am", "Alarm"),
            ("8 am to 9 am", "Free"),
            ("9 am", "Take my vitamins"),
            ("10 am to 11 am", "Free"),
            ("11 am", "The plumber comes"),
            ("noon to 8 pm", "Free"),
        ]
        assert speech.startswith("Tomorrow you have 4 things: Anna's birthday all day, an alarm at 7 am, ")


@in_virtual_time
async def test_what_repeats_is_there_on_every_day(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = DaySkill(at.parts)
        await fill(at)
        _, shown = await lines(at, skill, "what do I have on Thursday")
        assert ("9 am", "Take my vitamins") in shown
        card = await at.notebook.card("day-2026-11-26")
        assert isinstance(card, ListCard)
        assert card.title == "Thursday, 26 November"
        acted = await skill.act(card, card.actions[0].action, "")
        assert acted is not None
        assert acted.asked is not None
        assert acted.asked.values == {"day": "2026-11-27"}


@in_virtual_time
async def test_data_is_asked_for_again_after_a_change_of_another_skill(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = DaySkill(at.parts)
        asked = at.asked(skill, "plan_day", "plan my day")
        before = [fetch.key for fetch in skill.fetches(asked)]
        await fill(at)
        assert all(fetch.key != key for fetch, key in zip(skill.fetches(asked), before, strict=True))


@in_virtual_time
async def test_a_part_of_the_day_and_a_day_gone_by(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = DaySkill(at.parts)
        await fill(at)
        await at.do(TimersSkill(at.parts, at.zone), "set_reminder", "remind me tonight at 11:45 pm to lock the door")
        await at.do(TimersSkill(at.parts, at.zone), "set_reminder", "remind me every three hours to drink water")
        speech, shown = await lines(at, skill, "what do I have tonight")
        assert speech == (
            "Tonight you have 2 things: drink water every 3 hours all day and lock the door at 11:45 pm. "
            "You are free from 6 pm to 10 pm."
        )
        assert ("3 pm", "Call my mum") in shown  # the card has the whole day
        speech, _ = await lines(at, skill, "am I free tomorrow afternoon")
        assert speech == (
            "Tomorrow afternoon you have 2 things: Anna's birthday all day and drink water every 3 hours all day. "
            "You are free from noon to 6 pm."
        )
        speech, _ = await lines(at, skill, "what did I have yesterday")
        assert speech == "Yesterday nothing was planned."
