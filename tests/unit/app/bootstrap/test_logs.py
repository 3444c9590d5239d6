"""The log file: written while it is wanted, private, and no reason to fail."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

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
