"""Drives the open window from outside, and notes when things happened: keys go through the X server, times do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import psutil

from app.bootstrap.desktop import Desktop
from app.contracts.errors import Unavailable
from app.contracts.events import (
    TURN_ENDS,
    FinalTranscript,
    SpeechStarted,
    Status,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFinished,
)

LOOK_S = 0.01
"""How often the engines' use of the processor is looked at; the kernel counts in steps of this size."""
IDLE_LOOKS = 5
"""So many looks without any use mean idle."""
IDLE_PATIENCE_S = 5.0


class Keyboard:
    """Sends key events to whatever window has the focus, as `xdotool` does."""

    async def press(self, key: str) -> None:
        """The key goes down."""
        await self._xdotool("keydown", key)

    async def release(self, key: str) -> None:
        """The key goes up."""
        await self._xdotool("keyup", key)

    async def tap(self, key: str) -> None:
        """Down and up."""
        await self._xdotool("key", key)

    async def _xdotool(self, *words: str) -> None:
        try:
            process = await asyncio.create_subprocess_exec("xdotool", *words)
        except FileNotFoundError as error:
            raise Unavailable("xdotool is not installed.", remedy="sudo apt-get install xdotool") from error
        if await process.wait():
            raise Unavailable(f"xdotool {' '.join(words)} failed.")


class TurnWatch:
    """Follows the next turn of a window; all times are monotonic seconds, None before they happened."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self.key_up: float | None = None
        self.first_frame_at: float | None = None
        self.input_ended_at: float | None = None
        self.final_at: float | None = None
        self.first_token_at: float | None = None
        self.first_audio_at: float | None = None
        self.speech_started: float | None = None
        self.cancelled_at: float | None = None
        self.tail_ms: float | None = None
        self.transcript = ""
        self.answer = ""
        self._held_now = False
        self.ended = False
        self.end: TurnEvent | None = None
        self._changed = asyncio.Event()
        self._unsubscribe = [
            desktop.services.assistant.subscribe(self._note),
            desktop.shell.on_frame_swapped(self._frame),
        ]
        desktop.shell.turn.heldChanged.connect(self._held)

    def close(self) -> None:
        """Stop following."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._desktop.shell.turn.heldChanged.disconnect(self._held)

    async def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until a condition on this watch holds; returns whether it did in time."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self._changed.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                return condition()
        return True

    def look_at_speaker(self) -> None:
        """Note when the first sample was audible, if it has been by now."""
        self.first_audio_at = self.first_audio_at or self._desktop.services.speaker.first_sample_at

    def hosts(self) -> list[psutil.Process]:
        """The hosts of the models that run now."""
        return [child for child in psutil.Process().children(recursive=True) if _is_host(child)]

    def ms_after_key_up(self, at: float | None) -> float | None:
        """Milliseconds from the key event's arrival."""
        return _ms(self.key_up, at)

    def ms_after_input(self, at: float | None) -> float | None:
        """Milliseconds from the end of the release tail."""
        return _ms(self.input_ended_at, at)

    def _held(self) -> None:
        """The key event has just arrived; a held key that X repeats goes up and down, the last time counts."""
        held = bool(self._desktop.shell.turn.held)
        if held is not self._held_now:
            self._held_now = held
            self.key_up = None if held else time.monotonic()
            self.first_frame_at = None

    def _frame(self, at: float) -> None:
        if self.key_up is not None and self.first_frame_at is None:
            self.first_frame_at = at

    def _note(self, event: TurnEvent | SystemEvent) -> None:
        now = time.monotonic()
        match event:
            case Status(stage="answer"):
                self.input_ended_at = self._desktop.services.assistant.input_ended_at
                self.tail_ms = _ms(self.key_up, self.input_ended_at)
            case FinalTranscript():
                self.final_at, self.transcript = now, event.text
            case TextDelta():
                self.first_token_at = self.first_token_at or now
                self.answer += event.text
            case SpeechStarted() if self.speech_started is None:
                self.speech_started = now
                self.look_at_speaker()
            case TurnCancelled():
                self.cancelled_at = now
            case TurnFinished():
                self.look_at_speaker()
            case _:
                pass
        if isinstance(event, TURN_ENDS):
            self.ended, self.end = True, event
        self._changed.set()


async def engines_idle_at(hosts: list[psutil.Process]) -> float:
    """Monotonic seconds since which no host has used the processor, to one step of the kernel's clock."""
    since, used, quiet = time.monotonic(), _used_s(hosts), 0
    deadline = since + IDLE_PATIENCE_S
    while quiet < IDLE_LOOKS and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
        now_used = _used_s(hosts)
        if now_used > used:
            since, used, quiet = time.monotonic(), now_used, 0
        else:
            quiet += 1
    return since


def _used_s(hosts: list[psutil.Process]) -> float:
    """Processor seconds used by the hosts that are still there."""
    total = 0.0
    for host in hosts:
        try:
            times = host.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _is_host(process: psutil.Process) -> bool:
    try:
        return "models.host" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000.0
