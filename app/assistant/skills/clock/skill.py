"""The skill for the time and for dates."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, time

from app.assistant.skills.clock import dates, telling
from app.assistant.skills.clock.places import Place, mentioned, named
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Asked, Data, Intent, ModelAsk, Plan, Skill, SkillSpec
from app.assistant.understanding.clocking import times_of
from app.assistant.understanding.meaning import Value, Values
from app.assistant.understanding.projecting import projected
from app.contracts.errors import Unavailable

TIME = "ask_time"
DATE = "ask_date"
_WHEN = re.compile(r"\b(?:when|if) it(?:'s| is|s) (?P<given>.+?)(?=,? (?:what|which|how)\b|$)")
_ELSEWHERE = re.compile(
    r"\b(?:in|at) (?!the\b|my\b|our\b|here\b|a\b|this\b|home\b|work\b|\d)(?P<place>[a-z][a-z .'-]{1,40})$"
)

_COUNTS = re.compile(r"how (?:many|long|much|often)\b", re.IGNORECASE)
_KIND = r"(?:day|date|weekday|month|year)(?: of the (?:week|month|year))?"
_SPANS = "(?:days|weeks|months|sleeps|nights|weekends)"
_TOWARDS = "(?:until|till|til|to|before|since|between|from|left)"
_FEASTS = (
    "christmas|easter|new year|halloween|thanksgiving|good friday|pentecost|mother's day|father's day|valentine's day"
)
_NEAR = rf"(?:today|tomorrow|yesterday|next|last|this|the (?:day|last|first|next)|{_FEASTS})\b"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"

_HOUR = (
    r"(?:\d{1,2}(?:[:.]\d\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midday|midnight)"
    r"(?: o'?clock| am| pm)?(?: yet| already)?"
)

SPEC = SkillSpec(
    "clock",
    "Clock and dates",
    "Tells the time here and in other places, dates, weekdays and how many days are in between.",
    (
        Intent(
            TIME,
            (
                "what time is it",
                "what's the time",
                "tell me the time",
                "do you know what time it is",
                "what time is it in tokyo",
                "what's the time in new york",
                "how late is it",
                "current time please",
                "time in london",
                "how many hours ahead is sydney",
                "what is the time difference between paris and tokyo",
                "what time is it in chicago when it is 3 pm here",
                "which time zone am i in",
                "when do the clocks change",
                "could you tell me the time please",
                "is it already past noon",
            ),
            (
                r"\bwhat(?:'s| is)? (?:the )?(?:current |local |exact )?time(?: is it| now| right now)?$",
                r"\bwhat time (?:is it|do (?:we|you) have|it is|would it be|will it be)\b(?! (?:take|need|start))",
                r"\b(?:the|current|local) time (?:in|at) [a-z]",
                r"^time (?:in|at) [a-z]",
                r"\btell me the time\b",
                r"\btime (?:difference|zone)\b",
                r"\bhow many hours (?:ahead|behind)\b",
                r"\bwhen do(?:es)? (?:the )?clocks? (?:change|go)|\bwhen does (?:daylight saving|summer) time\b",
                r"\bhow late (?:is it|have we|it is)\b|\b(?:which|what) hour (?:is it|have we|do we)\b",
                r"\b(?:check|read|look at|see) (?:me )?(?:the|your) clock\b",
                r"^(?:the )?time(?: check)?$|\bcurrent time\b|\bis it gone \w+$",
                r"\b(?:time|hour) (?:does|do|would) (?:your|the|my) (?:clock|watch)\b",
                r"\bthe clock (?:say|says|show|shows)\b",
                r"\b(?:have|got|know|need|give me|tell me) the (?:exact |right )?time\b(?! (?:to|for|of)\b)",
                rf"\bis it (?:already |still |yet )?(?:past|after|before|nearly|almost) {_HOUR}",
                rf"\bis it (?:already )?{_HOUR}$",
            ),
            (
                r"\broutine\b|\bi say\b|\btimer\b|\balarm\b|\bremind",
                r"\bwhat time (?:does|do|did|will|should|is (?:my|the|our|his|her)|was)\b(?!.*\bhave\b)",
                r"\btime (?:travel|complexity|flies|management|machine)\b|\btime of (?:death|birth)\b",
                r"\btime in (?:history|space|a)\b|^what(?: is|'s) time$",
            ),
            "Tell the time, here or elsewhere",
        ),
        Intent(
            DATE,
            (
                "what's the date today",
                "what day is it",
                "what is today's date",
                "what day of the week is christmas",
                "how many days until new year",
                "what date is next friday",
                "which weekday was the 20th of july 1969",
                "how many days between the 3rd of may and the 10th of june",
                "what week is it",
                "is 2028 a leap year",
                "when is easter",
                "how long until christmas",
                "what was the date yesterday",
                "how many weeks until the 1st of march",
                "how many days are in february",
                "what month is it",
                "what year is it",
                "what date is it in 100 days",
                "tell me today's date",
                "how many days since the 4th of july",
            ),
            (
                r"\bwhat(?:'s| is)? (?:the |today's |tomorrow's )?date\b",
                rf"\b(?:what|which) {_KIND} (?:is it|is today|is tomorrow|was yesterday|do we have|are we)\b",
                r"\b(?:what|which) (?:day|date|weekday)(?: of the week)? (?:is|was|will|does|falls|did)\b",
                r"\btoday's date\b|\bdate today\b",
                rf"\bhow many {_SPANS} (?:(?:are )?(?:left )?(?:there )?)?{_TOWARDS}\b",
                rf"\bhow long (?:is it )?(?:until|till|to) (?:{_FEASTS}|the weekend|\w+day)\b",
                r"\bleap year\b",
                r"\b(?:what|which) (?:calendar )?week\b|\bweek number\b",
                rf"\bhow many days (?:are |does |has )?(?:there )?(?:in )?(?:{_MONTHS})\b",
                rf"\bwhen is (?:{_FEASTS})\b",
                r"\b(?:what|which) (?:day|month|year) is it\b",
                r"\bwhat (?:day|date) (?:is|will) it\b",
                r"\b(?:is|was) (?:it|today|tomorrow|yesterday|\w+day) (?:already )?(?:an? |the )?\w+day$",
                r"\b(?:is|was) (?:it|today|tomorrow|yesterday|\w+day) (?:already )?the \d+(?:st|nd|rd|th)\b",
                rf"\bare we (?:already |still )?in (?:the \w+ week of )?(?:{_MONTHS})\b",
                r"\bdays does (?:this|next|the) (?:month|year) have\b",
                r"\b(?:this|next) year have \d+ days\b",
                r"\bhow many days (?:are )?(?:in|are in) (?:this|next) (?:month|year)\b",
                rf"\bhow far (?:away |off )?is (?:{_FEASTS})\b|\btell me the (?:date|day|weekday)\b",
            ),
            (
                r"\broutine\b|\bi say\b|\btimer\b|\balarm\b|\bremind|\bmeeting\b|\bappointment\b",
                r"\bup to date\b|\bdate (?:with|night)\b|^why\b|^what(?:'s| is| are) (?:an? )?leap years?$",
                rf"\bdate of (?!{_NEAR})|\bha(?:ve|d|s) a (?:\w+ )?date\b",
                r"\b(?:pregnan\w*|battle|war|century|invented|founded|died?|born)\b",
            ),
            "Tell dates, weekdays and the days between them",
        ),
    ),
)


class ClockSkill(Skill):
    """Knows the time and the calendar.

    Args:
        parts: Nothing of it is needed: the time comes with what is asked.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts) -> None:
        del parts

    async def start(self) -> None:
        """Read the table of places in a thread, which takes longer than a picture on the screen stands."""
        await asyncio.to_thread(mentioned, "")

    def values(self, intent: str, text: str, now: datetime) -> Values:
        """Of the time: ``place``, ``other``, ``at`` and ``about``; of dates those of `dates.read`."""
        return dates.read(text, now) if intent == DATE else read_time(text)

    async def plan(self, asked: Asked, data: Data) -> Plan:  # noqa: ARG002
        """The answer; of a place that is in no table it says so."""
        if asked.intent == DATE:
            if asked.values.get("about") == "day" and _COUNTS.match(asked.text.strip()):
                return Plan(ask=ModelAsk(asked.text))  # no date answers "how many days are there in a lunar year"
            return Plan(speech=dates.answer(asked.values, asked.now))
        if "unknown" in asked.values:
            name = str(asked.values["unknown"]).title()
            return Plan(speech=f"I do not know the time zone of {name}. I know most large cities and many countries.")
        try:
            return Plan(speech=answer_time(asked.values, asked.now))
        except Unavailable as error:
            return Plan(speech=str(error))


