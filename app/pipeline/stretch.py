"""One try at a stage's output, or its part for one item of many: an outlet that writes into another.

Why it exists: a try that failed has to be taken back, unless the next stages have it already; a stage that runs for
each of many items counts its characters from the item's own beginning; and text that is still to be transformed may be
shown, but must not be handed on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.events import TurnEvent
from app.contracts.ports import Clock
from app.pipeline.outlet import Outlet
from app.pipeline.values import Value


def _nobody(_event: TurnEvent) -> None:
    """The stage's own outlet tells."""


def _nothing() -> None:
    """Nobody waits for it."""


class Stretch(Outlet):
    """What one try writes; it goes on where the outlet's text ends.

    Args:
        into: The outlet of the stage.
        hold: Show text and hand none of it on.
        lead: Shown before the first text, to set it off from what is there; empty for nothing.
        clock: Tells when there was a first output.
        on_first: Called when something is handed on for the first time.

    Attributes:
        first_at: Monotonic seconds of its first output, None before.
    """

    def __init__(
        self, into: Outlet, clock: Clock, *, hold: bool = False, lead: str = "", on_first: Callable[[], None] = _nothing
    ) -> None:
        super().__init__(into.stage_id, _nobody)
        self._into = into
        self._clock = clock
        self.first_at: float | None = None
        self._hold = hold
        self._lead = lead
        self._on_first = on_first
        self._offset = len(into.shown)
        self._handed_on = False

    @property
    def handed_on(self) -> bool:
        """Something of it stands: it was committed, sounded, or given on as an item."""
        return self._handed_on

    def show(self, text: str, confidence: float | None, tier: Tier) -> None:
        """Show new text; it may still be taken back."""
        if not text or self.closed:
            return
        self._set_off(tier)
        self._output()
        super().show(text, confidence, tier)
        self._into.show(text, confidence, tier)

    def replace(self, kept: int, reason: str) -> None:
        """Take back everything of this try behind its first ``kept`` characters."""
        if self.closed:
            return
        super().replace(kept, reason)
        self._into.replace(self._offset + kept, reason)

    def commit(self) -> None:
        """Everything shown so far stands."""
        if self.closed:
            return
        super().commit()
        if not self._hold and self.committed:
            self._into.commit()
            self._handing_on()

    def sound(self, chunk: AudioChunk) -> None:
        """Hand on sound."""
        if not self.closed:
            self._output()
            self._into.sound(chunk)
            self._handing_on()

    def item(self, value: Value) -> None:
        """Hand on one of several values."""
        if not self.closed:
            self._output()
            self._into.item(value)
            self._handing_on()

    def keep_items(self, most: int) -> None:
        """Of the items keep the last so many only."""
        self._into.keep_items(most)

    def take_back(self, reason: str) -> None:
        """Show nothing of this try any more; it writes nothing from now on."""
        if self.shown and not self.closed:
            self._into.replace(self._offset, reason)
        self.done()

    def done(self) -> None:
        """It writes nothing from now on."""
        self._close()

    def settle(self, text: str, confidence: float | None, tier: Tier) -> None:
        """What is shown of it becomes this text, as far as it differs, and stands. It writes nothing from now on."""
        if self.closed:
            return
        kept = _same(self.shown, text)
        if kept < len(self.shown):
            self._into.replace(self._offset + kept, "output_transform")
        elif text:
            self._set_off(tier)
        self._into.show(text[kept:], confidence, tier)
        self._into.commit()
        self._output()
        self._handing_on()
        self.done()

    def _set_off(self, tier: Tier) -> None:
        """Show what sets this off from the text before it, once."""
        if self._lead and not self.shown:
            self._into.show(self._lead, None, tier)
            self._offset += len(self._lead)
            self._lead = ""

    def _output(self) -> None:
        if self.first_at is None:
            self.first_at = self._clock.monotonic()

    def _handing_on(self) -> None:
        if not self._handed_on:
            self._handed_on = True
            self._on_first()


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
