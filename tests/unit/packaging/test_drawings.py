"""The drawings of the exercises are those their poses make, stay inside the picture, and use three colours."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "assets" / "skills" / "workout" / "drawings"
MODULE: dict[str, Any] = runpy.run_path(str(ROOT / "packaging" / "drawings.py"), run_name="drawings")


def test_the_drawings_are_those_of_the_poses(tmp_path: Path) -> None:
    assert MODULE["main"]([str(tmp_path)]) == 0
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert made == kept


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_a_drawing_is_sound(path: Path) -> None:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.attrib["viewBox"] == "0 0 260 116"
    colours = set(re.findall(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
    assert colours <= {MODULE["ACCENT"], MODULE["BODY"], MODULE["FAINT"]}
    assert MODULE["ACCENT"] in colours
    for element in root:
        for point in element.attrib.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 260
            assert 0 <= y <= 108
    limbs = [element for element in root if element.tag.endswith("polyline")]
    assert len(limbs) >= 5
