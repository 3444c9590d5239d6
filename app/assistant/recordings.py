"""Keeps what was said until it has been answered, and finds what an earlier run left behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from app.assistant.inputs import Ask, recorded
from app.assistant.turn import Question, Turn
from app.audio.files import read_clip
from app.audio.spool import PendingRecording, RecordingSpool, pending
from app.contracts.errors import StorageError


class Recordings:
    """The folder of recordings.

    Args:
        folder: Where they lie; made when the first one is needed.
        on_problem: Told when the disk does not take a recording.
    """

    def __init__(self, folder: Path, *, on_problem: Callable[[StorageError], None]) -> None:
        self._folder = folder
        self._on_problem = on_problem

    def spool(self) -> RecordingSpool:
        """A new recording; nothing is written before its first sample."""
        return RecordingSpool(self._folder, on_problem=self._on_problem)

    async def left_behind(self) -> list[PendingRecording]:
        """Recordings whose turn was never answered, oldest first."""
        return await asyncio.to_thread(pending, self._folder)

    def discard(self, recording_id: str) -> None:
        """Delete a recording, at once: nothing that is cancelled meanwhile can leave it behind.

        One that is gone already, or that the system does not let go of, is no error; the next start offers it.
        """
        with contextlib.suppress(OSError):
            self._path(recording_id).unlink(missing_ok=True)

    def recovered(self, recording_id: str) -> Ask:
        """Asks the question in a recording that was left behind."""

        async def ask(turn: Turn) -> Question:
            return await recorded(read_clip(self._path(recording_id)), "the recording")(turn)

        return ask

    def _path(self, recording_id: str) -> Path:
        """A recording in the folder, whatever the id says."""
        return self._folder / Path(recording_id).name
