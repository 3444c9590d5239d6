"""The Jinja environment of templates: immutable, without attributes that begin with an underscore, without loaders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.pipeline.definition import OptionValue
from app.pipeline.templates.known import MOST_OUTPUT, unknown_name

_WITHOUT = ("attr", "lipsum", "pprint", "random", "urlize", "xmlattr")
"""Filters that reach into objects, differ from time to time or make pages."""
_GLOBALS = ("range", "dict", "namespace")
_WIDEST = 10_000
"""Of padded and repeated text."""


class Names(Mapping[str, Any]):
    """A mapping whose members are reached by a dot, and which has nothing else to reach.

    Args:
        content: What it holds.
        walked: How it is reached, for sentences.
    """

    def __init__(self, content: Mapping[str, OptionValue], walked: str = "") -> None:
        self._content = content
        self._walked = walked

    def __getitem__(self, key: str) -> Any:
        value = self._content[key]
        return Names(value, self.under(key)) if isinstance(value, dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __repr__(self) -> str:
        return repr(dict(self._content))

    def under(self, key: str) -> str:
        """How a member is reached."""
        return f"{self._walked}.{key}" if self._walked else key

    def missing(self, key: str) -> Exception:
        """The error for a member that is not there."""
        return unknown_name(key, self._walked, self._content)


class Environment(ImmutableSandboxedEnvironment):
    """Renders templates of others."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, keep_trailing_newline=True, optimized=False, autoescape=False, loader=None
        )
        self.globals = {name: self.globals[name] for name in _GLOBALS}
        for name in _WITHOUT:
            self.filters.pop(name, None)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member by its name."""
        return self.getitem(obj, attribute) if isinstance(obj, Names) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A member by its key. One that is not there may be asked for (``is defined``, ``default``), but not used."""
        if isinstance(obj, Names):
            if argument in obj:
                return obj[argument]
            name = str(argument)
            missing: Any = lambda _message: obj.missing(name)  # noqa: E731 - it stands where a class is expected
            return self.undefined(hint=name, name=name, exc=missing)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Nothing that begins with an underscore."""
        return not attr.startswith("_") and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic, unless it makes something huge."""
        if operator == "**" or (operator == "*" and not _small(left, right)) or (operator == "%" and _is_text(left)):
            raise SecurityError(f"{operator!r} is not available for this in a template")
        if operator == "+" and isinstance(left, str | list) and len(left) > MOST_OUTPUT:
            raise SecurityError("the text becomes too long")
        return super().call_binop(context, operator, left, right)


def _small(left: Any, right: Any) -> bool:
    """A product that stays within bounds."""
    for holder, times in ((left, right), (right, left)):
        if isinstance(holder, str | list | tuple):
            return isinstance(times, int) and len(holder) * times <= _WIDEST
    return all(isinstance(factor, float) or abs(factor) < 10**18 for factor in (left, right))


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Undefined)
