"""Moments as they are said and typed. Now is Wednesday, 18 November 2026, noon in Berlin."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.understanding.moments import Recurrence, day, day_in, moment, without

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("wake me at seven", "19 Nov 07:00"), ("at seven", "18 Nov 19:00"), ("7:30 am", "19 Nov 07:30"),
        ("half past six", "18 Nov 18:30"), ("quarter to nine", "18 Nov 20:45"), ("noon", "19 Nov 12:00"),
        ("tomorrow at 5 pm", "19 Nov 17:00"), ("next Monday", "23 Nov 09:00"), ("on the 3rd of May", "03 May 09:00"),
        ("in two hours", "18 Nov 14:00"), ("an alarm for six tomorrow", "19 Nov 06:00"), ("midnight", "19 Nov 00:00"),
        ("seven thirty", "18 Nov 19:30"), ("tomorrow morning", "19 Nov 09:00"), ("tonight at 8", "18 Nov 20:00"),
        ("tonight at midnight", "19 Nov 00:00"), ("in three days", "21 Nov 09:00"), ("on friday at 3", "20 Nov 15:00"),
        ("in two weeks at noon", "02 Dec 12:00"), ("wednesday at 11", "18 Nov 23:00"), ("at 730 pm", "18 Nov 19:30"),
        ("wednesday at 11 am", "25 Nov 11:00"), ("next friday", "27 Nov 09:00"), ("last friday", "13 Nov 09:00"),
        ("at 1930", "18 Nov 19:30"), ("ten past eight", "18 Nov 20:10"), ("twenty five to four", "18 Nov 15:35"),
        ("the day after tomorrow at ten", "20 Nov 10:00"), ("christmas eve at 6 pm", "24 Dec 18:00"),
        ("on the 3rd", "03 Dec 09:00"), ("the first of next month", "01 Dec 09:00"),
        ("in an hour's time", "18 Nov 13:00"),
        ("5 minutes from now", "18 Nov 12:05"), ("a week from tomorrow", "26 Nov 09:00"),
        ("tomorrow at 7 in the evening", "19 Nov 19:00"), ("at six oh five", "18 Nov 18:05"),
        ("yesterday at five", "17 Nov 17:00"), ("saturday morning", "21 Nov 09:00"), ("at ten a.m.", "19 Nov 10:00"),
        ("dinner tomorrow at 7", "19 Nov 19:00"), ("seven in the morning on friday", "20 Nov 07:00"),
        ("on the twenty-fifth of December", "25 Dec 09:00"), ("at 14 30", "18 Nov 14:30"),
        ("half seven", "18 Nov 19:30"),
        ("on the first of june at half past two pm", "01 Jun 14:30"), ("10 to 8 tomorrow", "19 Nov 07:50"),
        ("seven tonight", "18 Nov 19:00"), ("on sunday the 22nd", "22 Nov 09:00"), ("meeting monday 9", "23 Nov 09:00"),
        ("tonight at one", "19 Nov 01:00"), ("25/12/2026", "25 Dec 09:00"), ("next week", "25 Nov 09:00"),
    ],
)  # fmt: skip
def test_when_it_is(text: str, at: str) -> None:
    found = moment(text, NOW)
    assert found is not None
    assert found.at.strftime("%d %b %H:%M") == at
    assert found.recurrence is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "for 10 minutes",
        "take 3 eggs",
        "good morning",
        "at 20 degrees",
        "second of two",
        "after lunch",
        "buy 5 to 10 apples",
        "I may 4 times",
    ],
)
def test_no_moment(text: str) -> None:
    assert moment(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "words", "first"),
    [
        ("every weekday at 7", "every weekday at 7 am", "19 Nov 07:00"),
        ("every monday and thursday at 6 pm", "every Monday and Thursday at 6 pm", "19 Nov 18:00"),
        ("every other day at 9", "every other day at 9 am", "19 Nov 09:00"),
        ("every evening", "every day at 7 pm", "18 Nov 19:00"),
        ("mondays and fridays at 8", "every Monday and Friday at 8 am", "20 Nov 08:00"),
        ("every two weeks on friday at noon", "every 2 weeks on Friday at noon", "20 Nov 12:00"),
        ("daily at 18:30", "every day at 6:30 pm", "18 Nov 18:30"),
        ("monday to friday at 7:15", "every weekday at 7:15 am", "19 Nov 07:15"),
        ("at midnight on weekends", "every Saturday and Sunday at midnight", "21 Nov 00:00"),
        ("every 3 days at 8 am", "every 3 days at 8 am", "19 Nov 08:00"),
        ("every 10 days at 8 am", "every 10 days at 8 am", "19 Nov 08:00"),
        ("weekly on sunday", "every Sunday at 9 am", "22 Nov 09:00"),
    ],
)
def test_what_comes_again(text: str, words: str, first: str) -> None:
    found = moment(text, NOW)
    assert found is not None
    assert found.recurrence is not None
    assert found.recurrence.in_words() == words
    assert found.at.strftime("%d %b %H:%M") == first


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("remind me to call mum tomorrow at five", "remind me to call mum"),
        ("Remind me in half an hour to take out the pizza", "Remind me to take out the pizza"),
        ("buy 2 apples at 5", "buy 2 apples"),
        ("tomorrow, at noon, see Anna", "see Anna"),
        ("water the plants on Saturday at half past ten and call Bob", "water the plants and call Bob"),
        ("every day at nine am stretch", "stretch"),
    ],
)
def test_the_rest_of_the_text(text: str, rest: str) -> None:
    found = moment(text, NOW)
    assert found is not None
    assert without(text, found.spans) == rest


def test_what_was_said_of_it() -> None:
    both, only_day, only_time = (moment(text, NOW) for text in ("friday at 5", "friday", "at 5"))
    assert both is not None
    assert only_day is not None
    assert only_time is not None
    assert (both.has_day, both.has_time) == (True, True)
    assert (only_day.has_day, only_day.has_time) == (True, False)
    assert (only_time.has_day, only_time.has_time) == (False, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("how many days until christmas", date(2026, 12, 25)), ("what day was 4 July 1776", date(1776, 7, 4)),
        ("the fourth of july nineteen seventy six", date(1976, 7, 4)), ("february 29", date(2028, 2, 29)),
        ("2027-01-02", date(2027, 1, 2)), ("three weeks ago", date(2026, 10, 28)), ("in 18 months", date(2028, 5, 18)),
        ("the end of the month", date(2026, 11, 30)), ("this weekend", date(2026, 11, 21)), ("hello", None),
        ("31 february 2027", None),
    ],
)  # fmt: skip
def test_the_day_alone(text: str, named: date | None) -> None:
    assert day(text, NOW) == named


def test_the_place_of_a_day() -> None:
    text = "See you on the third of May, Anna"
    found = day_in(text, NOW)
    assert found is not None
    assert text[found.start : found.end] == "on the third of May"


def test_hours_are_counted_across_the_change_to_summer_time() -> None:
    before = datetime(2027, 3, 28, 1, 30, tzinfo=BERLIN)
    found = moment("in two hours", before)
    assert found is not None
    assert (found.at.hour, found.at.astimezone(UTC) - before.astimezone(UTC)) == (4, timedelta(hours=2))


def test_a_time_of_day_that_is_left_out_comes_later_and_one_that_comes_twice_comes_once() -> None:
    nightly = Recurrence(2, 30)
    spring = nightly.next_after(datetime(2027, 3, 28, 0, 0, tzinfo=BERLIN))
    assert (spring.day, spring.hour, spring.minute) == (28, 3, 30)
    autumn = nightly.next_after(datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN))
    assert (autumn.day, autumn.hour, autumn.utcoffset()) == (25, 2, timedelta(hours=2))
    assert nightly.next_after(autumn).day == 26


def test_seven_stays_seven_when_the_offset_changes() -> None:
    daily = Recurrence(7, 0)
    at = datetime(2027, 3, 26, 12, 0, tzinfo=BERLIN)
    hours = []
    for _ in range(4):
        at = daily.next_after(at)
        hours.append((at.day, at.hour))
    assert hours == [(27, 7), (28, 7), (29, 7), (30, 7)]


def test_an_offset_of_this_machine_follows_its_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        at = Recurrence(7, 0).next_after(datetime(2027, 3, 27, 12, 0).astimezone())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (at.day, at.hour, at.utcoffset()) == (28, 7, timedelta(hours=2))


@given(
    st.builds(
        Recurrence,
        hour=st.integers(0, 23),
        minute=st.integers(0, 59),
        weekdays=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
        every_days=st.integers(1, 40),
        since=st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat),
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(BERLIN)),
)
def test_the_next_one_is_later_and_fits(recurrence: Recurrence, now: datetime) -> None:
    at = recurrence.next_after(now)
    assert at.astimezone(UTC) > now.astimezone(UTC)
    assert not recurrence.weekdays or at.weekday() in recurrence.weekdays
    assert at.astimezone(UTC) - now.astimezone(UTC) <= timedelta(days=41)
    assert recurrence.in_words()


@given(
    st.lists(
        st.sampled_from(
            (
                "at",
                "in",
                "on the",
                "next",
                "every",
                "7",
                "seven",
                "thirty",
                "half past",
                "quarter to",
                "noon",
                "monday",
                "friday",
                "day",
                "week",
                "3rd",
                "of may",
                "tomorrow",
                "tonight",
                "morning",
                "pm",
                "hours",
                "minutes",
                "14:30",
                "and",
                "ago",
                "from now",
                "two",
            )
        ),
        max_size=8,
    ).map(" ".join)
)
def test_no_words_are_too_strange(text: str) -> None:
    found = moment(text, NOW)
    if found is not None:
        assert found.at.tzinfo is BERLIN
        assert found.spans == tuple(sorted(found.spans))
        assert all(0 <= start < end <= len(text) for start, end in found.spans)
        without(text, found.spans)
