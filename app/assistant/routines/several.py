"""The skill of two requests in one sentence: "set a timer for five minutes and add milk to my list".

Why it exists: whoever takes such a sentence as a whole hears one half of it and loses the other, without a word. It is
taken apart only where nothing is doubtful: every part is surely a request of its own to a skill, begins like one, and
none of them would ask back. Then it runs like a routine that nobody has saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from app.assistant.routines.doing import Abilities
from app.assistant.routines.requirements import begins, requirements_of
from app.assistant.routines.routine import Kind, Routine, Step
from app.assistant.routines.running import How, Ran, run
from app.assistant.skills.skill import Asked, Data, Intent, Plan, Skill, SkillSpec
from app.assistant.understanding.features import bare
from app.assistant.understanding.meaning import OPEN_QUESTION, Guess, Values
from app.contracts.errors import SottoError

SEVERAL = "several"
PARTS = "parts"
MOST_PARTS = 4
SURE = 0.85
"""So surely every part has to be a request to a skill."""
_BETWEEN = re.compile(
    r"\s*[,;.?]?\s+(?:and\s+)?(?:also|then|after that)\s+|\s*[,;.?]?\s+and\s+|\s*[;?]\s+|\.\s+", re.IGNORECASE
)
_BEGINS = re.compile(
    r"^(?:add|put|set|start|stop|cancel|pause|resume|snooze|remind|wake|tell|show|read|give|take|note|remember|forget|"
    r"convert|calculate|remove|delete|clear|check|make|create|plan|log|what|what's|when|which|who|where|how|how's|is|are|"
    r"do i|am i|let me know|timer|alarm|reminder)\b"
)
_TO_THE_END = frozenset(("take_note", "remember_fact", "forget_fact"))
"""What follows these at the begin of a sentence is part of their words."""
_AS_A_WHOLE = frozenset(("make_routine", "run_routine", "plan_workout"))
"""These take a sentence as a whole."""


class Several(Skill):
    """Does several things, one after the other.

    Args:
        abilities: What the parts can use; asked for at use, because the skills in it include this one.
    """

    spec = SkillSpec(
        "several",
        "Several things",
        "Does two to four things that are asked for in one sentence.",
        (Intent(SEVERAL, (), description="Do one thing after the other"),),
    )

    def __init__(self, abilities: Callable[[], Abilities]) -> None:
        self._abilities = abilities

    async def claim(self, text: str, now: datetime) -> Guess | None:
        """A sentence that is surely two requests or more, none of which would ask back."""
        parts = self._parts(text, now)
        wish = requirements_of(text)
        if not parts or (wish.phrases and begins(wish.body)):  # a wish for a routine names several things to do, too
            return None
        abilities = self._abilities()
        for part in parts:
            asked = abilities.asked(abilities.understand(part, now), now)
            try:
                look = await abilities.look(asked)
            except SottoError:
                return None
            says_too_little = not asked.values and bool(look.asked.values)  # a default for all there is to say
            if look.missing is not None or look.proposal is not None or says_too_little:
                return None
        return Guess(SEVERAL, 1.0)

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """The requests, each by itself."""
        return {PARTS: self._parts(text, now)}

    def continued(self, before: Asked, rest: str, now: datetime) -> Values | None:  # noqa: ARG002
        """Nobody could tell which of them goes on."""
        return None

    async def plan(self, asked: Asked, data: Data) -> Plan:  # noqa: ARG002
        """Do them. Like a routine's run it may take effect before its end: a part finds what earlier ones changed.

        Raises:
            SottoError: The first of them cannot be done.
        """
        parts = asked.values.get(PARTS)
        assert isinstance(parts, tuple)
        steps = tuple(Step(f"step{at}", Kind.ASK, part) for at, part in enumerate(parts))
        routine = Routine(SEVERAL, "Several things", (), steps)
        ran = await run(routine, {}, self._abilities(), How(asked.now))
        writes = tuple(write for outcome in ran.open for write in outcome.writes)
        return Plan(ran.speech or "Done.", tuple(ran.cards.values()), ran, writes, tuple(ran.notes))

    async def written(self, plan: Plan) -> None:
        """Tell the skills whose parts were written last."""
        for outcome in plan.body.open if isinstance(plan.body, Ran) else ():
            await outcome.skill.written(outcome.plan)

    def _parts(self, text: str, now: datetime) -> tuple[str, ...]:
        """The requests in a text, empty when it is one, or when that is doubtful."""
        if _BETWEEN.search(text.strip()) is None or "{{" in text:
            return ()
        abilities = self._abilities()
        parts: list[str] = []
        for piece in _pieces(text):
            if parts and not _BEGINS.match(bare(piece)):
                parts[-1] = f"{parts[-1]} and {piece}"  # milk and eggs
            else:
                parts.append(piece)
        if not 1 < len(parts) <= MOST_PARTS:
            return ()
        meanings = [abilities.understand(part, now) for part in parts]
        unsure = any(meaning.intent == OPEN_QUESTION or meaning.confidence < SURE for meaning in meanings)
        intents = [meaning.intent for meaning in meanings]
        if unsure or _AS_A_WHOLE.intersection(intents) or intents[0] in _TO_THE_END:
            return ()
        return tuple(parts)


def _pieces(text: str) -> Sequence[str]:
    """What lies between the words that may part two requests."""
    return [piece.strip(" ,;") for piece in _BETWEEN.split(text.strip()) if piece.strip(" ,;.?!")]
