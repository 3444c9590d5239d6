"""Timers, alarms and reminders by words and by button, as the stages use the skill."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.assistant.skills.timers.correcting import WITHIN_S
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.skills.timers.timer import TIMERS, Timer
from app.contracts.skill_cards import ListCard, TimerCard, TimerState
from tests.helpers.timekeeping import Desk, desk
from tests.helpers.virtual_time import in_virtual_time

SET = {"timer": "set_timer", "alarm": "set_alarm", "wake": "set_alarm", "remind": "set_reminder"}


async def say(at: Desk, skill: TimersSkill, *texts: str) -> list[str]:
    """What is answered to words that set something."""
    intents = [next(SET[word] for word in SET if word in text) for text in texts]
    return [(await at.do(skill, intent, text)).speech for intent, text in zip(intents, texts, strict=True)]


async def change(at: Desk, skill: TimersSkill, text: str) -> str:
    return (await at.do(skill, "change_timer", text)).speech


async def kept(at: Desk) -> dict[str, Timer]:
    return {timer.label or timer.what.value: timer for timer in await at.notebook.entries(TIMERS, Timer)}


@in_virtual_time
async def test_set_by_words_and_said_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        answers = await say(
            at,
            TimersSkill(at.parts, at.zone),
            "set a tea timer for four minutes",
            "set a timer for an hour and a half",
            "wake me up at seven",
            "set a gym alarm for 5:45 am every weekday",
            "remind me to call my mum tomorrow at five",
            "remind me on Friday about the parcel",
            "remind me at 1 pm that I have a meeting",
            "remind me every day at 8 am to take my vitamins",
        )
        assert answers == [
            "Tea timer: 4 minutes, starting now.",
            "Timer: 1 hour 30 minutes, starting now.",
            "Alarm set for tomorrow at 7 am.",
            "Gym alarm set for every weekday at 5:45 am, next on Monday at 5:45 am.",
            "I'll remind you tomorrow at 5 pm to call your mum.",
            "I'll remind you on Friday at 9 am: the parcel. I took nine in the morning.",
            "I'll remind you at 1 pm: you have a meeting.",
            "I'll remind you every day at 8 am to take your vitamins. The next time is tomorrow at 8 am.",
        ]
        assert len(await kept(at)) == 8


@in_virtual_time
async def test_what_is_missing_is_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        timer = at.asked(skill, "set_timer", "set a timer")
        question = skill.clarify(timer, await at.data(skill, timer))
        assert question is not None
        assert [choice.label for choice in question.choices if choice.default] == ["5 minutes"]
        assert skill.read_answer(timer, "seconds", "seven") == 420.0
        assert (await skill.plan(timer.having({"seconds": "600"}), await at.data(skill, timer))).speech == (
            "Timer: 10 minutes, starting now."
        )
        alarm = at.asked(skill, "set_alarm", "wake me up on Friday")
        question = skill.clarify(alarm, await at.data(skill, alarm))
        assert question is not None
        plan = await skill.plan(alarm.having({question.slot: "7:30 am"}), await at.data(skill, alarm))
        assert plan.speech == "Alarm set for Friday at 7:30 am."
        reminder = at.asked(skill, "set_reminder", "set a reminder")
        first = skill.clarify(reminder, await at.data(skill, reminder))
        assert first is not None
        assert first.slot == "label"
        reminder = reminder.having({"label": skill.read_answer(reminder, "label", "to feed the cat.") or ""})
        second = skill.clarify(reminder, await at.data(skill, reminder))
        assert second is not None
        assert second.choices[0].label == "In 10 minutes"
        assert skill.read_answer(reminder, "at", "blue") is None
        assert skill.read_answer(reminder, "at", "remind me on Friday to light the fire") is None
        plan = await skill.plan(reminder.having({"at": "every Monday at nine"}), await at.data(skill, reminder))
        assert plan.speech.startswith("I'll remind you every Monday at 9 am to feed the cat.")


@in_virtual_time
async def test_changed_by_words(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        assert await change(at, skill, "cancel the timer") == "There is no timer set."
        await say(at, skill, "set a tea timer for four minutes", "set a pasta timer for ten minutes")
        await at.clock.go_on(60)
        assert await change(at, skill, "pause the tea timer") == "Tea timer paused."
        await at.clock.go_on(100)
        more = await change(at, skill, "add two minutes to the pasta timer")
        assert more == "Pasta timer: 9 minutes 20 seconds left now."
        assert await change(at, skill, "resume") == "Tea timer goes on, 3 minutes left."
        assert await change(at, skill, "cancel the egg timer") == "There is no egg timer."
        assert await change(at, skill, "cancel the pasta timer") == "Pasta timer cancelled."
        assert list(await kept(at)) == ["tea"]
        left = (await kept(at))["tea"].due_at - at.clock.time()
        assert 179 < left <= 180


@in_virtual_time
async def test_moved_to_another_time(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await say(at, skill, "set an alarm for every weekday at 7 am", "remind me to call mum tomorrow at five")
        await say(at, skill, "set a tea timer for four minutes")
        assert await change(at, skill, "move my alarm to eight") == "Alarm moved to Monday at 8 am."
        assert (await kept(at))["alarm"].repeats == "0,1,2,3,4@08:00"
        moved = await change(at, skill, "change the reminder to call mum to 6:30 pm")
        assert moved == "Reminder to call mum moved to tomorrow at 6:30 pm."
        later = await change(at, skill, "postpone the reminder to call mum until Tuesday")
        assert later == "Reminder to call mum moved to Tuesday at 6:30 pm."
        assert await change(at, skill, "change the tea timer to six minutes") == "Tea timer set to 6 minutes."
        assert await change(at, skill, "make the tea timer two minutes longer") == "Tea timer: 8 minutes left now."
        assert await change(at, skill, "move my alarm to blue") == "I did not understand the new time."


@in_virtual_time
async def test_which_one_is_asked_when_it_may_be_several(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await say(at, skill, "set a tea timer for four minutes", "set a pasta timer for ten minutes", "alarm at 7 am")
        asked = at.asked(skill, "change_timer", "cancel the timer")
        data = await at.data(skill, asked)
        question = skill.clarify(asked, data)
        assert question is not None
        assert [choice.label for choice in question.choices] == [
            "Tea timer, 4 minutes left",
            "Pasta timer, 10 minutes left",
        ]
        which = skill.read_answer(asked, question.slot, "the pasta one")
        assert which == question.choices[1].value
        assert (await skill.plan(asked.having({question.slot: which}), data)).speech == "Pasta timer cancelled."
        everything = at.asked(skill, "change_timer", "cancel all timers")
        proposal = skill.propose(everything, data)
        assert proposal is not None
        assert (proposal.sentence, proposal.weighty) == ("I'll cancel 2 timers.", True)
        assert await change(at, skill, "cancel my seven o'clock alarm") == "Alarm cancelled."


@in_virtual_time
async def test_shown_with_what_is_left(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        assert (await at.plan(skill, "show_timers", "what timers are running")).speech == "There are no timers set."
        await say(at, skill, "set a tea timer for four minutes", "remind me to call mum tomorrow at five")
        await at.clock.go_on(50)
        plan = await at.do(skill, "show_timers", "how long is left on the tea timer")
        assert plan.speech == "The tea timer has 3 minutes 10 seconds left."
        plan = await at.do(skill, "show_timers", "which reminders are set")
        assert plan.speech == "Your reminder to call mum is set for tomorrow at 5 pm."
        everything = at.asked(skill, "show_timers", "what is set")
        plan = await skill.plan(everything, await at.data(skill, everything))
        assert plan.speech == (
            "You have 1 timer and 1 reminder: the tea timer, 3 minutes 10 seconds left and "
            "the reminder to call mum, tomorrow at 5 pm."
        )
        (card,) = plan.cards
        assert isinstance(card, ListCard)
        assert [(item.text, item.when) for item in card.items] == [
            ("Tea timer", "3 minutes 10 seconds left"),
            ("Reminder to call mum", "tomorrow at 5 pm"),
        ]
        acted = await at.act(skill, "timers-list", f"remove:{card.items[1].item_id}")
        assert [type(each) for each in acted.cards] == [TimerCard, ListCard]
        assert list(await kept(at)) == ["tea"]


@in_virtual_time
async def test_the_buttons_of_a_card(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await skill.start()
        plan = await at.do(skill, "set_timer", "set a tea timer for four minutes")
        (card,) = plan.cards
        assert isinstance(card, TimerCard)
        assert [action.action for action in card.actions] == ["pause", "plus-minute", "cancel"]
        await at.clock.go_on(60)
        (paused,) = (await at.act(skill, card.card_id, "pause")).cards
        assert isinstance(paused, TimerCard)
        assert (paused.state, round(paused.remaining_s), paused.revision) == (TimerState.PAUSED, 180, 2)
        assert [action.action for action in paused.actions] == ["resume", "cancel"]
        await at.clock.go_on(1000)
        assert at.said == []
        await at.act(skill, card.card_id, "resume")
        await at.act(skill, card.card_id, "plus-minute")
        await at.clock.go_on(239)
        assert at.said == []
        await at.clock.go_on(1.1)
        assert at.said == ["Your tea timer is over."]
        (snoozed,) = (await at.act(skill, card.card_id, "snooze:300")).cards
        assert isinstance(snoozed, TimerCard)
        assert snoozed.state is TimerState.RUNNING
        await at.clock.go_on(300)
        assert at.said == ["Your tea timer is over."] * 2
        (done,) = (await at.act(skill, card.card_id, "stop")).cards
        assert isinstance(done, TimerCard)
        assert (done.state, done.actions) == (TimerState.DONE, ())
        (again,) = (await at.act(skill, card.card_id, "stop")).cards
        assert isinstance(again, TimerCard)
        assert again.state is TimerState.DONE
        assert await kept(at) == {}
        await skill.aclose()


@in_virtual_time
async def test_stop_by_voice_ends_everything_that_rings_and_nothing_else(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await skill.start()
        await say(at, skill, "set a tea timer for one minute", "set an egg timer for one minute", "wake me at 7 am")
        await at.clock.go_on(61)
        asked = at.asked(skill, "change_timer", "stop")
        assert skill.clarify(asked, await at.data(skill, asked)) is None
        assert await change(at, skill, "stop") == "All right."
        assert list(await kept(at)) == ["alarm"]
        await skill.aclose()


@in_virtual_time
async def test_a_bare_stop_leaves_what_does_not_ring(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await say(at, skill, "set a tea timer for one minute")
        assert await change(at, skill, "stop") == "Nothing is ringing."
        assert list(await kept(at)) == ["tea"]
        assert await change(at, skill, "stop the timer") == "Tea timer cancelled."


@in_virtual_time
async def test_one_snooze_is_for_everything_that_rings(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        await skill.start()
        await say(at, skill, "set timers for 1 minute for the eggs and 1 minute for the rice")
        await at.clock.go_on(61)
        assert await change(at, skill, "snooze for ten minutes") == "All right, again in 10 minutes."
        await at.clock.go_on(601)
        assert sorted(at.said) == ["Your eggs timer is over."] * 2 + ["Your rice timer is over."] * 2
        await skill.aclose()


@in_virtual_time
async def test_a_correction_is_for_the_one_set_just_now(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        assert await skill.claim("no, make it 8 minutes", at.now) is None
        assert await say(at, skill, "set a tea timer for 2 minutes", "set timers for 5 and 10 minutes") == [
            "Tea timer: 2 minutes, starting now.",
            "2 timers: 5 minutes and 10 minutes, starting now.",
        ]
        await at.clock.go_on(5)
        await say(at, skill, "set an egg timer for 10 minutes")
        claim = await skill.claim("no, make it 8 minutes", at.now)
        assert claim is not None
        assert claim.intent == "change_timer"
        assert await change(at, skill, "no, make it 8 minutes") == "Egg timer set to 8 minutes."
        assert await change(at, skill, "make it a minute longer") == "Egg timer: 9 minutes left now."
        assert await skill.claim("play some music", at.now) is None
        assert await change(at, skill, "cancel that") == "Egg timer cancelled."
        await at.clock.go_on(WITHIN_S + 1)
        assert await skill.claim("no, make it 8 minutes", at.now) is None


@in_virtual_time
async def test_a_button_that_is_said_aloud_has_an_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        plan = await at.do(skill, "set_timer", "set a tea timer for 2 minutes")
        (card,) = plan.cards
        paused = await at.act(skill, card.card_id, "pause")
        assert (paused.say, paused.spoken) == ("", "Tea timer paused.")
        assert (await at.act(skill, card.card_id, "cancel")).spoken == "Tea timer cancelled."
        assert (await at.act(skill, card.card_id, "cancel")).spoken == "That is over already."


@in_virtual_time
async def test_no_more_often_than_a_minute_and_not_too_many_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        skill = TimersSkill(at.parts, at.zone)
        assert await say(at, skill, "remind me every 5 seconds to blink") == ["I can remind you once a minute at most."]
        many = "set timers for 1, 2, 3, 4, 5, 6 and 7 minutes"
        assert await say(at, skill, many) == ["I can start 6 timers at once. Ask for the others after that."]
        assert await kept(at) == {}


@in_virtual_time
async def test_seven_stays_seven_when_summer_time_begins(tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    async with desk(tmp_path, datetime(2026, 3, 27, 20, 0, tzinfo=berlin)) as at:
        skill = TimersSkill(at.parts, at.zone)
        await skill.start()
        await at.do(skill, "set_alarm", "wake me every day at 7 am")
        rang = []
        for _ in range(3):  # Saturday, Sunday (the night the clock goes forward), Monday
            (alarm,) = (await kept(at)).values()
            at.clock.sleep_of_machine(alarm.due_at - at.clock.time() - 1)
            await at.clock.go_on(1.5)
            rang.append(datetime.fromtimestamp(at.announced[-1][0], berlin).strftime("%a %H:%M:%S"))
            await at.act(skill, alarm.card_id, "stop")
            await at.clock.go_on(0.1)
        assert rang == ["Sat 07:00:00", "Sun 07:00:00", "Mon 07:00:00"]
        await skill.aclose()
