"""Sentences about the time: here, elsewhere, and when it is some time somewhere else."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from app.assistant.skills.clock.places import Place, named, zone
from app.assistant.understanding.durations import in_words
from app.assistant.wording import capital, joined

_FAR_DAYS = 400


def here(now: datetime) -> str:
    """What time it is."""
    return f"It is {now:%H:%M}."


def elsewhere(place: Place, now: datetime) -> str:
    """What time it is in a place, with the day where it is another, and how far that is from here.

    Raises:
        Unavailable: This machine has no data about the zone.
    """
    if place.cities:
        cities = tuple(city for city in map(named, place.cities) if city is not None)
        times = [f"{_moment(now, now.astimezone(zone(city.zone)))} in {city.name}" for city in cities]
        if len(times) == 1:
            return f"It is {times[0]}."
        return f"{_name(place)} has several time zones: it is {joined(times)}."
    there = now.astimezone(zone(place.zone))
    return f"In {place.name} it is {_moment(now, there)}, {_ahead(there, now)}."


def difference(first: Place, second: Place | None, now: datetime) -> str:
    """How far the clocks of two places, or of a place and here, are apart.

    Raises:
        Unavailable: This machine has no data about a zone.
    """
    there = now.astimezone(zone(_zone_of(first)))
    other = now if second is None else now.astimezone(zone(_zone_of(second)))
    hours = _hours(_offset(there) - _offset(other))
    than = "here" if second is None else second.name
    if not hours:
        return f"{first.name} has the same time as {'we have here' if second is None else than}."
    return f"{_name(first)} is {hours} {'ahead of' if _offset(there) > _offset(other) else 'behind'} {than}."


def turned(at: time, source: Place | None, target: Place | None, now: datetime) -> str:
    """What time it is in one place when it is ``at`` in another; None stands for here.

    Raises:
        Unavailable: This machine has no data about a zone.
    """
    source_zone = now.tzinfo if source is None else zone(_zone_of(source))
    target_zone = now.tzinfo if target is None else zone(_zone_of(target))
    given = datetime.combine(now.astimezone(source_zone).date(), at, source_zone)
    there = given.astimezone(target_zone)
    whose = "here" if source is None else f"in {source.name}"
    where = "here" if target is None else f"in {target.name}"
    return f"When it is {at:%H:%M} {whose}, it is {_moment(given, there)} {where}."


def time_zone(now: datetime) -> str:
    """Which zone this machine is in, and when its clocks change next."""
    name = getattr(now.tzinfo, "key", "") or now.tzname() or "the zone of this machine"
    offset = _offset(now)
    utc = (
        "the same as UTC" if not offset else f"{_hours(offset)} {'ahead of' if offset > timedelta(0) else 'behind'} UTC"
    )
    return f"Your time zone is {name}, {utc}. {clocks_change(now)}"


def clocks_change(now: datetime) -> str:
    """When summer time begins or ends next."""
    found = _next_change(now)
    if found is None:
        return "The clocks do not change here."
    change, forward = found
    return f"The clocks go {'forward' if forward else 'back'} next on {change:%A}, {change.day} {change:%B %Y}."


def _next_change(now: datetime) -> tuple[datetime, bool] | None:
    zone_here: tzinfo | None = now.tzinfo
    before = _offset(now)
    for day in range(1, _FAR_DAYS):
        later = datetime.combine(now.date() + timedelta(days=day), time(12), zone_here)
        if _offset(later) != before:
            return later, _offset(later) > before
    return None


def _zone_of(place: Place) -> str:
    if place.zone:
        return place.zone
    city = named(place.cities[0])
    return city.zone if city is not None else "UTC"


def _name(place: Place) -> str:
    return capital(place.name)


def _moment(now: datetime, there: datetime) -> str:
    days = (there.date() - now.date()).days
    if not days:
        return f"{there:%H:%M}"
    near = {1: "tomorrow", -1: "yesterday"}.get(days, "")
    return f"{there:%H:%M} {near or 'on'} ({there:%A})" if near else f"{there:%H:%M} on {there:%A}"


def _ahead(there: datetime, now: datetime) -> str:
    apart = _offset(there) - _offset(now)
    if not apart:
        return "the same as here"
    return f"{_hours(apart)} {'ahead of' if apart > timedelta(0) else 'behind'} you"


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _hours(apart: timedelta) -> str:
    return in_words(60.0 * round(abs(apart).total_seconds() / 60)) if apart else ""
