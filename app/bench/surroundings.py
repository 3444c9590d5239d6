"""What a benchmark of the window needs around it: sound of its own always, a screen of its own where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.bench.machine import JsonValue
from app.bench.virtual_screen import virtual_screen
from app.bench.virtual_sound import VirtualSound, virtual_sound


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was put around.

    Attributes:
        sound: The virtual sound card.
        facts: What the report's ``machine`` says about all this.
    """

    sound: VirtualSound
    facts: dict[str, JsonValue]


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Start what is missing and point this process at it; sound libraries must not have been imported before.

    Raises:
        Unavailable: PulseAudio or Xvfb is not installed.
    """
    with ExitStack() as stack:
        sound = stack.enter_context(virtual_sound())
        has_screen = bool(os.environ.get("DISPLAY")) or not sys.platform.startswith("linux")
        screen = {} if has_screen else stack.enter_context(virtual_screen())
        stack.enter_context(_environment({**sound.environment, **screen}))
        facts: dict[str, JsonValue] = {
            "sound": "PulseAudio started by the benchmark, null sinks",
            "screen": "the desktop's own" if has_screen else "Xvfb started by the benchmark",
        }
        yield Surroundings(sound, facts)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
