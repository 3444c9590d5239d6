"""Which of several answers most agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.pipeline.text.normalising import normalised


@dataclass(frozen=True, slots=True)
class Ballot:
    """One answer of a vote; ``confidence`` in [0, 1] or None."""

    text: str
    confidence: float | None = None

    @property
    def form(self) -> str:
        """What it is counted as; empty for one that says nothing, which counts for nobody."""
        return normalised(self.text)


@dataclass(frozen=True, slots=True)
class Elected:
    """What a vote came to.

    Attributes:
        winner: Which ballot stands for the largest group: its surest, of equals the first.
        share: Of all ballots that are in its group, in [0, 1].
        groups: How many different answers there were.
        tied: Another group was as large.
    """

    winner: int
    share: float
    groups: int
    tied: bool = False


def elected(ballots: Sequence[Ballot]) -> Elected:
    """The majority over normalised answers; of groups of one size the one with the surest ballot, then the earlier.

    Raises:
        ValueError: There are no ballots.
    """
    if not ballots:
        raise ValueError("nobody voted")
    groups = _groups(ballots)
    if not groups:
        return Elected(_surest(ballots, range(len(ballots))), 0.0, 0)
    largest = max(len(members) for members in groups)
    tied = [members for members in groups if len(members) == largest]
    winner = _surest(ballots, [_surest(ballots, members) for members in tied])
    return Elected(winner, largest / len(ballots), len(groups), tied=len(tied) > 1)


def decided(ballots: Sequence[Ballot], still_to_come: int) -> bool:
    """Whether no answer that is still to come could change who wins."""
    sizes = sorted((len(members) for members in _groups(ballots)), reverse=True)
    second = sizes[1] if len(sizes) > 1 else 0
    return bool(sizes) and sizes[0] > second + still_to_come


def _groups(ballots: Sequence[Ballot]) -> list[list[int]]:
    """Numbers of the ballots that say the same, in the order of their first.

    A number without a unit is counted with those of its value that have one, as long as they agree on it.
    """
    groups: dict[str, list[int]] = {}
    for at, ballot in enumerate(ballots):
        if form := ballot.form:
            groups.setdefault(form, []).append(at)
    for bare in [form for form in groups if form.startswith("#") and " " not in form]:
        measured = [form for form in groups if form.startswith(f"{bare} ")]
        if len(measured) == 1:
            groups[bare] = sorted((*groups[bare], *groups.pop(measured[0])))
    return sorted(groups.values())


def _surest(ballots: Sequence[Ballot], among: Sequence[int]) -> int:
    """The one of highest confidence; a ballot nobody knows the confidence of is under all others."""
    return max(among, key=lambda at: (-1.0 if ballots[at].confidence is None else ballots[at].confidence, -at))
