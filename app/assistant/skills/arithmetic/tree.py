"""A calculation as a tree: what the parser makes, what is worked out and what is written down again."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.assistant.skills.arithmetic.amounts import Amount


class Operator(StrEnum):
    """What stands between two operands, as it is written."""

    ADD = "+"
    SUBTRACT = "−"
    MULTIPLY = "×"
    DIVIDE = "÷"
    REMAINDER = "mod"
    POWER = "^"
    OF = "of"
    OFF = "off"
    SHARE = "as a share of"


class Function(StrEnum):
    """What is worked out from one operand or several."""

    NEGATIVE = "−"
    PERCENT = "%"
    FACTORIAL = "!"
    SQUARE_ROOT = "√"
    CUBE_ROOT = "cube root of "
    ABSOLUTE = "absolute value of "
    ROUND = "round "
    LOG = "log "
    LOG_TWO = "log₂ "
    LN = "ln "
    SINE = "sin "
    COSINE = "cos "
    TANGENT = "tan "
    SUM = "sum of "
    PRODUCT = "product of "
    AVERAGE = "average of "
    LARGEST = "largest of "
    SMALLEST = "smallest of "


POSTFIX = frozenset({Function.PERCENT, Function.FACTORIAL})
SEVERAL = frozenset({Function.SUM, Function.PRODUCT, Function.AVERAGE, Function.LARGEST, Function.SMALLEST})
ANGLES = frozenset({Function.SINE, Function.COSINE, Function.TANGENT})


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as it was given; ``name`` is set for a constant such as π."""

    amount: Amount
    name: str = ""


@dataclass(frozen=True, slots=True)
class Infix:
    """Two operands and what stands between them."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Applied:
    """A function and its operands; ``radians`` tells how an angle was given."""

    function: Function
    operands: tuple[Node, ...]
    radians: bool = False


Node = Literal | Infix | Applied
