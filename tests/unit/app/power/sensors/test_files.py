"""Small files, kept open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.power.sensors.files import Files


def still_open(root: Path) -> int:
    links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(link) and os.readlink(link).startswith(f"{root}/") for link in links)


@pytest.mark.parametrize(
    ("text", "number"), [("42\n", 42), ("-5", -5), ("0x8086\n", 0x8086), ("", None), ("on\n", None), ("1 2\n", None)]
)
def test_numbers(tmp_path: Path, text: str, number: int | None) -> None:
    (tmp_path / "n").write_text(text)
    assert Files(tmp_path).number("/n") == number


def test_a_file_stays_open_and_tells_what_is_new(tmp_path: Path) -> None:
    (tmp_path / "n").write_text("1\n")
    files = Files(tmp_path)
    assert files.number("/n") == 1
    (tmp_path / "n").write_text("2\n")
    assert [files.number("/n") for _ in range(3)] == [2, 2, 2]
    assert still_open(tmp_path) == 1
    files.close()
    assert still_open(tmp_path) == 0
    assert files.number("/n") == 2
    files.close()


def test_not_too_many_stay_open(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for number in range(300):
        (tmp_path / str(number)).write_text(f"{number}\n")
        assert files.number(f"/{number}") == number
    assert 100 < still_open(tmp_path) < 200
    assert files.number("/299") == 299
    del files
    assert still_open(tmp_path) == 0


def test_one_that_vanishes_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "n"
    path.write_text("1\n")
    files = Files(tmp_path)
    files.number("/n")
    assert not files.forget_losses()
    path.write_text("")
    path.unlink()
    assert files.number("/n") is None
    assert files.forget_losses()
    assert files.number("/n") is None
    assert not files.forget_losses()
    path.write_text("3\n")
    assert files.number("/n") == 3
    files.close()


def test_two_that_vanish_at_once(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).write_text("1\n")
        files.number(f"/{name}")
        (tmp_path / name).write_text("")
    assert [files.number(f"/{name}") for name in ("a", "b", "a", "b")] == [None] * 4
    assert still_open(tmp_path) == 0
    files.close()


def test_one_that_may_not_be_read(tmp_path: Path) -> None:
    class Closed(Files):
        def opened(self, path: str) -> int:
            if path == "/secret":
                raise PermissionError(path)
            return super().opened(path)

    (tmp_path / "open").write_text("1\n")
    files = Closed(tmp_path)
    assert [files.denied(path) for path in ("/secret", "/open", "/none")] == [True, False, False]
    assert files.block("/secret") is None


def test_a_part_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(bytes(range(16)))
    files = Files(tmp_path)
    assert files.block("/b", 4, 8) == bytes((8, 9, 10, 11))
    files.close()
