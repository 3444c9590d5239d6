"""Cities and countries with their time zones, read from ``assets/skills/clock/places.json`` at the first use.

Why it exists: people ask for a city, and the zone data knows one city of each zone only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.contracts.errors import Unavailable
from app.settings.paths import asset


@dataclass(frozen=True, slots=True)
class Place:
    """A place whose time can be told.

    Attributes:
        name: As it is written: "New York".
        zone: Its time zone; empty for a country with several.
        cities: Names of cities in its zones, for a country with several.
    """

    name: str
    zone: str = ""
    cities: tuple[str, ...] = ()


def zone(name: str) -> ZoneInfo:
    """A time zone by its name, as in ``Asia/Tokyo``.

    Raises:
        Unavailable: This machine has no data about it.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise Unavailable(
            f"This machine has no data about the time zone {name}.", code="no-zone", remedy="Install the tz database."
        ) from error


def named(name: str) -> Place | None:
    """The place of a name, whatever its letters' case, None when it is not in the table."""
    return _places().get(_plain(name))


def mentioned(text: str) -> tuple[Place, ...]:
    """The places a text names, in its order; the longest name wins: Mexico City is not Mexico."""
    return tuple(_places()[match.group(1)] for match in _names().finditer(_plain(text)))


def count() -> int:
    """How many names there are."""
    return len(_places())


def _plain(name: str) -> str:
    text = name.lower().replace("\u2019", "'").replace(".", "").replace("ã", "a").replace("í", "i").replace("ü", "u")
    return re.sub(r"\bthe\s+", "", " ".join(text.split()))


@cache
def _places() -> Mapping[str, Place]:
    table: Mapping[str, Mapping[str, list[str]]] = json.loads(
        asset("skills/clock/places.json").read_text(encoding="utf-8")
    )
    found: dict[str, Place] = {}
    for group in ("cities", "regions"):
        for zone_name, names in table[group].items():
            found |= {_plain(name): Place(name, zone_name) for name in names}
    found |= {_plain(name): Place(name, cities=tuple(cities)) for name, cities in table["several"].items()}
    found |= {"us": found["united states"], "states": found["united states"]}
    found |= {short: Place(name, zone_name) for short, (name, zone_name) in _SHORT.items()}
    return found


_SHORT = {
    "la": ("Los Angeles", "America/Los_Angeles"),
    "nyc": ("New York", "America/New_York"),
    "dc": ("Washington DC", "America/New_York"),
}
"""Short forms, which count behind "in" only."""


@cache
def _names() -> re.Pattern[str]:
    short_names = (*_SHORT, "us")
    long = "|".join(re.escape(name) for name in sorted(_places(), key=len, reverse=True) if name not in short_names)
    short = "|".join(short_names)
    return re.compile(rf"(?:\b(?=(?:{long})\b)|(?<=\bin )(?=(?:{short})\b))({long}|{short})\b")
