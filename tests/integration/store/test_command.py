"""`sotto models` as a person runs it, with the catalogue that ships with Sotto and a hub on loopback."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.host import launch
from models.store.from_catalogue import catalogue_of_program, wanted_of
from models.store.store import Store
from models.store.wanted import Wanted
from tests.helpers.hub import Fault, Hub, weights
from tests.helpers.terminal import Terminal, sotto


@pytest.fixture(scope="module")
def unknown() -> Wanted:
    """A model of the catalogue about whose bytes no source said anything."""
    for model in catalogue_of_program().models:
        wanted = wanted_of(model)
        if wanted.revision is None and not any(file.sha256 or file.size for file in wanted.files):
            return wanted
    pytest.skip("every model of the catalogue is known to the byte")


@pytest.fixture
def environment(tmp_path: Path, hub_: Hub) -> dict[str, str]:
    kept = {name: value for name, value in launch.environment().items() if not name.startswith("HF_")}
    return kept | {"SOTTO_HOME": str(tmp_path / "home"), "COLUMNS": "150", "HF_ENDPOINT": hub_.url}


@pytest.fixture
def terminal(environment: dict[str, str], unknown: Wanted) -> Iterator[Terminal]:
    made = Terminal(environment, "models", "pull", unknown.name)
    yield made
    made.close()


@pytest.fixture
def at_hub(hub_: Hub, unknown: Wanted) -> dict[str, bytes]:
    files = {file.at_hub: weights(200_000, at) for at, file in enumerate(unknown.files)}
    hub_.add(unknown.repository, files)
    hub_.go_wrong(f"cdn/{unknown.files[0].at_hub}", Fault(bytes_per_s=50_000))
    return files


def test_ctrl_c_pauses_and_the_next_pull_goes_on(
    environment: dict[str, str], hub_: Hub, unknown: Wanted, at_hub: dict[str, bytes], terminal: Terminal
) -> None:
    terminal.wait_for("kB/s")
    terminal.wait_for(" left")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 130, terminal.shown
    assert f"The download of {unknown.name} is paused." in terminal.shown
    begun = Store(Path(environment["SOTTO_HOME"]) / "data" / "models").begun()
    assert begun[unknown.name] > 20_000

    done = sotto(environment, "models", "pull", unknown.name, "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-2]["state"] == "done"
    assert lines[-1]["installed"]["verified"] is False
    assert hub_.bytes_asked(f"/{unknown.files[0].at_hub}")[-1] > 20_000
    folder = Path(sotto(environment, "models", "path", unknown.name).stdout.strip())
    assert {file.path: (folder / file.path).read_bytes() for file in unknown.files} == {
        file.path: at_hub[file.at_hub] for file in unknown.files
    }
    (folder / unknown.files[-1].path).write_bytes(b"x" * 200_000)
    damaged = sotto(environment, "models", "verify", unknown.name)
    assert damaged.returncode == 5
    assert f"{unknown.files[-1].path} holds other bytes than those that were installed." in damaged.stdout
    assert sotto(environment, "models", "remove", unknown.name).returncode == 0
    assert sotto(environment, "models", "path", unknown.name).returncode == 4


def test_what_goes_wrong_is_one_line(environment: dict[str, str], hub_: Hub, unknown: Wanted) -> None:
    missing = sotto(environment, "models", "pull", unknown.name)
    assert missing.returncode == 4
    assert missing.stderr.splitlines()[-1].startswith(
        f"sotto: 127.0.0.1 does not have the repository {unknown.repository}. It was renamed or taken away"
    )
