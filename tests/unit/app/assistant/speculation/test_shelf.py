"""What is kept, and what makes room for it."""

from __future__ import annotations

from app.assistant.speculation.shelf import Kept, Room, Shelf


def test_what_was_used_longest_ago_makes_room() -> None:
    shelf = Shelf(Room(2, 60.0))
    shelf.put("a", Kept(1, 0.0, 0.1))
    shelf.put("b", Kept(2, 0.0, 0.1))
    assert shelf.find("a", 1.0) is not None
    shelf.put("c", Kept(3, 1.0, 0.1))
    assert [shelf.find(key, 1.0) is not None for key in "abc"] == [True, False, True]
    assert len(shelf) == 2


def test_what_is_old_is_gone() -> None:
    shelf = Shelf(Room(2, 60.0))
    shelf.put("a", Kept(1, 0.0, 0.1))
    assert shelf.find("a", 59.9) is not None
    assert shelf.find("a", 60.0) is None
    assert len(shelf) == 0
