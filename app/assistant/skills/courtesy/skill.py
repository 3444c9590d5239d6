"""The skill of small words: thanks, a greeting, "never mind", "what can you do".

Why it exists: a language model needs a second for "thanks", and a small one makes up what the program can do. The words
are taken whole and literally, never by likeness, so that no question is swallowed: "thanks, and what time is it" is not
for this skill. A routine with the same words goes first, and what is set or rings hears "stop" and "cancel".
"""

from __future__ import annotations

import re
from datetime import datetime

from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Asked, Data, Intent, Plan, Skill, SkillSpec
from app.assistant.skills.timers.timer import TIMERS, Timer
from app.assistant.understanding.meaning import Guess, Value, Values
from app.contracts.skill_cards import ListCard, ListItem

COURTESY = "courtesy"
KIND = "kind"
MEANT = 0.95
"""Below that of a routine which is started by these very words."""
STOP, ABILITIES, GREETING = "stop", "abilities", "greeting"
_NAMED = r"(?: (?:sotto|computer|assistant|everyone|again|then|now|please))*"
_LEAD = r"(?:(?:ok|okay|great|perfect|good|nice|cool|no|yes|all right|alright|oh|nah|well|actually) )*"
_WORDS = {
    "thanks": rf"""{_LEAD}(?:thanks|thank you|thx|many thanks|cheers)
        (?: (?:a lot|so much|very much|a million|a bunch|for that|for your help))?""",
    "never mind": rf"""{_LEAD}(?:never ?mind|forget (?:it|about it)|no thanks|that's (?:all|it|enough)|that is all|
        not now|scratch that|leave it|nothing)""",
    STOP: rf"{_LEAD}(?:cancel(?: (?:that|it))?|stop(?: it| that)?|be quiet|quiet|enough|abort)",
    "fine": "(?:ok|okay|all right|alright|got it|i see|fine|very good|good to know)",
    GREETING: "(?:hello|hi|hey|hi there|hey there|hello there|good (?:morning|afternoon|evening|day)|morning)",
    "night": "(?:good night|night night|sleep well)",
    "bye": "(?:bye|bye bye|goodbye|good bye|see you|see you (?:later|soon|tomorrow)|so long)",
    ABILITIES: """(?:what (?:can|could) you do(?: for me)?|what (?:can|could|should|do) i (?:ask|say)(?: (?:to )?you)?|
        what do you do|help|help me|i need help|how can you help(?: me)?|what are (?:your skills|you able to do)|
        what are you good (?:at|for)|show me what you can do)""",
}
_PATTERNS = {kind: re.compile(re.sub(r"\n\s+", "", words) + _NAMED) for kind, words in _WORDS.items()}
_ANSWERS = {
    "thanks": "You're welcome.",
    "never mind": "All right.",
    STOP: "All right.",
    "fine": "All right.",
    "night": "Good night.",
    "bye": "Goodbye.",
}
_ABLE = (
    ("Time and dates", "What time is it in Tokyo? How many days until Christmas?"),
    ("Calculations and units", "What is 15 percent of 80? 5 miles in kilometers"),
    ("Timers, alarms, reminders", "Set a timer for ten minutes. Remind me to call Anna at five"),
    ("Lists and notes", "Add milk to my shopping list. Take a note: the code is 4711"),
    ("What you tell me", "Remember that my locker is number 42. What do you know about me?"),
    ("Your day", "What do I have tomorrow?"),
    ("Workouts", "Plan an upper body workout"),
    ("This computer", "How much battery is left?"),
    ("Your documents", "What does my lease say about pets?"),
    ("Routines", "When I say good morning, tell me the time and my list"),
)


class CourtesySkill(Skill):
    """Answers small words.

    Args:
        parts: The notebook, which knows whether something is set that "stop" may be said to.
    """

    spec = SkillSpec(
        "courtesy",
        "Small words",
        "Answers thanks and greetings, and tells what can be asked for.",
        (Intent(COURTESY, (), description="Answer politely"),),
    )
    keeps_plans = True

    def __init__(self, parts: SkillParts) -> None:
        self._notebook = parts.notebook

    async def claim(self, text: str, now: datetime) -> Guess | None:  # noqa: ARG002
        """Words that are nothing but a courtesy."""
        kind = kind_of(text)
        if not kind or (kind == STOP and await self._notebook.entries(TIMERS, Timer, limit=1)):
            return None
        return Guess(COURTESY, 1.0 if kind == STOP else MEANT)

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """Which courtesy; the greeting as it was said."""
        kind = kind_of(text)
        values: dict[str, Value] = {KIND: kind} if kind else {}
        if kind == GREETING and (part := re.search(r"\bgood \w+", text.lower())) is not None:
            values["with"] = part[0].capitalize()
        return values

    def continued(self, before: Asked, rest: str, now: datetime) -> Values | None:  # noqa: ARG002
        """Nothing goes on from a courtesy."""
        return None

    async def plan(self, asked: Asked, data: Data) -> Plan:  # noqa: ARG002
        """One short sentence; what can be asked for comes as a list."""
        kind = str(asked.values.get(KIND, ""))
        if kind == GREETING:
            return Plan(f"{asked.values.get('with', 'Hello')}. What can I do for you?")
        if kind != ABILITIES:
            return Plan(_ANSWERS.get(kind, "All right."))
        items = tuple(
            ListItem(item_id=str(at), text=f"{name}: {examples}", checkable=False)
            for at, (name, examples) in enumerate(_ABLE)
        )
        card = ListCard(card_id="courtesy-abilities", list_id="abilities", title="What you can ask for", items=items)
        return Plan(
            "I tell time and dates, calculate, set timers and reminders, keep lists and notes, plan your day and"
            " workouts, and answer questions. There are examples on the card.",
            (card,),
        )


def kind_of(text: str) -> str:
    """Which courtesy a text is and nothing else, empty for none."""
    said = " ".join(re.sub(r"[^\w\s']", " ", text.lower().replace("\u2019", "'").replace("thats", "that's")).split())
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(said)), "")
