from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.audio.ring import Ring


def numbered(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.float32)


@given(capacity=st.integers(1, 40), pieces=st.lists(st.integers(0, 60), max_size=12), data=st.data())
def test_every_kept_sample_is_found_under_its_number(capacity: int, pieces: list[int], data: st.DataObject) -> None:
    ring = Ring(capacity)
    for size in pieces:
        ring.write(numbered(ring.written, size))
    total = sum(pieces)
    assert ring.written == total
    assert ring.oldest == max(0, total - capacity)
    start = data.draw(st.integers(0, total + 5))
    end = data.draw(st.integers(0, total + 5))
    first, last = max(start, ring.oldest), min(end, total)
    assert np.array_equal(ring.read(start, end), numbered(first, max(0, last - first)))


def test_reading_copies() -> None:
    ring = Ring(4)
    ring.write(numbered(0, 4))
    read = ring.read(0, 4)
    ring.write(numbered(4, 4))
    assert np.array_equal(read, numbered(0, 4))


def test_a_reader_beside_a_writer_never_sees_a_sample_under_the_wrong_number() -> None:
    ring = Ring(1000)
    done = threading.Event()

    def write() -> None:
        for block in range(3000):
            ring.write(numbered(block * 100, 100))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    position = 0
    while not done.is_set() or position < ring.written:
        end = ring.written
        piece = ring.read(position, end)
        if piece.size:
            assert np.array_equal(piece, numbered(end - piece.size, piece.size))
        position = end
    writer.join()
