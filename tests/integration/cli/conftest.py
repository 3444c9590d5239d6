from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.host import launch
from tests.helpers.terminal import command_in_advance


@pytest.fixture(scope="module")
def in_advance() -> Iterator[None]:
    """The command is imported once for all that a module calls."""
    with command_in_advance():
        yield


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the command is started with: a home of its own."""
    return launch.environment() | {"SOTTO_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
