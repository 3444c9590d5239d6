"""The fixture that holds every test to leaving nothing behind is itself held to what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CASES = """
import asyncio, logging, subprocess, sys
import pytest

kept = []

async def test_leaks_a_task():
    kept.append(asyncio.create_task(asyncio.sleep(60)))

async def test_ends_its_task():
    task = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    task.cancel()

def test_leaks_a_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"]))

def test_ends_its_process():
    subprocess.run([sys.executable, "-c", ""], check=True)

def test_logs_an_error():
    logging.getLogger("somewhere").error("what")

@pytest.mark.logs_errors
def test_logs_an_error_on_purpose():
    logging.getLogger("somewhere").error("what")

def test_warns():
    logging.getLogger("somewhere").warning("what")
"""


def test_what_is_left_behind_fails_the_test_that_left_it(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(text.replace("PATIENCE_S = 5.0", "PATIENCE_S = 0.2"), encoding="utf-8")
    (tmp_path / "test_cases.py").write_text(CASES, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--tb=line"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = {
        line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("ERROR test_cases")
    }
    assert errors == {"test_leaks_a_task", "test_leaks_a_process", "test_logs_an_error"}, done.stdout
    assert "7 passed, 3 errors" in done.stdout
