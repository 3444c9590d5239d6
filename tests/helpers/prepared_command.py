"""The `sotto` command begun in advance: one interpreter has imported it, and every call is a fork of that one.

Importing the command takes most of a second of processor time, and the tests call it dozens of times. Each call is
still a process of its own, with its own arguments, environment, folder and streams. That a fresh interpreter starts
too is seen by every test that runs `tests.helpers.terminal.COMMAND`.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

MODULES = ("main", "parser", "console", "streams", "ask", "opening", "pipelines_commands", "listen", "profiles")
"""What is imported in advance, of the package `app.cli`."""
_PATIENCE_S = 20.0


class PreparedCommand:
    """An interpreter that waits to become `sotto`; one call after the other. Not for systems without `fork`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._waiting = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # so that Python's own streams are those of a pipe, as they are in a call
                stderr=subprocess.PIPE,
            )

    def run(
        self, command: str, arguments: Sequence[str], environment: dict[str, str], timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with nothing to read, and with what it and its own children wrote.

        Raises:
            TimeoutError: It did not end in time; it was killed.
        """
        words = [command, *arguments]
        request = {"command": words, "environment": environment, "folder": str(Path.cwd())}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as sent:
            json.dump(request, sent)
            sent.flush()
            streams = [os.pipe(), os.pipe()]
            socket.send_fds(self._control, [b"!"], [sent.fileno(), *(writing for _, writing in streams)])
        for _, writing in streams:
            os.close(writing)
        pid = self._number(timeout_s)
        readers = [_Reader(reading) for reading, _ in streams]
        try:
            status = self._number(timeout_s)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._number(_PATIENCE_S)
            raise
        out, err = (reader.text() for reader in readers)
        return subprocess.CompletedProcess(words, os.waitstatus_to_exitcode(status), out, err)

    def close(self) -> None:
        self._control.close()
        self._waiting.communicate(timeout=_PATIENCE_S)

    def _number(self, timeout_s: float) -> int:
        self._control.settimeout(timeout_s)
        told = self._control.recv(4, socket.MSG_WAITALL)
        if len(told) < 4:
            raise ConnectionError(str(self._waiting.communicate(timeout=_PATIENCE_S)[1]))
        return int.from_bytes(told, "little")


class _Reader(threading.Thread):
    """Reads a pipe to its end, while the command writes into it."""

    def __init__(self, reading: int) -> None:
        super().__init__(daemon=True)
        self._file = os.fdopen(reading, encoding="utf-8")
        self._text = ""
        self.start()

    def run(self) -> None:
        with self._file as file:
            self._text = file.read()

    def text(self) -> str:
        """All of it.

        Raises:
            TimeoutError: The command ended, and something that it started still has the pipe.
        """
        self.join(_PATIENCE_S)
        if self.is_alive():
            raise TimeoutError("something that the command started outlived it")
        return self._text


def _wait_for_calls(control: socket.socket) -> None:
    """Fork for each call, and tell its process id and how it ended. Returns in the fork, ready to be the command."""
    while True:
        word, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not word:
            sys.exit()
        pid = os.fork()
        if pid == 0:
            control.close()
            _take_over(*descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(pid.to_bytes(4, "little"))
        control.sendall(os.waitpid(pid, 0)[1].to_bytes(4, "little"))


def _take_over(request: int, out: int, err: int) -> None:
    """Make the streams, the folder, the arguments and the environment those of the call."""
    with os.fdopen(request, encoding="utf-8") as sent:
        sent.seek(0)
        asked = json.load(sent)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, out, err)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = asked["command"]


if __name__ == "__main__":
    for name in MODULES:
        importlib.import_module(f"app.cli.{name}")
    _wait_for_calls(socket.socket(fileno=int(sys.argv[1])))
    from app.cli.main import main

    sys.exit(main())
