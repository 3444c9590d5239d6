"""Downloads as the window has them: beside the loop, told of as events, paused and gone on with, owned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.contracts.errors import InvalidInput
from app.contracts.events import DownloadProgress, Notice
from models.store.downloads import Downloads
from models.store.network import Network
from models.store.progress import State
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile
from tests.helpers.hub import Fault, Hub, weights
from tests.helpers.pulling import BYTES, HASTY, SIZE, no_model
from tests.helpers.waiting import until

PATIENT = replace(HASTY, stall_s=60)


class Window:
    def __init__(self, store: Store, hub_: Hub) -> None:
        self.events: list[DownloadProgress | Notice] = []
        self.network = Network(mirror=hub_.url)
        self.faults: list[BaseException] = []
        self.downloads = Downloads(
            store, lambda: self.network, self.events.append, lambda error, _: self.faults.append(error), PATIENT
        )

    def states(self) -> list[str]:
        found = [each.state for each in self.events if isinstance(each, DownloadProgress)]
        return [state for state, before in zip(found, ["", *found], strict=False) if state != before]


@pytest.fixture
async def window(store: Store, hub_: Hub) -> AsyncIterator[Window]:
    made = Window(store, hub_)
    yield made
    await made.downloads.aclose()
    await made.downloads.aclose()
    assert made.faults == []


async def test_a_download_is_told_from_beginning_to_end(window: Window, wanted: Wanted, store: Store) -> None:
    assert window.downloads.start(wanted) == window.downloads.start(wanted) == "tiny"
    model = await window.downloads.wait("tiny")
    await until(lambda: window.states()[-1:] == ["done"])
    assert window.states() == ["waiting", "downloading", "done"]
    assert window.events[-1] == DownloadProgress(
        download_id="tiny", received_bytes=SIZE, total_bytes=SIZE, state="done"
    )
    assert (model,) == store.installed_models()


async def test_pausing_and_going_on(window: Window, wanted: Wanted, store: Store, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", Fault(stall_after=200_000))
    window.downloads.start(wanted)
    await until(lambda: store.begun().get("tiny") == 200_000)
    window.downloads.pause("tiny")
    async with asyncio.timeout(3):
        assert await window.downloads.wait("tiny") is None
    await until(lambda: window.states()[-1:] == ["paused"])
    assert no_model(store)
    window.downloads.resume("tiny")
    model = await window.downloads.wait("tiny")
    assert model is not None
    assert model.path.read_bytes() == BYTES
    assert hub_.bytes_asked("/tiny.gguf")[-1] == 200_000


@pytest.mark.parametrize("paused", [False, True])
async def test_cancelling(window: Window, wanted: Wanted, store: Store, hub_: Hub, paused: bool) -> None:
    hub_.go_wrong("cdn/tiny.gguf", Fault(stall_after=200_000))
    window.downloads.start(wanted)
    await until(lambda: store.begun().get("tiny") == 200_000)
    if paused:
        window.downloads.pause("tiny")
        await window.downloads.wait("tiny")
    await window.downloads.cancel("tiny")
    await until(lambda: window.states()[-1:] == ["cancelled"])
    assert store.begun() == {}
    assert no_model(store)
    assert window.states().count("cancelled") == 1


async def test_a_failure_is_a_notice_with_its_remedy(window: Window, wanted: Wanted) -> None:
    window.network = Network(offline=True)
    window.downloads.start(wanted)
    assert await window.downloads.wait("tiny") is None
    (notice,) = [each for each in window.events if isinstance(each, Notice)]
    assert (notice.level, notice.code, "network.offline" in notice.remedy) == ("warning", "offline", True)
    await until(lambda: window.states()[-1:] == ["failed"])


async def test_a_third_download_waits_for_its_turn(window: Window, wanted: Wanted, store: Store, hub_: Hub) -> None:
    names = ("one", "two", "three")
    for at, name in enumerate(names):
        content = weights(300_000, at + 1)
        commit = hub_.add(f"people/{name}", {f"{name}.gguf": content})
        hub_.go_wrong(f"cdn/{name}.gguf", Fault(stall_after=100_000))
        window.downloads.start(
            replace(
                wanted, name=name, repository=f"people/{name}", revision=commit, files=(WantedFile(f"{name}.gguf"),)
            )
        )
    await until(lambda: set(store.begun().values()) == {100_000})
    assert set(store.begun()) == {"one", "two"}
    assert [each.state for each in window.downloads.looks()][2] is State.WAITING
    window.downloads.pause("three")
    assert await window.downloads.wait("three") is None
    assert [each.state for each in window.downloads.looks()][2] is State.PAUSED
    window.downloads.resume("three")
    window.downloads.pause("one")
    await until(lambda: "three" in store.begun())


async def test_closing_leaves_nothing_running_and_keeps_what_has_come(wanted: Wanted, store: Store, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", Fault(stall_after=200_000))
    window = Window(store, hub_)
    window.downloads.start(wanted)
    await until(lambda: store.begun().get("tiny") == 200_000)
    async with asyncio.timeout(1):
        await window.downloads.aclose()
    assert store.begun() == {"tiny": 200_000}
    with store.lock("tiny"):
        assert no_model(store)


async def test_an_unknown_download(window: Window) -> None:
    with pytest.raises(InvalidInput, match="There is no download 'other'"):
        window.downloads.pause("other")
