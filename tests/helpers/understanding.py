"""A few skills with intents, for tests of what understands them."""

from __future__ import annotations

from datetime import datetime

from app.assistant.skills.skill import Asked, Data, Intent, Plan, Skill, SkillSpec
from app.assistant.understanding.durations import duration
from app.assistant.understanding.meaning import Values


class Speaking(Skill):
    """A skill that only answers with its own name."""

    async def plan(self, asked: Asked, data: Data) -> Plan:
        return Plan(speech=self.spec.name)


class Kitchen(Speaking):
    """Timers and recipes."""

    spec = SkillSpec(
        "kitchen",
        "Kitchen",
        "Helps to cook.",
        (
            Intent(
                "boil",
                (
                    "set a timer for ten minutes", "start a timer", "timer for an hour", "set an egg timer",
                    "count down from 90 seconds", "start a countdown of 5 minutes",
                ),
                patterns=(r"\begg timer\b",),
                against=(r"\bcancel\b",),
            ),
            Intent(
                "stop_boiling",
                (
                    "cancel the timer", "stop the timer", "cancel my countdown", "turn off the timer",
                    "end the egg timer", "stop the countdown",
                ),
            ),
        ),
    )  # fmt: skip

    def values(self, intent: str, text: str, now: datetime) -> Values:
        seconds = duration(text)
        return {} if seconds is None else {"seconds": seconds}


class Shop(Speaking):
    """Shopping."""

    spec = SkillSpec(
        "shop",
        "Shop",
        "Buys things.",
        (
            Intent(
                "add_item",
                (
                    "add milk to my shopping list", "put eggs on the list", "I need bread, add it to the list",
                    "add call mum to my to-do list", "write carrots on the shopping list", "also add butter",
                ),
            ),
            Intent(
                "see_items",
                (
                    "what's on my shopping list", "show me the list", "read my to-do list", "what do I have to buy",
                    "open my list", "tell me what is on the list",
                ),
            ),
        ),
    )  # fmt: skip
