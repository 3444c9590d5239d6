from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput
from app.pipeline.library import Origin, PipelineLibrary
from app.pipeline.reading import pipelines_in
from app.pipeline.stages.registry import processor_for
from app.settings.paths import Paths, asset

EIGHT = (
    "adaptive-text",
    "code-generation",
    "power-budget",
    "rag",
    "realtime-audio",
    "speculative",
    "thermal-failover",
    "voice-assistant",
)


def pipeline(pipeline_id: str, name: str) -> str:
    return f"pipelines: [{{id: {pipeline_id}, name: {name}, stages: [{{id: a, type: text_generation}}]}}]\n"


class Folders:
    def __init__(self, folder: Path) -> None:
        self.builtin, self.user = folder / "builtin", folder / "user"
        self.builtin.mkdir()
        self.user.mkdir()
        self.time = 1_000_000_000
        self.write(self.builtin / "one.yaml", pipeline("one", "Built-in"))

    def write(self, path: Path, text: str) -> Path:
        """Every write has a time of its own, however coarse the clock of the file system is."""
        path.write_text(text, encoding="utf-8")
        self.time += 10
        os.utime(path, (self.time, self.time))
        return path


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_the_eight_built_in_pipelines_are_right() -> None:
    library = PipelineLibrary(asset("pipelines"), None)
    assert library.ids() == EIGHT
    assert library.problems() == ()
    for pipeline_id in EIGHT:
        definition = library.get(pipeline_id)
        assert definition.builtin
        assert definition.description.endswith(".")
        assert definition.origin is not None
        assert definition.origin.stem == pipeline_id
        for stage in definition.stages:
            assert stage.description.endswith(".")
            assert processor_for(stage)


def test_yours_replace_built_in_ones_and_named_files_replace_both(folders: Folders) -> None:
    folders.write(folders.user / "mine.yaml", pipeline("one", "Mine"))
    extra = folders.write(folders.user.parent / "extra.yaml", pipeline("two", "Extra"))
    library = PipelineLibrary(folders.builtin, folders.user, (extra,))
    assert library.ids() == ("one", "two")
    assert library.get("one").name == "Mine"
    assert {key: entry.origin for key, entry in library.entries().items()} == {
        "one": Origin.OVERRIDES,
        "two": Origin.YOURS,
    }
    folders.write(extra, pipeline("one", "Extra"))
    assert library.get("one").name == "Extra"
    assert library.ids() == ("one",)


def test_files_are_read_again_when_they_change(folders: Folders) -> None:
    library = PipelineLibrary(folders.builtin, folders.user)
    calls: list[str] = []
    end = library.changed(lambda: calls.append(library.get("one").name))
    assert library.get("one").name == "Built-in"
    assert not library.refresh()
    path = folders.write(folders.user / "one.yaml", pipeline("one", "First"))
    assert library.get("one").name == "First"
    folders.write(path, pipeline("one", "Again"))
    assert library.get("one").name == "Again"
    path.unlink()
    assert library.get("one").name == "Built-in"
    assert calls == ["First", "Again", "Built-in"]
    end()
    folders.write(path, pipeline("one", "Last"))
    library.refresh()
    assert len(calls) == 3


@pytest.mark.parametrize("bad", ["pipelines: [", "pipelines: [{id: one, stages: []}]", "hello"])
def test_the_last_good_version_serves_after_a_bad_edit(folders: Folders, bad: str) -> None:
    library = PipelineLibrary(folders.builtin, folders.user)
    path = folders.write(folders.user / "one.yaml", pipeline("one", "Mine"))
    assert library.get("one").name == "Mine"
    folders.write(path, bad)
    assert library.get("one").name == "Mine"
    assert library.entries()["one"].stale
    problems = library.problems()
    assert problems[0].startswith(f"{path}:1:")
    assert problems[-1] == "The last good version of 'one' goes on serving."
    folders.write(path, pipeline("one", "Mended"))
    assert library.get("one").name == "Mended"
    assert library.problems() == ()


def test_a_broken_file_never_hides_the_built_in_one(folders: Folders) -> None:
    folders.write(folders.user / "one.yaml", "pipelines: [{id: one, stages: []}, {id: two, stages: [{id: a}]}]")
    library = PipelineLibrary(folders.builtin, folders.user)
    assert library.get("one").name == "Built-in"
    assert "The built-in 'one' serves instead." in library.problems()
    with pytest.raises(InvalidInput, match=r"'two' cannot be used: .*one\.yaml:1:") as caught:
        library.get("two")
    assert caught.value.code == "no-pipeline"


def test_an_id_that_is_not_there(folders: Folders) -> None:
    library = PipelineLibrary(folders.builtin, folders.user / "missing")
    with pytest.raises(InvalidInput, match=r"There is no pipeline 'onee'\. Did you mean 'one'\?") as caught:
        library.get("onee")
    assert caught.value.code == "no-pipeline"


def test_a_named_file_that_is_not_there_is_a_problem(folders: Folders) -> None:
    library = PipelineLibrary(folders.builtin, None, (folders.user / "none.yaml",))
    assert library.ids() == ("one",)
    (problem,) = library.problems()
    assert "none.yaml cannot be read" in problem


def test_two_of_your_files_with_one_id(folders: Folders) -> None:
    folders.write(folders.user / "a.yaml", pipeline("mine", "A"))
    folders.write(folders.user / "b.yaml", pipeline("mine", "B"))
    library = PipelineLibrary(folders.builtin, folders.user)
    assert library.get("mine").name == "B"
    (problem,) = library.problems()
    assert problem == f"{folders.user / 'b.yaml'}: 'mine' is also in {folders.user / 'a.yaml'}; this file's is used."


def test_your_folder_lies_beside_the_settings(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    assert paths.pipelines_dir.parent == paths.settings_file.parent


def test_built_in_files_hold_one_pipeline_of_their_name() -> None:
    for path in sorted(asset("pipelines").glob("*.yaml")):
        assert [definition.pipeline_id for definition in pipelines_in(path)] == [path.stem]
