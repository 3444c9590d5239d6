"""Reads a calculation into a tree, by precedence (a Pratt parser).

Why it exists: what people ask is worked out by rules that can be read here and by nothing else. No text is ever handed
to an interpreter.
"""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

from fractions import Fraction

from app.assistant.skills.arithmetic.amounts import Amount, amount
from app.assistant.skills.arithmetic.readable import mixed
from app.assistant.skills.arithmetic.tree import SEVERAL, Applied, Function, Infix, Literal, Node, Operator
from app.assistant.skills.arithmetic.wording import Token, tokens
from app.contracts.errors import InvalidInput

MOST_TOKENS = 200
DEEPEST = 60
_SHARE, _SUM, _PRODUCT, _SIGN, _FUNCTION, _POWER, _POSTFIX = 5, 10, 20, 30, 35, 40, 50
_INFIX = {
    "+": (Operator.ADD, _SUM),
    "−": (Operator.SUBTRACT, _SUM),
    "×": (Operator.MULTIPLY, _PRODUCT),
    "÷": (Operator.DIVIDE, _PRODUCT),
    "mod": (Operator.REMAINDER, _PRODUCT),
    "of": (Operator.OF, _PRODUCT),
    "off": (Operator.OFF, _PRODUCT),
    "share": (Operator.SHARE, _SHARE),
    "^": (Operator.POWER, _POWER),
}
_FUNCTIONS = {
    "√": Function.SQUARE_ROOT,
    "∛": Function.CUBE_ROOT,
    "abs": Function.ABSOLUTE,
    "round": Function.ROUND,
    "log": Function.LOG,
    "log₂": Function.LOG_TWO,
    "ln": Function.LN,
    "sin": Function.SINE,
    "cos": Function.COSINE,
    "tan": Function.TANGENT,
    "factorial-of": Function.FACTORIAL,
    "sum": Function.SUM,
    "product": Function.PRODUCT,
    "average": Function.AVERAGE,
    "largest": Function.LARGEST,
    "smallest": Function.SMALLEST,
}
_COMMANDS = {
    "add": (Operator.ADD, ("to", "and")),
    "multiply": (Operator.MULTIPLY, ("by", "and")),
    "divide": (Operator.DIVIDE, ("by",)),
    "difference": (Operator.SUBTRACT, ("and",)),
    "increase": (Operator.ADD, ("by",)),
    "decrease": (Operator.SUBTRACT, ("by",)),
    "remainder-of": (Operator.REMAINDER, ("by", "÷")),
}
"""Prefixes of two operands: the sign between them, and the words that part them."""
_RAISED = {"square-of": 2, "cube-of": 3}
_MULTIPLES = {"double": 2, "triple": 3}
_CONSTANTS = {
    "π": "3.1415926535897932384626433832795028841972",
    "e": "2.7182818284590452353602874713526624977572",
}
_POWERS = {"²": 2, "³": 3}


class NoCalculationError(Exception):
    """The signs are in no order that means anything. It never leaves `read`."""


def read(text: str) -> Node | None:
    """The calculation a text asks for, None when it asks for none: other words, or a number alone.

    Raises:
        InvalidInput: It is a calculation, and longer or deeper than any that is worked out (``too-long``).
    """
    found = tokens(text)
    if not found:
        return None
    if len(found) > MOST_TOKENS:
        raise InvalidInput("That calculation is too long for me.", code="too-long")
    try:
        tree = _Parser(found).whole()
    except NoCalculationError:
        return None
    bare = tree.operands[0] if isinstance(tree, Applied) and tree.function is Function.NEGATIVE else tree
    return None if isinstance(bare, Literal) else tree


