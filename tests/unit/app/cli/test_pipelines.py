from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from app.cli.console import Console
from app.cli.pipelines import check_pipelines, graph_pipeline, list_pipelines, show_pipeline
from app.contracts.errors import InvalidInput, Unavailable
from app.pipeline.definition import PipelineDefinition
from app.pipeline.library import PipelineLibrary
from app.pipeline.plan import Plan
from app.pipeline.planning import make_plan
from app.power.governor.permissive import PermissiveGovernor
from app.settings.paths import asset
from models.fakes.catalogue import FakeCatalogue
from tests.helpers.pipelines import writer

DATA = Path(__file__).parents[3] / "data" / "pipelines"


class Terminal:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.console = Console(self.out, self.err)

    @property
    def text(self) -> str:
        return self.out.getvalue()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def library(tmp_path: Path) -> PipelineLibrary:
    return PipelineLibrary(asset("pipelines"), tmp_path)


def planner(definition: PipelineDefinition) -> Plan:
    return make_plan(definition, FakeCatalogue(writer("llama-cpu")), PermissiveGovernor())


def test_the_list_says_what_there_is_and_whose_it_is(
    terminal: Terminal, library: PipelineLibrary, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text((DATA / "diamond.yaml").read_text() + "  - {id: bad}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(
        "pipelines: [{id: rag, name: Mine, stages: [{id: a, type: text_generation}]}]", encoding="utf-8"
    )
    assert list_pipelines(terminal.console, library, as_json=False) == 0
    lines = {line.split()[0]: " ".join(line.split()) for line in terminal.text.splitlines()}
    assert len(lines) == 9
    assert lines["diamond"] == "diamond diamond yours top + aside → left + right → join"
    assert lines["rag"] == "rag Mine overrides built-in a"
    assert "built-in voice-to-text → process-text → text-to-voice" in lines["voice-assistant"]
    assert "'stages' is missing from a pipeline." in terminal.err.getvalue()


def test_the_list_as_json(terminal: Terminal, library: PipelineLibrary) -> None:
    list_pipelines(terminal.console, library, as_json=True)
    content = json.loads(terminal.text)
    assert [item["id"] for item in content["pipelines"]] == list(library.ids())
    assert content["problems"] == []


def test_one_is_shown_with_what_would_run_where(terminal: Terminal, library: PipelineLibrary) -> None:
    assert show_pipeline(terminal.console, library, "adaptive-text", as_json=False, planner=planner) == 0
    assert terminal.text.startswith("Adaptive Text (adaptive-text), built-in\n")
    assert "[generate-text]  text_generation, on npu → ollama-igpu → ollama-nvidia" in terminal.text
    assert "llama-cpu-model on llama-cpu" in terminal.text
    assert " → llama-cpu" in terminal.text  # what had to be replaced


def test_one_as_json(terminal: Terminal, library: PipelineLibrary) -> None:
    show_pipeline(terminal.console, library, "code-generation", as_json=True)
    content = json.loads(terminal.text)
    assert [stage["stage_id"] for stage in content["stages"]] == ["draft", "check", "review", "result"]
    assert content["stages"][2]["when"] == "{{ not stages['check'].passed }}"
    assert content["options"]["preserve_context"] is True


@pytest.mark.parametrize(("form", "start"), [("text", "input\n"), ("mermaid", "flowchart TD"), ("dot", "digraph ")])
def test_graphs(terminal: Terminal, library: PipelineLibrary, form: str, start: str) -> None:
    assert graph_pipeline(terminal.console, library, "rag", form=form) == 0
    assert terminal.text.startswith(start)


def test_none_of_this_id(terminal: Terminal, library: PipelineLibrary) -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'rag'"):
        graph_pipeline(terminal.console, library, "rga")


def test_a_check_tells_everything_that_is_wrong(terminal: Terminal, library: PipelineLibrary) -> None:
    path = DATA / "malformed" / "44-many-at-once.yaml"
    assert check_pipelines(terminal.console, library, [str(path)], as_json=False) == 2
    lines = terminal.text.splitlines()
    assert len(lines) == 8
    assert all(line.startswith(f"{path}:") for line in lines)


def test_a_check_of_what_is_right(terminal: Terminal, library: PipelineLibrary) -> None:
    assert check_pipelines(terminal.console, library, as_json=False) == 0
    assert terminal.text == "fine: 8 pipelines\n"
    terminal.out.truncate(0)
    terminal.out.seek(0)
    assert check_pipelines(terminal.console, library, ["rag", str(DATA / "design.yaml")], as_json=True) == 0
    assert json.loads(terminal.text) == {"pipelines": ["rag", "voice-assistant"], "problems": [], "plans": []}


def test_a_check_of_what_is_not_there(terminal: Terminal, library: PipelineLibrary) -> None:
    assert check_pipelines(terminal.console, library, ["nothing", "no/file.yaml"], as_json=False) == 2
    assert "There is no pipeline 'nothing'." in terminal.text
    assert "file.yaml cannot be read" in terminal.text


def test_a_check_of_one_whose_own_version_is_wrong(
    terminal: Terminal, library: PipelineLibrary, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("pipelines: [{id: rag, stages: [{id: a, type: text_generatoin}]}]", encoding="utf-8")
    assert check_pipelines(terminal.console, library, ["rag"], as_json=False) == 2
    assert terminal.text.startswith(f"{mine}:1:")
    assert "Did you mean 'text_generation'?" in terminal.text


def test_a_check_says_what_would_run_where(terminal: Terminal, library: PipelineLibrary) -> None:
    assert check_pipelines(terminal.console, library, ["speculative"], as_json=False, planner=planner) == 0
    assert "generate-text  llama-cpu-model on llama-cpu" in terminal.text
    assert terminal.text.endswith("fine: 1 pipeline\n")


def test_a_check_of_what_cannot_run_here(terminal: Terminal, library: PipelineLibrary) -> None:
    def nowhere(definition: PipelineDefinition) -> Plan:
        raise Unavailable("Nothing here writes text.")

    assert check_pipelines(terminal.console, library, ["speculative"], as_json=False, planner=nowhere) == 2
    assert terminal.text == "speculative: Nothing here writes text.\n"
