"""`sotto models`: what a person and a script read on each stream."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.models import models
from app.cli.models_progress import as_line
from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, StorageError, Unavailable
from models.catalogue import Catalogue, CatalogueFile, CatalogueModel, MemoryClass, Sourced
from models.store.model import ModelFormat
from models.store.progress import Progress, State
from models.store.store import Store
from tests.helpers.model_files import gguf, piper


def entry(
    name: str, *, size: int | None = 100_000_000, sha: str | None = "a" * 64, best: bool = False
) -> CatalogueModel:
    return CatalogueModel(
        name=name,
        title=name.title(),
        format=ModelFormat.GGUF,
        repository=f"people/{name}",
        revision=Sourced("b" * 40, "hub"),
        licence=Sourced("MIT", "hub") if sha else Sourced(),
        languages=Sourced(("en", "de", "fr", "es", "it"), "hub") if sha else Sourced(),
        parameters=Sourced(1_000_000, "hub"),
        memory_bytes=Sourced(),
        runtimes={"llama.cpp": (Device.CPU,)},
        recommended=tuple(MemoryClass) if best else (),
        note="",
        files=(CatalogueFile("m.gguf", "m.gguf", Sourced(size, "hub"), Sourced(sha, "hub")),),
    )


CATALOGUE = Catalogue((entry("plain"), entry("best", best=True), entry("unknown", size=None, sha=None)), {"hub": "x"})


class Shell:
    def __init__(self, home: Path) -> None:
        self.store = Store(home / "data" / "models")
        self.out, self.err = "", ""

    def run(self, action: str, **options: object) -> int:
        out, err = io.StringIO(), io.StringIO()
        given = {"name": "", "json": False, "installed": False, "move": False, "path": None, **options}
        try:
            return models(argparse.Namespace(action=action, **given), Console(out, err), lambda: CATALOGUE)
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("SOTTO_HOME", str(tmp_path / "home"))
    return Shell(tmp_path / "home")


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return piper(tmp_path / "given")


def test_what_can_be_had_and_what_is_here(shell: Shell, voice: Path) -> None:
    shell.run("import", path=voice)
    (shell.store.partial("plain") / "parts").mkdir(parents=True)
    (shell.store.partial("plain") / "parts" / "m.gguf").write_bytes(b"x" * 20_000)
    assert shell.run("list") == 0
    size = shell.store.installed_models()[0].size_bytes
    assert [" ".join(line.split()) for line in shell.out.splitlines()] == [
        "NAME TASK SIZE LICENCE LANGUAGES DIGESTS STATE",
        f"en-us-ann-medium voice {size} bytes licence unknown en-US unverified installed",
        "plain text 100 MB MIT en, de, fr +2 verified begun, 20 kB here",
        "* best text 100 MB MIT en, de, fr +2 verified available",
        "unknown text size unknown licence unknown languages unknown unverified available",
    ]
    assert len({line.rstrip().rfind("  ") for line in shell.out.splitlines()[:2]}) == 1, "columns stand below another"
    assert shell.err.startswith("* recommended for a machine with ")


def test_the_guide_names_everything_that_scripts_get(shell: Shell, tmp_path: Path, voice: Path) -> None:
    guide = (Path(__file__).parents[4] / "assets/help/models.md").read_text(encoding="utf-8")

    def keys(value: object) -> set[str]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return (set(value) if isinstance(value, dict) else set()).union(*(keys(each) for each in inner))

    found = set(Progress.__dataclass_fields__) | {"installed"}
    for action, options in (("import", {"path": voice}), ("list", {}), ("verify", {})):
        shell.run(action, json=True, **options)
        found |= keys(json.loads(shell.out))

    assert {each for each in found if f"`{each}`" not in guide} == set()


def test_the_list_as_json(shell: Shell, voice: Path) -> None:
    shell.run("import", path=voice, name="ann")
    shell.run("list", json=True)
    content = json.loads(shell.out)
    assert content["folder"] == str(shell.store.folder)
    assert [(row["name"], row["state"], row["recommended"], row["verified"]) for row in content["models"]] == [
        ("ann", "installed", False, False),
        ("plain", "available", False, True),
        ("best", "available", True, True),
        ("unknown", "available", False, False),
    ]
    shell.run("list", json=True, installed=True)
    assert [row["name"] for row in json.loads(shell.out)["models"]] == ["ann"]


def test_a_catalogue_that_cannot_be_read_hides_nothing_that_is_here(shell: Shell, voice: Path) -> None:
    shell.run("import", path=voice, name="ann")

    def broken() -> Catalogue:
        raise InvalidInput("assets/catalogue.yaml:3:1: this must be a mapping.")

    out, err = io.StringIO(), io.StringIO()
    options = argparse.Namespace(action="list", installed=False, json=False)
    assert models(options, Console(out, err), broken) == 0
    assert "ann" in out.getvalue()
    assert "sotto: assets/catalogue.yaml:3:1" in err.getvalue()


def test_a_damaged_model_is_named_by_every_look(shell: Shell, voice: Path) -> None:
    shell.run("import", path=voice, name="ann")
    (shell.store.folder / "ann" / voice.name).write_bytes(b"short")
    shell.run("list", installed=True)
    assert "The model ann is damaged" in shell.err
    with pytest.raises(StorageError, match="Damaged: ann") as caught:
        shell.run("verify", name="ann")
    assert caught.value.exit_code == 5
    assert shell.run("verify") == 5
    assert "The model ann is damaged" in shell.out
    shell.run("verify", json=True)
    assert json.loads(shell.out)["models"] == []
    assert len(json.loads(shell.out)["problems"]) == 1


def test_verifying(shell: Shell, voice: Path) -> None:
    assert shell.run("verify") == 0
    assert shell.err == "No model is installed.\n"
    shell.run("import", path=voice, name="ann")
    assert shell.run("verify") == 0
    assert shell.out == "ann: as it was installed\n"


def test_importing_says_what_it_was(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(gguf())
    shell.run("import", path=path)
    assert shell.err == "a is installed: gguf, 1 kB.\n"
    shell.run("import", path=path)
    assert shell.err == "a was here already, byte for byte.\n"
    shell.run("import", path=path, json=True)
    content = json.loads(shell.out)
    assert (content["already"], content["imported"]["format"], content["imported"]["task"]) == (True, "gguf", "text")


def test_paths_and_removing(shell: Shell, voice: Path) -> None:
    shell.run("path")
    assert shell.out == f"{shell.store.folder}\n"
    shell.run("import", path=voice, name="ann")
    shell.run("path", name="ann")
    assert shell.out == f"{shell.store.folder / 'ann'}\n"
    shell.run("remove", name="ann")
    assert shell.err.startswith("ann is removed; ")
    with pytest.raises(Unavailable, match="The model ann is not installed"):
        shell.run("path", name="ann")


def test_offline_is_said_before_anything_is_asked(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config" / "settings.yaml").write_text("network:\n  offline: true\n")
    with pytest.raises(Unavailable, match="set to stay offline"):
        shell.run("pull", name="plain")
    with pytest.raises(InvalidInput, match="Did you mean 'plain'"):
        shell.run("pull", name="plan")


def test_the_line_of_a_download() -> None:
    look = Progress("tiny", State.DOWNLOADING, 120_000_000, 280_000_000, 12_300_000.0, 13.0)
    assert as_line(look) == "tiny  42 %  120 MB of 280 MB  12 MB/s  0:13 left"
    assert as_line(Progress("tiny", State.DOWNLOADING, 5_000)) == "tiny  5 kB"
    slow = Progress("tiny", State.DOWNLOADING, 0, 3_000_000_000, 100_000.0, 30_000.0)
    assert as_line(slow) == "tiny  0 %  0 bytes of 3.0 GB  100 kB/s  8:20:00 left"
