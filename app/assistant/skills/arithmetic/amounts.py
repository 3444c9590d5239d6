"""Numbers that stay exact as long as they can, and never grow beyond what can be told.

Why it exists: "a tenth plus two tenths" is three tenths, and nobody may stop the assistant with 9^9^9. Every operation
here looks at the size of its outcome before it works it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import (
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
    localcontext,
)
from fractions import Fraction

from app.contracts.errors import InvalidInput

MOST_BITS = 16_384
"""Longest numerator or denominator: about five thousand digits."""
MOST_FACTORIAL = 1_000
DIGITS = 40
"""Digits an irrational number is worked out to."""
Work = Callable[[Context], Decimal]
_TRAPS = [Overflow, Underflow, InvalidOperation, DivisionByZero]
_CONTEXT = Context(prec=DIGITS + 10, Emax=6_000, Emin=-6_000, traps=_TRAPS)


def too_large() -> InvalidInput:
    """The outcome has more digits than anybody wants to hear."""
    return InvalidInput("That number is too large for me to work out.", code="too-large")


def impossible(sentence: str) -> InvalidInput:
    """There is no such number."""
    return InvalidInput(sentence, code="no-such-number")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number.

    Attributes:
        value: It, or a fraction within 1 in 10^40 of it.
        exact: Nothing was rounded on the way.
    """

    value: Fraction
    exact: bool = True


def amount(text: str) -> Amount:
    """The number a literal such as ``3.50`` stands for.

    Raises:
        InvalidInput: It is too large.
    """
    if len(text) > 400:
        raise too_large()
    return Amount(Fraction(text))


def added(left: Amount, right: Amount) -> Amount:
    """The sum."""
    return _kept(left.value + right.value, left, right)


def subtracted(left: Amount, right: Amount) -> Amount:
    """The difference."""
    return _kept(left.value - right.value, left, right)


def multiplied(left: Amount, right: Amount) -> Amount:
    """The product."""
    return _kept(left.value * right.value, left, right)


def divided(left: Amount, right: Amount) -> Amount:
    """The quotient.

    Raises:
        InvalidInput: The divisor is zero.
    """
    if right.value == 0:
        raise impossible("Nothing can be divided by zero.")
    return _kept(left.value / right.value, left, right)


def remainder(left: Amount, right: Amount) -> Amount:
    """What is left of whole divisions; it has the divisor's sign.

    Raises:
        InvalidInput: The divisor is zero.
    """
    if right.value == 0:
        raise impossible("Nothing can be divided by zero.")
    return _kept(left.value % right.value, left, right)


def negated(operand: Amount) -> Amount:
    """The same on the other side of zero."""
    return Amount(-operand.value, operand.exact)


def magnitude(operand: Amount) -> Amount:
    """Without its sign."""
    return Amount(abs(operand.value), operand.exact)


def powered(base: Amount, exponent: Amount) -> Amount:
    """``base`` to the power of ``exponent``: exact for whole exponents and for roots that come out even.

    Raises:
        InvalidInput: There is no such number, or it is too large.
    """
    power = exponent.value
    if base.value == 0:
        if power < 0:
            raise impossible("Zero has no negative powers: nothing can be divided by zero.")
        return Amount(Fraction(power == 0), base.exact and exponent.exact)
    if power.denominator == 1:
        bits = max(base.value.numerator.bit_length(), base.value.denominator.bit_length())
        if abs(base.value) != 1 and (bits - 1) * abs(power.numerator) > MOST_BITS:
            return _worked_out(lambda context: context.power(_decimal(base), _decimal(exponent)))
        whole = power.numerator if abs(base.value) != 1 else power.numerator % 2
        return _kept(base.value**whole, base, exponent)
    if power.denominator <= 64:
        exact = rooted(base, power.denominator)
        if exact.exact:
            return powered(exact, Amount(Fraction(power.numerator), exponent.exact))
    if base.value < 0:
        raise impossible("A negative number has no such power among the real numbers.")
    return _worked_out(lambda context: context.power(_decimal(base), _decimal(exponent)))


def rooted(operand: Amount, degree: int) -> Amount:
    """The root of a degree of 2 or more, exact where it comes out even.

    Raises:
        InvalidInput: An even root of a negative number.
    """
    if operand.value < 0 and degree % 2 == 0:
        raise impossible("A negative number has no such root among the real numbers.")
    sign, value = (-1 if operand.value < 0 else 1), abs(operand.value)
    above, below = _whole_root(value.numerator, degree), _whole_root(value.denominator, degree)
    if above is not None and below is not None:
        return Amount(Fraction(sign * above, below), operand.exact)
    root = _worked_out(lambda context: context.power(_decimal(Amount(value)), context.divide(Decimal(1), degree)))
    return Amount(sign * root.value, exact=False)


def factorial(operand: Amount) -> Amount:
    """The product of all whole numbers up to it.

    Raises:
        InvalidInput: It is not whole, negative or over `MOST_FACTORIAL`.
    """
    value = operand.value
    if value.denominator != 1 or value < 0:
        raise impossible("Only whole numbers from zero on have a factorial.")
    if value > MOST_FACTORIAL:
        raise too_large()
    return Amount(Fraction(math.factorial(int(value))), operand.exact)


def logarithm(operand: Amount, base: int | None) -> Amount:
    """The logarithm to a base of 2 or 10, None for the natural one.

    Raises:
        InvalidInput: It is not above zero.
    """
    value = operand.value
    if value <= 0:
        raise impossible("Only numbers above zero have a logarithm.")
    if base is None:
        return Amount(Fraction(0), operand.exact) if value == 1 else _worked_out(lambda c: c.ln(_decimal(operand)))
    found = _worked_out(lambda context: context.divide(context.ln(_decimal(operand)), context.ln(Decimal(base))))
    nearest = round(found.value)
    return Amount(Fraction(nearest), operand.exact) if Fraction(base) ** nearest == value else found


def approximate(value: float) -> Amount:
    """A number known to the precision of a float only.

    Raises:
        InvalidInput: It is infinite or no number.
    """
    if not math.isfinite(value):
        raise impossible("That has no value.")
    return Amount(Fraction(round(value, 14)), exact=False)


def _kept(value: Fraction, *sources: Amount) -> Amount:
    exact = all(source.exact for source in sources)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        return _worked_out(lambda _context: _decimal(Amount(value)))
    return Amount(value, exact)


def _decimal(operand: Amount) -> Decimal:
    return _CONTEXT.divide(Decimal(operand.value.numerator), Decimal(operand.value.denominator))


def _worked_out(work: Work) -> Amount:
    """A rounded outcome; one that is too large, or too near to zero, cannot be told."""
    with localcontext(_CONTEXT) as context:
        try:
            outcome = context.plus(work(context))
        except Overflow:
            raise too_large() from None
        except Underflow:
            raise InvalidInput("That number is too near to zero for me to tell.", code="too-small") from None
        except DecimalException:
            raise impossible("That has no value.") from None
    return Amount(Fraction(outcome), exact=False)


def _whole_root(value: int, degree: int) -> int | None:
    """The whole root of a whole number, None when it has none."""
    if degree == 2:
        root = math.isqrt(value)
        return root if root * root == value else None
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= value:
            low = middle
        else:
            high = middle - 1
    return low if low**degree == value else None
