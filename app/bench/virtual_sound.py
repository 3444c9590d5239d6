"""A sound card for machines that have none, so that benchmarks and tests drive the real program.

PulseAudio runs in a fresh home with two null sinks: what is played into the sink ``mic`` is what the microphone hears,
and the monitor of the sink ``spk`` is what a person would hear. Clients find it through `PULSE_SERVER`, which PortAudio
reads whenever it is started anew, so code under test may run in this process as well as in a child. Nothing of the
person's own desktop is touched.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from app.bench.programs import need, wait_for

TOOLS = ("pulseaudio", "pactl", "paplay", "parec")
REMEDY = "sudo apt-get install --no-remove pulseaudio pulseaudio-utils"
RATE_HZ = 44_100
"""The rate of the virtual sound card."""
SETTLE_S = 2.0
"""An idle null sink works in blocks of 2 s; a listener makes it quick, but only from the next block on."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """What came out of the speaker.

    Attributes:
        samples: float32 mono at `RATE_HZ`.
        arrived_at: Monotonic seconds at which each block of samples was read, with its end index.
    """

    samples: npt.NDArray[np.float32]
    arrived_at: tuple[tuple[float, int], ...]

    def audible(self, threshold: float = 1e-4) -> tuple[int, int] | None:
        """First and last sample louder than ``threshold``, None when all is silent."""
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        return (int(loud[0]), int(loud[-1])) if loud.size else None

    def last_sound_at(self, threshold: float = 1e-4) -> float | None:
        """Monotonic seconds of the last sample louder than ``threshold``, None when all is silent."""
        audible = self.audible(threshold)
        return self.time_of(audible[1]) if audible else None

    def time_of(self, index: int) -> float:
        """Monotonic seconds at which a sample arrived here, at the latest."""
        for at, end in self.arrived_at:
            if index < end:
                return at - (end - index) / RATE_HZ
        return self.arrived_at[-1][0]


class SpeakerMonitor:
    """Records the speaker from its making until `stop`, or until its context is left."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["parec", "-d", "spk.monitor", "--format=float32le", "--channels=1", f"--rate={RATE_HZ}", "--raw",
             "--latency-msec=10"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._blocks: list[bytes] = []
        self._times: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._read, name="speaker monitor", daemon=True)
        self._thread.start()

    def __enter__(self) -> SpeakerMonitor:
        wait_for(lambda: bool(self._times), "The recording of the speaker")
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        time.sleep(0.1)  # what was just played is still on its way
        self.stop()

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
        wanted = max(0, (times[-1][1] if times else 0) - int(seconds * RATE_HZ))
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


class VirtualSound:
    """A virtual sound card that runs, seen by whoever plays into it and listens to it.

    Args:
        address: What `PULSE_SERVER` says.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to find it."""
        return {"PULSE_SERVER": self._address}

    def play_into_microphone(self, wav: Path, latency_ms: int = 20) -> subprocess.Popen[bytes]:
        """Start to play a file into the microphone; returns the player, which ends with the file."""
        return self._start("paplay", "--device=mic", f"--latency-msec={latency_ms}", str(wav))

    def listen(self) -> SpeakerMonitor:
        """Start to record what comes out of the speaker."""
        return SpeakerMonitor(self._tools())

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=self._tools(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def _tools(self) -> dict[str, str]:
        """The environment of PulseAudio's own programs, free of what the person set for theirs."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")} | self.environment


class SoundServer(VirtualSound):
    """The virtual sound card as its owner sees it: it can be taken away and brought back.

    Args:
        home: An empty folder of its own.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._runtime = home / "run"
        self._processes: list[subprocess.Popen[bytes]] = []
        super().__init__(f"unix:{self._runtime}/pulse/native")

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._processes[0].pid

    def start(self, settle_s: float = SETTLE_S) -> None:
        """Start the server, or start it again after `stop`; blocks until it is ready.

        Args:
            settle_s: Seconds it gets to become quick.

        Raises:
            Unavailable: It does not start.
        """
        for folder in (self._runtime, self._runtime / "pulse"):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._processes.append(self._serve())
        wait_for(self._answers, "PulseAudio")
        for command in (("set-default-source", "virtmic"), ("set-default-sink", "spk")):
            subprocess.run(["pactl", *command], env=self._tools(), check=True, capture_output=True)
        for device in ("virtmic", "spk.monitor"):
            self._processes.append(self._start("parec", "--latency-msec=10", f"--device={device}"))
        time.sleep(settle_s)

    def stop(self) -> None:
        """End the server, as if sound went away; `start` brings it back."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(5)
        self._processes.clear()

    def _serve(self) -> subprocess.Popen[bytes]:
        own = {
            "HOME": str(self._home),
            "XDG_RUNTIME_DIR": str(self._runtime),
            "XDG_CONFIG_HOME": f"{self._home}/config",
        }
        return subprocess.Popen(
            ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "-n", "--log-level=error", "--disable-shm=yes",
             f"--load=module-null-sink sink_name=spk rate={RATE_HZ}",
             f"--load=module-null-sink sink_name=mic rate={RATE_HZ}",
             "--load=module-remap-source master=mic.monitor source_name=virtmic",
             f"--load=module-native-protocol-unix socket={self._runtime}/pulse/native"],
            env=self._tools() | own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _answers(self) -> bool:
        asked = subprocess.run(["pactl", "info"], env=self._tools(), capture_output=True, check=False)
        return asked.returncode == 0


@contextmanager
def virtual_sound() -> Iterator[SoundServer]:
    """A private sound server with a virtual microphone and speaker, warm and ready.

    Raises:
        Unavailable: PulseAudio is not installed or does not start.
    """
    need(*TOOLS, remedy=REMEDY)
    with tempfile.TemporaryDirectory(prefix="sotto-sound-", ignore_cleanup_errors=True) as home:
        server = SoundServer(Path(home))
        try:
            server.start()
            yield server
        finally:
            server.stop()
