"""Pulls a model as tests do: with little patience, from the hub on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from models.host import launch
from models.store.network import Network
from models.store.patience import Patience
from models.store.progress import Report, silent
from models.store.pull import Pull
from models.store.store import Store
from models.store.wanted import Wanted
from tests.helpers.hub import Hub, weights

SIZE = 400_000
BYTES = weights(SIZE)
REPOSITORY = "people/tiny"
HASTY = Patience(connect_s=2.0, stall_s=0.4, slowest_bytes=2048, tries=3, first_pause_s=0.01, longest_pause_s=1.0)


def pull(store: Store, wanted: Wanted, hub: Hub, report: Report = silent, *, network: Network | None = None) -> Path:
    """Pull a model from the hub; returns where it lies."""
    return Pull(store, wanted, network or Network(mirror=hub.url), report, HASTY).run().path


def no_model(store: Store) -> bool:
    """Nothing is picked up, by this process or one that starts afresh."""
    return store.installed_models() == Store(store.folder).installed_models() == ()


class Child:
    """A process that pulls a model and says how far it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def lines(self) -> Iterator[list[str | int]]:
        """What it says, until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def until(self, state: str, received: int = 0) -> None:
        """Read on until it is in this state with so many bytes."""
        for line in self.lines():
            if line[0] == state and int(line[1]) >= received:
                return
        raise AssertionError(f"it ended with {self.process.wait()} and was never {state}")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def child(store: Store, wanted: Wanted, hub: Hub, *, prefix: tuple[str, ...] = ()) -> Iterator[Child]:
    """Pull a model in a process of its own."""
    described = json.dumps(asdict(wanted))
    command = [*prefix, sys.executable, "-m", "tests.helpers.pull_script", str(store.folder), hub.url, described]
    environment = {name: value for name, value in launch.environment().items() if name != "HF_HUB_OFFLINE"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield Child(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
