"""The quick reader gives what the other one gives, places included, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput
from app.settings.located import Node, located, read_located
from app.settings.quick import read_quickly

ROOT = Path(__file__).parents[4]
SHA = "0b319bd0572f2730bfe11cc751defe82045fad5085b4e60591ac2cd2d9633181"
PLAIN = f"""\
# what it is
sources: {{one: "a: b # c", two: 'it''s'}}
models:
  - name: tt
    digest: {SHA}
    languages: &all {{value: [en, "no", pt-BR], source: one}}
    parameters: null
    count: 12
    on: true
  - name: 4gb
    languages: *all
    text: >-
      folded
      text
"""
ODD = [
    *("0x1f", "1e5", "1_0", "2026-01-01", "012", "1.5", "-1", "12:30", ".inf", "!!str 1", "0b11", "<<", "=", "&a x"),
    *("*all", "yes", "NULL", "é", "\t", "\x85", "\ufeff", "[", "}", ": ", " #", "'", '"', "|", "\n", "  ", "- ", "%"),
]


def both(text: str, path: Path) -> tuple[Node | None, Node | None]:
    path.write_bytes(text.encode())
    try:
        slowly = located(text, path)
    except InvalidInput:
        slowly = None
    return read_quickly(path), slowly


def test_reads_the_catalogue_and_gives_what_the_other_reader_gives() -> None:
    """Were it to give up, every command about models would take a second longer."""
    shipped = ROOT / "assets/catalogue.yaml"

    quickly = read_quickly(shipped)

    assert quickly is not None
    assert quickly == read_located(shipped)


def test_reads_what_is_plain(tmp_path: Path) -> None:
    quickly, slowly = both(PLAIN, tmp_path / "a.yaml")

    assert quickly is not None
    assert quickly == slowly


@pytest.mark.parametrize("value", [*ODD[:10], "[1, {<<: 2}]", "{a: 1, a: 2}"])
def test_leaves_alone_what_two_editions_may_read_differently(value: str, tmp_path: Path) -> None:
    assert both(f"a: {value}\n", tmp_path / "a.yaml")[0] is None


def test_a_file_that_is_missing_or_bombs_is_left_alone(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
    )

    (tmp_path / "a.yaml").write_text(bomb)
    assert read_quickly(tmp_path / "a.yaml") is None
    assert read_quickly(tmp_path / "nothing.yaml") is None
    assert read_quickly(tmp_path) is None


@given(st.integers(0, len(PLAIN)), st.integers(0, 3), st.sampled_from(ODD))
def test_a_change_anywhere_is_read_alike_or_left_alone(
    tmp_path_factory: pytest.TempPathFactory, at: int, cut: int, odd: str
) -> None:
    quickly, slowly = both(PLAIN[:at] + odd + PLAIN[at + cut :], tmp_path_factory.getbasetemp() / "changed.yaml")

    assert quickly is None or quickly == slowly
