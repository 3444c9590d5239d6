"""The folder of compiled models, on a real disk."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from models.compiled.blobs import CompiledKey, CompiledModels, Found, Verdict

KEY = CompiledKey(model="m", device="NPU", engine="e:E", revision="r1", runtime="openvino 1", driver="d1", options="{}")


def made(models: CompiledModels, key: CompiledKey = KEY, size: int = 100) -> Path:
    making = models.begin(key)
    (making / "deep").mkdir()
    (making / "a.blob").write_bytes(b"x" * size)
    (making / "deep" / "b.blob").write_bytes(b"y")
    models.finish(key, making, 1.5)
    return models.place(key)


def test_another_process_that_was_quicker_keeps_its_own(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path)
    place = made(CompiledModels(tmp_path))
    mine = models.begin(KEY)
    (mine / "a.blob").write_bytes(b"z")
    models.finish(KEY, mine, 1.0)
    models.discard(mine)
    assert (place / "a.blob").read_bytes() == b"x" * 100
    assert models.look(KEY) is Found.WHOLE


@pytest.mark.parametrize("part", ["model", "device", "engine", "revision", "runtime", "driver", "options"])
def test_everything_that_had_a_part_in_it_names_the_folder(part: str) -> None:
    assert replace(KEY, **{part: "other"}).digest != KEY.digest


def test_what_was_finished_is_whole(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path)
    assert models.look(KEY) is Found.MISSING
    place = made(models)
    assert models.look(KEY) is Found.WHOLE
    content = json.loads((place / "manifest.json").read_text())
    assert set(content["files"]) == {"a.blob", "deep/b.blob"}
    assert content["key"]["driver"] == "d1"
    models.delete(KEY)
    assert models.look(KEY) is Found.MISSING


@pytest.mark.parametrize("damage", ["byte", "short", "gone", "manifest", "no-manifest"])
def test_every_damage_is_seen(tmp_path: Path, damage: str) -> None:
    models = CompiledModels(tmp_path)
    place = made(models)
    match damage:
        case "byte":
            (place / "a.blob").write_bytes(b"x" * 99 + b"z")
        case "short":
            (place / "a.blob").write_bytes(b"x" * 99)
        case "gone":
            (place / "deep" / "b.blob").unlink()
        case "manifest":
            (place / "manifest.json").write_text('{"files": {"a.blob": 1}}')
        case _:
            (place / "manifest.json").unlink()
    assert models.look(KEY) is Found.DAMAGED


def test_what_a_load_added_is_sealed_too(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path)
    place = made(models)
    (place / "later.blob").write_bytes(b"z")
    assert models.look(KEY) is Found.WHOLE
    models.renew(KEY)
    (place / "later.blob").write_bytes(b"q")
    assert models.look(KEY) is Found.DAMAGED


def test_a_verdict_is_kept_for_its_versions_alone(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path)
    assert models.remember(KEY, rebuilt=True) == Verdict(rebuilt=True)
    assert models.remember(KEY, failed="It cannot.") == Verdict("It cannot.", rebuilt=True)
    assert CompiledModels(tmp_path).verdict(KEY) == Verdict("It cannot.", rebuilt=True)
    assert models.verdict(replace(KEY, driver="d2")) == Verdict()
    next(tmp_path.glob("*verdict*")).write_text("{")
    assert models.verdict(KEY) == Verdict()


def test_old_versions_and_what_was_left_half_made_go(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path)
    new, other = replace(KEY, driver="d2"), replace(KEY, model="other")
    made(models), made(models, new), made(models, other)
    models.remember(KEY, failed="It cannot.")
    (tmp_path / f"{KEY.digest}.making-999999999").mkdir()
    mine = models.begin(KEY)
    models.prune([new])
    assert models.look(KEY) is Found.MISSING
    assert models.verdict(KEY) == Verdict()
    assert models.look(new) is Found.WHOLE
    assert models.look(other) is Found.WHOLE
    assert [path for path in tmp_path.iterdir() if "making" in path.name] == [mine]


def test_above_the_limit_the_one_used_longest_ago_goes_unless_it_is_in_use(tmp_path: Path) -> None:
    models = CompiledModels(tmp_path, limit_bytes=25_000)
    keys = [replace(KEY, model=name) for name in "abc"]
    for at, key in enumerate(keys):
        os.utime(made(models, key, 10_000) / "manifest.json", (1000.0 + at, 1000.0 + at))
    models.prune(keys, in_use=[keys[0]])
    assert [models.look(key) for key in keys] == [Found.WHOLE, Found.MISSING, Found.WHOLE]
    CompiledModels(tmp_path / "none").prune(keys)