def read_time(text: str) -> Values:
    """What a text asks about the time. ``about`` is ``difference``, ``zone`` or ``change``, and missing for the time.

    ``place`` is where the time is wanted, "here" among them; ``at`` and ``other`` are a time (``HH:MM``) and its place.
    """
    rest = " ".join(text.lower().replace("\u2019", "'").strip(" ?.!").split())
    places = mentioned(rest)
    found: dict[str, Value] = {}
    if re.search(r"\bclocks? (?:change|go)\b|\b(?:daylight saving|summer|winter) time\b", rest):
        return {"about": "change"}
    if re.search(r"\btime ?zone\b", rest) and not places:
        return {"about": "zone"}
    if re.search(r"\bdifference\b|\bahead\b|\bbehind\b", rest) and places:
        found = {"about": "difference", "place": places[0].name}
        return {**found, "other": places[1].name} if len(places) > 1 else found
    given = _WHEN.search(rest)
    if given is not None and places:
        asked = f"{rest[: given.start()]} {rest[given.end() :]}"
        return _given(asked, given["given"]) or {"place": places[0].name}
    if places:
        return {"place": places[0].name}
    unknown = _ELSEWHERE.search(rest)
    return {"unknown": unknown["place"]} if unknown else {}


def _given(asked: str, given: str) -> Values:
    """What time it is in one place (of ``asked``) when it is some time in another (of ``given``)."""
    clock = next(iter(times_of(projected(given).text)), None)
    if clock is None:
        return {}
    source = mentioned(given)
    target = mentioned(asked)
    at = clock.value.candidates()[0]
    found: dict[str, Value] = {"at": f"{at:%H:%M}", "place": target[0].name if target else "here"}
    return {**found, "other": source[0].name if source else "here"}


def answer_time(values: Values, now: datetime) -> str:
    """The sentence that answers.

    Raises:
        Unavailable: This machine has no data about a zone.
    """
    place, other = _place(values, "place"), _place(values, "other")
    about = values.get("about", "")
    if about == "zone":
        return telling.time_zone(now)
    if about == "change":
        return telling.clocks_change(now)
    if about == "difference" and place is not None:
        return telling.difference(place, other, now)
    if "at" in values:
        return telling.turned(time.fromisoformat(str(values["at"])), other, place, now)
    return telling.here(now) if place is None else telling.elsewhere(place, now)


def _place(values: Values, name: str) -> Place | None:
    said = str(values.get(name, ""))
    return named(said) if said else None
