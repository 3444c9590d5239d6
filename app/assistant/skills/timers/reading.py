"""Reads what a sentence says about timers, alarms and reminders: how long, when, what for, which one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from app.assistant.skills.timers import repeats
from app.assistant.skills.timers.correcting import Correction
from app.assistant.skills.timers.lengths import interval, several
from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.meaning import Value
from app.assistant.understanding.moments import moment, without

SECONDS, AT, DAY_ONLY, DAY, REPEATS, LABEL = "seconds", "at", "day_only", "day", "repeats", "label"
MORE = "more"
"""Further timers of the same sentence, each as its seconds and its label: ``600 eggs``."""
DEED, WHAT, NAME, LENGTH, ALL, BY, TO, LAST = "deed", "what", "name", "length", "all", "by", "to", "last"
"""What is to be done with one that is set, see `change_values`; its kind, label, length; all; by how much; to when; the
one that was set last."""
Read = Mapping[str, Value]

_LONGEST_LABEL = 8
"""Words."""
_MARK = "\x1f"
_CALLED = re.compile(
    rf"\b(?:called|named|labell?ed|titled|with the (?:label|name))\s+(?P<name>[^{_MARK}]+?)\s*"
    rf"(?=\b(?:for|of|at|in)\b\s*{_MARK}|{_MARK}|$)",
    re.IGNORECASE,
)
_PURPOSE = re.compile(rf"\b(?:for|to)\s+(?:(?:the|my|a|an|some|our)\s+)?(?P<name>[^{_MARK}]+?)\s*$", re.IGNORECASE)
_IN_FRONT = re.compile(rf"(?P<name>[^{_MARK}]*?)\s*\b(?:timer|alarm|countdown|stopwatch)s?\b", re.IGNORECASE)
_NO_LABEL_WORDS = """
set a an the my start begin create make new another quick please can you could me for of at in to on run put
give add kitchen up i need want would like one more have will and hey ok okay go second minute hour wake by with
also recurring daily weekly repeating single let's get us there is how much long left what that this these those
our all every stop cancel pause resume delete remove turn off change extend time clear kill which end continue
unpause hold snooze silence any both from minutes seconds hours reminder reminders timer alarm it again now next
current running restart dismiss does do are be been remaining still first last just was morning tomorrow two
three couple few several
"""
_NO_LABEL = frozenset(_NO_LABEL_WORDS.split())
_REMIND = re.compile(
    r"\b(?:(?:please\s+)?remind (?:me|us)|set (?:up )?(?:a|another|me a) reminder|"
    r"(?:create|add|make|new|give me|i need) (?:a |an )?reminder|"
    r"don't let me forget|do not let me forget|make sure (?:that )?i (?:don't forget|remember)|"
    r"i (?:must not|mustn't|can't) forget|remember(?= to\b)|reminder)\b",
    re.IGNORECASE,
)
_JOIN = re.compile(r"^(?:(?:please|again|that|about|of|to|for|,|:|-|then)(?:\s+|$)|(?:i|we) (?:have|need|want) to\s+)+",
                   re.IGNORECASE)  # fmt: skip
_END = re.compile(r"(?:[\s,]+(?:please|thanks|thank you|at|on|in|by|and|every|to))+[.!?]*$|[.!?]+$", re.IGNORECASE)
_DEEDS = (
    ("snooze", r"\bsnooze\b|\b(?:more|another) minutes? (?:of )?sleep\b|\bremind me (?:again )?later\b"),
    (
        "move",
        r"\b(?:move|change|postpone|reschedule|push|shift|set)\b.*\b(?:timers?|alarms?|reminders?)\b.*\b(?:to|for|until)\b",
    ),
    ("resume", r"\b(?:resume|continue|unpause|restart|carry on|go on)\b|\bstart\b.*\bagain\b"),
    ("pause", r"\b(?:pause|hold|freeze|halt)\b"),
    ("take", r"\b(?:take|remove|subtract|cut|knock)\b.*\b(?:off|from|away)\b|\b(?:shorten|reduce)\b"),
    ("add", r"\b(?:add|extend|give|prolong|lengthen|increase|put|postpone)\b"),
    ("add", r"\b(?:more|longer|extra) (?:minute|second|hour)"),
    ("add", r"\b(?:minutes?|seconds?|hours?) (?:more|longer|later)\b|\b(?:push|move)\b.*\bback\b"),
    ("take", r"\b(?:minutes?|seconds?|hours?) (?:less|shorter|earlier)\b"),
    ("cancel", r"\b(?:cancel|delete|remove|clear|kill|abort|scrap|forget|get rid of|drop)\b|\bdon't need\b"),
    (
        "stop",
        r"\b(?:stop|silence|quiet|shut up|turn (?:\w+ )?off|switch off|dismiss|end|enough|i'm (?:awake|up)|got it)\b",
    ),
)
_STARTING = re.compile(r"\b(?:starting|beginning)(?:\s+(?:at|from|on))?\b", re.IGNORECASE)
_MORE = re.compile(r"\s+(?:more|extra|additional|further)\s+(?=(?:second|minute|min|hour)s?\b)", re.IGNORECASE)
_TO = re.compile(r"\b(?:to|for|until)\b(?!.*\b(?:timer|alarm|reminder)).*$")
_PLURAL = re.compile(r"\b(?:all|every|both|everything)\b|\b(?:the|my) (?:timers|alarms|reminders)\b")


def timer_values(text: str, now: datetime) -> Read:
    """Of "set a tea timer for ten minutes": its length in seconds, what it is for; "until three" is a length too."""
    if timers := [
        (length.value, _label(_marked(words, [(length.start, length.end)]))) for length, words in several(text)
    ]:
        (seconds, label), *others = timers
        more = tuple(f"{length:g} {name}".strip() for length, name in others)
        return {SECONDS: seconds, MORE: more, LABEL: label} if label else {SECONDS: seconds, MORE: more}
    found = durations_in(text)
    spans = tuple((each.start, each.end) for each in found)
    values: dict[str, Value] = {}
    if found:
        values[SECONDS] = found[0].value
    elif (until := moment(text, now)) is not None and until.has_time and until.recurrence is None and until.at > now:
        values[SECONDS], spans = (until.at - now).total_seconds(), until.spans
    if label := _label(_marked(text, spans)):
        values[LABEL] = label
    return values


def alarm_values(text: str, now: datetime) -> Read:
    """Of "wake me at seven every weekday": when, how it repeats, what for; of a day without a time only the day."""
    values, spans = _moment_values(text, now)
    if not values and (lengths := durations_in(text)):
        values[AT] = (now + timedelta(seconds=lengths[0].value)).timestamp()
        spans = ((lengths[0].start, lengths[0].end),)
    elif values.pop(DAY_ONLY, False):
        values[DAY] = datetime.fromtimestamp(_number(values.pop(AT)), now.tzinfo).date().isoformat()
    if label := _label(_marked(text, spans)):
        values[LABEL] = label
    return values


def reminder_values(text: str, now: datetime) -> Read:
    """Of "remind me to call mum tomorrow at five": what of, when, how it repeats."""
    values, spans = _moment_values(text, now)
    if label := reminded_of(without(text, spans)):
        values[LABEL] = label
    return values


def reminded_of(text: str) -> str:
    """What somebody wants to be reminded of, without its time; empty when it is not said."""
    match = _REMIND.search(text)
    if match is None:
        behind = text
    else:
        behind, before = text[match.end() :], text[: match.start()]
        if not _JOIN.sub("", behind.strip(" ,:")).strip() and len(before.split()) > 2:
            behind = before
    label = behind.strip(" ,:-")
    while (shorter := _END.sub("", _JOIN.sub("", label)).strip(" ,:-")) != label:
        label = shorter
    return label


def change_values(text: str) -> Read:
    """Of "add five minutes to the tea timer": what is to be done, by how much or to when, with which one.

    ``deed`` is one of ``cancel``, ``pause``, ``resume``, ``add``, ``take``, ``move``, ``stop``, ``snooze``.
    """
    lower = text.lower().replace("\u2019", "'")
    values: dict[str, Value] = {}
    deed = next((name for name, pattern in _DEEDS if re.search(pattern, lower)), "")
    if deed:
        values[DEED] = deed
    if deed == "move" and (to := _TO.search(lower)) is not None:
        values[TO] = to[0].split(" ", 1)[-1].strip(" .!?")
        text, lower = text[: to.start()], lower[: to.start()]
    text = _MORE.sub(" ", text)
    lower = text.lower().replace("\u2019", "'")
    found = durations_in(text)
    lengths = [each for each in found if re.match(r"[\s-]*timer", lower[each.end :])]
    amounts = [each for each in found if each not in lengths]
    if amounts and deed in ("add", "take", "snooze"):
        values[BY] = amounts[0].value
    elif amounts and deed:
        lengths = amounts
    if lengths:
        values[LENGTH] = lengths[0].value
    kinds = [what for what in ("timer", "alarm", "reminder") if what in lower]
    if kinds:
        values[WHAT] = kinds[0]
    if _PLURAL.search(lower):
        values[ALL] = True
    elif name := which_one(_marked(lower, [(each.start, each.end) for each in found])):
        values[NAME] = name
    return values


def which_one(text: str) -> str:
    """The label of one that is set, as in "the pasta timer" or "the timer for the eggs"; empty for none."""
    behind = re.search(
        rf"\b(?:timers?|alarms?|reminders?|countdown)\s+(?:for|to|about|called|named)\s+(?:the\s+|my\s+)?(?P<name>[^{_MARK}]+)$",
        text.strip(" .!?"),
    )
    if behind is not None and (name := _clean(behind["name"])):
        return name
    front = _IN_FRONT.search(text)
    return _clean(front["name"]) if front is not None else ""


def correcting_values(correction: Correction) -> Read:
    """The same of words that put right the one that was set last."""
    if correction.drops:
        return {DEED: "cancel", LAST: True}
    if correction.by_s:
        return {DEED: "add" if correction.by_s > 0 else "take", BY: abs(correction.by_s), LAST: True}
    return {DEED: "move", TO: correction.to, LAST: True}


def _again_after(text: str, now: datetime) -> tuple[dict[str, Value], tuple[tuple[int, int], ...]]:
    """Of "every two hours": the first time and how it repeats; a time or day that is said is the first time."""
    every = interval(text)
    if every is None:
        return {}, ()
    spans = [(every.start, every.end)]
    at = now + timedelta(seconds=every.value)
    begin = moment(f"{text[: every.start]}{' ' * (every.end - every.start)}{text[every.end :]}", now)
    if begin is not None and begin.recurrence is None and begin.at > now:
        at = begin.at
        spans += [*begin.spans, *(match.span() for match in _STARTING.finditer(text))]
    return {AT: at.timestamp(), REPEATS: repeats.form_of_interval(every.value, at.timestamp())}, tuple(spans)


def _moment_values(text: str, now: datetime) -> tuple[dict[str, Value], tuple[tuple[int, int], ...]]:
    values, spans = _again_after(text, now)
    if values:
        return values, spans
    found = moment(text, now)
    if found is None:
        return {}, ()
    values = {AT: found.at.timestamp()}
    if not found.has_time:
        values[DAY_ONLY] = True
    if found.recurrence is not None:
        values[REPEATS] = repeats.form(found.recurrence)
    return values, found.spans


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _marked(text: str, spans: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> str:
    """A text in which a mark stands for what is already understood."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}{_MARK}{text[end:]}"
    return text.strip(" .!?")


