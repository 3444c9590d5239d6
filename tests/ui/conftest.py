from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.helpers.qt import drive, qt_app, qt_loop, qt_messages
from tests.helpers.window import Desk, open_desk

__all__ = ("drive", "qt_app", "qt_loop", "qt_messages")


@pytest.fixture
def at_desk(drive: Callable[..., None], tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario in front of an open window; options are those of `open_desk`."""

    def run(scenario: Callable[[Desk], Awaitable[None]], **options: object) -> None:
        async def opened() -> None:
            async with open_desk(tmp_path, **options) as desk:
                await scenario(desk)

        drive(opened)

    return run
