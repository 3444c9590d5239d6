"""Chunks of a fixed length whose kept parts are the whole sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tts.chunking import LONG, MARGIN, SHORT, chunks


@given(st.integers(1, 3000))
def test_every_frame_is_kept_once_and_in_order(frames: int) -> None:
    kept = [frame for chunk in chunks(frames) for frame in range(chunk.keep_from, chunk.keep_to)]
    assert kept == list(range(frames))


@given(st.integers(SHORT, 3000))
def test_what_is_kept_has_its_surroundings_or_the_edge_of_the_sentence(frames: int) -> None:
    for chunk in chunks(frames):
        assert chunk.size in (SHORT, LONG)
        assert 0 <= chunk.start <= chunk.keep_from < chunk.keep_to <= chunk.start + chunk.size <= frames
        assert chunk.start == 0 or chunk.keep_from - chunk.start >= MARGIN
        assert chunk.start + chunk.size == frames or chunk.start + chunk.size - chunk.keep_to >= MARGIN


@pytest.mark.parametrize("frames", [1, 40, SHORT - 1])
def test_a_sentence_shorter_than_a_chunk_is_one_chunk(frames: int) -> None:
    (chunk,) = chunks(frames)
    assert (chunk.start, chunk.size, chunk.keep_from, chunk.keep_to) == (0, SHORT, 0, frames)


def test_the_first_chunk_is_the_short_one() -> None:
    assert next(iter(chunks(1000))).size == SHORT


def test_no_sentence_no_chunk() -> None:
    assert list(chunks(0)) == []


@given(st.integers(SHORT, 1500), st.integers(0, 2**32 - 1))
def test_a_decoder_that_looks_as_far_as_the_margin_gives_the_same_in_chunks(frames: int, seed: int) -> None:
    """A convolution over the whole sentence, with zeros around it, against the same over each chunk."""
    random = np.random.default_rng(seed)
    sentence, kernel = random.normal(size=frames), random.normal(size=2 * MARGIN + 1)
    whole = np.convolve(sentence, kernel, "same")
    parts = []
    for chunk in chunks(frames):
        decoded = np.convolve(sentence[chunk.start : chunk.start + chunk.size], kernel, "same")
        parts.append(decoded[chunk.keep_from - chunk.start : chunk.keep_to - chunk.start])
    assert np.allclose(np.concatenate(parts), whole)
