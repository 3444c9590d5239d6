"""Code of others behind the kernel's walls: it is run, it reaches nothing, and nothing of it is left."""

from __future__ import annotations

import asyncio
import ctypes
import platform
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from app.contracts.errors import InvalidInput, RuntimeFault
from app.pipeline.definition import StageType
from app.pipeline.sandbox import boundary
from app.pipeline.sandbox.child import ChildSandbox
from app.pipeline.sandbox.code import LONGEST, OPERATION, run_examples
from app.pipeline.stages.quality_check import QualityCheckProcessor
from app.pipeline.values import Text, Verdict
from tests.helpers.stage_calls import Stage
from tests.helpers.waiting import until

HERE = Path(__file__).resolve()


def _walls() -> str:
    """Why no code can be run here; empty when it can."""
    result = run_examples("x = 1")
    return "" if result["ran"] else str(result["reason"])


pytestmark = pytest.mark.skipif(sys.platform != "linux" or bool(_walls()), reason="nothing here keeps code in")


@pytest.fixture
async def sandbox() -> AsyncIterator[ChildSandbox]:
    sandbox = ChildSandbox(size=1)
    yield sandbox
    await sandbox.aclose()
    assert not jailed()


def jailed() -> list[str]:
    return [" ".join(one.info["cmdline"]) for one in psutil.process_iter(["cmdline"]) if _is_jail(one.info["cmdline"])]


def _is_jail(words: list[str] | None) -> bool:
    return any(word.endswith(("jail.py", "harness.py")) or "the walls. Its text" in word for word in words or ())


async def ran(sandbox: ChildSandbox, code: str, doctests: str = "", timeout_s: float = 3.0) -> dict[str, object]:
    arguments = {"code": code, "doctests": doctests, "timeout_s": timeout_s}
    answer = await sandbox.call(OPERATION, arguments, timeout_s=20.0)
    assert isinstance(answer, dict)
    return dict(answer)


GOOD = '''
def twice(x):
    """
    >>> twice(2)
    4
    """
    return 2 * x

assert twice(3) == 6
if __name__ == "__main__":
    print("ran")
'''


@pytest.mark.parametrize(
    ("code", "doctests", "expected"),
    [
        (GOOD, "", (True, True, "", 1)),
        (GOOD, ">>> twice(5)\n10\n", (True, True, "", 2)),
        (GOOD, ">>> twice(5)\n11\n", (True, False, "1 of 2 examples fail", 2)),
        ("assert 1 == 2, 'no'", "", (True, False, "AssertionError in line 1: no", 0)),
        ("import sys; sys.exit(3)", "", (True, False, "exit code 3", 0)),
        ("import numpy", "", (False, False, "needs the module 'numpy'", 0)),
        ("input('name? ')", "", (False, False, "waits for somebody to type", 0)),
    ],
)
async def test_examples(sandbox: ChildSandbox, code: str, doctests: str, expected: tuple[bool, bool, str, int]) -> None:
    answer = await ran(sandbox, code, doctests)
    assert (answer["ran"], answer["passed"], answer["examples"]) == (expected[0], expected[1], expected[3])
    assert expected[2] in str(answer["reason"])


REACHING = {
    "home": (f"open({str(HERE)!r}).read()", "FileNotFoundError"),
    "passwd": ("open('/etc/passwd').read()", "FileNotFoundError"),
    "network": ("import socket; socket.create_connection(('1.1.1.1', 53), timeout=2)", "Network is unreachable"),
    "loopback": ("import socket; socket.create_connection(('127.0.0.1', 22), timeout=2)", "OSError"),
    "programs": ("open('/usr/written', 'w')", "Read-only file system"),
    "root": ("open('/written', 'w')", "Read-only file system"),
    "big file": ("f = open('/tmp/x', 'wb')\nfor _ in range(10_000): f.write(b'x' * 1_000_000)", "OSError"),
    "many files": ("for at in range(99): open(f'/tmp/{at}', 'wb').write(b'x' * 1_000_000)", "No space left"),
    "memory": ("x = 'x' * 10 ** 10", "MemoryError"),
    "output": ("while True: print('x' * 1_000_000)", "more than 64 KB"),
    "time": ("while True: pass", "within 1 s"),
    "sleep": ("import time; time.sleep(99)", "within 1 s"),
    "fork bomb": ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "within 1 s"),
    "threads": (
        "import threading, time\nfor _ in range(99): threading.Thread(target=time.sleep, args=(9,)).start()",
        "within 1 s",
    ),
    "escape": (
        "import ctypes, os, time\nos.setsid()\nctypes.CDLL(None).prctl(1, 0)\nos.fork()\ntime.sleep(99)",
        "within 1 s",
    ),
    "others": (
        "import os\nassert os.getpid() == 2 and not os.path.exists('/proc')\nos.kill(-1, 9)",
        "ProcessLookupError",
    ),
    "rights": ("import os\nos.setuid(0)", "PermissionError"),
    "secrets": ("import os\nassert not set(os.environ) - {'LC_CTYPE'}, os.environ\nraise KeyError('none')", "KeyError"),
}


