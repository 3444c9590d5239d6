"""Works a tree out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce

from app.assistant.skills.arithmetic import amounts
from app.assistant.skills.arithmetic.amounts import Amount, impossible
from app.assistant.skills.arithmetic.tree import ANGLES, Applied, Function, Infix, Literal, Node, Operator

_HUNDRED = Amount(Fraction(100))
_HALVES_OF_SINE = {0: 0, 30: 1, 90: 2, 150: 1, 180: 0, 210: -1, 270: -2, 330: -1}
"""Angles in degrees whose sine is a whole number of halves."""

_ONE: Mapping[Function, Callable[[Amount], Amount]] = {
    Function.NEGATIVE: amounts.negated,
    Function.PERCENT: lambda operand: amounts.divided(operand, _HUNDRED),
    Function.FACTORIAL: amounts.factorial,
    Function.SQUARE_ROOT: lambda operand: amounts.rooted(operand, 2),
    Function.CUBE_ROOT: lambda operand: amounts.rooted(operand, 3),
    Function.ABSOLUTE: amounts.magnitude,
    Function.ROUND: lambda operand: Amount(Fraction(math.floor(operand.value + Fraction(1, 2)))),
    Function.LOG: lambda operand: amounts.logarithm(operand, 10),
    Function.LOG_TWO: lambda operand: amounts.logarithm(operand, 2),
    Function.LN: lambda operand: amounts.logarithm(operand, None),
}
_TWO: Mapping[Operator, Callable[[Amount, Amount], Amount]] = {
    Operator.ADD: amounts.added,
    Operator.SUBTRACT: amounts.subtracted,
    Operator.MULTIPLY: amounts.multiplied,
    Operator.OF: amounts.multiplied,
    Operator.DIVIDE: amounts.divided,
    Operator.REMAINDER: amounts.remainder,
    Operator.POWER: amounts.powered,
    Operator.SHARE: lambda part, whole: amounts.multiplied(amounts.divided(part, whole), _HUNDRED),
    Operator.OFF: lambda share, whole: amounts.subtracted(whole, amounts.multiplied(share, whole)),
}


def outcome(node: Node) -> Amount:
    """The number a tree comes to. "80 + 20%" is 96: a percentage that is added is one of what it is added to.

    Raises:
        InvalidInput: There is no such number (``no-such-number``), or it is too large (``too-large``).
    """
    match node:
        case Literal(amount=number):
            return number
        case Infix(operator=Operator.ADD | Operator.SUBTRACT as operator, left=left, right=Applied() as right) if (
            right.function is Function.PERCENT
        ):
            whole = outcome(left)
            return _TWO[operator](whole, amounts.multiplied(whole, outcome(right)))
        case Infix(operator=operator, left=left, right=right):
            return _TWO[operator](outcome(left), outcome(right))
        case Applied(function=function, operands=operands, radians=radians):
            return _applied(function, tuple(outcome(one) for one in operands), radians=radians)


def _applied(function: Function, operands: tuple[Amount, ...], *, radians: bool) -> Amount:
    if function in _ONE:
        return _ONE[function](operands[0])
    if function in ANGLES:
        return _of_angle(function, operands[0], radians=radians)
    match function:
        case Function.SUM:
            return reduce(amounts.added, operands)
        case Function.PRODUCT:
            return reduce(amounts.multiplied, operands)
        case Function.AVERAGE:
            return amounts.divided(reduce(amounts.added, operands), Amount(Fraction(len(operands))))
        case Function.LARGEST:
            return max(operands, key=lambda one: one.value)
        case _:
            return min(operands, key=lambda one: one.value)


def _of_angle(function: Function, angle: Amount, *, radians: bool) -> Amount:
    """Sine, cosine or tangent. Simple parts of π, and whole degrees that come out even, are exact."""
    if radians:
        turned = float(angle.value % Fraction(2 * math.pi))
        found = {Function.SINE: math.sin, Function.COSINE: math.cos}.get(function, math.tan)(turned)
        near = Fraction(round(2.0 * found), 2)
        even = not angle.exact and abs(near) <= 1 and abs(float(near) - found) < 1e-12
        return Amount(near) if even else amounts.approximate(found)
    if function is Function.TANGENT:
        if angle.value % 180 == 90:
            raise impossible("The tangent of 90 degrees has no value.")
        if angle.value % 45 == 0:
            return Amount(Fraction({0: 0, 45: 1, 135: -1}[int(angle.value % 180)]), angle.exact)
        return amounts.approximate(math.tan(math.radians(float(angle.value % 180))))
    turned_degrees = (angle.value + 90 * (function is Function.COSINE)) % 360
    halves = _HALVES_OF_SINE.get(int(turned_degrees)) if turned_degrees.denominator == 1 else None
    if halves is not None:
        return Amount(Fraction(halves, 2), angle.exact)
    return amounts.approximate(math.sin(math.radians(float(turned_degrees))))
