"""What the scripted model ports share: identity, failures on cue, a record of what they were asked."""

from __future__ import annotations

from collections import deque

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import SottoError
from app.contracts.ports import Clock, Runtime


class FakeRuntime(Runtime):
    """A backend that is told what to do.

    Args:
        backend_id: Its identity.
        clock: Its delays are slept on this.
        confidence: Where its confidence is said to come from.
        sample_rate_hz: Of its audio, 0 for text.
        context_tokens: Of its window, 0 where that has no meaning.
        ran: Where it is said to have run.
        asked: The device of its identity.
        model: The model of its identity.
        verify: Drafts can be judged.
        state: Its state can be moved.

    Attributes:
        asked: The name of every method called, in order.
        delay_s: What each request takes before it answers, seconds.
        load_s: What the first `warm_up` takes, seconds.
        warm: It has been warmed up.
        closed: It has been closed.
    """

    def __init__(
        self,
        backend_id: str,
        clock: Clock,
        *,
        confidence: ConfidenceSource = ConfidenceSource.NONE,
        sample_rate_hz: int = 0,
        context_tokens: int = 0,
        ran: Device = Device.CPU,
        asked: Device = Device.CPU,
        model: str = "script",
        verify: bool = False,
        state: bool = False,
    ) -> None:
        self._backend = Backend(backend_id, "fake", asked, model)
        self._capabilities = Capabilities(
            streaming=True,
            confidence=confidence,
            cancel=CancelGranularity.TOKEN,
            sample_rate_hz=sample_rate_hz,
            languages=("en",),
            context_tokens=context_tokens,
            verify=verify,
            state=state,
        )
        self._clock = clock
        self._ran = ran
        self._failures: dict[str, deque[SottoError | None]] = {}
        self.asked: list[str] = []
        self.delay_s = self.load_s = 0.0
        self.warm = False
        self.closed = False

    @property
    def backend(self) -> Backend:
        """Its identity."""
        return self._backend

    @property
    def capabilities(self) -> Capabilities:
        """As told."""
        return self._capabilities

    def fail(self, method: str, *errors: SottoError | None) -> None:
        """Have the next calls of a method fail with these errors, one each; None lets one pass."""
        self._failures.setdefault(method, deque()).extend(errors)

    async def warm_up(self) -> WarmUp:
        """Fail if told to, else be warm."""
        if self.load_s > 0 and not self.warm:
            await self._clock.sleep(self.load_s)
        await self._begin("warm_up", delayed=False)
        self.warm = True
        return WarmUp(self._ran, 0.0)

    async def aclose(self) -> None:
        """Note that it happened."""
        self.closed = True

    async def _begin(self, method: str, *, delayed: bool = True) -> None:
        """Record a call, take its time, fail if told to."""
        self.asked.append(method)
        if delayed and self.delay_s > 0:
            await self._clock.sleep(self.delay_s)
        if error := self._next_failure(method):
            raise error

    def _next_failure(self, method: str) -> SottoError | None:
        waiting = self._failures.get(method)
        return waiting.popleft() if waiting else None
