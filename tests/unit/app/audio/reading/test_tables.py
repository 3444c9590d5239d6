from __future__ import annotations

from app.audio.reading import tables


def test_keys_are_written_the_way_they_are_looked_up() -> None:
    assert all(form == form.lower() and not form.endswith(".") for form in tables.ABBREVIATIONS)
    assert all(word.isupper() for word in tables.SPOKEN_WORDS | tables.SPELLED | tables.SHORT_WORDS)
    assert set(tables.UNITS) >= tables.NOT_ATTACHED
    assert not tables.SPOKEN_WORDS & tables.SPELLED
    assert all(len(sign) == 1 for sign in tables.SIGNS)
