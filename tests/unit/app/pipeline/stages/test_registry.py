"""Every stage of the table, and stages of other packages, good and broken."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path

import pytest

from app.contracts.errors import InvalidInput, Unavailable
from app.pipeline.definition import StageDefinition, StageType
from app.pipeline.reading_stage import BUILT_IN_CUSTOM
from app.pipeline.stages.registry import BY_TYPE, BY_USE, processor_for
from app.pipeline.values import Text
from tests.helpers.stage_calls import Stage


def stage(kind: StageType, use: str = "") -> StageDefinition:
    return StageDefinition(stage_id="mine", type=kind, use=use)


@pytest.mark.parametrize(
    "definition",
    [*(stage(kind) for kind in BY_TYPE), *(stage(StageType.CUSTOM, use) for use in BY_USE)],
    ids=lambda definition: definition.use or definition.type.value,
)
def test_every_entry_of_the_tables_is_a_processor(definition: StageDefinition) -> None:
    processor = processor_for(definition)
    assert inspect.iscoroutinefunction(processor.run)
    assert list(inspect.signature(processor.run).parameters) == ["call", "outlet"]
    assert processor_for(definition) is not processor


def test_the_tables_are_whole() -> None:
    assert set(BY_TYPE) == set(StageType) - {StageType.CUSTOM}
    assert set(BY_USE) == set(BUILT_IN_CUSTOM)


GOOD = """
from app.pipeline.stages.processor import Done
from app.pipeline.values import Text, in_words

class Shout:
    async def run(self, call, outlet):
        return Done(Text(in_words(await call.value()).upper()))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with one good stage and three broken ones, as an installer leaves it."""
    (tmp_path / "sotto_shout.py").write_text(GOOD)
    (tmp_path / "sotto_broken.py").write_text("raise OSError('no\\nlicence')\n")
    (tmp_path / "sotto_hollow.py").write_text("class Hollow: pass\n")
    info = tmp_path / "sotto_shout-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sotto-shout\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[sotto.stages]\nshout = sotto_shout:Shout\nbroken = sotto_broken:Stage\nhollow = sotto_hollow:Hollow\n"
        "gone = sotto_nowhere:Stage\nmerge = sotto_shout:Shout\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("package")
async def test_another_package_brings_a_stage() -> None:
    processor = processor_for(stage(StageType.CUSTOM, "shout"))
    done = await Stage(processor, StageType.CUSTOM, "shout").run(Text("hello"))
    assert done.value == Text("HELLO")


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("use", "reason"),
    [("broken", "OSError: no licence"), ("hollow", "it has no method `run`"), ("gone", "ModuleNotFoundError")],
)
def test_a_broken_package_costs_one_sentence(use: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable) as failure:
        processor_for(stage(StageType.CUSTOM, use))
    assert failure.value.code == "broken-stage"
    assert f"'{use}' of sotto-shout 1.2 is broken" in failure.value.message
    assert reason in failure.value.message
    assert "\n" not in failure.value.message
    assert inspect.iscoroutinefunction(processor_for(stage(StageType.CUSTOM, "shout")).run)


@pytest.mark.usefixtures("package")
def test_no_package_takes_the_place_of_ours() -> None:
    assert type(processor_for(stage(StageType.CUSTOM, "merge"))).__module__ == "app.pipeline.stages.merge"


def test_what_nobody_brings_is_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="'nothing-such', which nothing here brings") as failure:
        processor_for(stage(StageType.CUSTOM, "nothing-such"))
    assert failure.value.code == "no-such-stage"
