"""The log file: written while it is wanted, private, and no reason to fail."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from app.bootstrap.logs import logging_to


def test_what_is_logged_meanwhile_is_in_the_file(tmp_path: Path) -> None:
    with logging_to(tmp_path / "log") as path:
        logging.getLogger("app.somewhere").warning("a disk is full")
    logging.getLogger("app.somewhere").warning("afterwards")
    text = path.read_text(encoding="utf-8")
    assert "WARNING app.somewhere: a disk is full" in text
    assert "afterwards" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_folder_there_is_no_log_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with logging_to(tmp_path / "file" / "log") as path:
        logging.getLogger("app.somewhere").warning("nobody keeps this")
    assert not path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_no_error_and_not_told_in_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "sotto.log").symlink_to("/dev/full")
    with logging_to(tmp_path / "log"):
        logging.getLogger("app.somewhere").warning("there is no room for this")
    assert capsys.readouterr().err == ""
