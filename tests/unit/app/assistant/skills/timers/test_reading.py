"""What sentences say about timers, alarms and reminders."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.skills.timers import repeats
from app.assistant.skills.timers.correcting import Correction, correction
from app.assistant.skills.timers.reading import alarm_values, change_values, reminder_values, timer_values
from app.assistant.understanding.recurring import Recurrence

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds", "label"),
    [
        ("set a timer for 10 minutes", 600, ""),
        ("Set a 5 minute pasta timer.", 300, "pasta"),
        ("timer for 10 minutes for the eggs", 600, "eggs"),
        ("start a timer called laundry for 1 hour", 3600, "laundry"),
        ("set a 20 minute timer for the oven", 1200, "oven"),
        ("please set a timer for two and a half minutes named soft boiled eggs", 150, "soft boiled eggs"),
        ("can you start a 30 second countdown", 30, ""),
        ("set another timer for 3 minutes for tea", 180, "tea"),
        ("pizza timer 12 minutes", 720, "pizza"),
        ("set a timer", None, ""),
        ("set a timer until quarter past twelve", 900, ""),
    ],
)
def test_timers(text: str, seconds: float | None, label: str) -> None:
    values = timer_values(text, NOW)
    assert (values.get("seconds"), values.get("label", "")) == (seconds, label)


@pytest.mark.parametrize(
    ("text", "timers"),
    [
        ("set timers for 5 and 10 minutes", ["300", "600"]),
        ("start timers of 3, 5 and seven minutes", ["180", "300", "420"]),
        ("set a tea timer for 4 minutes and an egg timer for 6 minutes", ["240 tea", "360 egg"]),
        ("set two timers, one for 5 minutes and one for an hour", ["300", "3600"]),
        ("timers for five minutes for the eggs and ten minutes for the rice", ["300 eggs", "600 rice"]),
        ("set a timer for 5 minutes and 10 seconds", ["310"]),
        ("set a timer for an hour and a half", ["5400"]),
    ],
)
def test_several_timers_at_once(text: str, timers: list[str]) -> None:
    values = timer_values(text, NOW)
    more = values.get("more", ())
    assert isinstance(more, tuple)
    assert [f"{values['seconds']:g} {values.get('label', '')}".strip(), *more] == timers


@pytest.mark.parametrize(
    ("text", "first", "again", "label"),
    [
        ("remind me every two hours to drink water", "14:00", "every 2 hours", "drink water"),
        ("remind me hourly to stretch", "13:00", "every hour", "stretch"),
        ("every 45 minutes remind me to look up", "12:45", "every 45 minutes", "look up"),
        ("remind me every other hour to check the oven", "14:00", "every 2 hours", "check the oven"),
        ("remind me every half hour to breathe", "12:30", "every 30 minutes", "breathe"),
        ("remind me every 3 hours starting at 4 pm to take a pill", "16:00", "every 3 hours", "take a pill"),
        ("remind me every 2 days at 9 to water the plants", "09:00", "every other day at 9 am", "water the plants"),
    ],
)
def test_again_after_so_long(text: str, first: str, again: str, label: str) -> None:
    values = reminder_values(text, NOW)
    at, word = values["at"], str(values["repeats"])
    assert isinstance(at, float)
    assert (f"{datetime.fromtimestamp(at, UTC):%H:%M}", values["label"]) == (first, label)
    assert repeats.in_words(word) == again
    assert repeats.next_due(word, at - 1.0, UTC) == at


@given(st.integers(60, 86399), st.integers(0, 4_000_000_000), st.floats(0, 4e9))
def test_the_next_time_is_the_first_one_after(every_s: int, since: int, after: float) -> None:
    due = repeats.next_due(repeats.form_of_interval(every_s, since), after)
    assert due is not None
    assert after < due <= after + every_s + 1e-6
    assert (due - since) % every_s == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("no, make it 8 minutes", Correction(to="8 minutes")),
        ("Actually, eight minutes.", Correction(to="eight minutes")),
        ("make it 8", Correction(to="8")),
        ("I meant half an hour", Correction(to="half an hour")),
        ("change it to 6:30", Correction(to="6:30")),
        ("sorry, tomorrow at 7", Correction(to="tomorrow at 7")),
        ("make it two minutes longer", Correction(by_s=120.0)),
        ("no, cancel that", Correction(drops=True)),
        ("no, that's wrong", None),
        ("eight minutes", None),
        ("make it rhyme", None),
        ("actually tell me a joke", None),
        ("change it to French", None),
    ],
)
def test_what_puts_the_last_one_right(text: str, becomes: Correction | None) -> None:
    assert correction(text, NOW) == becomes


@pytest.mark.parametrize(
    ("text", "at", "label", "again"),
    [
        ("wake me up at 7", "22 07:00", "", ""),
        ("set an alarm for 6:30 every weekday", "23 06:30", "", "0,1,2,3,4@06:30"),
        ("set a gym alarm for 5:45 am", "22 05:45", "gym", ""),
        ("alarm at half past six for the gym", "21 18:30", "gym", ""),
        ("wake me up in 20 minutes", "21 12:20", "", ""),
        ("set a nap alarm for 25 minutes", "21 12:25", "nap", ""),
    ],
)
def test_alarms(text: str, at: str, label: str, again: str) -> None:
    values = alarm_values(text, NOW)
    moment = values["at"]
    assert isinstance(moment, float)
    assert f"{datetime.fromtimestamp(moment, UTC):%d %H:%M}" == at
    assert (values.get("label", ""), values.get("repeats", "")) == (label, again)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("remind me to call mum tomorrow at five", "call mum"),
        ("remind me at 5 pm to take the pills", "take the pills"),
        ("remind me to water the plants every Monday at 9", "water the plants"),
        ("set a reminder for 3 pm to pick up Anna", "pick up Anna"),
        ("remind me about the meeting at 3", "the meeting"),
        ("don't let me forget to pay the rent on Friday", "pay the rent"),
        ("tomorrow at noon remind me that I have a date", "I have a date"),
        ("call the bank at 4 pm, remind me", "call the bank"),
        ("remind me every day at 8 am to take my vitamins please", "take my vitamins"),
        ("set a reminder", ""),
    ],
)
def test_reminders(text: str, label: str) -> None:
    assert reminder_values(text, NOW).get("label", "") == label


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("cancel the tea timer", {"deed": "cancel", "what": "timer", "name": "tea"}),
        ("stop", {"deed": "stop"}),
        ("add five minutes to the tea timer", {"deed": "add", "by": 300.0, "what": "timer", "name": "tea"}),
        ("take 2 minutes off the oven timer", {"deed": "take", "by": 120.0, "what": "timer", "name": "oven"}),
        ("cancel all timers", {"deed": "cancel", "what": "timer", "all": True}),
        ("cancel the 10 minute timer", {"deed": "cancel", "what": "timer", "length": 600.0}),
        ("snooze for ten minutes", {"deed": "snooze", "by": 600.0}),
        ("delete the reminder to call mum", {"deed": "cancel", "what": "reminder", "name": "call mum"}),
        ("turn off the alarm", {"deed": "stop", "what": "alarm"}),
        ("move my gym alarm to eight", {"deed": "move", "what": "alarm", "name": "gym", "to": "eight"}),
        ("how long is left on the tea timer", {"what": "timer", "name": "tea"}),
    ],
)
def test_changes(text: str, values: dict[str, object]) -> None:
    assert dict(change_values(text)) == values


@given(st.text(max_size=80))
def test_no_words_break_it(text: str) -> None:
    correction(text, NOW)
    timer_values(text, NOW)
    alarm_values(text, NOW)
    reminder_values(text, NOW)
    change_values(text)


RECURRENCES = st.one_of(
    st.builds(
        lambda hour, minute, days: Recurrence(hour, minute, tuple(sorted(days))),
        st.integers(0, 23),
        st.integers(0, 59),
        st.sets(st.integers(0, 6), min_size=1),
    ),
    st.builds(
        lambda hour, minute, every, since: Recurrence(hour, minute, (), every, since.isoformat()),
        st.integers(0, 23),
        st.integers(0, 59),
        st.integers(1, 60),
        st.dates(),
    ),
)


@given(RECURRENCES)
def test_what_repeats_is_kept_as_one_word(recurrence: Recurrence) -> None:
    word = repeats.form(recurrence)
    assert repeats.read(word) == recurrence
    assert repeats.in_words(word) == recurrence.in_words()
    due = repeats.next_due(word, NOW.timestamp(), UTC)
    assert due == recurrence.next_after(NOW).timestamp()


@pytest.mark.parametrize("word", ["", "7@07:00", "0@25:00", "0/2026-13-01@07:00", "daily"])
def test_a_word_nobody_can_read_is_once(word: str) -> None:
    assert repeats.read(word) is None
    assert repeats.next_due(word, 0.0) is None
    assert repeats.in_words(word) == ""


def test_the_same_days_at_another_time() -> None:
    assert repeats.at_time("0,1@07:00", 8, 30) == "0,1@08:30"
    assert repeats.at_time("", 8, 30) == ""