@pytest.mark.parametrize("name", REACHING)
async def test_it_reaches_nothing(sandbox: ChildSandbox, name: str) -> None:
    code, reason = REACHING[name]
    answer = await ran(sandbox, code, timeout_s=1.0)
    assert answer["ran"] is True
    assert answer["passed"] is False
    assert reason in str(answer["reason"])
    assert len(str(answer["output"])) <= 1000
    assert (await ran(sandbox, "x = 1"))["passed"] is True


@pytest.mark.parametrize("words", [b'{"refused": "ha"}', b"[" * 60_000, b'{"outcome": [], "examples": {}}', b"\xff"])
@pytest.mark.parametrize("code", [0, 97])
async def test_what_it_says_of_itself_is_data(sandbox: ChildSandbox, words: bytes, code: int) -> None:
    """Code can write where the report is written; it can neither claim that it was not run nor upset what reads it."""
    said = "for i in range(3, 20):\n    try: os.write(i, words)\n    except OSError: pass"
    result = await ran(sandbox, f"import os\nwords = {words!r}\n{said}\nos._exit({code})")
    assert result["ran"] is True
    assert result["passed"] is False
    assert isinstance(result["reason"], str)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of the call")
async def test_it_has_a_key_ring_of_its_own(sandbox: ChildSandbox) -> None:
    keyctl, which, session = 250, 0, -3
    mine = ctypes.CDLL(None).syscall(keyctl, which, session, 0)
    if mine <= 0:
        pytest.skip("this kernel gives no key rings")
    result = await ran(sandbox, f"import ctypes\nprint(ctypes.CDLL(None).syscall({keyctl}, {which}, {session}, 0))")
    assert str(result["output"]).strip() not in ("", str(mine))


async def test_cancelling_ends_what_runs(sandbox: ChildSandbox) -> None:
    task = asyncio.create_task(ran(sandbox, "import time; time.sleep(99)", timeout_s=15.0))
    await until(lambda: len(jailed()) >= 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not jailed())


async def test_a_time_limit_from_outside_ends_it_too(sandbox: ChildSandbox) -> None:
    with pytest.raises(RuntimeFault.__mro__[1], match="longer than 1 s"):
        await sandbox.call(OPERATION, {"code": "while True: pass", "timeout_s": 15.0}, timeout_s=1.0)
    await until(lambda: not jailed())


async def test_without_a_wall_it_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "jail.py"
    broken.write_text('import os, sys\nos.write(int(sys.argv[2]), b\'{"refused": "no namespaces"}\')\nos._exit(97)\n')
    (tmp_path / "harness.py").write_text("raise SystemExit\n")
    monkeypatch.setattr(boundary, "_HERE", tmp_path)
    monkeypatch.setattr(boundary, "PROGRAMS", str(tmp_path))
    result = run_examples("x = 1")
    assert result["ran"] is False
    assert result["reason"] == "nothing on this system keeps code in (namespaces: no namespaces)"
    monkeypatch.setattr(sys, "platform", "win32")
    assert run_examples("x = 1")["reason"] == "only Linux can keep code in"


def test_code_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput):
        run_examples("x" * (LONGEST + 1))


async def test_the_quality_check_with_everything_real(sandbox: ChildSandbox) -> None:
    for answer, passed in ((f"```python{GOOD}```", True), (f"```python{GOOD.replace('2 * x', '3 * x')}```", False)):
        stage = Stage(QualityCheckProcessor(), StageType.CUSTOM, "quality-check", sandbox=sandbox)
        done = await stage.run(Text(answer, 0.9))
        assert isinstance(done.value, Verdict)
        assert done.value.passed is passed, done.value.reasons
        assert dict(done.metadata.figures)["ran"] == 1.0
