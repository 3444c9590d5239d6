from __future__ import annotations

from pathlib import Path

import pytest

from ui.geometry import WindowSize, load_size, save_size


def test_a_size_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "window.json"
    for size in (WindowSize(1000, 700), WindowSize(1000, 700, power=True)):
        save_size(path, size)
        assert load_size(path) == size


def test_a_file_from_before_the_power_panel_leaves_it_closed(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text('{"width": 900, "height": 700}')
    assert load_size(path) == WindowSize(900, 700)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"width": "wide", "height": 3}', "{", '{"width": null}'])
def test_a_damaged_file_costs_only_the_size(tmp_path: Path, content: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(content)
    assert load_size(path) == WindowSize()


def test_without_a_file_the_size_is_forgotten(tmp_path: Path) -> None:
    save_size(None, WindowSize(1, 1))
    assert load_size(None) == WindowSize()
    assert load_size(tmp_path / "not there") == WindowSize()


def test_a_file_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    save_size(tmp_path / "in the way" / "window.json", WindowSize())


def test_a_size_fits_the_screen_and_the_window() -> None:
    assert WindowSize(5000, 4000).fitted(1920, 1080) == WindowSize(1920, 1080)
    assert WindowSize(10, 10).fitted(1920, 1080) == WindowSize(480, 420)
    assert WindowSize(900, 700, power=True).fitted(1920, 1080).power
