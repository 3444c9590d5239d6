"""What computes a Piper voice: phoneme numbers in, sound out. One implementation per runtime and device.

Why it exists: the same engine speaks through ONNX Runtime, through OpenVINO, and through OpenVINO in chunks of a fixed
length; only this differs between them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault

Samples = npt.NDArray[np.float32]
"""Mono sound, one dimension."""

Feeds = Mapping[str, npt.NDArray[Any]]
"""What a voice is given: ``input`` int64 [1, phonemes], ``input_lengths`` int64 [1], ``scales`` float32 [3] (noise,
length, noise of the lengths), and ``sid`` int64 [1] where there are several speakers."""

INPUTS = frozenset({"input", "input_lengths", "scales"})


class PiperSession(Protocol):
    """A loaded graph. Used from one thread."""

    @property
    def device(self) -> Device:
        """Where it really runs."""
        ...

    def stream(self, feeds: Feeds, cancelled: threading.Event) -> Iterator[Samples]:
        """The sound of one sentence, in order, as it is made; it ends early once the event is set."""
        ...

    def run(self, outputs: None, feeds: Feeds) -> list[npt.NDArray[Any]]:
        """The whole sound of one sentence [1, 1, 1, samples], as the library's own session gives it."""
        ...


def feeds_for(ids: list[int], scales: tuple[float, float, float], speaker: int | None) -> Feeds:
    """What a voice is given for one sentence.

    Args:
        ids: Phoneme numbers.
        scales: Noise, length of each phoneme, noise of the lengths.
        speaker: Number of the speaker, None for a voice that has but one.
    """
    feeds: dict[str, npt.NDArray[Any]] = {
        "input": np.array([ids], dtype=np.int64),
        "input_lengths": np.array([len(ids)], dtype=np.int64),
        "scales": np.array(scales, dtype=np.float32),
    }
    if speaker is not None:
        feeds["sid"] = np.array([speaker], dtype=np.int64)
    return feeds


def check_inputs(name: str, inputs: frozenset[str]) -> None:
    """Refuse a graph that is no Piper voice.

    Raises:
        RuntimeFault: It lacks an input, or wants one that is not known (``model-unreadable``).
    """
    if not INPUTS <= inputs <= INPUTS | {"sid"}:
        raise RuntimeFault(
            f"{name} is not a Piper voice: it takes {', '.join(sorted(inputs)) or 'nothing'}.",
            code="model-unreadable",
            remedy="Get the voice again, both its .onnx and its .onnx.json.",
        )


def flat(sound: npt.NDArray[Any]) -> Samples:
    """A graph's output as plain samples."""
    return np.ascontiguousarray(sound, dtype=np.float32).reshape(-1)


def whole(pieces: Iterator[Samples]) -> list[npt.NDArray[Any]]:
    """Streamed sound as one output of a graph."""
    return [np.concatenate([np.zeros(0, np.float32), *pieces]).reshape(1, 1, 1, -1)]
