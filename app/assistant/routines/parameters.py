"""Finds values in words and in standard input, and gives them to the parameters of a routine.

Discovery needs no routine, so it runs at the same time as the search for one; mapping and preparation follow when the
routine is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.assistant.routines.routine import Parameter, Routine
from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import numbers_in
from app.contracts.errors import InvalidInput
from app.settings.located import located

_NAME = r"[A-Za-z_]\w*"
_PAIR = re.compile(rf"(?<!\w)(?P<name>{_NAME})\s*(?:=|:)\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;]+)")
_QUOTED = re.compile(r"\"([^\"]+)\"|\u201c([^\u201d]+)\u201d")
_LINE = re.compile(rf"^\s*(?P<name>{_NAME})\s*[=:]\s*(?P<value>.+?)\s*$")
_FOR = re.compile(
    r"\b(?:for|with|to|in|about|as|of|using)\s+(?P<value>[\w' -]+?)(?=\s+(?:for|with|to|in|about|and)\b|[,.;!?]|$)"
)
_SMALL_WORD = re.compile(r"\b(?:for|with|of|in|to)\s+$", re.IGNORECASE)
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
LONGEST_INPUT = 200_000
"""Characters of standard input."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that was found.

    Attributes:
        value: As text.
        name: What it was called, empty when it was not.
        seconds: What it is as a length of time.
        number: What it is as a number.
        quoted: It stood in quotes.
    """

    value: str
    name: str = ""
    seconds: float | None = None
    number: float | None = None
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found in words and in standard input.

    Attributes:
        candidates: Values, those with names first.
        given: Those that standard input names, by name.
        text: Standard input where it is plain text.
    """

    candidates: tuple[Candidate, ...] = ()
    given: Mapping[str, str] | None = None
    text: str = ""

    @property
    def named(self) -> Mapping[str, str]:
        """Every value that has a name."""
        spoken = {each.name: each.value for each in self.candidates if each.name}
        return {**spoken, **(self.given or {})}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What each parameter is.

    Attributes:
        values: By name; those that have a default are always there.
        missing: Parameters without a value.
    """

    values: Mapping[str, str]
    missing: tuple[Parameter, ...] = ()


def discover(text: str, standard_input: str = "") -> Discovered:
    """Find values.

    Raises:
        InvalidInput: Standard input is far too long.
    """
    if len(standard_input) > LONGEST_INPUT:
        raise InvalidInput(f"Standard input has more than {LONGEST_INPUT} characters.", code="input-too-long")
    given = _named_lines(standard_input)
    candidates = [
        Candidate(match["value"].strip("\"'"), name=match["name"].lower(), number=_number(match["value"]))
        for match in _PAIR.finditer(text)
    ]
    taken = [match.span() for match in _PAIR.finditer(text)]
    for length in durations_in(text):
        if _free(length.start, length.end, taken):
            candidates.append(Candidate(text[length.start : length.end], seconds=length.value))
            taken.append((length.start, length.end))
    for number in numbers_in(text):
        if _free(number.start, number.end, taken):
            candidates.append(Candidate(_plain_number(number.value), number=number.value))
            taken.append((number.start, number.end))
    candidates.extend(Candidate(match[1] or match[2], quoted=True) for match in _QUOTED.finditer(text))
    return Discovered(tuple(candidates), given, "" if given else standard_input.strip())


def mapped(routine: Routine, found: Discovered, text: str) -> Mapped:
    """Give the values to the parameters: by name, then by kind, then by the words that stand for one.

    Args:
        routine: Whose parameters.
        found: What was found.
        text: The words, for what no rule of values finds: "weather in Oslo".
    """
    values: dict[str, str] = {}
    named = {_key(name): value for name, value in found.named.items()}
    free = [candidate for candidate in found.candidates if not candidate.name]
    for parameter in routine.parameters:
        if _key(parameter.name) in named:
            values[parameter.name] = _in_unit(named[_key(parameter.name)], parameter)
    for parameter in routine.parameters:
        if parameter.name in values:
            continue
        candidate = _fitting(parameter, free, text)
        if candidate is not None:
            free.remove(candidate)
            values[parameter.name] = _prepared(candidate, parameter)
    left = [each for each in routine.parameters if each.name not in values]
    if len(left) == 1 and not left[0].unit:
        said = _said_behind(routine, _without_amounts(text))
        if said:
            values[left[0].name] = said
    for parameter in routine.parameters:
        if parameter.name not in values and parameter.default is not None:
            values[parameter.name] = parameter.default
    return Mapped(values, tuple(each for each in routine.parameters if each.name not in values))


def read_value(parameter: Parameter, text: str) -> str | None:
    """The value an answer gives a parameter; None when it gives none."""
    found = discover(text)
    candidate = _fitting(parameter, [each for each in found.candidates if not each.name], text)
    if candidate is not None:
        return _prepared(candidate, parameter)
    return None if parameter.unit else text.strip() or None


def _fitting(parameter: Parameter, free: Sequence[Candidate], text: str) -> Candidate | None:
    """The candidate whose kind is the parameter's; one that stands behind its name before others."""
    behind = re.search(rf"\b{re.escape(parameter.name).replace('_', '[ _]')}\s+(?:is\s+|to\s+)?", text, re.IGNORECASE)
    kinds = [each for each in free if _fits(parameter, each)]
    if behind is not None:
        rest = text[behind.end() :]
        kinds.sort(key=lambda each: not rest.lower().startswith(each.value.lower()))
    return kinds[0] if kinds else None


