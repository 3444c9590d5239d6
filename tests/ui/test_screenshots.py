"""Draws the window in every state, theme, width and scale, and looks at the pixels; the pictures stay in artefacts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtQml import QQmlEngine

from app.contracts.devices import Device
from tests.tools.screenshots import README, SCENES, THEMES, WIDTHS, widths
from ui.shell import QML

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "artefacts" / "screenshots"
SCALES = (1, 2)
DRAWN: dict[str, tuple[str, ...]] = {
    "power_vm": (Device.CPU,),
    "power_meteor_lake": (Device.NPU, Device.IGPU, Device.CPU, "unsure"),
    "power_rtx_laptop": (Device.IGPU, Device.GPU, Device.CPU, "unsure"),
    "power_timeline": (Device.IGPU, Device.GPU, Device.CPU, "unsure", "doubtful"),
    "power_compact": ("unsure",),
}
"""Colours beside the usual ones that a scene shows: those of the devices it draws, and of what it warns of."""
CASES = [
    (scene, theme, width, scale)
    for scene in SCENES
    for theme in THEMES
    for scale in SCALES
    for width in widths(scene, scale)
]


@pytest.fixture(scope="module")
def drawn() -> Path:
    """The folder, with every picture drawn anew; the scales beside each other."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.tools.screenshots", str(FOLDER), *options],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for options in (*(["--scale", str(scale)] for scale in SCALES), ["--scale", "2", "--readme"])
    ]
    for process in running:
        _, complaints = process.communicate(timeout=110)
        assert complaints.strip() == ""
        assert process.returncode == 0
    return FOLDER


@pytest.fixture(scope="module")
def palettes(qt_app: QGuiApplication) -> dict[str, dict[str, str]]:
    """Some colours of each theme."""
    engine = QQmlEngine()
    engine.addImportPath(str(QML))
    theme: QObject = engine.singletonInstance("Sotto.Theme", "Theme")
    found = {}
    for name in THEMES:
        theme.setProperty("preference", name)
        wanted = ("page", "surface", "ink", "muted", "accent", "unsure", "doubtful", "danger")
        found[name] = {colour: QColor(theme.property(colour)).name() for colour in wanted}
        devices = (QColor(colour).name() for colour in theme.property("devices"))
        found[name] |= dict(zip(Device, devices, strict=True))
    engine.deleteLater()
    return found


def colours(image: QImage) -> set[str]:
    """Every colour in a picture."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    there = np.zeros(1 << 24, dtype=bool)  # quicker than sorting millions of pixels
    there[np.frombuffer(plain.constBits(), dtype="<u4") & 0xFFFFFF] = True
    return {f"#{pixel:06x}" for pixel in np.flatnonzero(there)}


@pytest.mark.parametrize(("scene", "theme", "width", "scale"), CASES)
def test_a_picture(
    drawn: Path, palettes: dict[str, dict[str, str]], scene: str, theme: str, width: int, scale: int
) -> None:
    image = QImage(str(drawn / f"{scene}-{theme}-{width}@{scale}x.png"))
    palette = palettes[theme]
    assert (image.width(), image.height()) == (width * scale, WIDTHS[width] * scale)
    assert image.pixelColor(1, 1).name() == palette["page"]
    shown = colours(image)
    wanted = {palette["ink"], palette["accent"], palette["surface"]}
    if scene in ("conversation", "writing"):
        wanted |= {palette["unsure"]}
    if scene == "troubles":
        wanted |= {palette["danger"]}
    wanted |= {palette[name] for name in DRAWN.get(scene, ())}
    assert wanted <= shown
    assert len(shown) > 50


@pytest.mark.parametrize("theme", THEMES)
def test_the_readme_has_a_picture(drawn: Path, palettes: dict[str, dict[str, str]], theme: str) -> None:
    image = QImage(str(drawn / f"readme-{theme}.png"))
    assert (image.width(), image.height()) == (README[0] * 2, README[1] * 2)
    assert {palettes[theme]["doubtful"], palettes[theme]["accent"]} <= colours(image)
