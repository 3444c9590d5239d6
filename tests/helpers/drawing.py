"""Backends that draw power on a `LivingTree` while they work, and the truth about each of them, to the joule.

Why it exists: whether a stage's joules are right can only be told where somebody knows them. Here every call that makes
an engine work sets what the machine draws, so the sum of what each backend drew is known before any counter is read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.contracts.devices import Device
from tests.helpers.power_trees import LivingTree, Work

_T = TypeVar("_T")
CPU_W = 24.0
"""What the whole processor draws above idle when all of it works."""
IDLE = {"package-0": 4.0, "gpu": 8.0}
OTHERS = 0.1
_PARTS = {
    Device.CPU: ("package-0",),
    Device.IGPU: ("package-0", "uncore"),
    Device.NPU: ("package-0", "npu"),
    Device.GPU: ("gpu",),
}
"""What counts a device's work; the package counts everything that is in it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a backend's work is: a share of its device, and the watts of that."""

    device: Device
    share: float
    watts: float


def on_cpu(share: float) -> Load:
    """Work on the processor, which draws as much for everybody."""
    return Load(Device.CPU, share, CPU_W * share)


@dataclass
class Scene:
    """A machine on which backends work.

    Attributes:
        tree: The machine.
        loads: What the work of each backend is.
        idle: What it draws doing nothing, W, by the names of `LivingTree.watts`.
        others: Share of the processor that other programs of the person take all the time.
    """

    tree: LivingTree
    loads: Mapping[str, Load]
    idle: Mapping[str, float] = field(default_factory=lambda: dict(IDLE))
    others: float = OTHERS
    _joules: dict[str, float] = field(default_factory=dict)
    _working: dict[str, int] = field(default_factory=dict)
    _at_s: float = 0.0

    def __post_init__(self) -> None:
        self._at_s = self.tree.catch_up()
        self._set()

    def drawn(self) -> dict[str, float]:
        """The truth: what each backend has drawn by now above idle, joules."""
        now = self.tree.catch_up()
        for name, count in self._working.items():
            watts = self.loads[name].watts if count else 0.0
            self._joules[name] = self._joules.get(name, 0.0) + watts * (now - self._at_s)
        self._at_s = now
        return dict(self._joules)

    def pid(self, backend_id: str) -> int:
        """The process of a backend's host; 0 for one that is none of these."""
        names = sorted(self.loads)
        return 1000 + names.index(backend_id) if backend_id in names else 0

    @contextmanager
    def working(self, backend_id: str) -> Iterator[None]:
        """A backend works during the block; twice at once is once."""
        self._change(backend_id, +1)
        try:
            yield
        finally:
            self._change(backend_id, -1)

    def _change(self, backend_id: str, by: int) -> None:
        self.drawn()
        self._working[backend_id] = self._working.get(backend_id, 0) + by
        self._set()

    def _set(self) -> None:
        watts = {"package-0": 0.0, "uncore": 0.0, "npu": 0.0, "gpu": 0.0} | dict(self.idle)
        watts["package-0"] += CPU_W * self.others
        busy = dict.fromkeys(_PARTS, 0.0) | {Device.CPU: self.others}
        work = {}
        for name, load in self.loads.items():
            active = self._working.get(name, 0) > 0
            work[self.pid(name)] = Work(
                cpu=load.share if active and load.device is Device.CPU else 0.0,
                graphics=load.share if active and load.device is Device.IGPU else 0.0,
            )
            if active:
                busy[load.device] += load.share
                for part in _PARTS[load.device]:
                    watts[part] += load.watts
        self.tree.level(watts=watts, busy=busy, work=work)


class Drawing:
    """A backend, or one of its streams, whose work draws power; everything else is the backend's own.

    Args:
        inner: The backend.
        scene: Where it works.
        backend_id: Its name there.
    """

    def __init__(self, inner: Any, scene: Scene, backend_id: str = "") -> None:
        self._inner = inner
        self._scene = scene
        self._id = backend_id or inner.backend.backend_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def open_stream(self) -> Drawing:
        return Drawing(await self._inner.open_stream(), self._scene, self._id)

    async def feed(self, *given: Any) -> Any:
        return await self._worked(lambda: self._inner.feed(*given))

    async def partial(self) -> Any:
        return await self._worked(self._inner.partial)

    async def finish(self) -> Any:
        return await self._worked(self._inner.finish)

    async def transcribe(self, clip: Any) -> Any:
        return await self._worked(lambda: self._inner.transcribe(clip))

    async def prefill(self, request: Any) -> Any:
        return await self._worked(lambda: self._inner.prefill(request))

    def generate(self, request: Any) -> AsyncGenerator[Any, None]:
        return self._pieces(self._inner.generate(request))

    def synthesize(self, text: str, options: Any) -> AsyncGenerator[Any, None]:
        return self._pieces(self._inner.synthesize(text, options))

    async def _pieces(self, pieces: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        async with aclosing(pieces):
            while True:
                with self._scene.working(self._id):
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                yield piece

    async def _worked(self, work: Callable[[], Awaitable[_T]]) -> _T:
        with self._scene.working(self._id):
            return await work()
