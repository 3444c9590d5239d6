"""Writes numbers and calculations the way people read them; the voice reads the signs aloud by itself."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from app.assistant.skills.arithmetic.amounts import Amount
from app.assistant.skills.arithmetic.tree import (
    ANGLES,
    POSTFIX,
    SEVERAL,
    Applied,
    Function,
    Infix,
    Literal,
    Node,
    Operator,
)
from app.assistant.wording import joined

LONGEST_WHOLE = 40
"""Digits of the longest whole number that is written out."""
LONGEST_DECIMAL = 15
"""Digits of the longest decimal fraction that is written out."""
SIGNIFICANT = 6
"""Digits of a number that is rounded."""
MEASURED = 8
"""Digits of the longest decimal fraction a measure is told with."""
MEASURED_SIGNIFICANT = 4
"""Digits of a measure that is rounded; two behind the point are told of larger ones too."""
LARGEST_DENOMINATOR = 24
"""Fractions up to it are written as such."""
_BINDING = {
    Operator.SHARE: 5,
    Operator.ADD: 10,
    Operator.SUBTRACT: 10,
    Operator.MULTIPLY: 20,
    Operator.DIVIDE: 20,
    Operator.REMAINDER: 20,
    Operator.OF: 20,
    Operator.OFF: 20,
    Operator.POWER: 40,
}
_SMALL_POWERS = {"2": "²", "3": "³"}


def number(value: Fraction) -> tuple[str, bool]:
    """A number in digits, and whether they are all of it."""
    if value.denominator == 1 and len(str(abs(value.numerator))) <= LONGEST_WHOLE:
        return _signed(f"{value.numerator:,}"), True
    decimal = _terminating(value)
    if decimal is not None:
        return _signed(f"{decimal:,f}"), True
    return _rounded(value), False


def measured(value: Fraction) -> tuple[str, bool]:
    """A measure in digits, rounded to what is of use, and whether they are all of it."""
    text, whole = number(value)
    if "." not in text or (whole and sum(character.isdigit() for character in text) <= MEASURED):
        return text, whole
    return _rounded(value, MEASURED_SIGNIFICANT), False


def equation(node: Node, result: Amount) -> str:
    """The sentence that answers a calculation, as in ``7² = 49``."""
    text, whole = number(result.value)
    asked = written(node)
    if isinstance(node, Infix) and node.operator is Operator.SHARE:
        about = "" if whole and result.exact else "about "
        return f"{written(node.left, 5)} is {about}{text}% of {written(node.right, 5)}."
    if whole and result.exact:
        return f"{asked} = {text}."
    if result.exact and result.value.denominator <= LARGEST_DENOMINATOR and abs(result.value) < 1_000:
        fraction = mixed(result.value)
        return f"{asked} is about {text}." if fraction == asked else f"{asked} = {fraction}, about {text}."
    return f"{asked} is about {text}."


def mixed(value: Fraction) -> str:
    """A fraction with its whole part before it: ``3 1/3``."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    sign = "−" if value < 0 else ""
    part = f"{rest}/{value.denominator}" if rest else ""
    return sign + " ".join(piece for piece in (str(whole) if whole or not part else "", part) if piece)


def written(node: Node, above: int = 0) -> str:
    """A tree as a calculation, with the brackets it needs inside something that binds with ``above``."""
    match node:
        case Literal(amount=amount, name=name):
            if not name:
                return number(amount.value)[0]
            return f"({name})" if "/" in name and above >= 20 else name
        case Infix(operator=Operator.POWER, left=left, right=right):
            exponent = written(right, 39)
            base = written(left, 41)
            text = base + _SMALL_POWERS.get(exponent, f"^{exponent}")
        case Infix(operator=operator, left=left, right=right):
            binding = _BINDING[operator]
            text = f"{written(left, binding - 1)} {operator.value} {written(right, binding)}"
        case Applied():
            return _applied(node, above)
    return f"({text})" if _BINDING[node.operator] <= above else text


def _applied(node: Applied, above: int) -> str:
    function, operands = node.function, node.operands
    if function in SEVERAL:
        items = [written(one, 10) for one in operands]
        text = f"{function.value}{joined(items)}" if len(items) > 1 else items[0]
        return f"({text})" if above else text
    if function in POSTFIX:
        return f"{written(operands[0], 49)}{function.value}"
    unit = "°" if function in ANGLES and not node.radians else ""
    text = f"{function.value}{written(operands[0], 35)}{unit}"
    return f"({text})" if above > 35 or (function is Function.NEGATIVE and above >= 30) else text


def _terminating(value: Fraction) -> Decimal | None:
    """The decimal fraction a number is, None when its digits do not end or are too many."""
    rest, places = value.denominator, 0
    for factor in (2, 5):
        count = 0
        while rest % factor == 0:
            rest //= factor
            count += 1
        places = max(places, count)
    if rest != 1 or places > LONGEST_DECIMAL or len(str(abs(value.numerator))) > LONGEST_WHOLE:
        return None
    scaled = value * 10**places
    return Decimal(scaled.numerator).scaleb(-places) if len(str(abs(scaled.numerator))) <= LONGEST_DECIMAL else None


def _rounded(value: Fraction, significant: int = SIGNIFICANT) -> str:
    with localcontext() as context:
        context.prec, context.rounding = significant + 40, ROUND_HALF_EVEN
        context.Emax, context.Emin = 999_999, -999_999
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        magnitude = exact.adjusted()
        if -6 <= magnitude < 15:
            places = max(significant - 1 - magnitude, 2 if magnitude < 9 else 0)
            text = f"{round(exact, places):,f}"
            return _signed(text.rstrip("0").rstrip(".") if "." in text else text)
        context.prec = significant
        digits = (+exact).scaleb(-magnitude).normalize()
        return _signed(f"{digits:f} × 10^{_signed(str(magnitude))}")


def _signed(text: str) -> str:
    return text.replace("-", "−")
