"""The skill for questions about this machine and the assistant that runs on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.assistant.skills.machine.looking import Machine, look
from app.assistant.skills.machine.telling import TITLES, Topic, told
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Asked, Data, Fetch, Intent, Plan, Skill, SkillSpec
from app.assistant.understanding.meaning import Values
from app.contracts.energy import DeviceReading
from app.contracts.skill_cards import ListCard, ListItem

STATE = "machine_state"
LOOK_TIMEOUT_S = 1.0
SECOND_LOOK_S = 1.4
"""Watts are the difference of two looks, a second apart: who asks for them waits for the second, at most so long."""
FRESH_S = 5.0
"""A look while the person still speaks is good for the answer."""
_STEP_S = 0.1
_TOPICS = (
    (Topic.BATTERY, r"\bbatter|\bcharged?\b|\bcharging\b|\bplugged\b|\bon mains\b|\bpower left\b|\bout of power\b"),
    (Topic.TEMPERATURE, r"\btemperature|\bhot\b|\bwarm\b|\boverheat|\bheat\b|\bcool\b|\bdegrees\b"),
    (Topic.POWER, r"\bwatts?\b|\bpower\b|\benergy\b|\belectricity\b|\bconsum|\bdraw"),
    (Topic.DISK, r"\bdisk\b|\bdisc\b|\bstorage\b|\bdrive\b|\bssd\b|\bspace\b"),
    (Topic.MEMORY, r"\bmemory\b|\bram\b"),
    (Topic.UPTIME, r"\buptime\b|\bhow long has\b|\bbeen (?:on|up|running)\b"),
    (Topic.PROFILE, r"\bprofile\b"),
    (
        Topic.MODEL,
        r"\bmodels?\b|\bllm\b|\brunning on (?!battery|mains)|\bchip\b|\bwhat are you running\b|\bwhich ai\b",
    ),
    (Topic.LOAD, r"\bload\b|\bbusy\b|\bcpu\b|\bprocessor\b|\busage\b|\bslow\b"),
)
_SHOWN = (
    Topic.BATTERY,
    Topic.LOAD,
    Topic.TEMPERATURE,
    Topic.POWER,
    Topic.MEMORY,
    Topic.DISK,
    Topic.MODEL,
    Topic.PROFILE,
    Topic.UPTIME,
)
_MINE = r"(?:(?:the|my|your|this|our) )?(?:computer|machine|laptop|pc|system|cpu|processor|graphics card|gpu|npu)"

_THERE = rf"(?:is|are) (?:left|free|used|there)|left|free|(?:do|have) (?:i|we|you)|does {_MINE}"
_ROOM = r"battery|memory|ram|disk(?: space)?|storage|power|space"

SPEC = SkillSpec(
    "machine",
    "This machine",
    "Tells battery, watts, temperature, memory, disk, load, and the model and profile in use.",
    (
        Intent(
            STATE,
            (
                "how much battery is left",
                "what's the battery level",
                "how much memory is free",
                "how hot is the processor",
                "how many watts does the computer use",
                "how is the machine doing",
                "which model are you using",
                "what profile is in use",
                "how much disk space do I have left",
                "is the computer busy",
                "cpu usage",
                "am I running on battery",
                "system status",
                "how warm is my laptop",
                "how much power are you drawing",
                "how long has this computer been on",
                "how much ram is used",
                "is my laptop charging",
                "what is the cpu load right now",
                "tell me the battery status",
                "which llm do you use",
                "how many degrees does the gpu have",
            ),
            (
                r"\bbattery (?:level|status|charge|life|left|percentage|state)\b",
                r"\b(?:how much|how full is|what's|check|tell me|is|show) (?:is )?(?:the|my|your|our)? ?battery\b",
                rf"\bhow much (?:{_ROOM}) (?:{_THERE})\b",
                r"\b(?:free|used|available) (?:memory|ram|disk|disk space|storage|space)\b",
                rf"\bhow (?:hot|warm|busy|fast|full) is {_MINE}\b",
                rf"\bhow is {_MINE}\b|\bhow's {_MINE}\b|\b(?:system|machine|computer) (?:status|state|health)\b",
                r"\b(?:cpu|processor|gpu|npu|graphics card) (?:load|usage|temperature|temp)\b",
                rf"\bhow (?:many|much) (?:watts?|power|energy|electricity) (?:does|do|is|are) (?:{_MINE}|you|it)\b",
                r"\b(?:which|what) (?:language )?model (?:are you|do you|is (?:in use|running|this|answering|used))\b",
                r"\b(?:which|what) profile\b|\bmodel (?:is )?in use\b",
                r"\b(?:on|running on) (?:battery|mains)\b|\b(?:is|am) .*\b(?:charging|plugged in)\b",
                rf"\bhow long has {_MINE} been\b|\buptime\b",
                rf"\b(?:is|are) {_MINE} (?:busy|hot|warm|overheating|slow|charging)\b",
                rf"\btemperature of {_MINE}\b|\bdegrees (?:has|does|is) {_MINE}\b",
                r"\b(?:which|what) (?:llm|ai|chip|language model)\b.*\b(?:you|using|use|running)\b",
                r"\b(?:which|what) (?:llm|ai|chip|hardware|device) (?:do|are|is)\b.*\b(?:you|this)\b",
                r"\b(?:anything|something) overheating\b|\brunning locally\b|\bwith which model\b",
                r"\bhow many degrees (?:has|does|is)\b.*\b(?:cpu|gpu|npu|processor|graphics card)\b",
                r"\b(?:power (?:draw|consumption|usage)|(?:memory|ram|disk|cpu) usage)\b(?! (?:of|in))",
            ),
            (
                r"\broutine\b|\bi say\b|\btimer\b|\balarm\b|\bremind|\bcar\b|\bworkout\b|\bremember\b|\blist\b",
                r"\bsun\b|\ba battery\b|\bbatteries\b|\bspace station|\bweather\b|\boutside\b|\boven\b",
                r"\b(?:fridge|freezer|kettle|dishwasher|washing machine|explode|phone)\b|\bbetter\b",
                r"\bhow do(?:es)? .*\bwork\b|\bwhy\b",
            ),
            "Tell how this machine is doing",
        ),
    ),
)


class MachineSkill(Skill):
    """Knows this machine.

    Args:
        parts: Power, facts and time of it are used.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts) -> None:
        self._parts = parts

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """``topic``: one of `Topic`, ``all`` when none is named, or several of them, joined by commas."""
        rest = text.lower()
        topics = [topic.value for topic, pattern in _TOPICS if re.search(pattern, rest)]
        if Topic.PROFILE.value in topics and Topic.MODEL.value in topics:
            topics.remove(Topic.PROFILE.value)  # the sentence about the model names it
        if (
            Topic.LOAD.value in topics
            and not re.search(r"\bload\b|\bbusy\b|\busage\b|\bslow\b", rest)
            and len(topics) > 1
        ):
            topics.remove(Topic.LOAD.value)  # "how hot is the processor"
        if Topic.POWER.value in topics and Topic.BATTERY.value in topics and "watt" not in rest:
            topics.remove(Topic.POWER.value)  # "how much power is left in the battery"
        return {"topic": ",".join(topics) or Topic.ALL.value}

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """A look at the machine, and the newest readings of the sensors."""
        topics = _topics(asked)
        wanted = frozenset(topic.value for topic in topics)
        recent = int(asked.now.timestamp() // FRESH_S)
        fetches = [
            Fetch(
                "machine",
                lambda: look(wanted, Path.home(), self._parts.clock.time()),
                Machine(),
                "This machine could not be looked at.",
                LOOK_TIMEOUT_S,
                key=(recent, *sorted(wanted)),
            )
        ]
        if {Topic.POWER, Topic.TEMPERATURE} & set(topics):
            patient = asked.values.get("topic") != Topic.ALL.value
            fetches.append(
                Fetch(
                    "readings",
                    lambda: self._readings(patient=patient, watts=Topic.POWER in topics),
                    (),
                    "The sensors could not be read.",
                    SECOND_LOOK_S + 0.5,
                    key=(recent, patient, Topic.POWER in topics),
                )
            )
        return fetches

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """A sentence about what is asked; about all of it also a list."""
        machine, readings = data["machine"], data.found.get("readings", ())
        assert isinstance(machine, Machine)
        assert isinstance(readings, tuple)
        facts = self._parts.facts
        topics = _topics(asked)
        lines = {topic: told(topic, machine, readings, facts.profile(), facts.model()) for topic in topics}
        if asked.values.get("topic", Topic.ALL.value) != Topic.ALL.value:
            return Plan(speech=" ".join(lines.values()))
        items = tuple(
            ListItem(item_id=topic.value, text=f"{TITLES[topic]}: {line}", checkable=False)
            for topic, line in lines.items()
        )
        card = ListCard(
            card_id=f"machine-{asked.now:%Y%m%d%H%M%S%f}", list_id="machine", title="This machine", items=items
        )
        short = [lines[topic] for topic in (Topic.BATTERY, Topic.LOAD, Topic.MEMORY) if _is_told(topic, machine)]
        return Plan(speech=" ".join((*short, lines[Topic.MODEL])), cards=(card,))

    async def _readings(self, *, patient: bool, watts: bool) -> tuple[DeviceReading, ...]:
        """The newest look, or the first that says something, if that comes soon.

        A temperature is there with the first look, or there is no sensor for it; watts take a second one.
        """
        clock = self._parts.clock
        until = clock.monotonic() + (SECOND_LOOK_S if patient else _STEP_S)
        while True:
            found = self._parts.power.readings()
            quantities = (one.watts if watts else one.temperature_c for one in found)
            told = any(quantity.value is not None for quantity in quantities)
            if told or (found and not watts) or clock.monotonic() >= until:
                return found
            await clock.sleep(_STEP_S)


def _topics(asked: Asked) -> tuple[Topic, ...]:
    said = str(asked.values.get("topic", Topic.ALL.value)).split(",")
    topics = tuple(topic for topic in Topic if topic.value in said)
    return _SHOWN if not topics or Topic.ALL in topics else topics


def _is_told(topic: Topic, machine: Machine) -> bool:
    """Whether there is anything to say of it."""
    return {Topic.BATTERY: machine.battery, Topic.LOAD: machine.load}.get(topic, machine.memory) is not None