class _Parser:
    def __init__(self, found: tuple[Token, ...]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        """All of it."""
        tree = self._expression(0)
        if self._at < len(self._tokens):
            raise NoCalculationError
        return tree

    @property
    def _next(self) -> str:
        return self._tokens[self._at].sign if self._at < len(self._tokens) else ""

    def _take(self) -> Token:
        if self._at >= len(self._tokens):
            raise NoCalculationError
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, *signs: str) -> None:
        if self._take().sign not in signs:
            raise NoCalculationError

    def _expression(self, binding: int) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise InvalidInput("That calculation has too many brackets for me.", code="too-long")
        left = self._operand()
        while (longer := self._longer(left, binding)) is not None:
            left = longer
        self._depth -= 1
        return left

    def _longer(self, left: Node, binding: int) -> Node | None:
        """What follows an operand, as far as it binds tighter than what stands before it."""
        sign = self._next
        if sign in _INFIX:
            operator, power = _INFIX[sign]
            if power <= binding:
                return None
            self._take()
            return Infix(operator, left, self._expression(power - (operator is Operator.POWER)))
        if sign in _POWERS and binding < _POSTFIX:
            self._take()
            return Infix(Operator.POWER, left, Literal(Amount(Fraction(_POWERS[sign]))))
        if sign in ("%", "!") and binding < _POSTFIX:
            self._take()
            return Applied(Function(sign), (left,))
        if sign == "subtracted-from" and binding < _SUM:
            self._take()
            return Infix(Operator.SUBTRACT, self._expression(_SUM), left)
        if sign in {"(", *_FUNCTIONS, *_CONSTANTS} and binding < _PRODUCT:
            return Infix(Operator.MULTIPLY, left, self._expression(_PRODUCT))
        return None

    def _operand(self) -> Node:
        token = self._take()
        sign = token.sign
        if sign == "number":
            return _literal(token.digits)
        if sign in _CONSTANTS:
            return Literal(Amount(amount(_CONSTANTS[sign]).value, exact=False), sign)
        if sign == "(":
            inner = self._expression(0)
            if self._next:  # one that is still open at the end is closed there
                self._expect(")")
            return inner
        if sign in ("−", "+"):
            inner = self._expression(_SIGN)
            return inner if sign == "+" else Applied(Function.NEGATIVE, (inner,))
        return self._function(sign) if sign in _FUNCTIONS else self._command(sign)

    def _function(self, sign: str) -> Node:
        function = _FUNCTIONS[sign]
        if function in SEVERAL:
            return Applied(function, self._several())
        if self._next == "of":
            self._take()
        operand = self._expression(_FUNCTION)
        radians = self._next == "radians" or (self._next != "degrees" and _has_pi(operand))
        if self._next in ("degrees", "radians"):
            self._take()
        return Applied(function, (operand,), radians)

    def _several(self) -> tuple[Node, ...]:
        bracket = self._bracketed()
        if bracket:
            self._take()
        operands = [self._expression(_SUM)]
        while self._next in ("and", "number"):
            while self._next == "and":
                self._take()
            operands.append(self._expression(_SUM))
        if bracket:
            self._expect(")")
        return tuple(operands)

    def _bracketed(self) -> bool:
        """Whether brackets go around the whole list that begins here, and not around its first operand."""
        if self._next != "(":
            return False
        depth, several, nested = 0, False, False
        for at in range(self._at, len(self._tokens)):
            sign = self._tokens[at].sign
            depth += (sign == "(") - (sign == ")")
            several |= depth == 1 and sign == "and"
            nested |= sign in _FUNCTIONS and _FUNCTIONS[sign] in SEVERAL
            if not depth:
                follows = self._tokens[at + 1].sign if at + 1 < len(self._tokens) else ""
                return several and (follows in ("", ")") or not (nested or follows == "and"))
        return False

    def _command(self, sign: str) -> Node:
        if sign in _COMMANDS:
            operator, parting = _COMMANDS[sign]
            left = self._expression(_PRODUCT if sign == "remainder-of" else 0)
            self._expect(*parting)
            right = self._expression(0)
            percent = isinstance(left, Applied) and left.function is Function.PERCENT
            return Infix(operator, right, left) if sign == "add" and percent else Infix(operator, left, right)
        if sign == "subtract":
            taken = self._expression(0)
            self._expect("from")
            return Infix(Operator.SUBTRACT, self._expression(0), taken)
        if sign in _MULTIPLES:
            return Infix(Operator.MULTIPLY, Literal(Amount(Fraction(_MULTIPLES[sign]))), self._expression(_PRODUCT))
        if sign in _RAISED:
            return Infix(Operator.POWER, self._expression(_FUNCTION), Literal(Amount(Fraction(_RAISED[sign]))))
        if sign == "halve":
            return Infix(Operator.DIVIDE, self._expression(_PRODUCT), Literal(Amount(Fraction(2))))
        if sign == "share-of":
            whole = self._expression(_PRODUCT)
            self._expect("is")
            return Infix(Operator.SHARE, self._expression(0), whole)
        if sign == "share-is":
            part = self._expression(_PRODUCT)
            self._expect("of")
            return Infix(Operator.SHARE, part, self._expression(0))
        raise NoCalculationError


def _literal(digits: str) -> Literal:
    whole, _, part = digits.partition(" ")
    if not part:
        return Literal(amount(digits))
    above, _, below = part.partition("/")
    if int(below) == 0:
        raise NoCalculationError
    value = amount(whole).value + Fraction(int(above), int(below))
    return Literal(Amount(value), mixed(value))


def _has_pi(node: Node) -> bool:
    match node:
        case Literal(name=name):
            return name == "π"
        case Infix(left=left, right=right):
            return _has_pi(left) or _has_pi(right)
        case Applied(operands=operands):
            return any(_has_pi(one) for one in operands)
