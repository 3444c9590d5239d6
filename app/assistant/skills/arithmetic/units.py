"""Converts measures with the unit library, on fractions, so that 5 miles are 8.04672 kilometers and not nearly so.

Why it exists: the library takes half a second to load. It is loaded once, in a thread, when the first measure has to be
converted; and no text of a person ever reaches its parser, only the names of `unit_names`.
"""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from app.assistant.skills.arithmetic.readable import measured, mixed, number
from app.assistant.skills.arithmetic.unit_names import Unit
from app.assistant.skills.arithmetic.unit_words import Conversion, Measure
from app.contracts.errors import InvalidInput

if TYPE_CHECKING:
    import pint

_ABSOLUTE_ZERO_K = 0


@dataclass(frozen=True, slots=True)
class Converted:
    """A measure in another unit; with ``rest``, a smaller one of which ``ratio`` make one of ``unit``."""

    value: Fraction
    unit: Unit
    rest: Unit | None = None
    ratio: Fraction = Fraction(1)


class Units:
    """The unit library, loaded at the first use and once for all."""

    def __init__(self) -> None:
        self._registry: pint.UnitRegistry[Fraction] | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Load it now, in a thread. About half a second the first time, nothing later."""
        async with self._lock:
            if self._registry is None:
                self._registry = await asyncio.to_thread(_load)

    async def convert(self, asked: Conversion, target: Unit) -> Converted:
        """All parts in one unit.

        Raises:
            InvalidInput: They measure different things (``no-conversion``).
        """
        await self.load()
        total = sum((self._one(part, target) for part in asked.parts), Fraction(0))
        if asked.rest is None:
            return Converted(total, target)
        return Converted(total, target, asked.rest, self._one(Measure(Fraction(1), target), asked.rest))

    def _one(self, part: Measure, target: Unit) -> Fraction:
        registry = self._registry
        assert registry is not None
        from_unit, to_unit = _pint_unit(registry, part.unit), _pint_unit(registry, target)
        given, wanted = from_unit.dimensionality, to_unit.dimensionality
        value = part.value * part.unit.scale
        if given == wanted:
            quantity = registry.Quantity(value, from_unit)
            if given == registry.kelvin.dimensionality and quantity.to(registry.kelvin).magnitude < _ABSOLUTE_ZERO_K:
                raise InvalidInput("Nothing is colder than −273.15 degrees Celsius.", code="no-conversion")
            return Fraction(quantity.to(to_unit).magnitude) / target.scale
        if given == (1 / to_unit).dimensionality and value != 0:  # miles per gallon and liters per 100 kilometers
            turned = registry.Quantity(1 / value, 1 / from_unit)
            return Fraction(turned.to(to_unit).magnitude) / target.scale
        raise different(part.unit, target)


def different(unit: Unit, target: Unit) -> InvalidInput:
    """Two units that measure different things."""
    given, wanted = unit.many, target.many
    return InvalidInput(
        f"{given[0].upper()}{given[1:]} cannot be turned into {wanted}: they measure different things.",
        code="no-conversion",
    )


def sentence(asked: Conversion, converted: Converted) -> str:
    """The answer: ``5 miles = 8.04672 kilometers.``, with what was taken for what."""
    given = " ".join(_measured(part.value, part.unit) for part in asked.parts)
    text, whole = _told(converted)
    sign = "=" if whole else "is about"
    taken = dict.fromkeys(unit.taken for unit in (*(part.unit for part in asked.parts), converted.unit) if unit.taken)
    note = next(iter(taken), "") if len(taken) < 2 else "I took US measures."
    return f"{given} {sign} {text}. {note}".rstrip()


def _told(converted: Converted) -> tuple[str, bool]:
    """The outcome with its unit, or with its two units; and whether it is all of it."""
    value, unit = converted.value, converted.unit
    if converted.rest is None:
        text, whole = measured(value)
        return f"{text} {unit.one if value == 1 else unit.many}", whole
    above, below = divmod(abs(value), 1)
    left = Fraction(round(below * converted.ratio, 1))
    if left >= converted.ratio:
        above, left = above + 1, Fraction(0)
    sign = "−" if value < 0 else ""
    parts = f"{sign}{_measured(Fraction(above), unit)} {_measured(left, converted.rest)}"
    return parts, left == below * converted.ratio


def _measured(value: Fraction, unit: Unit) -> str:
    text, whole = number(value)
    return f"{text if whole else mixed(value)} {unit.one if value == 1 else unit.many}"


@cache
def _load() -> pint.UnitRegistry[Fraction]:
    library = importlib.import_module("pint")
    registry: pint.UnitRegistry[Fraction] = library.UnitRegistry(non_int_type=Fraction, cache_folder=None)
    return registry


def _pint_unit(registry: pint.UnitRegistry[Fraction], unit: Unit) -> pint.Unit:
    product = registry.Unit("dimensionless")
    for name, power in unit.factors:
        product = product * registry.Unit(name) ** power
    return product
