"""Accounts of energy: who took how many joules, from the counters at every begin and end of a stage and once a second.

Why it exists: a machine's meters count everything together. Here that is taken apart: what the stages took, what others
took, what the machine would have taken idling. What was seen from one look to the next stands in `looks`, how it is
shared out in `sharing`, and how that adds up in `books`; this reads the counters at the right moments.

A span may be told later where it really runs; what came before is then counted there too. What was told of spans that
had ended by then stays as it was told.

Work of a backend outside any span, such as loading its model, is not a stage's: it is `shared`. So is what the host of
an NPU or of a graphics processor works on the CPU meanwhile. A turn takes in every stretch between its begin and its
end, with all spans that were open in it.

Everything happens on the event loop; the counters and the hosts are looked at there, so both must be quick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount
from app.contracts.ports import Clock, EnergySpan, TurnEnergy
from app.power.energy.books import Books, SpanBook, TurnBook, told
from app.power.energy.comparison import Speeds, compared
from app.power.energy.days import Days
from app.power.energy.looks import Looks, Seen
from app.power.energy.model import PowerModel
from app.power.energy.sharing import Split
from app.power.sensors.sample import Counters, Hosts, Sample

FRESH_S = 0.02
"""Counters that were read so many seconds ago at most are good enough for what a span has taken so far: it may be asked
at every token, and a look at the counters and at three hosts takes up to a millisecond."""
AT_ONCE_S = 0.0005
"""The same for the begin and the end of a stage: the end of one is often the begin of the next."""
_HOUR_S = 3600.0


class Accounts:
    """The accounts of one machine.

    Args:
        counters: Reads the counters.
        model: Stands in for missing meters, and weighs devices that share one.
        hosts: The processes of backends.
        clock: Time.
        speeds: How fast models are on other devices, for the comparison; None for the model's word alone.
        days: Gets every turn that ends; None keeps no days.
        loading: Whether a model is being loaded: that is not idling.

    Attributes:
        watts_of_ours: What stages took above idle between the last two ticks, W.
    """

    def __init__(
        self,
        counters: Callable[[], Counters],
        model: PowerModel,
        hosts: Hosts,
        clock: Clock,
        *,
        speeds: Speeds | None = None,
        days: Days | None = None,
        loading: Callable[[], bool] = lambda: False,
    ) -> None:
        self._counters = counters
        self._model = model
        self._clock = clock
        self._speeds = speeds
        self._days = days
        self._loading = loading
        self._looks = Looks(model, hosts)
        self._books = Books(model, self._spent)
        self._keys = count()
        self._looked_at = float("-inf")
        self._guess: Split | None = None
        self._guessed_at = float("-inf")
        self._hour: deque[tuple[float, float]] = deque()
        self._ours_j = 0.0
        self._tick: tuple[float, float] | None = None
        self.watts_of_ours = 0.0

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """Begin to count a stage, see `app.contracts.ports.PowerMonitor.span`. The counters are read now."""
        del stage
        self._look()
        book = SpanBook(next(self._keys), backend_id, device)
        self._looks.follow(book.key, backend_id, busy)
        self._books.spans[book.key] = book
        self._forget_guess()
        return _Span(
            moved=lambda device: self._moved(book, device),
            so_far=lambda: self._so_far(book),
            end=lambda: self._end(book),
        )

    def turn(self, turn_id: str) -> TurnEnergy:
        """Begin to count a turn, see `app.contracts.ports.PowerMonitor.turn`."""
        del turn_id
        self._look()
        book = TurnBook()
        self._books.turns.append(book)
        return _Turn(lambda: self._turn_ended(book))

    def energy(self, device: Device, busy_s: float) -> Energy:
        """By the model alone, see `app.contracts.ports.PowerMonitor.energy`."""
        return self._model.energy(device, busy_s)

    def took(self, sample: Sample) -> None:
        """Somebody had a whole look at the sensors: the tick of every second.

        While something is counted the counters are read once more, for those of the sample are some milliseconds old by
        now, and must be of the same moment as what the hosts have worked.
        """
        counters = sample.counters
        self._looks.slept(sample.readings)
        if self._counts:
            self._look()
        elif counters.at_s > self._looks.at_s:
            self._keep(self._looks.see(counters))
        if self._tick is not None and counters.at_s > self._tick[0]:
            self.watts_of_ours = max(0.0, (self._ours_j - self._tick[1]) / (counters.at_s - self._tick[0]))
        self._tick = (counters.at_s, self._ours_j)

    @property
    def open_spans(self) -> int:
        """How many stages are being counted now."""
        return len(self._books.spans)

    @property
    def spent_in_turn_j(self) -> float:
        """What the stages of the newest turn that is open have taken by the last look, J; 0 between turns."""
        return max(0.0, self._books.turns[-1].stages) if self._books.turns else 0.0

    def spent_in_hour_j(self) -> float:
        """What stages have taken in the last hour, in turns and outside, J."""
        since = self._clock.monotonic() - _HOUR_S
        while self._hour and self._hour[0][0] <= since:
            self._hour.popleft()
        return max(0.0, sum(joules for _, joules in self._hour))

    @property
    def _counts(self) -> bool:
        """Whether a stage or a turn is being counted."""
        return bool(self._books.spans or self._books.turns)

    def _look(self) -> None:
        """Read the counters, unless that was done just now, and write down what came since."""
        if self._clock.monotonic() - self._looked_at >= AT_ONCE_S:
            self._keep(self._looks.see(self._counters()))

    def _keep(self, seen: Seen) -> None:
        self._looked_at = self._clock.monotonic()
        self._forget_guess()
        if seen.stretch is not None and self._counts:
            self._books.write(seen.stretch)
        self._looks.keep(seen, idling=not (self._counts or self._loading()))

    def _forget_guess(self) -> None:
        self._guess, self._guessed_at = None, float("-inf")

    def _spent(self, joules: float) -> None:
        """Stages took so much more; to the second, so that an hour is short."""
        self._ours_j += joules
        now = self._clock.monotonic()
        if self._hour and now - self._hour[-1][0] < 1.0:
            now, before = self._hour.pop()
            joules += before
        self._hour.append((now, joules))

    def _moved(self, book: SpanBook, device: Device) -> None:
        if device is not book.device:
            self._books.move(book, device)
            self._forget_guess()

    def _so_far(self, book: SpanBook) -> Energy:
        """What is in the books, and what came since, which is not written down: short stretches say little."""
        now = self._clock.monotonic()
        if now - max(self._looked_at, self._guessed_at) >= FRESH_S:
            stretch = self._looks.see(self._counters()).stretch
            self._guess = None if stretch is None else self._books.shared_out(stretch)
            self._guessed_at = now
        part = None if self._guess is None else self._guess.parts[book.key]
        if part is not None:
            modelled = book.modelled + (0 if part.measured else 1)
            book = replace(book, joules=book.joules + part.joules, stretches=book.stretches + 1, modelled=modelled)
        return self._told(book)

    def _end(self, book: SpanBook) -> Energy:
        self._look()
        self._looks.leave(book.key)
        self._books.close(book)
        self._forget_guess()
        return self._told(book)

    def _told(self, book: SpanBook) -> Energy:
        metered = book.stretches > 0 or self._looks.metered(book.device)
        return told(book, book.device, self._model, metered=metered)

    def _turn_ended(self, book: TurnBook) -> tuple[EnergyAccount, tuple[Comparison, ...]]:
        self._look()
        self._books.turns.remove(book)
        account = book.account(self._model)
        comparisons = compared(book.pieces(self._model), self._model, self._speeds)
        if self._days is not None:
            self._days.turn_ended(account, comparisons)
        return account, comparisons


class _Span:
    """Implements `app.contracts.ports.EnergySpan`."""

    def __init__(
        self, moved: Callable[[Device], None], so_far: Callable[[], Energy], end: Callable[[], Energy]
    ) -> None:
        self._moved = moved
        self._so_far = so_far
        self._end = end
        self._total: Energy | None = None

    def ran_on(self, device: Device) -> None:
        """Where it really runs; what came before is counted there too. Nothing any more once it has ended."""
        if self._total is None:
            self._moved(device)

    def so_far(self) -> Energy:
        """Joules above idle until now."""
        return self._total or self._so_far()

    def end(self) -> Energy:
        """Joules above idle of all of it."""
        self._total = self._total or self._end()
        return self._total


class _Turn:
    """Implements `app.contracts.ports.TurnEnergy`."""

    def __init__(self, end: Callable[[], tuple[EnergyAccount, tuple[Comparison, ...]]]) -> None:
        self._end = end
        self._told: tuple[EnergyAccount, tuple[Comparison, ...]] | None = None

    def end(self) -> tuple[EnergyAccount, tuple[Comparison, ...]]:
        """Where the joules went, and what the same stages would have taken elsewhere."""
        self._told = self._told or self._end()
        return self._told
