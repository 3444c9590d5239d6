"""Takes a stage up its tiers: when one cannot be used or fails, the next is asked, and everybody hears of it.

For stages whose models give no second opinion (recognition, speech, vectors); text has ladders of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from app.aio.busy import BusyTime
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
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
        while True:
            try:
                with self._busy.counting():
                    return await work(await self._port())
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
            notes=notes,
            figures=tuple(sorted(figures)),
        )

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

    def _next(self, error: SottoError) -> bool:
        """Give up the tier in use; False when there is no other."""
        if len(self._waiting) < 2:
            return False
        failed = self._waiting.pop(0)
        self.attempts.append(self._attempt("failed", error.message, None, failed))
        self._busy = BusyTime(self._call.tools.clock.monotonic)
        self._ready = None
        self._call.report(
            FailedOver(
                from_backend=failed.backend_id,
                to_backend=self.tier.backend_id,
                reason=error.message,
                at_token=self._reached(),
            )
        )
        return True

    def _attempt(self, decision: str, reason: str, confidence: float | None, tier: Tier | None = None) -> Attempt:
        tier = tier or self.tier
        return Attempt(
            backend=tier.backend_id,
            model=tier.model,
            decision=decision,
            reason=reason,
            confidence=confidence,
            elapsed_ms=self._busy.seconds * 1000.0,
            energy=self._call.tools.power.energy(self.ran, self._busy.seconds),
        )
