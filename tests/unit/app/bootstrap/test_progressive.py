"""The models behind the first stage are those of the profile, or any that is here by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.bootstrap.progressive import AnswerServices, put_answers_together
from app.contracts.devices import Tier
from app.contracts.errors import Unavailable
from app.contracts.events import Notice, SystemEvent
from app.memory.notebook import Notebook
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.virtual_time import in_virtual_time


def services(folder: Path) -> tuple[AnswerServices, Notebook]:
    tools = tools_over(writer("llama-cpu", "One."), writer("llama-gpu:qwen", "Two."), confidence={"llama-cpu": 0.4})
    notebook = Notebook(folder / "notebook.db")
    small = Tier("llama-cpu", tools.runtimes.text_port("llama-cpu").backend.model)
    made = put_answers_together(
        notebook,
        tools,
        lambda: (small,),
        last_stage=lambda: "synthesis",
        now=lambda: datetime(2026, 11, 21, tzinfo=UTC),
        publish=lambda _event: None,
    )
    return made, notebook


def test_who_can_write(tmp_path: Path) -> None:
    made, _ = services(tmp_path)
    stages = made.stages
    (small,) = stages.tiers()
    assert stages.named("llama-cpu") == small
    named = stages.named("llama-gpu")
    assert named is not None
    assert named.backend_id == "llama-gpu:qwen", "a backend may be named without its model"
    assert stages.named(named.model) is not None
    assert stages.named("ollama-nvidia") is None
    assert stages.text(small).backend.backend_id == "llama-cpu"
    assert stages.judge(small, (-0.1,), "One.").confidence == 0.4
    with pytest.raises(Unavailable):
        stages.text(Tier("nowhere", "none"))


@in_virtual_time
async def test_a_notebook_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "notebook.db").mkdir()
    made, notebook = services(tmp_path)
    told: list[SystemEvent] = []
    await made.start(told.append)
    await notebook.aclose()
    assert [type(event) for event in told] == [Notice]
