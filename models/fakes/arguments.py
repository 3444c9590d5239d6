"""Arguments of a call, read with the type the operation wants."""

from __future__ import annotations

from models.host.engine import Call


def int_arg(call: Call, key: str) -> int:
    """A whole number."""
    value = call.args[key]
    assert isinstance(value, int), key
    return value


def float_arg(call: Call, key: str) -> float:
    """A number."""
    value = call.args[key]
    assert isinstance(value, int | float), key
    return float(value)
