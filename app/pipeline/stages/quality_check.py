"""Custom stage ``quality-check``: is an answer good enough, and if not, why not?

Under ``with``: ``checks`` (any of ``parses``, ``examples``, ``length``, ``confidence``; all by default), ``language``
(``python``, the default, or ``text``, for which the first two mean nothing), ``min_confidence`` (0 to 1, default 0.5;
an answer whose confidence nobody knows is not judged by it), ``min_characters`` (default 1) and ``max_characters``
(default 20 000).

Code is never run here: it is parsed in the sandbox's child, and its examples run in a child of that one, behind a wall
of the kernel's. Where there is no such wall they are not run, and the check says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from app.contracts.capabilities import ConfidenceSource
from app.contracts.errors import InvalidInput, RuntimeFault, TimedOut
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import OptionValue
from app.pipeline.outlet import Outlet
from app.pipeline.stages.fences import Python, python_in
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.tools import Sandbox
from app.pipeline.values import Parts, Text, Value, Verdict, in_words

EXAMINE = "app.pipeline.sandbox.reading:examine"
RUN = "app.pipeline.sandbox.code:run_examples"
CHECKS = ("parses", "examples", "length", "confidence")
LANGUAGES = ("python", "text")
RUN_S = 5.0
"""The examples of an answer take no longer."""
_LAUNCH_S = 10.0
"""Starting and ending what runs them may take so much more."""
_KEYS = ("checks", "language", "min_confidence", "min_characters", "max_characters")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What stands under ``with``."""

    checks: tuple[str, ...]
    language: str
    min_confidence: float
    min_characters: int
    max_characters: int

    @classmethod
    def of(cls, settings: Mapping[str, OptionValue]) -> CheckSettings:
        """Checked settings.

        Raises:
            InvalidInput: One is unknown, of the wrong kind or out of bounds.
        """
        if unknown := sorted(set(settings) - set(_KEYS)):
            raise _wrong(unknown[0], f"is not known; there are {', '.join(_KEYS)}")
        checks = settings.get("checks", list(CHECKS))
        checks = [checks] if isinstance(checks, str) else checks
        if not isinstance(checks, list) or not all(isinstance(one, str) and one in CHECKS for one in checks):
            raise _wrong("checks", f"is a list of any of {', '.join(CHECKS)}")
        language = settings.get("language", "python")
        if not isinstance(language, str) or language not in LANGUAGES:
            raise _wrong("language", f"is one of {', '.join(LANGUAGES)}")
        bar = settings.get("min_confidence", 0.5)
        if isinstance(bar, bool) or not isinstance(bar, int | float) or not 0 <= bar <= 1:
            raise _wrong("min_confidence", "is a number from 0 to 1")
        shortest = settings.get("min_characters", 1)
        longest = settings.get("max_characters", 20_000)
        for key, value in (("min_characters", shortest), ("max_characters", longest)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise _wrong(key, "is a whole number")
        return cls(tuple(cast("list[str]", checks)), language, float(bar), cast("int", shortest), cast("int", longest))


@dataclass(slots=True)
class _Findings:
    """What the checks came to: reasons speak against the answer, notes do not."""

    reasons: list[str]
    notes: list[str]
    figures: dict[str, float]


class QualityCheckProcessor:
    """Implements `app.pipeline.stages.processor.Processor`."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:  # noqa: ARG002 - a verdict is nothing to show
        """Check.

        Raises:
            InvalidInput: A setting is wrong.
        """
        settings = CheckSettings.of(call.stage.definition.settings)
        value = await call.value()
        text, confidence = in_words(value).strip(), _confidence(value)
        found = _Findings([], [], {})
        if "length" in settings.checks:
            _check_length(text, settings, found)
        if settings.language == "python" and {"parses", "examples"} & set(settings.checks):
            await _check_python(python_in(text, bare=True), settings, call.tools.sandbox, found)
        if "confidence" in settings.checks:
            _check_confidence(confidence, settings.min_confidence, found)
        passed = not found.reasons
        return Done(
            Verdict(passed, in_words(value), tuple(found.reasons), confidence),
            StageMetadata(
                confidence=confidence,
                confidence_source=ConfidenceSource.NONE if confidence is None else ConfidenceSource.CALIBRATED,
                notes=(*found.reasons, *found.notes),
                figures=tuple(sorted({**found.figures, "passed": float(passed)}.items())),
            ),
        )


def _check_length(text: str, settings: CheckSettings, found: _Findings) -> None:
    if len(text) < max(1, settings.min_characters):
        found.reasons.append(f"The answer has {len(text)} characters, fewer than {max(1, settings.min_characters)}.")
    if len(text) > settings.max_characters:
        found.reasons.append(f"The answer has {len(text)} characters, more than {settings.max_characters}.")


def _check_confidence(confidence: float | None, bar: float, found: _Findings) -> None:
    if confidence is None:
        found.notes.append("Nobody can say how sure the answer is.")
    elif confidence < bar:
        found.reasons.append(f"The confidence is {confidence:.2f}, below {bar:.2f}.")


async def _check_python(python: Python, settings: CheckSettings, sandbox: Sandbox, found: _Findings) -> None:
    if not python.code.strip():
        found.reasons.append("There is no Python code in the answer.")
        return
    if python.cut:
        found.reasons.append("The answer ends in the middle of the code.")
    try:
        read = cast("dict[str, OptionValue]", await sandbox.call(EXAMINE, {"code": python.code}))
    except (RuntimeFault, TimedOut) as error:
        found.reasons.append(f"The code could not be read: {error.message}")
        return
    if problem := str(read["problem"]):
        if "parses" in settings.checks:
            found.reasons.append(f"The code does not parse: {problem}.")
        return
    examples = int(cast("int", read["examples"])) + python.session.count(">>>")
    found.figures["examples"] = float(examples)
    if "examples" in settings.checks:
        await _check_examples(python, examples, sandbox, found)


async def _check_examples(python: Python, examples: int, sandbox: Sandbox, found: _Findings) -> None:
    """Run what the answer brings to show that it works."""
    if not examples:
        found.notes.append("not run: the code brings no examples of its own")
        return
    arguments: dict[str, OptionValue] = {"code": python.code, "doctests": python.session, "timeout_s": RUN_S}
    try:
        ran = cast("dict[str, OptionValue]", await sandbox.call(RUN, arguments, timeout_s=RUN_S + _LAUNCH_S))
    except (InvalidInput, RuntimeFault, TimedOut) as error:
        found.notes.append(f"not run: {error.message}")
        return
    found.figures["ran"] = float(bool(ran["ran"]))
    if not ran["ran"]:
        found.notes.append(f"not run: {ran['reason']}")
    elif not ran["passed"]:
        found.reasons.append(f"Its own examples do not hold: {ran['reason']}")
    else:
        found.notes.append(f"Its own examples hold ({examples} of them, kept in by {ran['boundary']}).")


def _confidence(value: Value) -> float | None:
    """Of the text that is checked; the lowest of several."""
    if isinstance(value, Text | Verdict):
        return value.confidence
    if isinstance(value, Parts):
        known = [confidence for item in value.items if (confidence := _confidence(item)) is not None]
        return min(known, default=None)
    return None


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a quality-check stage {reason}.", code="bad-setting")
