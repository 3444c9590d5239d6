"""A generation that moves to another backend: what goes along, and what is done before it has to.

What a model holds of the conversation, its KV state, goes along when both backends run the same model on the same
runtime and can: then nothing is read again, and the answer goes on token for token as it would have. Otherwise the
other backend reads the question and the text so far.

Why it exists: a device that has to rest is warm, not broken. So the backend before may write on while the next one is
loaded and, where nothing can be moved, reads; for `GRACE_S` at most. Whoever listens hears no pause but that of the
last step. The ladder and the path without pipelines move in this way (`Relief`). Where nobody listens yet, as in the
reading of a long text, it stops at once (`move_state`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.aio.tasks import TaskOwner
from app.contracts.devices import Device
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.ports import Clock, TextGenerator
from app.contracts.text import GenerationRequest

GRACE_S = 3.0
"""A backend whose device has to rest writes on for so long at most: a device is rested before it slows itself down, so
a few seconds more do it no harm, while loading a model takes about as long."""

LOOK_S = 0.25
"""Seconds between two looks at the governor."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How a conversation got to another backend.

    Attributes:
        tokens: Tokens of the state that was moved; 0 when none was.
        size_bytes: Its size.
        why: Why it was not moved and the text is read again, no full stop at its end; empty when it was.
    """

    tokens: int = 0
    size_bytes: int = 0
    why: str = ""

    def note(self, giving: TextGenerator, taking: TextGenerator) -> str:
        """One sentence for the notes on an answer."""
        source, target = giving.backend.backend_id, taking.backend.backend_id
        if self.why:
            return f"From {source} to {target} the text was read again, its state was not moved: {self.why}."
        return f"From {source} to {target} the running state was moved as it is."

    def figures(self) -> dict[str, float]:
        """The same as numbers for the metadata of a stage; those of several moves are added up."""
        return {
            "moved_states": float(not self.why),
            "moved_bytes": float(self.size_bytes),
            "moved_tokens": float(self.tokens),
            "read_as_text": float(bool(self.why)),
        }


def why_not_moved(giving: TextGenerator, taking: TextGenerator) -> str:
    """Why what one backend holds is of no use to another; empty when it is."""
    one, other = giving.backend, taking.backend
    if (one.runtime, one.model) != (other.runtime, other.model):
        return "they do not run the same model on the same runtime"
    if not (giving.capabilities.state and taking.capabilities.state):
        return f"{one.runtime} cannot move it"
    return ""


async def move_state(
    giving: TextGenerator, taking: TextGenerator, preparing: asyncio.Task[None] | None = None
) -> Moved:
    """Hand over what one backend holds, and warm the other one up. What goes wrong is told in the result.

    Args:
        giving: Who wrote.
        taking: Who goes on.
        preparing: What the latter still does; it is waited for.
    """
    why = why_not_moved(giving, taking)
    try:
        state = b"" if why else await giving.export_state()  # before its host makes room for the other one
        if preparing is not None:
            await asyncio.wait({preparing})  # what it still reads would have to be read in any case
        if why:
            return Moved(why=why)
        await taking.warm_up()
        if not state:
            return Moved(why=f"{giving.backend.backend_id} holds nothing any more")
        return Moved(await taking.import_state(state), len(state))
    except TurnCancelledError:
        raise
    except SottoError as error:
        return Moved(why=error.message.rstrip("."))


@contextmanager
def looking(patience: asyncio.Timeout, has_to_go: Callable[[], bool], *, begun: bool) -> Iterator[None]:
    """While a token is waited for, look again and again whether the device has to rest.

    Args:
        patience: The time-out of the wait; it is over as soon as the backend has to go.
        has_to_go: Whether it has to.
        begun: Tokens have come before. The next one is under way then, and is waited for; before the first one the
            prompt is read, which may take long.
    """
    loop = asyncio.get_running_loop()
    every_s = GRACE_S if begun else LOOK_S
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        if has_to_go():
            patience.reschedule(loop.time())
        else:
            timer = loop.call_later(every_s, look)

    timer = loop.call_later(every_s, look)
    try:
        yield
    finally:
        timer.cancel()


class Relief:
    """The backend that is to go on with an answer, made ready while the one before it still writes.

    It begins at once. `take_over` when the one before has stopped, or `aclose` when it is not needed after all.

    Args:
        giving: Who writes.
        gave_on: Where that one really runs.
        taking: Who is to go on.
        so_far: The question and the text so far, whenever it is asked.
        clock: Time.
    """

    def __init__(
        self,
        giving: TextGenerator,
        gave_on: Device,
        taking: TextGenerator,
        so_far: Callable[[], GenerationRequest],
        clock: Clock,
    ) -> None:
        self._giving = giving
        self._gave_on = gave_on
        self._taking = taking
        self._so_far = so_far
        self._clock = clock
        self._until = clock.monotonic() + GRACE_S
        self._taken = False
        self._tasks = TaskOwner()
        self._task = self._tasks.start(self._prepare(), name=f"ready {taking.backend.backend_id}")

    @property
    def due(self) -> bool:
        """The one before has to stop: this one is ready, or cannot be had, or it has written on for long enough."""
        return self._task.done() or self._clock.monotonic() >= self._until

    async def take_over(self) -> Moved:
        """Have it go on: the one before has stopped. What goes wrong is told in the result."""
        self._taken = True
        try:
            return await move_state(self._giving, self._taking, self._task)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Stop making ready; what was loaded and read stays so. May be called twice."""
        await self._tasks.aclose()

    async def _prepare(self) -> None:
        with contextlib.suppress(SottoError):  # whoever uses it next is told
            warm = await self._taking.warm_up()
            # Two on one device would only slow each other down.
            if why_not_moved(self._giving, self._taking) and not self._taken and warm.ran is not self._gave_on:
                await self._taking.prefill(self._so_far())
