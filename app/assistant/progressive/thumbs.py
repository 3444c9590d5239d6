"""What the person may say of an answer: the two buttons of its card, and the words that do the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.assistant.staged.matching import plain
from app.contracts.card import CardAction, Emphasis

RATE = "rate"
"""The verb of both buttons; the reference is 1 or -1."""
RATINGS = (
    CardAction(
        action=f"{RATE}:1", label="Good answer", says=("thumbs up", "that was helpful"), emphasis=Emphasis.QUIET
    ),
    CardAction(
        action=f"{RATE}:-1", label="Bad answer", says=("thumbs down", "that was not helpful"), emphasis=Emphasis.QUIET
    ),
)
_WRONG = re.compile(
    r"(?:(?:no|nope|sorry|sotto) (?:\| )?)*"
    r"(?:(?:that|this|it|your answer|the answer|you)(?:'s| is| was|'re| are| were) "
    r"(?:just |quite |totally |completely |plain )?"
    r"(?:wrong|incorrect|false|mistaken|nonsense|rubbish|not (?:right|correct|true|what i (?:asked|meant|said|wanted)|"
    r"helpful|it))"
    r"|(?:that|this|it) (?:isn't|wasn't) (?:right|correct|true|helpful|what i (?:asked|meant|said|wanted)|it)"
    r"|you(?: a|')re (?:wrong|mistaken)|you got (?:that|it) wrong|wrong(?: answer)?|bad answer|thumbs down"
    r"|that (?:didn't|did not) help|not helpful)"
    r"(?: \| (?P<rest>.+))?"
)
_RIGHT = re.compile(
    r"(?:(?:yes|yeah) (?:\| )?)?(?:(?:that|this|it)(?:'s| is| was) (?:a )?"
    r"(?:right|correct|helpful|very helpful|good answer|great answer|perfect answer|what i wanted)"
    r"|thumbs up|(?:good|great|perfect|nice|excellent) answer|that helped|well done)(?: (?:\| )?(?:thanks|thank you))?"
)
_PAUSE = re.compile(r"[,.;:!?\u2014-]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the words say of the answer before: 1 or -1, and what else they say, empty for nothing."""

    rated: int
    rest: str = ""


def verdict(text: str) -> Verdict | None:
    """What a request says of the answer before it; None for one that says nothing of it."""
    parts = [words for part in _PAUSE.split(text) if (words := plain(part))]
    said = " | ".join(parts)
    if (wrong := _WRONG.fullmatch(said)) is not None:
        return Verdict(-1, wrong["rest"] or "")
    if _RIGHT.fullmatch(said):
        return Verdict(1)
    return None
