"""Keeps what was said until it has been answered, and finds what an earlier run left behind."""

from __future__ import annotations

import asyncio
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

    async def discard(self, recording_id: str) -> None:
        """Delete a recording. One that is gone already is no error."""
        for recording in await self.left_behind():
            if recording.recording_id == recording_id:
                await asyncio.to_thread(recording.path.unlink, missing_ok=True)

    def recovered(self, recording_id: str) -> Ask:
        """Asks the question in a recording that was left behind, and deletes it once the words are known."""

        async def ask(turn: Turn) -> Question:
            found = [one for one in await self.left_behind() if one.recording_id == recording_id]
            path = found[0].path if found else self._folder / recording_id
            question = await recorded(read_clip(path), "the recording")(turn)
            await self.discard(recording_id)
            return question

        return ask
