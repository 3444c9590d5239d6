"""What a model was less sure of looks different in a terminal, and only there."""

from __future__ import annotations

import pytest

from app.cli.shades import Shading, colours_wanted, shaded


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [
        (None, "word"),
        (1.0, "word"),
        (0.9, "word"),
        (0.89, "\x1b[36mword\x1b[0m"),
        (0.7, "\x1b[36mword\x1b[0m"),
        (0.69, "\x1b[33;4mword\x1b[0m"),
        (0.0, "\x1b[33;4mword\x1b[0m"),
    ],
)
def test_three_shades(confidence: float | None, shown: str) -> None:
    assert shaded("word", confidence) == shown


def test_line_ends_and_spaces_stay_bare() -> None:
    assert shaded("word\n\n", 0.1) == "\x1b[33;4mword\x1b[0m\n\n"
    assert shaded("  ", 0.1) == "  "


def test_no_colours_off_a_terminal_or_against_the_persons_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colours_wanted(terminal=True)
    assert not colours_wanted(terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours_wanted(terminal=True)
    monkeypatch.setenv("NO_COLOR", "")
    monkeypatch.setenv("TERM", "dumb")
    assert not colours_wanted(terminal=True)


def test_no_word_changes_its_shade_and_one_token_makes_no_patch() -> None:
    shading = Shading()
    assert [shading("Cam", 0.99), shading("els", 0.1), shading(" drink", 0.9)] == [
        "Cam",
        "els",
        "\x1b[36m drink\x1b[0m",
    ]
    assert shading(" little.", 0.2) == "\x1b[33;4m little.\x1b[0m"
    assert shading("A whole sentence.", 0.95) == "A whole sentence."
    assert shading(" and", None) == " and"
