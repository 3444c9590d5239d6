"""Remembers how large the window was, and whether its power panel was open.

Why it exists: a file that cannot be read or written costs just that and nothing else, so that decision is made once.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)

SMALLEST = (480, 420)


@dataclass(frozen=True, slots=True)
class WindowSize:
    """Size in logical pixels; ``power`` when the power panel is open."""

    width: int = 860
    height: int = 760
    power: bool = False

    def fitted(self, available_width: int, available_height: int) -> WindowSize:
        """This size, no larger than the screen and no smaller than the window can be."""
        return WindowSize(
            max(SMALLEST[0], min(self.width, available_width)),
            max(SMALLEST[1], min(self.height, available_height)),
            self.power,
        )


def load_size(path: Path | None) -> WindowSize:
    """The size kept in a file; the first size where there is none."""
    if path is None or not path.exists():
        return WindowSize()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return WindowSize(int(kept["width"]), int(kept["height"]), kept.get("power") is True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the window's size could not be read: %s", error)
        return WindowSize()


def save_size(path: Path | None, size: WindowSize) -> None:
    """Keep a size; without a file, or where it cannot be written, it is forgotten."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(size)), encoding="utf-8")
    except OSError as error:
        log.warning("the window's size could not be kept: %s", error)
