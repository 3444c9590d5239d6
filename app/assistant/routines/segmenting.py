"""Cuts "the time, the battery and add milk and eggs to my list" into the things that are to be done.

Why it exists: a comma or an "and" may stand between two things to do or inside one of them, and no rule of grammar can
tell. The one who understands requests can: of all ways to cut, the one is taken whose pieces are understood best.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.assistant.routines.requirements import begins, first_person

Sure = Callable[[str], float]
"""How surely a skill claims these words, in [0, 1]; 0 for an open question."""
MOST_ATOMS = 40
LONGEST = 5
"""So many pieces between separators are joined to one thing to do at most."""
CLEAR = 0.9
"""So surely claimed, no other wording is tried."""
CLAIMED = 0.5
LISTED = 0.6
"""What joining costs where the second part would be told by itself too: "the time, the battery"."""
SHORT = 3
"""Words of something to be told that is only named: "the processor load"."""
_SEPARATOR = re.compile(
    r"(?:\s*[;.]\s+|\s*,\s*)(?:and\s+)?"
    r"(?:then\s+|after that,?\s+|afterwards,?\s+|also\s+|finally,?\s+|next,?\s+|lastly,?\s+)?"
    r"|\s+and\s+(?:then\s+|also\s+|finally\s+|after that\s+)?|\s+(?:and )?then\s+|\s+after that\s+|\s+followed by\s+"
    r"|\s+plus\s+|\s+as well as\s+|\s+along with\s+|\s+together with\s+",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|\{\{.*?\}\}")
_STARTS = re.compile(
    r"^(?:please )?(?P<lead>tell me|show me|read me|read out|read|give me|let me know|show|tell me about|list|check|"
    r"say|what(?:'s| is| are)|remind me|how(?:'s| is))\b",
    re.IGNORECASE,
)
_OTHER_LEADS = ("tell me", "show me", "what is")
_THEN = re.compile(r";|\b(?:then|after that|afterwards|followed by|finally|next|lastly)\b", re.IGNORECASE)
_QUOTES_ITS_WORDS = re.compile(r"^(?:remind|note|take|write|remember|say|add|make|jot)\b", re.IGNORECASE)
_TO_ME = re.compile(r"^\w+ (?:me|my|the|a|an)\b", re.IGNORECASE)
_NOT_AFTER = re.compile(r"^(?:the|my|a|an|our|its|your|today's|this|how|what)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to do.

    Attributes:
        words: It, as it would be asked by itself.
        sure: How surely a skill claims it, in [0, 1].
    """

    words: str
    sure: float


def segmented(body: str, sure: Sure) -> tuple[Piece, ...]:
    """The things to do, in order.

    Args:
        body: All of them, in the person's words.
        sure: Tells how surely a skill claims words.
    """
    atoms = _atoms(body)[:MOST_ATOMS]
    if not atoms:
        return ()
    leads = _leads(body, atoms)
    known: dict[str, float] = {}

    def surely(words: str) -> float:
        if words not in known:
            known[words] = sure(words)
        return known[words]

    texts = [body[first:last] for first, last in atoms]
    listed = [_listed(text, leads[at], texts[max(0, at - 1)], surely) for at, text in enumerate(texts)]
    best: list[tuple[float, tuple[Piece, ...]]] = [(0.0, ())]
    for end in range(1, len(atoms) + 1):
        ways = []
        for start in range(end - 1, max(-1, end - 1 - LONGEST), -1):
            if end - start > 1 and _apart(body, atoms, start):
                break
            words = body[atoms[start][0] : atoms[end - 1][1]]
            piece = _wording(words, leads[start], surely)
            score = best[start][0] + _score(piece, words) * (end - start) - LISTED * sum(listed[start + 1 : end])
            ways.append((score, (*best[start][1], piece)))
        best.append(max(ways, key=lambda way: (round(way[0], 6), len(way[1]))))
    return best[-1][1]


def beyond(body: str) -> int:
    """Pieces between separators that are more than `segmented` looks at."""
    return max(0, len(_atoms(body)) - MOST_ATOMS)


def _atoms(body: str) -> list[tuple[int, int]]:
    """Start and end of what lies between separators; what is quoted is not cut."""
    quoted = [match.span() for match in _QUOTE.finditer(body)]
    atoms, start = [], 0
    for match in _SEPARATOR.finditer(body):
        if any(first < match.end() and match.start() < last for first, last in quoted) or match.start() <= start:
            continue
        atoms.append((start, match.start()))
        start = match.end()
    atoms.append((start, len(body)))
    return [(first, last) for first, last in atoms if body[first:last].strip()]


def _apart(body: str, atoms: list[tuple[int, int]], at: int) -> bool:
    """What begins behind this piece is surely something else to do."""
    text, between = body[slice(*atoms[at + 1])], body[atoms[at][1] : atoms[at + 1][0]]
    if _THEN.search(between):
        return True
    if not begins(text):
        return False
    return not _QUOTES_ITS_WORDS.match(body[slice(*atoms[at])]) or _TO_ME.match(text) is not None


def _listed(text: str, lead: str, before: str, sure: Sure) -> bool:
    """One of several things to be told: understood by itself, or as short as what is told before it."""
    if not lead or not _NOT_AFTER.match(text):
        return False
    if sure(f"{lead} {text}") >= CLAIMED:
        return True
    led = before if begins(before) else f"{lead} {before}"
    return len(text.split()) <= SHORT and len(led.split()) <= 2 * SHORT and sure(led) >= CLAIMED


def _leads(body: str, atoms: list[tuple[int, int]]) -> list[str]:
    """For each piece, the words that began the nearest one before it: "tell me" of "tell me the time, the battery"."""
    leads, lead = [], ""
    for first, last in atoms:
        match = _STARTS.match(body[first:last])
        if match is not None:
            lead = match["lead"]
        leads.append(lead)
    return leads


def _wording(words: str, lead: str, sure: Sure) -> Piece:
    """The wording under which the words are understood best: as they are, or with what began the piece before."""
    words = first_person(words.strip())
    best = Piece(words, sure(words))
    if best.sure >= CLEAR or begins(words):
        return best
    for each in dict.fromkeys((lead, *_OTHER_LEADS)):
        if not each:
            continue
        led = Piece(f"{each} {words}", sure(f"{each} {words}"))
        if led.sure > best.sure + 0.02:
            best = led
        if best.sure >= CLEAR:
            break
    if best.sure < CLAIMED and lead and _NOT_AFTER.match(words):
        return Piece(f"{lead} {words}", best.sure)
    return best


def _score(piece: Piece, words: str) -> float:
    """What a piece is worth: claimed ones their certainty, others little, and less when nothing begins them."""
    if piece.sure >= CLAIMED:
        return piece.sure
    return 0.3 if begins(words.strip()) else 0.05
