"""The walls code of others is run behind, and running something there.

Two ways are tried, in this order: namespaces of our own (`jail`), and the program bubblewrap where it is installed, for
systems that let only it make namespaces, and never for root. Without either nothing is run. On other systems than
Linux there is none.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.pipeline.sandbox.jail import FAILED

OUTPUT_BYTES = 64 * 1024
"""Code that writes more is ended."""
MEMORY_MB = 256
PROCESSES = 8
"""Processes and threads, ours among them."""
PROGRAMS = "/usr/local/bin:/usr/bin:/bin"
"""Where bubblewrap is looked for: the sandbox has no search path of its own."""
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it.

    Attributes:
        report: What was written to the report descriptor.
        output: What was written to standard output and error, as far as it was read.
        ended: Why it was ended: ``time``, ``output``, or empty when it ended by itself.
        code: Its exit code.
    """

    report: bytes
    output: bytes
    ended: str
    code: int


class NoBoundaryError(Exception):
    """Nothing here keeps code in; says why."""


Build = Callable[[int, int], list[str]]
"""Makes a command line: the report descriptor, and seconds of processor time."""


def run_behind(given: bytes, timeout_s: float) -> tuple[str, Ran]:
    """Run the harness behind the first wall that holds.

    Args:
        given: Its standard input.
        timeout_s: Seconds until it is ended.

    Returns:
        The wall's name, and what came of it.

    Raises:
        NoBoundaryError: There is none.
    """
    if sys.platform != "linux":
        raise NoBoundaryError("only Linux can keep code in")
    if getattr(sys, "frozen", False):
        raise NoBoundaryError("this program has no Python of its own to run it with")
    reasons = []
    for name, build in _ways():
        ran = _run(build, given, timeout_s)
        refused = _refusal(ran)
        if not refused:
            return name, ran
        reasons.append(f"{name}: {refused}")
    raise NoBoundaryError("nothing on this system keeps code in (" + "; ".join(reasons) + ")")


def _ways() -> list[tuple[str, Build]]:
    ways: list[tuple[str, Build]] = [("namespaces", _jailed)]
    if os.geteuid() and shutil.which("bwrap", path=PROGRAMS):  # of root's processes the kernel bounds no number
        ways.append(("bubblewrap", _wrapped))
    return ways


def _python() -> str:
    """The interpreter itself, not the link a virtual environment has for it."""
    return os.path.realpath(sys.executable)


def _harness(report: int) -> list[str]:
    source = (_HERE / "harness.py").read_text(encoding="utf-8")
    return [_python(), "-I", "-S", "-B", "-X", "utf8", "-c", source, str(report)]


def _folders() -> list[str]:
    return list(dict.fromkeys((os.path.realpath(sys.base_prefix), "/usr")))


def _jailed(report: int, seconds: int) -> list[str]:
    wishes = json.dumps({"folders": _folders(), "seconds": seconds, "memory_mb": MEMORY_MB})
    return [_python(), "-I", "-S", "-B", str(_HERE / "jail.py"), wishes, str(report), *_harness(report)]


def _wrapped(report: int, seconds: int) -> list[str]:  # noqa: ARG001 - the harness sets the limits
    """With bubblewrap; there is no place to write in there."""
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    options += ["--uid", "65534", "--gid", "65534"]
    for folder in _folders():
        options += ["--ro-bind", folder, folder]
    for link in ("/bin", "/lib", "/lib64"):
        if os.path.islink(link):
            options += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            options += ["--ro-bind", link, link]
    options += ["--dir", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]  # noqa: S108
    return [shutil.which("bwrap", path=PROGRAMS) or "bwrap", *options, *_harness(report)]


def _refusal(ran: Ran) -> str:
    """Why the program was not started; empty when it was."""
    if ran.code == FAILED and ran.report:  # what is behind the wall cannot end it with this code
        try:
            answer = json.loads(ran.report)
        except (ValueError, RecursionError):
            return ""
        return str(answer["refused"]) if isinstance(answer, dict) and "refused" in answer else ""
    if ran.report:
        return ""
    said = ran.output.decode("utf-8", "replace").strip()
    return said[:200] if said.startswith("bwrap:") else ""


def _run(build: Build, given: bytes, timeout_s: float) -> Ran:
    told, tell = os.pipe()
    try:
        process = subprocess.Popen(
            build(tell, max(1, round(timeout_s) + 1)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={},
            pass_fds=(tell,),
            start_new_session=True,
        )
    except BaseException:
        os.close(told)
        raise
    finally:
        os.close(tell)
    try:
        return _watched(process, told, given, timeout_s)
    finally:
        _end(process)
        os.close(told)


def _watched(process: subprocess.Popen[bytes], told: int, given: bytes, timeout_s: float) -> Ran:
    """Feed it and read it until it ends, takes too long or says too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    report, output, ended = bytearray(), bytearray(), ""
    deadline = time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector, process.stdin as inlet, process.stdout as outlet:
        os.set_blocking(inlet.fileno(), False)
        for pipe, into in ((outlet.fileno(), output), (told, report)):
            selector.register(pipe, selectors.EVENT_READ, into)
        selector.register(inlet, selectors.EVENT_WRITE)
        left = memoryview(given)
        while len(selector.get_map()) and not ended:
            for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                if key.data is None:
                    left = _fed(selector, inlet, left)
                elif not (data := os.read(key.fd, 16 * 1024)):
                    selector.unregister(key.fd)
                else:
                    key.data.extend(data)
            if len(output) > OUTPUT_BYTES or len(report) > OUTPUT_BYTES:
                ended = "output"
            elif time.monotonic() >= deadline:
                ended = "time"
        if not ended:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                ended = "time"
    _end(process)
    return Ran(bytes(report), bytes(output[:OUTPUT_BYTES]), ended, process.returncode)


def _fed(selector: selectors.BaseSelector, inlet: IO[bytes], left: memoryview) -> memoryview:
    """Give it more of its input, and the end of it when there is no more; returns what is left."""
    try:
        left = left[os.write(inlet.fileno(), left) :]
    except BlockingIOError:
        return left
    except OSError:  # it does not read any more
        left = left[:0]
    if not left:
        selector.unregister(inlet)
        inlet.close()
    return left


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with everything it started: the kernel sees to what is behind the wall."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
