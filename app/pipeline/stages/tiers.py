"""Takes a stage up its tiers: when one cannot be used or fails, the next is asked, and everybody hears of it.

For stages whose models give no second opinion (recognition, speech, vectors); text has ladders of its own. A tier whose
device has to rest gives way to one whose device need not, before the work and between two pieces of it. Where there is
no such tier the work is done all the same, since it is short, and the stage says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from app.aio.busy import BusyTime
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, added
from app.contracts.errors import InvalidInput, SottoError, TurnCancelledError, Unavailable
from app.contracts.events import DeviceUsed, FailedOver
from app.contracts.metrics import Attempt, StageMetadata
from app.contracts.ports import Runtime
from app.pipeline.stages.processor import StageCall

_Port = TypeVar("_Port", bound=Runtime)
_T = TypeVar("_T")


class Tiers(Generic[_Port]):
    """The tiers of one call, the one in use first. Once one has failed it is not asked again.

    Args:
        call: Whose.
        port: Finds a backend's port.
        reached: How far the work is when a tier fails, for the event; 0 where that has no meaning.

    Attributes:
        attempts: Every tier that was asked, in order.
    """

    def __init__(self, call: StageCall, port: Callable[[str], _Port], reached: Callable[[], int] = lambda: 0) -> None:
        self._call = call
        self._find = port
        self._reached = reached
        self._waiting = list(dict.fromkeys((*call.stage.ladder, *call.stage.fallbacks)))
        self._ready: _Port | None = None
        self._busy = BusyTime(call.tools.clock.monotonic)
        self._spent: Energy | None = None
        self._notes: list[str] = []
        self.ran: Device = call.stage.asked
        self.attempts: list[Attempt] = []

    @property
    def tier(self) -> Tier:
        """The one in use."""
        return self._waiting[0]

    async def use(self, work: Callable[[_Port], Coroutine[Any, Any, _T] | Awaitable[_T]]) -> _T:
        """Do something with the tier in use; when it fails, with the next.

        Raises:
            Unavailable: There is no tier at all.
            SottoError: The last tier failed with it.
        """
        if not self._waiting:
            raise Unavailable(
                f"The stage {self._call.stage.definition.stage_id} has no backend to run on.",
                code="no-backend",
                remedy="`sotto doctor` shows what is missing and how to get it.",
            )
        self._give_way()
        while True:
            try:
                with self._busy.counting():
                    port = await self._port()
                    with self._counted():
                        return await work(port)
            except (InvalidInput, TurnCancelledError):
                raise
            except SottoError as error:
                if not self._next(error):
                    raise

    def metadata(
        self,
        *,
        confidence: float | None = None,
        notes: tuple[str, ...] = (),
        figures: tuple[tuple[str, float], ...] = (),
    ) -> StageMetadata:
        """How the output came about. The call's busy time is written down with it."""
        if self._waiting:
            reason = "It worked." if not self.attempts else "It took over."
            attempts = (*self.attempts, self._attempt("accepted", reason, confidence))
        else:
            attempts = tuple(self.attempts)
        ladder = self._call.stage.ladder
        self._call.timings.busy_s = sum(attempt.elapsed_ms for attempt in attempts) / 1000.0
        return StageMetadata(
            forwarded=bool(self._waiting and ladder) and self.tier != ladder[0],
            confidence=confidence,
            confidence_source=self._source() if confidence is not None else ConfidenceSource.NONE,
            attempt_count=len(attempts),
            backend=self.tier.backend_id if self._waiting else "",
            model=self.tier.model if self._waiting else "",
            asked=self._call.stage.asked,
            ran=self.ran,
            attempts=attempts,
            notes=tuple(dict.fromkeys((*self._notes, *notes))),
            figures=tuple(sorted(figures)),
        )

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the energy of the block for the tier in use; to load its model is no work of the stage's."""
        busy, before_s = self._busy, self._busy.so_far
        stage, backend = self._call.stage.definition.stage_id, self.tier.backend_id
        span = self._call.tools.power.span(stage, backend, self.ran, lambda: busy.so_far - before_s)
        try:
            yield
        finally:
            spent = span.end()
            self._call.timings.took(spent)
            self._spent = spent if self._spent is None else added((self._spent, spent))

    def _source(self) -> ConfidenceSource:
        return ConfidenceSource.NONE if self._ready is None else self._ready.capabilities.confidence

    async def _port(self) -> _Port:
        """The port of the tier in use, warm."""
        if self._ready is None:
            port = self._find(self.tier.backend_id)
            self.ran = port.backend.device
            self.ran = (await port.warm_up()).ran
            self._ready = port
            self._call.report(
                DeviceUsed(
                    stage=self._call.stage.definition.stage_id,
                    backend=self.tier.backend_id,
                    asked=self._call.stage.asked if not self.attempts else port.backend.device,
                    ran=self.ran,
                )
            )
        return self._ready

    def _give_way(self) -> None:
        """Go on with the next tier that may run when the device of this one has to rest; this one becomes the last."""
        why = self._held_back(self.tier)
        if not why:
            return
        others = [tier for tier in self._waiting[1:] if not self._held_back(tier)]
        if not others:
            self._notes.append(f"{why} Nothing else here can do this, so {self.tier.backend_id} did it all the same.")
            return
        resting = self._waiting.pop(0)
        self._waiting.remove(others[0])
        self._waiting = [others[0], *self._waiting, resting]
        self._left("failed-over" if self._ready else "failed", resting, why)

    def _held_back(self, tier: Tier) -> str:
        """Why the governor holds the device of a tier back, one sentence; empty when it does not."""
        tools = self._call.tools
        device = next(
            (known.device for known in tools.runtimes.backends() if known.backend_id == tier.backend_id), None
        )
        if self._ready is not None and tier == self.tier:
            device = self.ran
        return "" if device is None else tools.governor.verdict().why(device)

    def _next(self, error: SottoError) -> bool:
        """Give up the tier in use; False when there is no other."""
        if len(self._waiting) < 2:
            return False
        self._left("failed", self._waiting.pop(0), error.message)
        return True

    def _left(self, decision: str, tier: Tier, reason: str) -> None:
        """Write down that the tier now in use goes on in the place of another one."""
        self.attempts.append(self._attempt(decision, reason, None, tier))
        self._busy = BusyTime(self._call.tools.clock.monotonic)
        self._spent = None
        self._ready = None
        self._call.report(
            FailedOver(
                from_backend=tier.backend_id,
                to_backend=self.tier.backend_id,
                reason=reason,
                at_token=self._reached(),
            )
        )

    def _attempt(self, decision: str, reason: str, confidence: float | None, tier: Tier | None = None) -> Attempt:
        tier = tier or self.tier
        return Attempt(
            backend=tier.backend_id,
            model=tier.model,
            decision=decision,
            reason=reason,
            confidence=confidence,
            elapsed_ms=self._busy.seconds * 1000.0,
            energy=self._spent or self._call.tools.power.energy(self.ran, 0.0),
        )
