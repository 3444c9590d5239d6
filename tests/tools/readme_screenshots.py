"""Puts the pictures the last test run drew into the README: ``python tests/tools/readme_screenshots.py``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWN = ROOT / "artefacts" / "screenshots"
SHOWN = ROOT / "assets" / "screenshots"
PICTURES = {"readme-{theme}": "{theme}", "power_meteor_lake-{theme}-1600@1x": "power-{theme}"}
"""Names of the drawings, and of the pictures made of them."""


def main() -> int:
    """Copy them; returns 1 when there are none."""
    SHOWN.mkdir(parents=True, exist_ok=True)
    for source, target in PICTURES.items():
        for theme in ("light", "dark"):
            drawn = DRAWN / f"{source.format(theme=theme)}.png"
            if not drawn.exists():
                sys.stderr.write(f"{drawn} is not there: run the tests first\n")
                return 1
            shutil.copyfile(drawn, SHOWN / f"{target.format(theme=theme)}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
