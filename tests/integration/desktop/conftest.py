"""One sound server and one screen for all tests of the real window; a window of their own for those that kill it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bench.virtual_screen import virtual_screen
from app.bench.virtual_sound import VirtualSound, virtual_sound
from tests.helpers.desktop import Desktop, open_desktop

TOOLS = ("pulseaudio", "parec", "paplay", "Xvfb", "xdotool", "openbox", "import")


@pytest.fixture(scope="session")
def sound() -> Iterator[VirtualSound]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make test` installs them")
    with virtual_sound() as server:
        yield server


@pytest.fixture(scope="session")
def screen(sound: VirtualSound) -> Iterator[dict[str, str]]:
    with virtual_screen() as display:
        yield display


@pytest.fixture(scope="module")
def desktop(sound: VirtualSound, screen: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with open_desktop(tmp_path_factory.mktemp("home"), sound, screen) as window:
        window.wait_ready()
        yield window


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(__file__).resolve().parents[3] / "artefacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
