"""The skill for calculations and units of measure."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from app.assistant.skills.arithmetic.evaluating import outcome
from app.assistant.skills.arithmetic.going_on import carried_on, going_on
from app.assistant.skills.arithmetic.parser import read
from app.assistant.skills.arithmetic.readable import equation
from app.assistant.skills.arithmetic.unit_names import MONEY, NAMES
from app.assistant.skills.arithmetic.unit_words import conversion, is_money, split
from app.assistant.skills.arithmetic.units import Units, sentence
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import (
    Asked,
    Clarification,
    Data,
    Fetch,
    Intent,
    ModelAsk,
    Plan,
    Skill,
    SkillSpec,
)
from app.assistant.understanding.meaning import Values
from app.contracts.errors import InvalidInput

CALCULATE = "calculate"
CONVERT = "convert_units"
LOADING_S = 5.0
_RATES = "Exchange rates change every day, and I look nothing up on the net. I can only convert measures."
_NUMERAL = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million)"
)
_KIND = "square|cubic|degrees|us|imperial|metric|fluid|nautical"
_BETWEEN = "plus|minus|times|multiplied by|divided by|over|modulo|mod|to the power of|-|x"
_MEASURE = (
    r"(?:miles?|k?m|kilomet(?:er|re)s?|met(?:er|re)s?|centimet(?:er|re)s?|cm|mm|millimet(?:er|re)s?|feet|foot|ft|inch(?:es)?"
    r"|yards?|pounds?|lbs?|ounces?|oz|kilos?|kilograms?|kg|grams?|stones?|tons?|tonnes?|gallons?|lit(?:er|re)s?|ml"
    r"|millilit(?:er|re)s?|cups?|pints?|quarts?|tablespoons?|teaspoons?|tbsp|tsp|celsius|fahrenheit|kelvin|degrees?"
    r"|acres?|hectares?|[kmgt]i?b|(?:kilo|mega|giga|tera)?bytes?|bits?|mph|km/h|knots?|joules?|calories|seconds?|minutes?"
    r"|hours?|days?|weeks?)"
)
_WORDS = ("in", "st", "pa", "ha", "au", "mi")
"""Short forms that are words of other texts: units behind a figure only, as single letters are."""
_SHORT = "|".join(re.escape(name) for name in NAMES if (len(name) == 1 and name.isalpha()) or name in _WORDS)
_LONG = "|".join(
    re.escape(name) for name in (*NAMES, *MONEY) if len(name) > 1 and name[-1].isalnum() and name not in _WORDS
)
_UNIT = rf"(?:(?:\b|(?<=\d))(?:{_LONG})\b|\d ?°?(?:{_SHORT})\b)"

SPEC = SkillSpec(
    "arithmetic",
    "Arithmetic and units",
    "Calculates exactly and converts units of measure.",
    (
        Intent(
            CALCULATE,
            (
                "what is twelve times fifteen",
                "calculate 48 divided by 6",
                "how much is 20 percent of 80",
                "what's the square root of 144",
                "17 plus 25",
                "7 squared",
                "what is a third of 90",
                "multiply 14 by 23",
                "subtract 19 from 100",
                "15 percent off 60",
                "what's 3.5 times 8 minus 2",
                "work out 2 to the power of 10",
                "what percent of 80 is 20",
                "the sum of 14, 9 and 31",
                "average of 10, 20 and 40",
                "add up 12 and 30",
                "(3 + 4) * 5",
                "what is half of 250",
                "how much is nine hundred minus forty two",
                "a fifteen percent tip on 64",
            ),
            (
                rf"{_NUMERAL}\)?\s*(?:[+*×÷/^]|\*\*)\s*\(?[-−]?{_NUMERAL}",
                rf"\b{_NUMERAL}\)?\s*(?:{_BETWEEN})\s*\(?(?:minus )?{_NUMERAL}\b",
                rf"\b{_NUMERAL}\s?(?:%|percent|per cent) (?:of|off|tip on|discount on) \$?{_NUMERAL}",
                rf"\b(?:square|cube) root of {_NUMERAL}",
                rf"\b{_NUMERAL} (?:squared|cubed|factorial)\b",
                r"^(?:please )?(?:calculate|compute|work out) (?=.*\d)",
                rf"\b(?:half|third|quarter|fifth|tenth)s? of {_NUMERAL}\b",
                rf"\b(?:add|subtract|multiply|divide) {_NUMERAL}.* (?:and|to|from|by) {_NUMERAL}\b",
                rf"\b(?:sum|product|average|mean|difference) (?:of|between) {_NUMERAL}\b",
                rf"\b{_NUMERAL} and {_NUMERAL} (?:together|combined|added)\b",
                rf"\bwhat percent(?:age)? (?:of|is) {_NUMERAL}\b",
                rf"\b{_NUMERAL} (?:and|with) {_NUMERAL} (?:together|altogether|combined|in total)\b",
                rf"\bwhat (?:do|does|would) {_NUMERAL} [\w ]{{2,30}} at {_NUMERAL}\b.* cost\b",
            ),
            (
                r"\btimer\b|\balarm\b|\bremind\b|\breminder\b|\bworkout\b|\bsets?\b|\breps?\b|\bsession\b",
                r"\b\d{4}-\d{1,2}-\d{1,2}\b|^(?:why|prove|explain)\b",
                rf"^(?!.*\b(?:{_NUMERAL}|half|halve|third|quarter|fifth|double|twice|triple|dozen|pi)\b)",
            ),
            "Calculate something",
        ),
        Intent(
            CONVERT,
            (
                "convert 5 miles to kilometers",
                "how many cups are in a gallon",
                "what is 100 degrees fahrenheit in celsius",
                "5 feet 11 in centimeters",
                "how many grams are in an ounce",
                "20 celsius in fahrenheit",
                "how many feet are there in a mile",
                "change 3 kilos into pounds",
                "how many megabytes are in two gigabytes",
                "what's 60 miles per hour in kilometers per hour",
                "10 kg in pounds",
                "how many seconds are in a day",
                "convert two tablespoons to milliliters",
                "how many inches is 30 centimeters",
                "how tall is six feet in meters",
                "turn 350 fahrenheit into celsius",
            ),
            (
                rf"\bhow many {_MEASURE} (?:(?:are |is )?(?:there )?in|is|are|make|do) (?:\w+ ){{0,3}}?{_MEASURE}\b",
                rf"\b(?:{_NUMERAL}|an?)\s?{_MEASURE}\b.{{0,30}} (?:in|to|into|as) (?:{_KIND} )?{_MEASURE}\b(?! ?\d)",
                rf"^(?:please )?convert .*{_MEASURE}\b",
                r"\bhow many (?:[kmgt]i?b|[kc]?m|mm|kg|g|ml|cl|l|oz|lbs?|ft) (?:are |is )?in an? \w+$",
            ),
            (
                r"\btimer\b|\balarm\b|\bremind\b|\breminder\b|\bremember\b|\bgpu\b|\bcpu\b|\bworld cup\b",
                rf"\bhow many {_MEASURE} of [a-z]+",
                r"^(?:what(?:'s| is| are)|define|explain) (?:an? |the )?[a-z]+$",
                rf"^(?!.*{_UNIT})",
            ),
            "Convert units of measure",
        ),
    ),
)


class ArithmeticSkill(Skill):
    """Calculates and converts, exactly, by itself.

    Args:
        parts: Nothing of it is needed.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts) -> None:
        del parts
        self._units = Units()

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """``expression`` of a calculation; ``quantity`` and ``unit`` of a conversion."""
        if intent == CALCULATE:
            return {"expression": text.strip()}
        found = split(text)
        if found is None:
            return {}
        quantity, unit = found
        return {"quantity": quantity, "unit": unit} if unit else {"quantity": quantity}

    def continued(self, before: Asked, rest: str, now: datetime) -> Values | None:
        """Of "and in pounds?" and "and 15 percent?": the measure or calculation before with that in it."""
        if before.intent == CONVERT:
            found = self.values(CONVERT, rest, now) or going_on(before.values, rest)
            return {**before.values, **found} if found else None
        expression = carried_on(str(before.values.get("expression", before.text)), rest)
        return {"expression": expression} if expression and read(expression) is not None else None

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """The unit library, which takes a moment the first time."""
        if asked.intent != CONVERT:
            return ()
        return (Fetch("units", self._units.load, None, "The table of units took long to load.", LOADING_S),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:  # noqa: ARG002
        """Into what, when nobody said and there is no usual answer."""
        quantity = asked.values.get("quantity")
        if asked.intent != CONVERT or "unit" in asked.values or not isinstance(quantity, str):
            return None
        wanted = conversion(quantity, "")
        if wanted is None or wanted.target is not None:
            return None
        return Clarification("unit", "Into which unit?", (), free=True)

    def read_answer(self, asked: Asked, slot: str, text: str) -> str | None:  # noqa: ARG002
        """A unit."""
        said = text.lower().strip(" .!?")
        for opening in ("into ", "to ", "in "):
            said = said.removeprefix(opening)
        quantity = str(asked.values.get("quantity", ""))
        return said if conversion(quantity, said) is not None else None

    async def plan(self, asked: Asked, data: Data) -> Plan:  # noqa: ARG002
        """The answer; what is neither a calculation nor a measure goes to the language model."""
        try:
            said = await (self._converted(asked) if asked.intent == CONVERT else self._calculated(asked))
        except InvalidInput as error:
            return Plan(speech=error.message)
        return Plan(speech=said) if said else Plan(ask=ModelAsk(asked.text))

    async def _calculated(self, asked: Asked) -> str:
        expression = str(asked.values.get("expression", asked.text))
        return _worked_out(expression) or await self._turned(*(split(expression) or ("", "")))

    async def _converted(self, asked: Asked) -> str:
        quantity, unit = str(asked.values.get("quantity", "")), str(asked.values.get("unit", ""))
        said = await self._turned(quantity, unit)
        return said or (_RATES if is_money(asked.text) else _worked_out(asked.text))

    async def _turned(self, quantity: str, unit: str) -> str:
        """A measure in another unit, empty when these are none."""
        wanted = conversion(quantity, unit)
        if wanted is None:
            return ""
        if wanted.target is None:
            raise InvalidInput(f"I do not know what to turn {quantity} into.", code="no-unit")
        return sentence(wanted, await self._units.convert(wanted, wanted.target))


def _worked_out(text: str) -> str:
    """The answer to a calculation, empty when it is none."""
    tree = read(text)
    return "" if tree is None else equation(tree, outcome(tree))
