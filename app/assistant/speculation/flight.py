"""One thing that is being made: for whoever waits for it, or ahead.

Why it exists: work ahead must never be in the way. It is run step by step, from one await to the next: its processor
time is counted, and between two steps it stands back while somebody waits for something else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable
from typing import Any, TypeVar

from app.assistant.speculation.costs import Cost
from app.assistant.speculation.preparing import Urgency
from app.contracts.errors import SottoError

T = TypeVar("T")

STANDS_BACK_S = 0.1
"""Work ahead stands back no longer than this before each step: it may hold what the one who waits is waiting for."""


class Flight:
    """Something on its way.

    Args:
        kind: Of thing.
        key: Everything it depends on.
        make: Makes it.
        cost: Of work ahead; None when somebody waits from the beginning.
        urgency: Of work ahead.
        tag: By which work ahead is dropped.

    Attributes:
        result: What comes of it.
        task: Makes it; None while it has not begun.
        wanted_ahead: It goes on although nobody waits for it.
        waiters: How many wait for it now.
        promoted: Somebody the person waits for waits for it: it does not stand back.
        waits_for: What it waits for itself.
        ending: It has been cancelled: nobody can wait for it any more.
        stale: What it is made from has changed: its result is not kept.
        began: Monotonic seconds.
        stood_back_s: Of the time since then.
    """

    def __init__(
        self,
        kind: str,
        key: Hashable,
        make: Callable[[], Awaitable[object]],
        *,
        cost: Cost | None = None,
        urgency: Urgency = Urgency.LIKELY,
        tag: str = "",
    ) -> None:
        self.kind = kind
        self.key = key
        self.make = make
        self.cost = cost
        self.urgency = urgency
        self.tag = tag
        self.result: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None
        self.wanted_ahead = cost is not None
        self.waiters = 0
        self.promoted = cost is None
        self.waits_for: set[Flight] = set()
        self.stale = False
        self.ending = False
        self.began = 0.0
        self.stood_back_s = 0.0
        self.may_go = asyncio.Event()
        self.may_go.set()

    @property
    def ahead(self) -> bool:
        """It was begun as work ahead."""
        return self.cost is not None

    def promote(self) -> None:
        """Somebody the person waits for waits for it, and so for everything it waits for."""
        if not self.promoted:
            self.promoted = True
            for other in tuple(self.waits_for):
                other.promote()
        self.may_go.set()

    def hold(self) -> None:
        """Somebody waits for something else: stand back."""
        if not self.promoted:
            self.may_go.clear()

    def let_go(self) -> None:
        """Nobody waits any more."""
        self.may_go.set()

    async def run(self, monotonic: Callable[[], float]) -> object:
        """Make it; raises what making it raises."""
        self.began = monotonic()

        async def stand_back() -> None:
            if not self.may_go.is_set():
                since = monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STANDS_BACK_S):  # wait_for would lose a cancel as the wait ends
                        await self.may_go.wait()
                self.stood_back_s += monotonic() - since

        def spent(seconds: float) -> None:
            if self.cost is not None:
                self.cost.busy_s += seconds

        await stand_back()
        return await stepped(_made(self.make), stand_back, spent)

    async def outcome(self) -> object:
        """Wait for it; whoever gives up waiting ends what nobody else wants.

        Raises:
            SottoError: Making it failed.
        """
        self.waiters += 1
        try:
            return await asyncio.shield(self.result)
        finally:
            self.waiters -= 1
            self.end_if_unwanted()

    def end_if_unwanted(self) -> None:
        """Cancel it when nobody waits for it and it is not wanted ahead."""
        if self.waiters == 0 and not self.wanted_ahead and not self.result.done() and self.task is not None:
            self.ending = True
            self.task.cancel()


async def _made(make: Callable[[], Awaitable[object]]) -> object:
    try:
        return await make()
    except SystemExit as error:  # a skill of another package may call sys.exit; the program goes on
        raise SottoError("A skill tried to end the program.", code="skill-broke") from error


@types.coroutine
def stepped(
    work: Coroutine[Any, Any, T], between: Callable[[], Coroutine[Any, Any, None]], spent: Callable[[float], None]
) -> Generator[Any, Any, T]:
    """Run a coroutine, waiting before each further step, and count the processor seconds of its steps.

    Args:
        work: The coroutine.
        between: Awaited before each step but the first.
        spent: Gets the seconds that this thread computed, step by step.
    """
    thrown: BaseException | None = None
    while True:
        began = time.thread_time()
        try:
            waits_for = work.send(None) if thrown is None else work.throw(thrown)
        except StopIteration as end:
            done: T = end.value
            return done
        finally:
            spent(time.thread_time() - began)
        thrown = None
        try:
            yield waits_for
            yield from between().__await__()
        except BaseException as error:  # noqa: BLE001 - a cancel, most of all: it belongs to the work
            thrown = error
