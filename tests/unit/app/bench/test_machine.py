from __future__ import annotations

import json
import platform
import socket

from app.bench.machine import describe


def test_it_says_what_matters_and_what_the_benchmark_adds() -> None:
    machine = describe(sound="own PulseAudio")
    assert machine["sound"] == "own PulseAudio"
    assert machine["processor"]
    assert isinstance(machine["threads"], int)
    assert machine["python"] == platform.python_version()
    assert isinstance(machine["memory_gb"], float)


def test_it_says_nothing_by_which_the_machine_could_be_recognised() -> None:
    machine = json.dumps(describe())
    for name in {platform.node(), socket.gethostname()} - {"localhost", ""}:
        assert name not in machine
