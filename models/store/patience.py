"""How long a download puts up with what: time-outs, tries, pauses between them, and being told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.contracts.errors import Busy, SottoError, TurnCancelledError
from models.store.network import Line
from models.store.progress import Meter, State

_T = TypeVar("_T")
WORTH_BYTES = 64 * 1024
"""A try that brought so much was no failure: the count of tries begins anew."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of a download, in seconds.

    Attributes:
        connect_s: For a connection to come about.
        stall_s: For which the other end may say nothing, or fewer than ``slowest_bytes``.
        slowest_bytes: What must come within ``stall_s``.
        tries: One after the other without anything worth while coming.
        first_pause_s: Before the second try; doubled before each further one.
        longest_pause_s: The doubling ends here, and so does what a server may ask for.
    """

    connect_s: float = 15.0
    stall_s: float = 30.0
    slowest_bytes: int = 2048
    tries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0


class Again(Exception):
    """A try failed in a way that the next one may not.

    Args:
        error: What is told when there is no next one.
        after_s: How long the server asks to be left alone.
        at_once: No pause is needed.
    """

    def __init__(self, error: SottoError, after_s: float | None = None, *, at_once: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.after_s, self.at_once = error, after_s, at_once


class Control:
    """Stops a download from another thread, whatever it is doing.

    Args:
        line: What is cut when it shall stop.
        name: The model, for sentences.
    """

    def __init__(self, line: Line, name: str) -> None:
        self._line, self._name = line, name
        self._stop = threading.Event()
        self.cancelled = False

    @property
    def stopped(self) -> bool:
        """It shall stop."""
        return self._stop.is_set()

    def pause(self) -> None:
        """Stop; what has come stays on the disk."""
        self._stop.set()
        self._line.cut()

    def cancel(self) -> None:
        """Stop; what has come is thrown away."""
        self.cancelled = True
        self.pause()

    def check(self) -> None:
        """See whether it may go on.

        Raises:
            TurnCancelledError: It may not; the code is ``paused`` or ``cancelled``.
        """
        if self.stopped:
            raise self._ended()

    def wait(self, seconds: float) -> None:
        """Sleep, unless it shall stop.

        Raises:
            TurnCancelledError: As for `check`.
        """
        if self._stop.wait(seconds):
            raise self._ended()

    def _ended(self) -> TurnCancelledError:
        if self.cancelled:
            return TurnCancelledError(f"The download of {self._name} was cancelled.", code="cancelled")
        return TurnCancelledError(
            f"The download of {self._name} is paused.",
            code="paused",
            remedy=f"`sotto models pull {self._name}` goes on from there.",
        )


def persistently(work: Callable[[], _T], *, patience: Patience, control: Control, line: Line, meter: Meter) -> _T:
    """Do a piece of work until it is done, it fails for good, or too many tries brought nothing.

    Args:
        work: Raises `Again` where another try may help.
        patience: How often, and the pauses.
        control: Says whether to go on.
        line: Hung up after each failure.
        meter: Tells of the pauses, and how much a try brought.

    Raises:
        TurnCancelledError: It was stopped.
        SottoError: What the last try said.
    """
    failures = 0
    while True:
        control.check()
        before = meter.received
        try:
            return work()
        except Again as again:
            line.close()
            control.check()
            if meter.received - before >= WORTH_BYTES:
                failures = 0
            failures += 1
            pause = (
                0.0 if again.at_once else min(patience.first_pause_s * 2 ** (failures - 1), patience.longest_pause_s)
            )
            if (again.after_s or 0.0) > patience.longest_pause_s:
                raise Busy(
                    f"{again.error.message} It asks to be left alone for {_spoken(again.after_s or 0.0)}.",
                    remedy=again.error.remedy,
                ) from again
            if failures >= patience.tries:
                raise again.error from again
            meter.enter(State.RETRYING, again.error.message)
            control.wait(max(pause, again.after_s or 0.0))


def _spoken(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else f"{round(seconds)} seconds"
