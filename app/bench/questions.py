"""The spoken questions that ship with Sotto: what the benchmarks ask."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from app.audio.files import read_clip, write_wav
from app.settings.paths import asset


@dataclass(frozen=True, slots=True)
class SpokenQuestion:
    """One recording.

    Attributes:
        question_id: Its name.
        text: The words that are spoken.
        path: The sound.
    """

    question_id: str
    text: str
    path: Path


def spoken_questions() -> tuple[SpokenQuestion, ...]:
    """All of them, in the order of the list."""
    folder = asset("recordings")
    entries = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    return tuple(SpokenQuestion(entry["id"], entry["text"], folder / entry["file"]) for entry in entries)


def as_wav(question: SpokenQuestion, folder: Path) -> tuple[Path, float]:
    """The recording as a WAV file in ``folder`` and its length in seconds, for players that read nothing else."""
    chunks = list(read_clip(question.path))
    path = folder / f"{question.question_id}.wav"
    write_wav(path, chunks)
    return path, sum(chunk.seconds for chunk in chunks)
