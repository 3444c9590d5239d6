"""A hub on loopback, a store in a folder of its own, and one small model that is at the hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.store.model import ModelFormat
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile
from tests.helpers.hub import Hub, hub
from tests.helpers.pulling import BYTES, REPOSITORY, SIZE

_PROXIES = tuple(f"{scheme}_proxy" for scheme in ("http", "https", "all", "no"))
_VARIABLES = ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", *_PROXIES, *(name.upper() for name in _PROXIES))


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's proxies or tokens."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(name="hub_")
def running_hub() -> Iterator[Hub]:
    with hub() as made:
        made.add(REPOSITORY, {"tiny.gguf": BYTES})
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def wanted(hub_: Hub) -> Wanted:
    return Wanted(
        name="tiny",
        format=ModelFormat.GGUF,
        repository=REPOSITORY,
        revision=hub_.commit(REPOSITORY),
        files=(WantedFile("tiny.gguf", SIZE, hashlib.sha256(BYTES).hexdigest()),),
        licence="MIT",
    )
