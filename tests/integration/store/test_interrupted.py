"""A download that is killed, paused, cancelled or shared with another process."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.errors import AlreadyRunning, StorageError, TurnCancelledError
from models.store.network import Network
from models.store.progress import Progress, State
from models.store.pull import Pull
from models.store.store import Store
from models.store.wanted import Wanted
from tests.helpers.hub import Fault, Hub, until, weights
from tests.helpers.pulling import BYTES, HASTY, REPOSITORY, SIZE, child, no_model, pull

STALLING = Fault(stall_after=200_000)


@pytest.mark.parametrize("known", [True, False], ids=["known digests", "unknown digests"])
def test_what_was_killed_goes_on_where_it_was(known: bool, store: Store, wanted: Wanted, hub_: Hub) -> None:
    if not known:
        wanted = replace(wanted, revision=None, files=())
    hub_.go_wrong("cdn/tiny.gguf", Fault(stall_after=100_000), Fault(stall_after=150_000))
    for received in (100_000, 250_000):
        with child(store, wanted, hub_) as killed:
            until(lambda: store.begun().get("tiny") == received)  # noqa: B023 - called at once
            killed.kill()
        assert no_model(store)
    hub_.files[REPOSITORY]["other.gguf"] = b"a newer revision"  # what was begun stays with the older one
    with child(store, wanted, hub_) as third:
        last = list(third.lines())[-1]
        assert third.process.wait() == 0, last
    assert hub_.bytes_asked("/tiny.gguf")[1::2] == [0, 100_000, 250_000]
    assert store.path("tiny").read_bytes() == BYTES
    assert store.verify("tiny").ok
    assert store.begun() == {}


def killed_halfway(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", STALLING)
    with child(store, wanted, hub_) as killed:
        until(lambda: store.begun().get("tiny") == 200_000)
        killed.kill()


def test_what_the_disk_lost_is_found_when_it_goes_on(store: Store, wanted: Wanted, hub_: Hub) -> None:
    killed_halfway(store, wanted, hub_)
    part = store.partial("tiny") / "parts" / "tiny.gguf"
    with part.open("r+b") as file:  # as after a power cut
        file.write(b"\0" * 5000)
    assert pull(store, wanted, hub_).read_bytes() == BYTES


def test_a_plan_that_is_damaged_costs_a_download_and_no_more(store: Store, wanted: Wanted, hub_: Hub) -> None:
    killed_halfway(store, wanted, hub_)
    (store.partial("tiny") / "plan.json").write_text('{"version": 1, "repository": "../..", "files": [')
    assert pull(store, wanted, hub_).read_bytes() == BYTES


def test_another_revision_does_not_go_on_with_the_old_bytes(store: Store, wanted: Wanted, hub_: Hub) -> None:
    killed_halfway(store, wanted, hub_)
    newer = weights(SIZE, 7)
    commit = hub_.add(REPOSITORY, {"tiny.gguf": newer})
    assert pull(store, replace(wanted, revision=commit, files=()), hub_).read_bytes() == newer


def test_pausing_is_quick_and_keeps_what_has_come(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", STALLING)
    seen: list[Progress] = []
    paused = Pull(store, wanted, Network(mirror=hub_.url), seen.append, replace(HASTY, stall_s=60))
    ended: list[BaseException] = []

    def run() -> None:
        try:
            paused.run()
        except TurnCancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: (seen and seen[-1].received_bytes >= 200_000) or store.begun().get("tiny", 0) >= 200_000)
    paused.pause()
    thread.join(3)
    assert not thread.is_alive(), "it would have waited for a minute"
    assert [error.code for error in ended if isinstance(error, TurnCancelledError)] == ["paused"]
    assert (seen[-1].state, store.begun()) == (State.PAUSED, {"tiny": 200_000})
    assert no_model(store)
    assert pull(store, wanted, hub_).read_bytes() == BYTES
    assert hub_.bytes_asked("/tiny.gguf")[-1] == 200_000


def test_cancelling_throws_away_what_has_come(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", STALLING)
    stopped = Pull(store, wanted, Network(mirror=hub_.url), patience=replace(HASTY, stall_s=60))
    watcher = threading.Thread(
        target=lambda: (until(lambda: store.begun().get("tiny", 0) >= 200_000), stopped.cancel())
    )
    watcher.start()
    with pytest.raises(TurnCancelledError) as caught:
        stopped.run()
    watcher.join()
    assert (caught.value.code, store.begun()) == ("cancelled", {})
    assert no_model(store)


def test_two_processes_pull_the_same_model(store: Store, wanted: Wanted, hub_: Hub) -> None:
    hub_.go_wrong("cdn/tiny.gguf", STALLING)
    with child(store, wanted, hub_) as first:
        until(lambda: store.begun().get("tiny") == 200_000)
        with child(store, wanted, hub_) as second:
            second.until("waiting")
            with pytest.raises(AlreadyRunning, match="Another Sotto is busy with the model tiny"):
                store.remove("tiny")
            hub_.go_on.set()
            assert (first.process.wait(20), second.process.wait(20)) == (0, 0)
    assert hub_.bytes_asked("/tiny.gguf") == [0, 0, 200_000, 200_000], "one of the two fetched it, led on by the hub"
    assert store.path("tiny").read_bytes() == BYTES


def test_a_newer_revision_takes_the_place_of_the_older_one(store: Store, wanted: Wanted, hub_: Hub) -> None:
    pull(store, wanted, hub_)
    (before,) = store.installed_models()
    newer = weights(SIZE, 3)
    commit = hub_.add(REPOSITORY, {"tiny.gguf": newer})
    assert pull(store, replace(wanted, revision=commit, files=()), hub_).read_bytes() == newer
    (after,) = store.installed_models()
    assert after.revision != before.revision
    assert list((store.folder / ".removed").iterdir()) == []


def test_too_little_room_is_said_before_anything_comes(store: Store, wanted: Wanted, hub_: Hub) -> None:
    scarce = Pull(store, wanted, Network(mirror=hub_.url), room=lambda _: 1_000_000)
    with pytest.raises(StorageError, match=r"tiny needs 68 MB on the disk of .*, where 1 MB are free") as caught:
        scarce.run()
    assert caught.value.code == "disk-full"
    assert hub_.asked == []


def test_a_disk_that_fills_up_meanwhile(tmp_path: Path, wanted: Wanted, hub_: Hub) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no file system of its own can be mounted here")
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=70m tmpfs "$0" || exit 77; exec "$@"'
    hub_.go_wrong("cdn/tiny.gguf", STALLING)
    with child(Store(small / "models"), wanted, hub_, prefix=("unshare", "-m", "sh", "-c", script, str(small))) as poor:
        inside = Path(f"/proc/{poor.process.pid}/root{small}")
        part = inside / "models" / ".partial" / "tiny" / "parts" / "tiny.gguf"
        until(lambda: poor.process.poll() is not None or (part.is_file() and part.stat().st_size == 200_000))
        with contextlib.suppress(OSError), (inside / "filler").open("wb") as filler:
            while poor.process.poll() is None:
                filler.write(b"x" * 100_000)
                filler.flush()
        hub_.go_on.set()
        said = list(poor.lines())
        code = poor.process.wait(20)
    if code == 77:
        pytest.skip("no file system of its own can be mounted here")
    assert code == StorageError.exit_code, said
    assert said[-1][:2] == ["error", "disk-full"]
    assert "the disk is full before all of tiny had come" in str(said[-1][2])
    assert "goes on from there" in str(said[-1][2])
