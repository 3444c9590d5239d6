"""One sandbox child from its start to its end, driven from a thread.

Why it exists: pipes block, on some systems cannot be waited for together, and a child that has run into trouble must
go at once. So a thread talks to it, a timer ends it when it takes too long, and `kill`, from anywhere, frees the
thread.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import app
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError, TimedOut
from app.pipeline.definition import OptionValue
from app.pipeline.sandbox import wire

SANDBOX_FLAG = "--sandbox"
"""A frozen program given this flag first is a sandbox child: `app.pipeline.sandbox.worker.main` gets the rest."""
START_S = 30.0
"""A child that has not begun its work by then is given up."""
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_START = "import sys\nsys.path[:0] = sys.argv[2:]\nfrom app.pipeline.sandbox.worker import main\nmain(sys.argv[1:2])"


class ChildGoneError(Exception):
    """The child ended before it began the work: another one may do it."""


def command(kind: str) -> tuple[str, ...]:
    """The command line of a child; ``kind`` as `app.pipeline.sandbox.worker` names it."""
    if getattr(sys, "frozen", False):
        return (sys.executable, SANDBOX_FLAG, kind)
    home = Path(app.__path__[0]).resolve().parent
    installed = home.name in ("site-packages", "dist-packages")
    return (sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, kind, *(() if installed else (str(home),)))


def environment() -> dict[str, str]:
    """Nothing, but for what Windows cannot start without."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if sys.platform == "win32" and name in os.environ}


class ChildProcess:
    """A child that has been started; for one thread at a time, but for `kill`.

    Args:
        kind: As `app.pipeline.sandbox.worker` names it.

    Attributes:
        missing: What this system does not confine, one sentence each.

    Raises:
        RuntimeFault: It does not start.
    """

    def __init__(self, kind: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="sotto-sandbox-")
        self._over = threading.Lock()
        self._reaped = False
        self._late = False
        self._broken = False
        try:
            self._process = subprocess.Popen(
                command(kind),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                env=environment(),
                creationflags=_NO_WINDOW,
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise RuntimeFault(f"The sandbox could not be started: {error}.", code="sandbox-start") from error
        self._inlet = cast("BinaryIO", self._process.stdin)
        self._outlet = cast("BinaryIO", self._process.stdout)
        self.missing: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked something."""
        return not (self._reaped or self._broken) and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def hello(self) -> None:
        """Wait until it is ready.

        Raises:
            RuntimeFault: It ended, or is not ready in time.
        """
        try:
            with self._at_most(START_S):
                self.missing = tuple(map(str, cast("list[str]", wire.read(self._outlet).get("hello", []))))
        except wire.BrokenPipeToChildError as error:
            self.close()
            raise RuntimeFault("The sandbox did not start.", code="sandbox-start") from error

    def exchange(self, operation: str, frame: bytes, timeout_s: float) -> OptionValue:
        """Have it do one thing.

        Args:
            operation: For sentences.
            frame: The request.
            timeout_s: From when it begins.

        Raises:
            ChildGoneError: It ended before it began.
            InvalidInput: The operation refused what it was given.
            TimedOut: It took too long.
            RuntimeFault: It failed, or the child ended meanwhile.
        """
        try:
            with self._at_most(START_S):
                wire.write(self._inlet, frame)
                answer = wire.read(self._outlet)
        except wire.BrokenPipeToChildError as error:
            self._broken = True
            raise ChildGoneError from error
        if "begun" in answer:
            try:
                with self._at_most(timeout_s):
                    answer = wire.read(self._outlet)
            except wire.BrokenPipeToChildError as error:
                self._broken = True
                raise self._ended(operation, timeout_s) from error
        return _outcome(operation, answer)

    def kill(self) -> None:
        """End it now; whoever waits for it gets an error."""
        with self._over:
            if not self._reaped:
                self._process.kill()

    def close(self) -> None:
        """End it and give everything back. May be called twice."""
        self.kill()
        self._process.wait()
        with self._over:
            self._reaped = True
        for pipe in (self._inlet, self._outlet):
            with contextlib.suppress(OSError, ValueError):
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.contextmanager
    def _at_most(self, seconds: float) -> Iterator[None]:
        """End the child when the block takes longer."""
        timer = threading.Timer(seconds, self._too_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self._late = True
        self.kill()

    def _ended(self, operation: str, timeout_s: float) -> SottoError:
        """Why there is no answer."""
        name = _spoken(operation)
        if self._late:
            return TimedOut(f"{name} took longer than {timeout_s:g} s and was ended.", code="sandbox-timeout")
        self.kill()  # it may hold on to life with its pipe closed
        code = self._process.wait()
        if sys.platform != "win32":
            import signal

            if code == -signal.SIGXCPU:
                return TimedOut(f"{name} took too much processor time and was ended.", code="sandbox-timeout")
        return RuntimeFault(f"{name} ended its process (code {code}).", code="sandbox-died")


def _outcome(operation: str, answer: wire.Message) -> OptionValue:
    if "value" in answer:
        return answer["value"]
    if "refused" in answer:
        raise InvalidInput(str(answer["refused"]), code=str(answer["code"]), remedy=str(answer["remedy"]))
    raise RuntimeFault(f"{_spoken(operation)} failed: {answer.get('fault', 'nothing is known')}", code="sandbox-fault")


def _spoken(operation: str) -> str:
    """An operation in a sentence."""
    return f"The sandbox operation {operation.rpartition('.')[2]}"
