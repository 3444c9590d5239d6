"""The NPU's pipeline, on its software path on the processor, with a real model."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.engine import Call
from models.llm.openvino import OpenVinoTextEngine
from models.openvino.target import NPU_ON_CPU
from tests.helpers.engines import ask, fields, question
from tests.helpers.ports import TESTDATA, cache_dir

FOLDER = Path(os.environ.get(TESTDATA, "not-there")) / "smollm2-135m-ov-int4"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{TESTDATA} names no folder with {FOLDER.name}")
FRANCE = question("What is the capital of France?")
SHORT = question("What is the capital of France?", max_tokens=1)
"""Every token costs as much as the whole window is long: where it only has to answer at all, one does."""


@pytest.fixture(scope="module")
def engine() -> Iterator[OpenVinoTextEngine]:
    engine = OpenVinoTextEngine(str(FOLDER), device=NPU_ON_CPU, cache_dir=str(cache_dir()))
    assert engine.load() is Device.CPU, "it ran on the processor, whatever was asked"
    yield engine
    engine.close()


def test_the_log_probability_of_an_answer_comes_once_at_its_end(engine: OpenVinoTextEngine) -> None:
    begun = question("What is the capital of France?", answer_so_far="The capital of France is")
    *pieces, last, end = ask(engine, "generate", begun)
    assert pieces
    text = "".join(str(piece.fields["text"]) for piece in (*pieces, last))
    assert "Paris" in text
    assert all(piece.fields["log_prob"] is None for piece in pieces)
    assert -1.0 < float(str(last.fields["log_prob"])) < 0.0
    assert end.fields["finish"] == "stop"
    assert int(str(end.fields["prompt_tokens"])) > 15


def test_the_mean_is_that_of_the_other_pipeline_with_the_same_model(engine: OpenVinoTextEngine) -> None:
    other = OpenVinoTextEngine(str(FOLDER))
    other.load()
    args = question("What is the capital of France?", max_tokens=3)
    single = [reply.fields["log_prob"] for reply in ask(other, "generate", args)[:-1]]
    other.close()
    *_, last, end = ask(engine, "generate", args)
    assert end.fields["finish"] == "length"
    assert last.fields["text"]
    assert last.fields["log_prob"] == pytest.approx(sum(map(float, single)) / 3, abs=0.05)


def test_it_stops_between_tokens_and_is_free_afterwards(engine: OpenVinoTextEngine) -> None:
    cancelled = threading.Event()
    story = question("Tell me a long story.", max_tokens=200)
    replies = engine.operations()["generate"](Call(story, b"", cancelled))
    assert next(replies).fields["text"]
    cancelled.set()
    assert list(replies) == []
    left = engine.operations()["generate"](Call(story, b"", threading.Event()))
    next(left)
    left.close()  # type: ignore[attr-defined]
    before = threading.active_count()
    assert ask(engine, "generate", SHORT)[0].fields["text"] == "The"
    assert threading.active_count() == before, "no thread of the library's is left"


def test_a_long_prompt_is_kept_in_whole_chunks_and_a_prefill_stops_between_them(engine: OpenVinoTextEngine) -> None:
    class WhileTheFirst(threading.Event):
        """Set from the second look on: the first is before a chunk is begun."""

        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 1

    long = question("the sea and the land " * 110)
    cancelled = WhileTheFirst()
    assert ask(engine, "prefill", long, cancelled=cancelled) == []
    assert cancelled.looks < 6, "the second chunk was not begun"
    assert fields(engine, "prefill", long) == {"tokens": 512}
    again = WhileTheFirst()
    again.looks = -1
    assert ask(engine, "prefill", long, cancelled=again)[0].fields == {"tokens": 512}
    assert again.looks == 0, "nothing of it was computed again"
    assert fields(engine, "prefill", FRANCE) == {"tokens": 0}


def test_a_prompt_longer_than_it_was_compiled_for_is_told_before_the_library_is_asked(
    engine: OpenVinoTextEngine,
) -> None:
    with pytest.raises(InvalidInput, match=r"tokens long; this model takes fewer than 1025") as caught:
        ask(engine, "generate", question("word " * 1100))
    assert caught.value.code == "context-overflow"


def test_a_prompt_of_one_token_never_reaches_the_library(engine: OpenVinoTextEngine) -> None:
    session = engine._loaded()
    with pytest.raises(RuntimeFault, match="one token"):
        list(session.stream([57], session.config(4, 0.0, 1.0, 0), threading.Event()))


def test_json_that_was_begun_elsewhere_is_not_gone_on_with(engine: OpenVinoTextEngine) -> None:
    schema = json.dumps({"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]})
    with pytest.raises(Unavailable, match="begun elsewhere"):
        ask(engine, "generate", question("x", json_schema=schema, answer_so_far='{"a":'))


def test_what_the_library_raises_is_one_sentence(engine: OpenVinoTextEngine) -> None:
    session = engine._loaded()
    config = session.config(4, 0.0, 1.0, 0, "root ::= nothing-of-this-name")
    prompt = session.tokens.tokenize("The sea is", marks=False)
    with pytest.raises(RuntimeFault, match="OpenVINO could not generate"):
        list(session.stream(prompt, config, threading.Event()))
    assert ask(engine, "generate", SHORT)[0].fields["text"] == "The"


def test_an_npu_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="finds no NPU here"):
        OpenVinoTextEngine(str(FOLDER), device="NPU").load()
    with pytest.raises(Unavailable, match="is not there"):
        OpenVinoTextEngine(str(tmp_path / "none"), device="NPU").load()
