"""What a calculation or a conversion becomes when the next words only go on from it: "and in feet?", "times three"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.assistant.skills.arithmetic.unit_words import conversion
from app.assistant.understanding.meaning import Value, Values

_IN = re.compile(r"^(?:in|into|to|as)\s+")
_MEASURE = re.compile(r"^(?:(?:in|of|for)\s+)?(?P<quantity>(?:an?|one|two|half|\d).*)$")
_OPERATOR = re.compile(
    r"^(?:(?:that|it|the (?:result|answer))\s+)?(?P<rest>(?:times|plus|minus|multiplied by|divided by|over|squared|"
    r"cubed|to the power of|[-+*/^×÷])\s*.*)$"  # noqa: RUF001 - signs people type
)
_PERCENT = re.compile(r"\b[\w.]+\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_ASKED = re.compile(r"^(?:what(?:'s| is)|how much is|calculate|work out|compute)\s+", re.IGNORECASE)


def going_on(values: Mapping[str, Value], rest: str) -> Values:
    """The value of a conversion that other words change: its unit, or what is converted; nothing when neither."""
    quantity, unit = str(values.get("quantity", "")), str(values.get("unit", ""))
    wanted = _IN.sub("", rest)
    if conversion(quantity, wanted) is not None:
        return {"unit": wanted}
    measure = _MEASURE.match(rest)
    if measure is not None and conversion(measure["quantity"], unit) is not None:
        return {"quantity": measure["quantity"]}
    return {}


def carried_on(expression: str, rest: str) -> str:
    """The calculation that words make of the one before, empty when they make none."""
    before = _ASKED.sub("", expression.strip(" .?!"))
    operator = _OPERATOR.match(rest)
    if operator is not None:
        return f"({before}) {operator['rest']}"
    share = _PERCENT.fullmatch(rest)
    if share is not None and _PERCENT.search(before):
        return _PERCENT.sub(lambda _match: rest, before, count=1)
    return ""
