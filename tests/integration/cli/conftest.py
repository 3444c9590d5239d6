from __future__ import annotations

from pathlib import Path

import pytest

from models.host import launch


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What the command is started with: a home of its own."""
    return launch.environment() | {"SOTTO_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
