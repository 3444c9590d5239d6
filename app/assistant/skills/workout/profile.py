"""What the person says about themselves as somebody who trains: equipment, what hurts, level, goal, likes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.assistant.skills.skill import Acted, Asked, Plan
from app.assistant.skills.workout.cards import CAUTION
from app.assistant.skills.workout.exercise import Joint, Level
from app.assistant.skills.workout.history import stamp
from app.assistant.skills.workout.person import (
    EQUIPMENT,
    INJURIES,
    ONLY,
    PREFERENCES,
    PROFILE,
    Equipment,
    Goal,
    Injury,
    Log,
    Preferences,
    Profile,
)
from app.assistant.skills.workout.wish import Known
from app.assistant.skills.workout.words import (
    NONE,
    gear_in,
    gear_of,
    gear_words,
    goal_in,
    healed,
    hurting,
    level_in,
    minutes_in,
    side_in,
)
from app.assistant.wording import joined
from app.contracts.skill_cards import ListCard, ListItem
from app.memory.notebook import Put, Remove, Write

HAVE, ONLY_HAVE, LOST, HURTS, HEALED, SIDE = "have", "only_have", "lost", "hurts", "healed", "side"
LEVEL, GOAL, MINUTES, LIKES, DISLIKES = "level", "goal", "minutes", "likes", "dislikes"
REMOVE = "remove"
_LOST = re.compile(
    r"\b(?:sold|lost|broke|gave away|no longer have|do(?:n't| not) (?:have|own)|haven't got|got rid of|without)\b"
)
_ONLY = re.compile(r"\b(?:only|just|nothing but) (?:have |own |got )?|\bhave only\b|\b(?:have|own) (?:nothing|no)\b")
_DISLIKE = re.compile(
    r"\b(?:don't|do not|doesn't) (?:like|want|enjoy)(?: to do| doing)? ([a-z][a-z -]+)|"
    r"\b(?:hate|dislike|can't stand|no more) (?:doing )?([a-z][a-z -]+)"
)
_LIKE = re.compile(r"\bi (?:really |quite )?(?:like|love|enjoy|prefer)(?: to do| doing)? ([a-z][a-z -]+)")
_STOP = re.compile(r"\s+(?:and i|but|because|so|at all|anymore|any more|very much|a lot|in my|when|please)\b.*$")
_NOT_EXERCISES = re.compile(r"\b(?:workouts?|sessions?|training|exercise|exercising|minutes?|hours?|it|that|this)\b")


@dataclass(frozen=True, slots=True)
class Person:
    """Everything of the profile."""

    profile: Profile = field(default_factory=Profile)
    equipment: Equipment = field(default_factory=Equipment)
    injuries: tuple[Injury, ...] = ()
    preferences: Preferences = field(default_factory=Preferences)


def values_in(text: str) -> dict[str, str]:
    """What words say about the person."""
    text = text.lower().replace("\u2019", "'").strip().rstrip(".!")
    gear = gear_in(text)
    found: dict[str, object] = {
        HURTS: ",".join(sorted(hurting(text))),
        HEALED: ",".join(sorted(healed(text))),
        SIDE: side_in(text),
        LEVEL: level_in(text),
        GOAL: goal_in(text),
        DISLIKES: _phrase(_DISLIKE, text),
        LIKES: _phrase(_LIKE, text),
    }
    if gear is not None and not found[DISLIKES]:
        found[ONLY_HAVE if gear == NONE or _ONLY.search(text) else LOST if _LOST.search(text) else HAVE] = gear
    if re.search(r"\b(?:usually|normally|prefer|always|want|like|have)\b", text) and not re.search(r"\bago\b", text):
        found[MINUTES] = minutes_in(text) if re.search(r"\d|minutes?|hour", text) else None
    return {name: str(value) for name, value in found.items() if value}


def noted(asked: Asked, known: Known) -> Plan:
    """Keep what was said, and show the profile."""
    values = {name: str(value) for name, value in asked.values.items()}
    before = Person(known.profile, known.equipment, known.injuries, known.preferences)
    after, said = changed(before, values, asked.now.timestamp())
    writes = writes_between(before, after)
    card = profile_card(after, f"workout-profile-{stamp(asked)}")
    if not said:
        return Plan(speech=_in_words(after), cards=(card,))
    speech = f"Noted: {joined(said)}."
    if values.get(HURTS):
        speech += f" I leave out exercises that put much load on it. {CAUTION}"
    return Plan(speech=speech, cards=(card,), writes=writes)


def changed(before: Person, values: Mapping[str, str], at: float) -> tuple[Person, list[str]]:
    """The profile with what was said, and what was said in short sentences."""
    after, said = before, []
    for name, verb in ((ONLY_HAVE, "you have"), (HAVE, "you have"), (LOST, "you no longer have")):
        if name in values:
            gear, own = gear_of(values[name]), frozenset(before.equipment.gear)
            new = gear if name == ONLY_HAVE else own | gear if name == HAVE else own - gear
            after = replace(after, equipment=Equipment(tuple(sorted(new)), known=True))
            said.append(f"{verb} {gear_words(gear) if gear else 'no equipment'}")
    for joint in _joints(values.get(HURTS, "")):
        injury = Injury(joint, values.get(SIDE, ""), at)
        others = tuple(each for each in after.injuries if each.joint is not joint)
        after = replace(after, injuries=(*others, injury))
        said.append(f"your {injury.words} hurts")
    for joint in _joints(values.get(HEALED, "")):
        after = replace(after, injuries=tuple(each for each in after.injuries if each.joint is not joint))
        said.append(f"your {joint.words} is well again")
    profile = after.profile
    if values.get(LEVEL) in frozenset(Level):
        profile = replace(profile, level=Level(values[LEVEL]))
        said.append(f"your level is {values[LEVEL]}")
    if values.get(GOAL) in frozenset(Goal):
        profile = replace(profile, goal=Goal(values[GOAL]))
        said.append(f"your goal is {values[GOAL]}")
    if values.get(MINUTES, "").isdecimal():
        profile = replace(profile, minutes=int(values[MINUTES]))
        said.append(f"your workouts take {values[MINUTES]} minutes")
    preferences = after.preferences
    if LIKES in values:
        preferences = _liking(preferences, values[LIKES], liked=True)
        said.append(f"you like {values[LIKES]}")
    if DISLIKES in values:
        preferences = _liking(preferences, values[DISLIKES], liked=False)
        said.append(f"no {values[DISLIKES]}")
    return replace(after, profile=profile, preferences=preferences), said


def writes_between(before: Person, after: Person) -> tuple[Write, ...]:
    """What has to be kept so that the notebook holds the newer one."""
    writes: list[Write] = []
    if after.profile != before.profile:
        writes.append(Put(PROFILE, ONLY, after.profile))
    if after.equipment != before.equipment:
        writes.append(Put(EQUIPMENT, ONLY, after.equipment))
    if after.preferences != before.preferences:
        writes.append(Put(PREFERENCES, ONLY, after.preferences))
    kept = {injury.joint for injury in after.injuries}
    writes += [Remove(INJURIES, each.joint.value) for each in before.injuries if each.joint not in kept]
    writes += [
        Put(INJURIES, each.joint.value, each, each.since) for each in after.injuries if each not in before.injuries
    ]
    return tuple(writes)


def profile_card(person: Person, card_id: str) -> ListCard:
    """The profile as a list; each line can be removed."""
    lines: list[tuple[str, str]] = [(f"gear:{gear.value}", f"Has: {gear.words}") for gear in person.equipment.gear]
    if person.equipment.known and not person.equipment.gear:
        lines.append(("gear:none", "Trains without equipment"))
    lines += [(f"hurts:{injury.joint.value}", f"Hurts: {injury.words}") for injury in person.injuries]
    profile = person.profile
    if profile.level is not None:
        lines.append(("level:", f"Level: {profile.level}"))
    if profile.goal is not None:
        lines.append(("goal:", f"Goal: {profile.goal}"))
    if profile.minutes:
        lines.append(("minutes:", f"Usual length: {profile.minutes} minutes"))
    lines += [(f"likes:{words}", f"Likes: {words}") for words in person.preferences.likes]
    lines += [(f"dislikes:{words}", f"Not wanted: {words}") for words in person.preferences.dislikes]
    items = tuple(ListItem(item_id=item_id, text=text, checkable=False) for item_id, text in lines)
    return ListCard(
        card_id=card_id,
        list_id="workout-profile",
        title="Your training profile",
        items=items,
        empty_text='Nothing yet. Say "I have dumbbells" or "my left knee hurts".',
    )


async def removed(card: ListCard, item_id: str, log: Log) -> Acted:
    """Take one line out of the profile."""
    before = Person(await log.profile(), await log.equipment(), await log.injuries(), await log.preferences())
    kind, _, name = item_id.partition(":")
    after = before
    match kind:
        case "gear":
            gear = tuple(each for each in before.equipment.gear if each.value != name)
            after = replace(before, equipment=Equipment(gear, known=bool(gear)))
        case "hurts":
            after = replace(before, injuries=tuple(each for each in before.injuries if each.joint.value != name))
        case "level":
            after = replace(before, profile=replace(before.profile, level=None))
        case "goal":
            after = replace(before, profile=replace(before.profile, goal=None))
        case "minutes":
            after = replace(before, profile=replace(before.profile, minutes=0))
        case "likes" | "dislikes":
            liked, hated = (
                tuple(words for words in each if kind != side or words != name)
                for side, each in (("likes", before.preferences.likes), ("dislikes", before.preferences.dislikes))
            )
            after = replace(before, preferences=Preferences(liked, hated))
    shown = replace(card, items=profile_card(after, card.card_id).items, revision=card.revision + 1)
    return Acted(cards=(shown,), writes=writes_between(before, after))


def _in_words(person: Person) -> str:
    lines = [item.text for item in profile_card(person, "-").items]
    return f"{'. '.join(lines)}." if lines else "I know nothing about your training yet."


def _joints(value: str) -> list[Joint]:
    return [Joint(name) for name in value.split(",") if name in frozenset(Joint)]


def _liking(before: Preferences, words: str, *, liked: bool) -> Preferences:
    """Words on one side are not on the other."""
    likes = tuple(each for each in before.likes if each != words)
    dislikes = tuple(each for each in before.dislikes if each != words)
    return Preferences((*likes, words), dislikes) if liked else Preferences(likes, (*dislikes, words))


def _phrase(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    words = "" if match is None else _STOP.sub("", next(group for group in match.groups() if group)).strip()
    return "" if _NOT_EXERCISES.search(words) else words
