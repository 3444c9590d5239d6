"""Which stretches of a sentence a decoder of fixed length works on, so that together they are the sentence.

Why it exists: a device that takes graphs of one shape only gets a sentence in chunks. A chunk's edges come out wrong
where the sentence goes on, because the decoder looks at what is around each frame; they are made twice and dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MARGIN = 32
"""Frames a decoder looks to each side, at most."""
SHORT, LONG = 96, 192
"""Frames of the two chunks: a short one so that the first sound comes soon, a long one for the rest."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of frames for the decoder, and the part of it that is used.

    Attributes:
        start: Its first frame in the sentence.
        size: Its length. It goes beyond the sentence only where the sentence is shorter than the shortest chunk.
        keep_from: First frame of the sentence that is taken from it.
        keep_to: The frame after the last one that is.
    """

    start: int
    size: int
    keep_from: int
    keep_to: int


def chunks(frames: int, sizes: tuple[int, ...] = (SHORT, LONG), margin: int = MARGIN) -> Iterator[Chunk]:
    """Chunks whose kept parts are all frames of a sentence, once and in order.

    The first one begins with the sentence and the last one ends with it, exactly: a decoder sees the same edges there
    as when it decodes the sentence in one go. A last chunk reaches back as far as it has to.

    Args:
        frames: Length of the sentence.
        sizes: The lengths there are, shortest first, each longer than two margins.
        margin: Frames a decoder looks to each side.
    """
    done = 0
    while done < frames:
        start = max(0, done - margin)
        ending = [size for size in sizes if size <= frames and start + size >= frames]
        if frames < sizes[0]:
            chunk = Chunk(0, sizes[0], 0, frames)
        elif ending:
            chunk = Chunk(frames - ending[0], ending[0], done, frames)
        else:
            size = sizes[0] if done == 0 else max(size for size in sizes if start + size <= frames)
            chunk = Chunk(start, size, done, start + size - margin)
        yield chunk
        done = chunk.keep_to
