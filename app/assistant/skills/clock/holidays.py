"""Feasts that fall on another day each year, by their rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta


def easter(year: int) -> date:
    """Easter Sunday of a year of the Gregorian calendar.

    The rule is the one of Butcher, as in J. Meeus, "Astronomical Algorithms", chapter 8.
    """
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, century_rest = divmod(century, 4)
    shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - shift + 15) % 30
    quarter, rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * quarter - epact - rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth such weekday of a month (Monday is 0); -1 for the last."""
    if nth < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _from_easter(days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + timedelta(days=days)


RULES: Mapping[str, Callable[[int], date]] = {
    "good friday": _from_easter(-2),
    "easter sunday": easter,
    "easter monday": _from_easter(1),
    "easter": easter,
    "ash wednesday": _from_easter(-46),
    "ascension day": _from_easter(39),
    "ascension": _from_easter(39),
    "whit monday": _from_easter(50),
    "pentecost": _from_easter(49),
    "corpus christi": _from_easter(60),
    "thanksgiving": lambda year: nth_weekday(year, 11, 3, 4),
    "black friday": lambda year: nth_weekday(year, 11, 3, 4) + timedelta(days=1),
    "mother's day": lambda year: nth_weekday(year, 5, 6, 2),
    "mothers day": lambda year: nth_weekday(year, 5, 6, 2),
    "father's day": lambda year: nth_weekday(year, 6, 6, 3),
    "fathers day": lambda year: nth_weekday(year, 6, 6, 3),
    "labor day": lambda year: nth_weekday(year, 9, 0, 1),
    "memorial day": lambda year: nth_weekday(year, 5, 0, -1),
    "independence day": lambda year: date(year, 7, 4),
    "st patrick's day": lambda year: date(year, 3, 17),
    "saint patrick's day": lambda year: date(year, 3, 17),
    "epiphany": lambda year: date(year, 1, 6),
    "april fools' day": lambda year: date(year, 4, 1),
    "april fools": lambda year: date(year, 4, 1),
}
_NAMED = re.compile(
    rf"\b(?P<name>{'|'.join(sorted(RULES, key=len, reverse=True))})\b(?: (?:of |in )?(?P<year>\d{{4}}))?"
)


def with_dates(text: str, today: date) -> str:
    """A lower-cased text with such feasts as dates: of the year that is named, or the next to come, today counts."""

    def dated(match: re.Match[str]) -> str:
        rule = RULES[match["name"]]
        if match["year"] and 1583 <= int(match["year"]) <= 4099:
            return rule(int(match["year"])).isoformat()
        this_year = rule(today.year)
        return (this_year if this_year >= today else rule(today.year + 1)).isoformat()

    return _NAMED.sub(dated, text.replace("\u2019", "'"))
