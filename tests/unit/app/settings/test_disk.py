from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.settings.disk import disk_error


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.ENOTDIR, "in-the-way"),
        (errno.EIO, "storage"),
    ],
)
def test_every_error_names_the_place_and_ends_with_its_exit_code(number: int, code: str) -> None:
    error = disk_error(OSError(number, os.strerror(number)), Path("/some/place"))
    assert error.code == code
    assert error.message.startswith("/some/place ")
    assert error.message.endswith(".")
    assert error.exit_code == 5


def test_what_can_be_mended_says_how() -> None:
    assert disk_error(OSError(errno.ENOSPC, ""), Path("/p")).remedy == "Make room on that disk."
    assert "SOTTO_HOME" in disk_error(OSError(errno.EROFS, ""), Path("/p")).remedy


def test_an_error_without_a_number_keeps_its_words() -> None:
    assert (
        "is locked by another process" in disk_error(TimeoutError("x is locked by another process"), Path("/p")).message
    )
