"""Which backend takes the next try: the policy that all retrying composites share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from app.aio.clock import SystemClock
from app.contracts.capabilities import Capabilities
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import InvalidInput, SottoError, TemporaryError, TurnCancelledError
from app.contracts.events import DeviceUsed, FailedOver, Retrying
from app.contracts.ports import Clock, Governor, Runtime

RuntimeT = TypeVar("RuntimeT", bound=Runtime)
_Result = TypeVar("_Result")

Observer = Callable[[Retrying | FailedOver | DeviceUsed], None]

REST_S = 60.0
"""A tier that was given up is not the first choice again for so long."""
TRIES = 2
"""How often one request is tried on one tier when the failure is temporary."""


class Tiers(Generic[RuntimeT]):
    """The backends of one port, best first.

    Two kinds of rest put a backend behind the others, for as long as they last: that of a backend which was given up,
    and that of a device which the governor holds back. Either is still better than none.

    Args:
        stage: Name of the stage in `DeviceUsed`: ``transcribe``, ``answer``, ``speak``, ``listen``, ``embed``.
        backends: At least one.
        clock: Tells when a rest is over.
        governor: Says which devices may run; None for all.

    Attributes:
        observer: Gets every retry, fail-over and device.
    """

    def __init__(
        self,
        stage: str,
        backends: Sequence[RuntimeT],
        clock: Clock | None = None,
        governor: Governor | None = None,
    ) -> None:
        if not backends:
            raise ValueError(f"{stage} needs at least one backend")
        self.stage = stage
        self.observer: Observer | None = None
        self.governor = governor
        self._backends = tuple(backends)
        self._clock = clock or SystemClock()
        self._rests_until = [0.0] * len(self._backends)
        self._ran: dict[int, Device] = {}
        self._told: tuple[str, str] | None = None

    @property
    def clock(self) -> Clock:
        """The one that tells when a rest is over."""
        return self._clock

    @property
    def first(self) -> RuntimeT:
        """The best one, whether it rests or not."""
        return self._backends[0]

    @property
    def current(self) -> RuntimeT:
        """The one the next request goes to."""
        return self.order()[0]

    def order(self) -> tuple[RuntimeT, ...]:
        """All of them in the order in which a request tries them: those that rest come last.

        One whose device is held back by the governor comes behind one that was given up: that would be tried again.
        """
        now = self._clock.monotonic()
        resting = [
            (bool(self.held_back(self._backends[at])), until > now) for at, until in enumerate(self._rests_until)
        ]
        indices = sorted(range(len(self._backends)), key=lambda index: (*resting[index], index))
        return tuple(self._backends[index] for index in indices)

    def held_back(self, backend: RuntimeT) -> str:
        """Why the governor holds the device of a backend back, one sentence; empty when it does not.

        What counts is where the backend ran when it was last warmed up, which may be elsewhere than it is meant for.
        """
        if self.governor is None:
            return ""
        return self.governor.verdict().why(self._ran.get(self._backends.index(backend), backend.backend.device))

    def ran(self, backend: RuntimeT, device: Device) -> None:
        """Remember where a backend really runs."""
        self._ran[self._backends.index(backend)] = device

    def rest(self, backend: RuntimeT) -> None:
        """Do not choose this one first for a while."""
        self._rests_until[self._backends.index(backend)] = self._clock.monotonic() + REST_S

    def tell(self, event: Retrying | FailedOver | DeviceUsed) -> None:
        """Report to the observer, if there is one."""
        if self.observer is not None:
            self.observer(event)

    def request(self, *, tell: bool = True) -> Attempts[RuntimeT]:
        """Begin a request.

        Args:
            tell: Report that it goes elsewhere because a device rests; that is told once, until it changes.
        """
        attempts = Attempts(self)
        if tell:
            self._tell_of_rest(attempts.first)
        return attempts

    def moved(self, resting: RuntimeT, chosen: RuntimeT, reason: str, at_token: int = 0) -> None:
        """Report that a backend goes on in the place of one whose device rests."""
        there, here = resting.backend.backend_id, chosen.backend.backend_id
        self._told = (there, here)
        self.tell(FailedOver(from_backend=there, to_backend=here, reason=reason, at_token=at_token))

    def _tell_of_rest(self, chosen: RuntimeT) -> None:
        passed = next((backend for backend in self._backends if backend is chosen or self.held_back(backend)), chosen)
        if passed is chosen:
            self._told = None
        elif self._told != (passed.backend.backend_id, chosen.backend.backend_id):
            self.moved(passed, chosen, self.held_back(passed))

    async def run(self, work: Callable[[RuntimeT], Awaitable[_Result]], *, tell: bool = True) -> _Result:
        """Do something that has one result, with as many attempts as there are.

        Args:
            work: One attempt.
            tell: Report the device as used, and another one as resting.
        """
        attempts = self.request(tell=tell)
        while True:
            try:
                return await work(await attempts.backend(tell=tell))
            except SottoError as error:
                attempts.failed(error)

    async def aclose(self) -> None:
        """Close every backend."""
        for backend in self._backends:
            await backend.aclose()


class Attempts(Generic[RuntimeT]):
    """Where one request stands: which tier has it, how often it has been tried there."""

    def __init__(self, tiers: Tiers[RuntimeT]) -> None:
        self._tiers = tiers
        self._left = list(tiers.order())
        self._tries = 1

    @property
    def first(self) -> RuntimeT:
        """The backend to try now."""
        return self._left[0]

    async def backend(self, *, tell: bool = True) -> RuntimeT:
        """The backend to try now, warm; says where it runs."""
        backend = self._left[0]
        warmed = await backend.warm_up()
        self._tiers.ran(backend, warmed.ran)
        if tell:
            what = backend.backend
            self._tiers.tell(
                DeviceUsed(stage=self._tiers.stage, backend=what.backend_id, asked=what.device, ran=warmed.ran)
            )
        return backend

    def others(self) -> tuple[RuntimeT, ...]:
        """The backends that would be tried after this one, in their order."""
        return tuple(self._left[1:])

    def handed_on(self, backend: RuntimeT, why: str, at_token: int = 0) -> None:
        """Another backend goes on because the device of this one has to rest; this one stays the last resort.

        Args:
            backend: One of `others`.
            why: In words.
            at_token: How many tokens had been delivered.
        """
        resting = self._left.pop(0)
        self._left.remove(backend)
        self._left = [backend, *self._left, resting]
        self._tries = 1
        self._tiers.moved(resting, backend, why, at_token)

    def failed(self, error: SottoError, at_token: int = 0) -> None:
        """Decide what follows a failure; returns when there is another try to be made with `backend`.

        Args:
            error: What went wrong.
            at_token: How many tokens had been delivered.

        Raises:
            SottoError: The same error: another try would be of no use, or there is none left.
        """
        if isinstance(error, InvalidInput | TurnCancelledError):
            raise error
        rests = len(self._left) > 1 and self._tiers.held_back(self._left[0])
        if isinstance(error, TemporaryError) and self._tries < TRIES and not rests:
            self._tries += 1
            self._tiers.tell(Retrying(attempt=self._tries, of=TRIES, delay_ms=0.0, code=error.code))
            return
        given_up = self._left[0]
        if len(self._left) == 1:
            raise error
        self._tiers.rest(given_up)
        self._left.pop(0)
        self._tries = 1
        self._tiers.tell(
            FailedOver(
                from_backend=given_up.backend.backend_id,
                to_backend=self._left[0].backend.backend_id,
                reason=error.message,
                at_token=at_token,
            )
        )


class RetryingRuntime(Generic[RuntimeT]):
    """What all retrying composites have in common. `backend` and `capabilities` are those of the tier now in use.

    Args:
        backends: Best first, at least one.
        clock: Tells when a tier that failed may be tried first again.
        governor: Says which devices may run; may be set later.
    """

    stage = ""

    def __init__(
        self, backends: Sequence[RuntimeT], clock: Clock | None = None, governor: Governor | None = None
    ) -> None:
        self._tiers: Tiers[RuntimeT] = Tiers(self.stage, backends, clock, governor)

    @property
    def observer(self) -> Observer | None:
        """Gets every retry, fail-over and device; set it for the length of a turn, or for good."""
        return self._tiers.observer

    @observer.setter
    def observer(self, observer: Observer | None) -> None:
        self._tiers.observer = observer

    @property
    def governor(self) -> Governor | None:
        """Says which devices may run: backends on others come last. None for all."""
        return self._tiers.governor

    @governor.setter
    def governor(self, governor: Governor | None) -> None:
        self._tiers.governor = governor

    @property
    def backend(self) -> Backend:
        """The tier the next request goes to."""
        return self._tiers.current.backend

    @property
    def capabilities(self) -> Capabilities:
        """What that tier can do."""
        return self._tiers.current.capabilities

    async def warm_up(self) -> WarmUp:
        """Warm the first tier that can be had, as `app.contracts.ports.Runtime.warm_up`."""
        return await self._tiers.run(lambda backend: backend.warm_up(), tell=False)

    async def aclose(self) -> None:
        """Close every tier."""
        await self._tiers.aclose()
