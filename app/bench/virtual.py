"""A sound card and a screen for machines that have none, so that benchmarks and tests drive the real program.

PulseAudio with two null sinks is the sound card: what is played into the sink ``mic`` is what the microphone hears, and
the monitor of the sink ``spk`` is what a person would hear. Xvfb is the screen. Both belong to whoever started them and
end with them; nothing of the person's own desktop is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.contracts.errors import Unavailable

MONITOR_RATE_HZ = 48_000
_SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Monitored:
    """What came out of the speaker.

    Attributes:
        samples: float32 mono at `MONITOR_RATE_HZ`.
        arrived_at: Monotonic seconds at which each block of samples was read, with its end index.
    """

    samples: npt.NDArray[np.float32]
    arrived_at: tuple[tuple[float, int], ...]

    def last_sound_at(self, threshold: float = 1e-4) -> float | None:
        """Monotonic seconds of the last sample louder than ``threshold``, None when all is silent."""
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        return self._time_of(int(loud[-1])) if loud.size else None

    def first_sound_at(self, threshold: float = 1e-4) -> float | None:
        """Monotonic seconds of the first sample louder than ``threshold``, None when all is silent."""
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        return self._time_of(int(loud[0])) if loud.size else None

    def _time_of(self, index: int) -> float:
        for at, end in self.arrived_at:
            if index < end:
                return at - (end - index) / MONITOR_RATE_HZ
        return self.arrived_at[-1][0]


class VirtualSound:
    """A running private PulseAudio; made by `virtual_sound`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def play_into_microphone(self, wav: Path) -> subprocess.Popen[bytes]:
        """Start to play a file into the microphone; returns the player, which ends with the file."""
        return subprocess.Popen(["paplay", "--device=mic", "--latency-msec=20", str(wav)], env=self.environment)

    def listen(self) -> SpeakerMonitor:
        """Start to record what comes out of the speaker."""
        return SpeakerMonitor(self.environment)


class SpeakerMonitor:
    """Records the speaker from its making until `stop`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["parec", "-d", "spk.monitor", "--format=float32le", "--channels=1", f"--rate={MONITOR_RATE_HZ}",
             "--latency-msec=10"],
            env=environment, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._blocks: list[bytes] = []
        self._times: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._read, name="speaker monitor", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        total = 0
        while block := os.read(self._process.stdout.fileno(), 1 << 16):
            total += len(block)
            self._blocks.append(block)
            self._times.append((time.monotonic(), total // 4))

    def so_far(self) -> Monitored:
        """Everything recorded by now."""
        times = tuple(self._times)
        whole = b"".join(self._blocks[: len(times)])
        return Monitored(np.frombuffer(whole[: len(whole) // 4 * 4], np.float32), times)

    def recent(self, seconds: float) -> Monitored:
        """The last seconds recorded by now."""
        times = tuple(self._times)
        wanted = max(0, (times[-1][1] if times else 0) - int(seconds * MONITOR_RATE_HZ))
        first = next((index for index, (_, end) in enumerate(times) if end > wanted), 0)
        start = times[first - 1][1] if first else 0
        part = b"".join(self._blocks[first : len(times)])
        samples = np.frombuffer(part[: len(part) // 4 * 4], np.float32)
        return Monitored(samples, tuple((at, end - start) for at, end in times[first:]))

    def stop(self) -> Monitored:
        """End the recording; returns all of it."""
        self._process.terminate()
        self._thread.join(5)
        self._process.wait(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return self.so_far()


@contextmanager
def virtual_sound() -> Iterator[VirtualSound]:
    """A private sound server with a virtual microphone and speaker, warm and ready.

    Raises:
        Unavailable: PulseAudio is not installed or does not start.
    """
    _need("pulseaudio", "parec", "pactl", remedy="sudo apt-get install --no-remove pulseaudio pulseaudio-utils")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-sound-", ignore_cleanup_errors=True)))
        runtime = home / "run"
        runtime.mkdir(mode=0o700)
        (runtime / "pulse").mkdir(mode=0o700)
        socket = runtime / "pulse" / "native"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PULSE_")},
            "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(home / "config"),
            "PULSE_SERVER": f"unix:{socket}",
        }  # fmt: skip
        server = subprocess.Popen(
            ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n", "--log-level=error", "--disable-shm=yes",
             "--load=module-null-sink sink_name=spk", "--load=module-null-sink sink_name=mic rate=48000",
             "--load=module-remap-source master=mic.monitor source_name=virtmic",
             f"--load=module-native-protocol-unix socket={socket}"],
            env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        stack.callback(_end, server)
        _wait_for(lambda: _quiet(["pactl", "info"], environment), "PulseAudio")
        for command in (["pactl", "set-default-source", "virtmic"], ["pactl", "set-default-sink", "spk"]):
            subprocess.run(command, env=environment, check=True, capture_output=True)
        for device in ("virtmic", "spk.monitor"):  # an idle null sink works in blocks of two seconds
            keep = subprocess.Popen(
                ["parec", "--latency-msec=10", f"--device={device}"], env=environment, stdout=subprocess.DEVNULL
            )
            stack.callback(_end, keep)
        time.sleep(_SETTLE_S)
        yield VirtualSound(environment)


@contextmanager
def virtual_screen(width: int = 1280, height: int = 900) -> Iterator[dict[str, str]]:
    """A screen with a window manager (so that windows get the focus); yields the variables that select it.

    Raises:
        Unavailable: Xvfb is not installed or does not start.
    """
    _need("Xvfb", remedy="sudo apt-get install xvfb openbox")
    with ExitStack() as stack:
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        stack.callback(_end, server)
        with os.fdopen(read, "rb") as numbers:
            number = numbers.readline().strip().decode()
        if not number:
            raise Unavailable("The virtual screen (Xvfb) did not start.")
        display = {"DISPLAY": f":{number}"}
        if shutil.which("openbox"):
            manager = subprocess.Popen(
                ["openbox"], env={**os.environ, **display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(_end, manager)
        yield display


def _need(*programs: str, remedy: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} is not installed.", remedy=remedy)


def _quiet(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def _wait_for(condition: Callable[[], bool], name: str, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"{name} did not start within {timeout_s:.0f} s.")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
