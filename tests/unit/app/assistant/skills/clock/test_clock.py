"""The time here and elsewhere, and dates, as sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.skills.clock.dates import answer, read
from app.assistant.skills.clock.holidays import easter, nth_weekday
from app.assistant.skills.clock.places import _places, count, mentioned, named, zone
from app.assistant.skills.clock.skill import DATE, TIME, ClockSkill, answer_time, read_time
from app.contracts.errors import Unavailable
from tests.helpers.skills import SATURDAY, parts, said

TIMES = {
    "what time is it": "It is 15:42.",
    "What time is it in Tokyo?": "In Tokyo it is 23:42, 8 hours ahead of you.",
    "time in LA": "In Los Angeles it is 06:42, 9 hours behind you.",
    "what time is it in mexico city": "In Mexico City it is 08:42, 7 hours behind you.",
    "what time is it in Kathmandu": "In Kathmandu it is 20:27, 4 hours 45 minutes ahead of you.",
    "what time is it in sydney": "In Sydney it is 01:42 tomorrow (Sunday), 10 hours ahead of you.",
    "what time is it in Nice": "In Nice it is 15:42, the same as here.",
    "time difference between Paris and Tokyo": "Paris is 8 hours behind Tokyo.",
    "how many hours ahead is sydney": "Sydney is 10 hours ahead of here.",
    "what time is it in chicago when it is 3 pm here": "When it is 15:00 here, it is 08:00 in Chicago.",
    "if it's 5 pm in london what time is it in new york": "When it is 17:00 in London, it is 12:00 in New York.",
    "which time zone am i in": (
        "Your time zone is Europe/Berlin, 1 hour ahead of UTC. The clocks go forward next on Sunday, 28 March 2027."
    ),
    "what time is it in the us": (
        "The United States has several time zones: it is 09:42 in New York, 08:42 in Chicago, 07:42 in Denver and "
        "06:42 in Los Angeles."
    ),
    "what time is it in atlantis": (
        "I do not know the time zone of Atlantis. I know most large cities and many countries."
    ),
}
DATES = {
    "what's the date": "Today is Saturday, 21 November 2026.",
    "what day is tomorrow": "Tomorrow is Sunday, 22 November 2026.",
    "what day was it yesterday": "Yesterday was Friday, 20 November 2026.",
    "which weekday was the 20th of july 1969": "That was Sunday, 20 July 1969.",
    "what date is next friday": "That is Friday, 27 November 2026.",
    "how many days until new year": "It is 41 days until Friday, 1 January 2027.",
    "how many weeks until the first of march": "It is 14 weeks and 2 days until Monday, 1 March 2027.",
    "how many months until christmas": "It is 1 month and 4 days until Friday, 25 December 2026.",
    "how many days since the 4th of july": "Saturday, 4 July 2026 was 140 days ago.",
    "how many days between the 3rd of may and the 10th of june": (
        "From Monday, 3 May 2027 to Thursday, 10 June 2027 it is 38 days."
    ),
    "how many days until today": "That is today, Saturday, 21 November 2026.",
    "what week is it": "This is week 47 of 2026.",
    "what week is the 1st of january 2027": "Friday, 1 January 2027 is in week 53 of 2026.",
    "is 2028 a leap year": "2028 is a leap year.",
    "is 1900 a leap year": "1900 is not a leap year.",
    "when's the next leap year": "The next leap year is 2028.",
    "when is easter": "That is Sunday, 28 March 2027.",
    "when is thanksgiving": "That is Thursday, 26 November 2026.",
    "how many days are in february 2028": "February 2028 has 29 days.",
    "how many days in this month": "November 2026 has 30 days.",
    "does this year have 366 days": "2026 is not a leap year.",
    "what day of the year is it": "Today is day 325 of 2026.",
    "how many days are left in the year": "40 days of 2026 are left after today.",
    "how old is someone born on 3 May 1990": "Born on Thursday, 3 May 1990, one is 36 years old today.",
    "how many days until my birthday": (
        "There is no such day, or I do not know it. Tell me its date, as in: the 3rd of May."
    ),
}


async def test_times(tmp_path: Path) -> None:
    skill = ClockSkill(parts(tmp_path))
    await skill.start()
    assert {text: await said(skill, TIME, text) for text in TIMES} == TIMES


async def test_dates(tmp_path: Path) -> None:
    skill = ClockSkill(parts(tmp_path))
    assert {text: await said(skill, DATE, text) for text in DATES} == DATES


def test_a_fixed_zone_has_no_change_of_clocks() -> None:
    from_utc = datetime(2026, 11, 21, 15, 42, tzinfo=UTC)
    assert read_time("when do the clocks change") == {"about": "change"}
    assert "do not change" in _said("when do the clocks change", from_utc)
    assert "go back next on Sunday, 1 November 2026" in _said(
        "when do the clocks change", datetime(2026, 7, 1, tzinfo=ZoneInfo("America/New_York"))
    )


def _said(text: str, now: datetime) -> str:
    return answer_time(read_time(text), now)


def test_every_place_has_a_zone_this_machine_knows() -> None:
    assert count() >= 250
    for name, place in _places().items():
        if place.zone:
            zone(place.zone)
        else:
            assert place.cities
            assert all(named(city) is not None for city in place.cities), name


def test_the_longest_name_wins_and_short_ones_need_a_place() -> None:
    assert [place.name for place in mentioned("from mexico city to new york city")] == ["Mexico City", "New York City"]
    assert mentioned("tell us the time in la") == (named("los angeles"),)
    assert mentioned("la vie est belle, let us go") == ()


def test_a_zone_nobody_has_is_said() -> None:
    with pytest.raises(Unavailable) as failure:
        zone("Middle/Earth")
    assert failure.value.code == "no-zone"


@pytest.mark.parametrize(
    ("year", "day"), [(1999, (4, 4)), (2000, (4, 23)), (2024, (3, 31)), (2025, (4, 20)), (2038, (4, 25))]
)
def test_easter(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


@given(st.integers(1583, 4099))
@settings(max_examples=30, deadline=None)
def test_easter_is_a_sunday_of_spring(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_weekdays_of_months() -> None:
    assert nth_weekday(2026, 11, 3, 4) == date(2026, 11, 26)
    assert nth_weekday(2026, 12, 0, -1) == date(2026, 12, 28)


_WORDS = st.sampled_from(
    (
        *("how", "many", "days", "weeks", "months", "until", "since", "between", "christmas", "3rd", "of", "may"),
        *("29", "february", "2028", "leap", "year", "week", "born", "old", "what", "date", "is", "next", "friday"),
        *("1900", "9999", "in", "100", "tomorrow", "ago", "left"),
    )
)


@given(st.lists(_WORDS, max_size=12), st.dates(date(1600, 1, 1), date(9000, 1, 1)))
@settings(max_examples=80, deadline=None)
def test_any_words_get_a_sentence(words: list[str], today: date) -> None:
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    text = answer(read(" ".join(words), now), now)
    assert text.endswith((".", "?"))


def test_values_of_a_routine_need_not_be_sound() -> None:
    assert answer({}, SATURDAY) == "Today is Saturday, 21 November 2026."
    assert answer({"about": "nonsense"}, SATURDAY) == "Today is Saturday, 21 November 2026."
    assert answer({"about": "until", "day": "soon"}, SATURDAY) == "Today is Saturday, 21 November 2026."
    assert answer({"about": "leap-year", "year": -5}, SATURDAY) == "2026 is not a leap year."
