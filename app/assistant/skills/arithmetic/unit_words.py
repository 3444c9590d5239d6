"""Finds in words what is to be converted into what: "how many cups in half a gallon"."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from app.assistant.skills.arithmetic.amounts import amount
from app.assistant.skills.arithmetic.unit_names import MONEY, NAMES, SMALLER, USUAL_TARGETS, Unit
from app.assistant.skills.arithmetic.wording import with_digits

MOST_CHARACTERS = 200
_POLITE = re.compile(
    r"^(?:hey|okay|ok|so|please|sotto|can you|could you|would you|tell me|do you know|i need to know|[,:])\s+|"
    r"\s*(?:[?!.,]|\bplease|\bthanks|\bthank you|\bfor me)$"
)
_HOW_MANY = re.compile(
    r"^how (?:many|much) (?P<unit>.+?)"
    r"(?: (?:are|is)(?: there)?| do you have| does it take| go| fit| make up| make| has| does)?"
    r" (?:in(?:to)?|to|(?<=\bis )|(?<=\bare )|(?<=\bmake )|(?<=\bup )|of) ?"
    r"(?P<of>(?:the |an? )?.+?)(?: have| contain| make)?$"
)
_IS = re.compile(r"^how (?:many|much) (?P<unit>.+?) (?:is|are|make|makes|equals?|has|have) (?:up )?(?P<of>.+)$")
_IN = re.compile(
    r"^(?:(?:convert|change|turn|translate|express|give me|show me|calculate|what(?:'s|s| is| are| would be| does)"
    r"|how (?:much|long|far|heavy|tall|hot|cold|fast|big|warm|many) (?:is|are)) )*"
    r"(?P<of>.+?) (?:in|into|to|as|equals? how many|is how many|are how many|equal to how many) (?P<unit>[^\d]+?)$"
)
_ALONE = re.compile(r"^(?:convert|change|translate) (?P<of>.+)$")
_FUEL = re.compile(r"\b(?:l|lit(?:er|re)s?)(?: ?/ ?| per )(?:100|one hundred|a hundred) ?(?:km|kilomet(?:er|re)s)\b")
_NUMBER = r"\d+ \d+/\d+|\{\d+/\d+\}|\d+/\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_PART = re.compile(rf"\s*(?:and )?(?P<number>[-−]?(?:{_NUMBER}))(?:\s*(?:of )?an? |\s*-?\s*)?(?P<unit>[^\d{{}}]*)")
_THAT = re.compile(
    rf"\b(?P<of>(?:{_NUMBER})\s*[^\d,]+?),? (?:(?:what(?:'s| is)|how much is|is) )?(?:that|this|it)? ?(?:in|into)"
    r" (?P<unit>[^\d]+?)$"
)
_SHAPED = re.compile(r"^(?P<power>square|sq|cubic|cu)\.? (?P<unit>.+)$")
_RAISED = re.compile(r"^(?P<unit>.+?)(?:(?P<sign>[²³])|\^(?P<digit>[23])| (?P<word>squared|cubed))$")
_PER = re.compile(r"\s*(?:/|\bper\b|\ban?\b)\s*")
_POWERS = {"square": 2, "sq": 2, "squared": 2, "²": 2, "2": 2, "cubic": 3, "cu": 3, "cubed": 3, "³": 3, "3": 3}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a unit."""

    value: Fraction
    unit: Unit


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is to be converted.

    Attributes:
        parts: Added up: 5 feet and 11 inches.
        target: Into what; None when nobody said and there is no usual answer.
        rest: The smaller unit of "feet and inches", for what is left of whole ones; None when one unit is wanted.
    """

    parts: tuple[Measure, ...]
    target: Unit | None
    rest: Unit | None = None


def split(text: str) -> tuple[str, str] | None:
    """The words for the quantity and those for the unit it is wanted in (empty when not said), None for other texts."""
    if len(text) > MOST_CHARACTERS:
        return None
    rest = text.lower().replace("\u2019", "'").strip()
    while (shorter := _POLITE.sub("", rest).strip()) != rest:
        rest = shorter
    rest = _in_digits(rest)
    for pattern in (_HOW_MANY, _IS, _IN, _THAT, _ALONE):
        match = pattern.search(rest)
        if match is None:
            continue
        quantity, unit = match["of"].strip(), match.groupdict().get("unit", "") or ""
        if parts(quantity) and (not unit or _wanted(unit)):
            return quantity, unit.strip()
    return None


def _in_digits(text: str) -> str:
    return with_digits(_FUEL.sub("l/ckm", text))


def _wanted(text: str) -> tuple[Unit, ...]:
    """One unit, or a larger and a smaller one as in "feet and inches"; none when a name is no unit."""
    units = [unit_of(name) for name in text.split(" and ")] if text else []
    found = tuple(unit for unit in units if unit is not None)
    return found if len(found) == len(units) <= 2 else ()


def is_money(text: str) -> bool:
    """Whether a currency is named."""
    return bool(MONEY & set(re.findall(r"[a-z]+|[$€£]", text.lower())))


def conversion(quantity: str, unit: str) -> Conversion | None:
    """What the words of `split` stand for, with names that mean several things settled by the other side."""
    measures = parts(_in_digits(quantity.lower()))
    units = _wanted(_in_digits(unit.lower()))
    if not measures or (unit and not units):
        return None
    wanted = units[0] if units else None
    if wanted is None:
        wanted = NAMES.get(USUAL_TARGETS.get(measures[0].unit.name, ""))
    if wanted is None:
        return Conversion(measures, None)
    settled = tuple(Measure(one.value, _settled(one.unit, wanted)) for one in measures)
    return Conversion(settled, _settled(wanted, settled[0].unit), units[1] if len(units) > 1 else None)


def parts(text: str) -> tuple[Measure, ...]:
    """The measures of "5 feet 11 inches", none when anything in it is no measure."""
    text = re.sub(r"^(?:the|an?|one|each|every) ", "1 ", text.strip())
    if not re.match(r"[-−]?[\d.{]", text):
        text = f"1 {text}"
    found: list[Measure] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None or match.end() == at:
            return ()
        at = match.end()
        said = re.sub(r"(?:,| and)+$", "", match["unit"].strip()).strip()
        unit = unit_of(said or (SMALLER.get(found[-1].unit.name, "") if found else ""))
        value = _value(match["number"])
        if unit is None or value is None:
            return ()
        found.append(Measure(value, unit))
    return tuple(found) if len(found) <= 4 else ()


def unit_of(text: str) -> Unit | None:
    """The unit a phrase names, None for none."""
    text = " ".join(text.strip(" .?").removeprefix("the ").split())
    if not text or len(text) > 60:
        return None
    if text in NAMES:
        return NAMES[text]
    if (match := _SHAPED.match(text)) or (match := _RAISED.match(text)):
        groups = match.groupdict()
        power = _POWERS[groups.get("power") or groups.get("sign") or groups.get("digit") or groups.get("word") or "2"]
        base = NAMES.get(groups["unit"])
        if base is None or not base.name:
            return None
        shape = "square" if power == 2 else "cubic"
        return Unit(((base.name, power),), f"{shape} {base.one}", f"{shape} {base.many}", taken=base.taken)
    above, *below = _PER.split(text)
    if len(below) != 1 or not above:
        return None
    numerator, denominator = unit_of(above), unit_of(below[0])
    if numerator is None or denominator is None:
        return None
    factors = (*numerator.factors, *((name, -power) for name, power in denominator.factors))
    taken = " ".join(filter(None, (numerator.taken, denominator.taken)))
    return Unit(
        factors,
        f"{numerator.one} per {denominator.one}",
        f"{numerator.many} per {denominator.one}",
        numerator.scale / denominator.scale,
        taken,
    )


_VOLUMES = frozenset(
    (
        *("liter", "milliliter", "centiliter", "deciliter", "gallon", "imperial_gallon", "quart", "pint"),
        *("imperial_pint", "cup", "fluid_ounce", "tablespoon", "teaspoon"),
    )
)
_OTHER_SCALE = {"degree_Celsius": "fahrenheit", "degree_Fahrenheit": "celsius", "kelvin": "celsius"}


def _settled(unit: Unit, other: Unit) -> Unit:
    """Which unit of a name is meant beside another: an ounce beside a cup is a fluid one."""
    if unit.name == "ounce" and other.name in _VOLUMES:
        return NAMES["fluid ounces"]
    if unit.name == "degree" and other.name in _OTHER_SCALE:
        meant = NAMES[_OTHER_SCALE[other.name]]
        return Unit(meant.factors, meant.one, meant.many, taken=f"I took {meant.many}.")
    return unit


def _value(digits: str) -> Fraction | None:
    """The number of digits as `_NUMBER` has them, None for one that is divided by zero."""
    digits = digits.replace(",", "").replace("−", "-").strip("{}")
    sign = -1 if digits.startswith("-") else 1
    whole, _, part = digits.lstrip("-").strip("{}").partition(" ")
    if "/" in whole:
        whole, part = "0", whole
    above, _, below = part.partition("/")
    if part and int(below) == 0:
        return None
    return sign * (amount(whole).value + (Fraction(int(above), int(below)) if part else 0))
