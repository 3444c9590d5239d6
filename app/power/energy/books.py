"""The books: stretches that were shared out, added up for spans and for turns.

Why it exists: a span may be told late where it really runs, and a stretch is then shared out again. So a stretch can be
taken out of the books as it was written in. Nothing here reads a counter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.contracts.energy import DeviceEnergy, Energy, EnergyAccount, Provenance, added
from app.power.energy.comparison import Piece
from app.power.energy.model import PowerModel
from app.power.energy.sharing import Key, Split, Stretch, split

_KEPT_STRETCHES = 3600
"""Of a span that is open for very long, earlier ones are not shared out again."""
_NOTHING_J = 1e-9


@dataclass(slots=True, eq=False)
class SpanBook:
    """One span.

    Attributes:
        key: Names it.
        backend_id: Whose host works for it.
        device: Where it runs, as far as is known.
        joules: Above idle.
        stretches: How many it was open in.
        modelled: In how many of those its device had no meter.
    """

    key: Key
    backend_id: str
    device: Device
    joules: float = 0.0
    stretches: int = 0
    modelled: int = 0


@dataclass(slots=True)
class _Done:
    """What one span did within one turn."""

    span: SpanBook
    joules: float = 0.0
    busy_s: float = 0.0
    modelled: int = 0


@dataclass(slots=True, eq=False)
class TurnBook:
    """One turn: everything between its begin and its end."""

    stages: float = 0.0
    shared: float = 0.0
    idle: float = 0.0
    seconds: float = 0.0
    modelled: float = 0.0
    metered: bool = False
    done: dict[Key, _Done] = field(default_factory=dict)

    def add(self, entry: Entry, sign: int) -> None:
        """Write a stretch in, or take it out."""
        self.seconds += sign * entry.stretch.seconds
        self.shared += sign * entry.split.shared
        self.idle += sign * entry.split.idle
        self.modelled += sign * entry.split.modelled
        self.metered = self.metered or entry.split.metered
        for one in entry.stretch.worked:
            part = entry.split.parts[one.key]
            done = self.done.setdefault(one.key, _Done(entry.spans[one.key]))
            done.joules += sign * part.joules
            done.busy_s += sign * one.busy_s
            done.modelled += 0 if part.measured else sign
            self.stages += sign * part.joules

    def pieces(self, model: PowerModel) -> list[Piece]:
        """The work of its stages, span by span."""
        return [
            Piece(one.span.backend_id, one.span.device, max(0.0, one.busy_s), told(one, one.span.device, model))
            for one in self.done.values()
        ]

    def account(self, model: PowerModel) -> EnergyAccount:
        """Where the joules went."""
        pieces = self.pieces(model)
        stages = sum(piece.energy.joules for piece in pieces)
        shared, idle = max(0.0, self.shared), max(0.0, self.idle)
        return EnergyAccount(
            total=stages + shared + idle,
            stages=stages,
            shared=shared,
            idle=idle,
            seconds=max(0.0, self.seconds),
            provenance=self._provenance(pieces),
            devices=tuple(
                DeviceEnergy(device, added(piece.energy for piece in pieces if piece.device is device))
                for device in Device
                if any(piece.device is device for piece in pieces)
            ),
        )

    def _provenance(self, pieces: list[Piece]) -> Provenance:
        """Measured when neither a joule nor a stage came from the model; unavailable when nothing was counted."""
        guessed = self.modelled > _NOTHING_J or any(one.energy.provenance is Provenance.ESTIMATE for one in pieces)
        if guessed:
            return Provenance.ESTIMATE
        return Provenance.MEASURED if self.metered else Provenance.UNAVAILABLE


@dataclass(slots=True)
class Entry:
    """A stretch in the books: who was open in it, and how it was shared out."""

    stretch: Stretch
    spans: dict[Key, SpanBook]
    turns: tuple[TurnBook, ...]
    split: Split = field(default_factory=Split)


class Books:
    """All of them.

    Args:
        model: Stands in for missing meters, and weighs devices that share one.
        on_spent: Gets the joules of stages as they are written in; less than 0 when they are taken out.

    Attributes:
        spans: Those that are open.
        turns: Likewise, the newest last.
    """

    def __init__(self, model: PowerModel, on_spent: Callable[[float], None]) -> None:
        self._model = model
        self._on_spent = on_spent
        self._entries: deque[Entry] = deque(maxlen=_KEPT_STRETCHES)
        self.spans: dict[Key, SpanBook] = {}
        self.turns: list[TurnBook] = []

    def write(self, stretch: Stretch) -> None:
        """A stretch is over; the spans and turns that are open were open in it."""
        entry = Entry(stretch, dict(self.spans), tuple(self.turns))
        entry.split = self.shared_out(stretch)
        self._add(entry, +1)
        if self.spans:
            self._entries.append(entry)

    def shared_out(self, stretch: Stretch) -> Split:
        """How a stretch of the spans that are open divides; nothing is written."""
        return split(stretch, {key: span.device for key, span in self.spans.items()}, self._model)

    def move(self, span: SpanBook, device: Device) -> None:
        """A span ran elsewhere than was thought: share out anew what it has been in."""
        entries = [entry for entry in self._entries if span.key in entry.spans]
        for entry in entries:
            self._add(entry, -1)
        span.device = device
        for entry in entries:
            entry.split = split(entry.stretch, {key: one.device for key, one in entry.spans.items()}, self._model)
            self._add(entry, +1)

    def close(self, span: SpanBook) -> None:
        """A span has ended: what nobody is open in any more is not shared out again."""
        del self.spans[span.key]
        while self._entries and not any(key in self.spans for key in self._entries[0].spans):
            self._entries.popleft()

    def _add(self, entry: Entry, sign: int) -> None:
        for key, part in entry.split.parts.items():
            span = entry.spans[key]
            span.joules += sign * part.joules
            span.stretches += sign
            span.modelled += 0 if part.measured else sign
        for turn in entry.turns:
            turn.add(entry, sign)
        self._on_spent(sign * sum(part.joules for part in entry.split.parts.values()))


def told(book: SpanBook | _Done, device: Device, model: PowerModel, *, metered: bool = True) -> Energy:
    """What was counted of a span, with where it comes from; ``metered`` is False when no meter can have counted it."""
    if device not in model.devices:
        return Energy(0.0, Provenance.UNAVAILABLE)
    measured = metered and book.modelled == 0
    return Energy(max(0.0, book.joules), Provenance.MEASURED if measured else Provenance.ESTIMATE)
