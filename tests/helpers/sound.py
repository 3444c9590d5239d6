"""A sound server of the test's own, with a microphone that can be spoken into and a speaker that can be listened to.

PulseAudio runs in a fresh home with two null sinks. What is played into the one comes out of the virtual microphone;
the monitor of the other is what a person would hear. Clients find the server through `PULSE_SERVER`, which PortAudio
reads whenever it is started anew, so code under test may run in this process as well as in a child.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

RATE_HZ = 44_100
"""The server's own rate."""
TOOLS = ("pulseaudio", "pactl", "paplay", "parec")
SETTLE_S = 2.0
"""An idle null sink works in blocks of 2 s; a listener makes it quick, but only from the next block on."""
_FORMAT = ("--format=float32le", "--channels=1", "--raw", "--latency-msec=10")


def missing_tools() -> str:
    """Why there can be no virtual sound here; empty when there can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)} (apt-get install pulseaudio pulseaudio-utils)" if missing else ""


@dataclass
class Heard:
    """What a listener has heard so far: mono samples at `rate_hz`, and when they came."""

    rate_hz: int
    _pieces: list[npt.NDArray[np.float32]] = field(default_factory=list)
    _arrivals: list[tuple[float, int]] = field(default_factory=list)

    def add(self, piece: npt.NDArray[np.float32]) -> None:
        self._pieces.append(piece)
        total = piece.size + (self._arrivals[-1][1] if self._arrivals else 0)
        self._arrivals.append((time.monotonic(), total))

    @property
    def samples(self) -> npt.NDArray[np.float32]:
        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.float32)

    def time_of(self, sample: int) -> float:
        """Monotonic seconds at which a sample arrived here, at the latest.

        Pieces arrive late, never early: the earliest line through the arrivals is the true clock.
        """
        start = min(at - total / self.rate_hz for at, total in self._arrivals)
        return start + sample / self.rate_hz

    def position_at(self, at: float) -> int:
        """The sample that arrived at a moment."""
        return round((at - self.time_of(0)) * self.rate_hz)

    def audible(self, threshold: float = 1e-3) -> tuple[int, int] | None:
        """First and last sample that are not silence, None when all is silent."""
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        return (int(loud[0]), int(loud[-1])) if loud.size else None


class VirtualSound:
    """A running server; use it as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: subprocess.Popen[bytes] | None = None
        self._keepers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> VirtualSound:
        self._home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-sound-")))
        self.start()
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to find this server."""
        return {"PULSE_SERVER": f"unix:{self._home}/run/pulse/native"}

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def start(self, settle_s: float = SETTLE_S) -> None:
        """Start the server, or start it again after `stop`."""
        run = self._home / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n", "--log-target=stderr"),
                "--load=module-null-sink sink_name=spk",
                "--load=module-null-sink sink_name=mic",
                "--load=module-remap-source master=mic.monitor source_name=virtmic",
                "--load=module-native-protocol-unix",
            ],
            env=self._server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._until_it_answers()
        self._run("pactl", "set-default-source", "virtmic")
        self._run("pactl", "set-default-sink", "spk")
        self._keepers = [self._popen("parec", *_FORMAT, f"--device={name}") for name in ("virtmic", "spk.monitor")]
        for keeper in self._keepers:
            threading.Thread(target=_swallow, args=(keeper,), daemon=True).start()
        time.sleep(settle_s)

    def stop(self) -> None:
        """End the server, as if sound went away; `start` brings it back."""
        for process in (*self._keepers, self._server):
            if process is not None:
                process.kill()
                process.wait()
                if process.stdout is not None and process is self._server:
                    process.stdout.close()
        self._keepers = []
        self._server = None

    def play_into_microphone(self, path: Path | str) -> None:
        """Speak a sound file into the microphone; returns when it has been played."""
        self._run("paplay", "--device=mic", "--latency-msec=60", str(path))

    @contextmanager
    def playing_into_microphone(self, path: Path | str) -> Iterator[subprocess.Popen[bytes]]:
        """Speak a sound file into the microphone meanwhile; what is left is cut off at the end."""
        player = self._popen("paplay", "--device=mic", "--latency-msec=60", str(path), stdout=subprocess.DEVNULL)
        try:
            yield player
        finally:
            player.kill()
            player.wait()

    @contextmanager
    def record_speaker(self, rate_hz: int = RATE_HZ) -> Iterator[Heard]:
        """Listen to the speaker meanwhile; complete once the context is left."""
        with self._recording("spk.monitor", rate_hz) as heard:
            yield heard

    @contextmanager
    def record_microphone(self, rate_hz: int = RATE_HZ) -> Iterator[Heard]:
        """Listen at the microphone with another program meanwhile."""
        with self._recording("virtmic", rate_hz) as heard:
            yield heard

    @contextmanager
    def _recording(self, device: str, rate_hz: int) -> Iterator[Heard]:
        process = self._popen("parec", *_FORMAT, f"--rate={rate_hz}", f"--device={device}")
        heard = Heard(rate_hz)
        reader = threading.Thread(target=_read, args=(process, heard), daemon=True)
        reader.start()
        deadline = time.monotonic() + 5.0
        while not heard.samples.size and time.monotonic() < deadline:
            time.sleep(0.005)
        try:
            yield heard
            time.sleep(0.1)
        finally:
            process.terminate()
            process.wait()
            reader.join()

    def _server_environment(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self._home), "XDG_RUNTIME_DIR": str(self._home / "run")}

    def _popen(self, *command: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.environment}
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.DEVNULL, bufsize=0
        )

    def _run(self, *command: str) -> None:
        subprocess.run(command, env={**os.environ, **self.environment}, check=True, stdin=subprocess.DEVNULL)

    def _until_it_answers(self) -> None:
        assert self._server is not None
        deadline = time.monotonic() + 10.0
        environment = {**os.environ, **self.environment}
        while time.monotonic() < deadline and self._server.poll() is None:
            answer = subprocess.run(["pactl", "info"], env=environment, check=False, capture_output=True)
            if answer.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("the private PulseAudio did not start")


def _swallow(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    with process.stdout:
        while process.stdout.read(65536):
            pass


def _read(process: subprocess.Popen[bytes], heard: Heard) -> None:
    assert process.stdout is not None
    rest = b""
    with process.stdout:
        while data := process.stdout.read(65536):
            data = rest + data
            whole = len(data) // 4 * 4
            rest = data[whole:]
            if whole:
                heard.add(np.frombuffer(data[:whole], dtype="<f4"))
