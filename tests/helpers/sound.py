"""What only tests need of the virtual sound card of `app.bench.virtual_sound`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.bench.virtual_sound import REMEDY, TOOLS, VirtualSound

PATIENT_MS = 60
"""A player with this much ahead goes on without a gap on a machine that is busy."""


def missing_tools() -> str:
    """Why there can be no virtual sound here; empty when there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)} ({REMEDY})" if missing else ""


@contextmanager
def playing(sound: VirtualSound, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Speak a sound file into the microphone meanwhile; what is left is cut off at the end."""
    player = sound.play_into_microphone(path, PATIENT_MS)
    try:
        yield player
    finally:
        player.kill()
        player.wait()
