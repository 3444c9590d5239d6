"""Makes a routine out of what is wanted, by rule: the same words always give the same routine.

Why it exists: the model that comes with the program cannot be held to a schema, and most routines are no more than a
few requests in a row. What the rules are not sure of is said by how surely each step is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.assistant.routines.components import Components
from app.assistant.routines.requirements import Requirements, begins
from app.assistant.routines.routine import MOST_STEPS, Kind, Parameter, Routine, Step
from app.assistant.routines.segmenting import CLAIMED, Piece, Sure, beyond, segmented
from app.assistant.routines.writing import id_of
from app.assistant.understanding.durations import durations_in

Claims = Callable[[str], tuple[str, float]]
"""The intent words are taken for, and how surely."""
_SAY = re.compile(
    r"^(?:say|greet me with|announce|tell me)\s+[\"\u201c](?P<text>[^\"\u201d]+)[\"\u201d]\.?$", re.IGNORECASE
)
_SAY_BARE = re.compile(r"^(?:say|announce)\s+(?P<text>.+)$", re.IGNORECASE)
_WISH = re.compile(r"^wish me (?P<text>.+)$", re.IGNORECASE)
_GREET = re.compile(r"^greet me(?: (?:warmly|nicely|politely|first))?$", re.IGNORECASE)
_PIPELINE = re.compile(
    r"^(?:run|use|start|call)\s+(?:the\s+)?(?:pipeline\s+(?P<a>[\w-]+)|(?P<b>[\w -]+?)\s+pipeline)"
    r"(?:\s+(?:on|with|for|over)\s+(?P<on>.+))?$",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\s*\b(?:it|that|this|them|all of (?:it|that)|everything|the (?:result|answer|outcome|whole))$", re.IGNORECASE
)
_EARLIER_WORDS = re.compile(r"^(?:it|that|this|them|everything|the (?:result|answer|outcome))$", re.IGNORECASE)
_GIVEN = re.compile(r"\b(?:the|this) (?:input|given text|text from (?:the )?file|piped text)\b", re.IGNORECASE)
_OPEN_LENGTH = re.compile(r"\b(?:some|a few|x|n|a number of) (?P<unit>second|minute|hour)s?\b", re.IGNORECASE)
_UNITS = {"second": ("seconds", "s", 1.0), "minute": ("minutes", "min", 60.0), "hour": ("hours", "h", 3600.0)}
_PLACE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_TAKEN = frozenset({"previous", "input", "steps"})


@dataclass(frozen=True, slots=True)
class Composed:
    """A routine made by rule.

    Attributes:
        routine: It.
        sure: How surely the least sure step is something to do, in [0, 1]: what a skill or a rule claims is, and what
            begins like a request.
        unsure: The steps only a language model can do something with.
        asked_for: So many things were to be done, also those that are more than a routine has steps.
    """

    routine: Routine
    sure: float
    unsure: tuple[str, ...] = ()
    asked_for: int = 0


def compose(
    wanted: Requirements, components: Components, claims: Claims, given: Mapping[str, str] | None = None
) -> Composed | None:
    """A routine that does what is wanted; None when it is not said what to do.

    Args:
        wanted: What is wanted.
        components: What it can be made of.
        claims: Tells what words are taken for.
        given: Values by name that came with the request, as from standard input: they become parameters.
    """
    found = segmented(wanted.body, _sureness(claims, components))
    pieces = found[:MOST_STEPS]
    if not pieces:
        return None
    steps, unsure, least = [], [], 1.0
    for number, piece in enumerate(pieces, 1):
        step, sure = _step(piece, number, components)
        steps.append(step)
        least = min(least, 1.0 if sure >= CLAIMED or begins(step.text) else sure)
        if sure < CLAIMED:
            unsure.append(step.text)
    steps, parameters = _with_parameters(steps, given or {})
    name = wanted.name or (wanted.phrases[0] if wanted.phrases else _name_of(pieces))
    routine = Routine(
        routine_id=id_of(name),
        name=name[:1].upper() + name[1:],
        phrases=wanted.phrases or (name.lower(),),
        steps=tuple(steps),
        parameters=parameters,
    )
    return Composed(routine, least, tuple(unsure), len(found) + beyond(wanted.body))


def _sureness(claims: Claims, components: Components) -> Sure:
    def sure(words: str) -> float:
        if _by_rule(words, components) is not None:
            return 1.0
        intent, confidence = claims(words)
        return confidence if intent in components.intents else 0.0

    return sure


def _by_rule(words: str, components: Components) -> Step | None:
    """What needs no understanding: words to say, a pipeline by name."""
    words = words.strip()
    for pattern, form in ((_SAY, "{}"), (_SAY_BARE, "{}"), (_WISH, "I wish you {}.")):
        match = pattern.match(words)
        if match is not None:
            text = form.format(match["text"].strip("\"' "))
            return Step("", Kind.SAY, text[:1].upper() + text[1:])
    if _GREET.match(words):
        return Step("", Kind.SAY, "Hello!")
    match = _PIPELINE.match(words)
    entry = None if match is None else components.pipeline_named(match["a"] or match["b"])
    if match is None or entry is None:
        return None
    on = (match["on"] or "").strip()
    text = "{{ previous }}" if not on or _EARLIER_WORDS.match(on) else on
    return Step("", Kind.PIPELINE, text, entry.pipeline_id)


def _step(piece: Piece, number: int, components: Components) -> tuple[Step, float]:
    step_id = f"step{number}"
    ruled = _by_rule(piece.words, components)
    if ruled is not None:
        return replace(ruled, step_id=step_id), 1.0
    text = piece.words
    if piece.sure < CLAIMED and number > 1 and _EARLIER.search(text):
        text = f"{_EARLIER.sub('', text)} this: {{{{ previous }}}}"
    return Step(step_id, Kind.ASK, _GIVEN.sub("{{ input }}", text)), piece.sure


def _with_parameters(steps: Sequence[Step], given: Mapping[str, str]) -> tuple[list[Step], tuple[Parameter, ...]]:
    """The steps with places for what may be different each time, and what stands in them otherwise."""
    parameters: dict[str, Parameter] = {}
    made = []
    for step in steps:
        text = step.text
        for name, value in given.items():
            text, used = _placed(text, name, value)
            if used:
                parameters.setdefault(name, Parameter(name, value))
        for name in _PLACE.findall(text):
            if name not in _TAKEN:
                parameters.setdefault(name, Parameter(name, given.get(name)))
        if step.kind is Kind.ASK:
            text = _with_length(text, parameters)
        made.append(replace(step, text=text))
    return made, tuple(parameters.values())


def _placed(text: str, name: str, value: str) -> tuple[str, bool]:
    """A text with a place where it names a given value, or the value itself stands."""
    place = f"{{{{ {name} }}}}"
    words = re.escape(name).replace("_", "[ _-]")
    for pattern in (rf"\b(?:my|the|our|that|this|a given)\s+{words}\b", rf"(?<!\w){re.escape(value)}(?!\w)"):
        if value and not _PLACE.search(text) and re.search(pattern, text, re.IGNORECASE):
            return re.sub(pattern, lambda _match: place, text, count=1, flags=re.IGNORECASE), True
    return text, False


def _with_length(text: str, parameters: dict[str, Parameter]) -> str:
    """A text whose first length of time is a parameter: "10 minutes" may be another number next time."""
    unknown = _OPEN_LENGTH.search(text)
    if unknown is not None:
        start, end, default = unknown.start(), unknown.end(), None
        base, unit, _ = _UNITS[unknown["unit"].lower()]
    else:
        found = next(iter(durations_in(text)), None)
        if found is None or found.value < 1 or _PLACE.search(text[found.start : found.end]):
            return text
        start, end = found.start, found.end
        whole = next(name for name in ("hour", "minute", "second") if found.value % _UNITS[name][2] == 0)
        base, unit, seconds = _UNITS[whole]
        default = str(int(found.value / seconds))
    name, number = base, 2
    while name in parameters and parameters[name].default != default:
        name, number = f"{base}_{number}", number + 1
    parameters[name] = Parameter(name, default, f"How many {base}", unit)
    return f"{text[:start]}{{{{ {name} }}}} {base}{text[end:]}"


def _name_of(pieces: Sequence[Piece]) -> str:
    """A name for a routine nobody gave one: the first words that say what it is about."""
    words = [word for piece in pieces for word in re.findall(r"[a-z']+", piece.words.lower()) if word not in _SMALL]
    return " ".join(dict.fromkeys(words[:4])) or "routine"


_SMALL_WORDS = """
    tell me show read give the a an my our your please to and of for what is are how what's set add take in on at it do
    with list say
"""
_SMALL = frozenset(_SMALL_WORDS.split())
