"""A machine becomes hot between two questions: the real assistant over real hosts, and a written tree of sensors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import app.bootstrap.power as power_module
from app.bootstrap.core import CoreOptions, Services, Speech, open_services
from app.bootstrap.runtimes import RuntimeServices
from app.contracts.cards import NoticeCard
from app.contracts.devices import Device
from app.contracts.events import CardUpserted, GovernorDecided, StageFinished, SystemEvent, TurnEvent, TurnFinished
from app.settings.paths import Paths, asset
from tests.helpers.heat import COOL, HOT, add_hot_backend
from tests.helpers.hosts import host_processes
from tests.helpers.power_trees import LivingTree

QUESTION = "Explain in detail how rain is made, step by step."
DWELL_S = 5.0
HOT_C, COOL_C = 109.0, 45.0
CAP = 64


class Watched:
    """What the assistant told, and its turns one after the other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.events: list[TurnEvent | SystemEvent] = []
        self._came = asyncio.Event()
        services.assistant.subscribe(self._take)

    async def ask(self, question: str) -> tuple[str, int, tuple[str, ...]]:
        """Ask; gives who answered, with how many tokens, and what was told beside the answer."""
        before = len(self.events)
        self._services.assistant.ask(question)
        await self._until(lambda: any(isinstance(event, TurnFinished) for event in self.events[before:]))
        new = self.events[before:]
        (stage,) = (event for event in new if isinstance(event, StageFinished) and event.metrics.stage == "answer")
        cards = [event.card for event in new if isinstance(event, CardUpserted)]
        told = tuple(card.message for card in cards if isinstance(card, NoticeCard))
        return stage.metrics.backend, stage.metrics.tokens, told

    async def decided(self, device: Device, *, allowed: bool) -> GovernorDecided:
        """Wait until the governor has said so."""

        def said() -> bool:
            return bool(self._decisions) and (device in self._decisions[-1].allowed) is allowed

        await self._until(said)
        return self._decisions[-1]

    @property
    def _decisions(self) -> list[GovernorDecided]:
        return [event for event in self.events if isinstance(event, GovernorDecided)]

    async def _until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(30.0):
            while not seen():
                self._came.clear()
                await self._came.wait()

    def _take(self, event: TurnEvent | SystemEvent) -> None:
        self.events.append(event)
        self._came.set()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LivingTree:
    """The sensors of the assistant, which has a backend on the graphics processor beside that of the starter model."""
    monkeypatch.setenv("SOTTO_HOME", str(tmp_path / "home"))
    made, put_together = LivingTree(tmp_path / "machine", time.monotonic), power_module.put_runtimes_together

    def with_graphics(*parts: object, **options: object) -> RuntimeServices:
        runtimes = put_together(*parts, **options)  # type: ignore[arg-type]
        add_hot_backend(runtimes.backends)
        return runtimes

    monkeypatch.setattr(power_module, "put_runtimes_together", with_graphics)
    monkeypatch.setattr(power_module, "open_sensors", made.sensors)
    starter = (asset("profiles") / "starter.yaml").read_text(encoding="utf-8")
    mine = starter.replace("id: starter", "id: graphics").replace("\ntext:\n", f"\ntext:\n  - {{backend: {HOT}}}\n", 1)
    mine = mine.replace("limits: {max_tokens: 160}", f"limits: {{max_tokens: {2 * CAP}, dwell_s: {DWELL_S}}}")
    folder = Paths.default().profiles_dir
    folder.mkdir(parents=True)
    (folder / "graphics.yaml").write_text(mine, encoding="utf-8")
    return made


@pytest.mark.parametrize("through_pipelines", [True, False], ids=["pipeline", "profile alone"])
async def test_answers_move_away_from_a_hot_device_and_back_when_it_has_cooled_down(
    tree: LivingTree, through_pipelines: bool
) -> None:
    async with open_services(CoreOptions(profile="graphics", speech=Speech.SILENT)) as services:
        services.settings.set("models.calibrate", False)
        services.settings.set("pipelines.enabled", through_pipelines)
        if reason := services.backends.why_not(COOL):
            pytest.skip(reason)
        await services.start()
        watched = Watched(services)
        assert (await watched.ask("What is the capital of France?"))[0] == HOT

        tree.level(temperature_c=HOT_C)
        rested = await watched.decided(Device.IGPU, allowed=False)
        assert Device.CPU in rested.allowed, "one of them always answers"
        backend, tokens, told = await watched.ask(QUESTION)
        assert (backend, tokens) == (COOL, CAP)
        assert all(notice.startswith(f"The answer was cut short after {CAP} tokens.") for notice in told)

        tree.level(temperature_c=COOL_C)
        free = await watched.decided(Device.IGPU, allowed=True)
        assert (free.reason, free.max_tokens) == ("", None)
        assert (await watched.ask("What is the capital of Spain?"))[0] == HOT

        services.power.override(Device.IGPU, allowed=False)
        word = await watched.decided(Device.IGPU, allowed=False)
        assert word.reason == "You told the graphics processor to rest."
        assert (await watched.ask("What is the capital of Italy?"))[0] == COOL
    assert host_processes() == []
