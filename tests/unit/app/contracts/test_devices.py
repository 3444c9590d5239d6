"""The words for devices."""

from __future__ import annotations

from app.contracts.devices import DEVICE_WORDS, Device


def test_every_device_has_words_of_its_own() -> None:
    assert tuple(DEVICE_WORDS) == tuple(Device)
    for field in ("title", "noun", "one", "short"):
        assert len({getattr(words, field) for words in DEVICE_WORDS.values()}) == len(Device)
