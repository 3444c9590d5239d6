"""The real program in a real window, driven from outside: keys through the X server, sound through a sound server.

Nothing in it is faked or patched. What happens inside is read from the file of events that `sotto --events` writes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from app.bench.virtual_sound import VirtualSound

Event = dict[str, Any]
STARTUP_S = 40.0


class Desktop:
    """One running window.

    Args:
        home: Its `SOTTO_HOME`.
        sound: The sound server.
        environment: Everything else it needs, the display above all.
    """

    def __init__(self, home: Path, sound: VirtualSound, environment: dict[str, str]) -> None:
        self.home = home
        self.sound = sound
        self.environment = {
            **os.environ,
            **environment,
            **sound.environment,
            "SOTTO_HOME": str(home),
        }
        self.events_file = home / f"events-{time.monotonic_ns()}.jsonl"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "--events", str(self.events_file)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def events(self) -> list[Event]:
        """Everything that has happened."""
        if not self.events_file.exists():
            return []
        lines = self.events_file.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def wait(self, wanted: Callable[[Event], bool], *, after: int = 0, timeout_s: float = 30.0) -> Event:
        """The first event from place ``after`` on that is wanted."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            events = self.events()
            for event in events[after:]:
                if wanted(event):
                    return event
            assert self.process.poll() is None, f"the window ended: {self.process.communicate()}"
            time.sleep(0.02)
        raise AssertionError(f"it did not happen; what did: {[event['type'] for event in self.events()[after:]]}")

    def wait_ready(self) -> None:
        """Wait until the models are loaded and the window has the focus."""
        for backend in ("silero-cpu", "moonshine-cpu", "espeak-cpu"):
            self.wait(is_host(backend, "warm"), timeout_s=STARTUP_S)
        self.wait(lambda event: event["type"] == "HostChanged" and event["state"] == "warm"
                  and event["backend"] in ("llama-cpu", "openvino-cpu"), timeout_s=STARTUP_S)  # fmt: skip
        pid = str(self.process.pid)
        self.xdotool(
            *("search", "--sync", "--onlyvisible", "--all", "--pid", pid, "--name", "^Sotto$"),
            *("windowraise", "windowfocus", "--sync"),
        )

    def host_pid(self, *backends: str) -> int:
        """Process id of the host that runs one of these backends now."""
        warm = [event for event in self.events() if event["type"] == "HostChanged" and event["state"] == "warm"]
        return int([event["pid"] for event in warm if event["backend"] in backends][-1])

    def xdotool(self, *words: str) -> None:
        """Send keys and the like."""
        subprocess.run(["xdotool", *words], env=self.environment, check=True, timeout=20, capture_output=True)

    def hold_and_play(self, wav: Path) -> None:
        """Hold the key while a recording plays into the microphone. Nothing must be going on."""
        self.xdotool("key", "Escape")  # out of the text field
        self.xdotool("keydown", "space")
        self.sound.play_into_microphone(wav).wait(30)
        self.xdotool("keyup", "space")

    def type_question(self, text: str) -> None:
        """Type into the window and press Enter."""
        self.xdotool("type", "--delay", "10", text)
        self.xdotool("key", "Return")

    def screenshot(self, path: Path) -> Path:
        """Take a picture of the screen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True, timeout=20)
        return path

    def children(self) -> list[psutil.Process]:
        """Its processes."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end_of(self, turn_id: str, timeout_s: float = 40.0) -> Event:
        """The end of a turn."""
        return self.wait(lambda event: event.get("turn_id") == turn_id and is_end(event), timeout_s=timeout_s)

    def turn(self, turn_id: str) -> list[Event]:
        """The events of a turn."""
        return [event for event in self.events() if event.get("turn_id") == turn_id]

    def close(self) -> int:
        """Close the window as a session's end does; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate(timeout=5)
        return self.process.returncode


@contextmanager
def open_desktop(home: Path, sound: VirtualSound, environment: dict[str, str]) -> Iterator[Desktop]:
    """Start the program; it is closed at the end, whatever happened."""
    desktop = Desktop(home, sound, environment)
    try:
        yield desktop
    finally:
        desktop.close()


def is_host(backend: str, state: str) -> Callable[[Event], bool]:
    """An event that says a host is in a state."""
    return lambda event: event["type"] == "HostChanged" and event["backend"] == backend and event["state"] == state


def is_end(event: Event) -> bool:
    """One of the three ends of a turn."""
    return event["type"] in ("TurnFinished", "TurnFailed", "TurnCancelled")


def answer_of(events: list[Event]) -> str:
    """The answer of a turn as its deltas wrote it."""
    return "".join(event["text"] for event in events if event["type"] == "TextDelta")