def _label(marked: str) -> str:
    """What a timer or alarm is for, by its name, by "for the eggs", or by the words in front of "timer"."""
    called = _CALLED.search(marked)
    if called is not None:
        return _clean(called["name"], keep_all=True)
    front = _IN_FRONT.search(marked)
    if front is not None and (label := _clean(front["name"])):
        return label
    purpose = _PURPOSE.search(re.sub(rf"\b(?:for|of|at|in|on|to)\s*{_MARK}|{_MARK}", " ", marked))
    return _clean(purpose["name"]) if purpose is not None else ""


def _clean(words: str, *, keep_all: bool = False) -> str:
    """A label without the words around it; empty when nothing else is left."""
    kept = words.strip(" ,.!?'\"").split()
    if not keep_all:
        while kept and kept[0].lower().strip(",.") in _NO_LABEL:
            kept = kept[1:]
        for place in range(len(kept) - 1, -1, -1):  # "set the oven timer": the name stands behind the last "the"
            if kept[place].lower() in ("a", "an", "the", "my", "another", _MARK):
                kept = kept[place + 1 :]
                break
        while kept and kept[-1].lower().strip(",.") in _NO_LABEL:
            kept = kept[:-1]
    label = " ".join(kept)
    return label if len(kept) <= _LONGEST_LABEL and _MARK not in label and not label.isdigit() else ""
