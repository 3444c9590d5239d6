"""What `sotto doctor` found: one finding per check, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """Sotto works without it; something the person may want does not."""
    MISSING = "missing"
    """What needs this does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: Stable name of the check, lower case, hyphens.
        title: What was looked at.
        state: How it came out.
        detail: What is there, or what is wrong, in one sentence.
        remedy: The one command or step that mends it; empty when nothing has to be done.
        answers: True for what can answer a typed question by itself, such as a language model.
        needed: True for what every answer needs.
    """

    check: str
    title: str
    state: State
    detail: str
    remedy: str = ""
    answers: bool = False
    needed: bool = False


def can_answer(findings: Iterable[Finding]) -> bool:
    """True when a typed question would be answered: nothing needed is missing, and something that answers is there."""
    found = tuple(findings)
    lacks = any(finding.needed and finding.state is State.MISSING for finding in found)
    return not lacks and any(finding.answers and finding.state is State.OK for finding in found)


_MARKS = {State.OK: "✓", State.WARNING: "!", State.MISSING: "✗"}
_COLOURS = {State.OK: "32", State.WARNING: "33", State.MISSING: "31"}


def as_table(findings: Sequence[Finding], *, colour: bool) -> str:
    """One line per finding, its remedy beneath it."""
    width = max((len(finding.title) for finding in findings), default=0)
    lines: list[str] = []
    for finding in findings:
        mark = _MARKS[finding.state]
        shown = f"\x1b[{_COLOURS[finding.state]}m{mark}\x1b[0m" if colour else mark
        lines.append(f"{shown} {finding.title.ljust(width)}  {finding.detail}")
        if finding.remedy:
            lines.append(f"  {' ' * width}  → {finding.remedy}")
    lines.append("")
    lines.append(
        "Sotto can answer typed questions here."
        if can_answer(findings)
        else "Sotto cannot answer questions here until what is marked ✗ is mended."
    )
    return "\n".join(lines)


def as_json(findings: Sequence[Finding]) -> str:
    """All findings as one JSON object."""
    checks = [asdict(finding) for finding in findings]
    return json.dumps({"can_answer": can_answer(findings), "checks": checks}, ensure_ascii=True)