def _fits(parameter: Parameter, candidate: Candidate) -> bool:
    if parameter.unit:
        return candidate.seconds is not None or candidate.number is not None
    if candidate.quoted:
        return True
    numeric = parameter.default is not None and _number(parameter.default) is not None
    return numeric and candidate.number is not None


def _prepared(candidate: Candidate, parameter: Parameter) -> str:
    if parameter.unit and candidate.seconds is not None:
        return _plain_number(candidate.seconds / SECONDS[parameter.unit])
    return candidate.value


def _in_unit(value: str, parameter: Parameter) -> str:
    """A named value in the parameter's unit: ``minutes: 1 hour`` is 60."""
    lengths = durations_in(value) if parameter.unit else ()
    return _plain_number(lengths[0].value / SECONDS[parameter.unit]) if lengths else value


def _without_amounts(text: str) -> str:
    """A text without its lengths of time and numbers, and the small word before each."""
    spans = sorted((each.start, each.end) for each in (*durations_in(text), *numbers_in(text)))
    rest, at = "", 0
    for start, end in spans:
        if start >= at:
            rest += _SMALL_WORD.sub(" ", text[at:start])
        at = max(at, end)
    return rest + text[at:]


def _said_behind(routine: Routine, text: str) -> str:
    """Words that stand for the only parameter left, behind the phrase and a "for", "with", "in" or "about"."""
    for phrase in (*routine.phrases, routine.name):
        at = text.lower().find(phrase.lower())
        if at >= 0:
            match = _FOR.search(text[at + len(phrase) :])
            return match["value"].strip() if match else ""
    return ""


def _named_lines(text: str) -> dict[str, str]:
    """The values standard input names: a YAML mapping of scalars, or lines ``name = value``; else none."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return {}
    try:
        entries = located(text, Path("standard input")).entries or {}
    except InvalidInput:
        entries = {}  # it is no YAML: lines, or plain text
    if entries and all(each.entries is None and re.fullmatch(_NAME, name) for name, each in entries.items()):
        return {
            name.lower(): ", ".join(str(item.scalar) for item in each.items or ()) or str(each.scalar)
            for name, each in entries.items()
        }
    matches = [_LINE.match(line) for line in lines]
    if not all(matches):
        return {}
    return {match["name"].lower(): match["value"].strip("\"'") for match in matches if match is not None}


def _free(start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    return not any(first < end and start < last for first, last in taken)


def _number(text: str) -> float | None:
    try:
        return float(text.strip("\"'"))
    except ValueError:
        return None


def _plain_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.10g}"


def _key(name: str) -> str:
    return name.lower().rstrip("s")
