"""The OpenVINO engine with the real library and the same GGUF file as llama.cpp."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.engine import Call
from models.llm.openvino import OpenVinoTextEngine
from tests.helpers.engines import ask, fields, generate, language_model, question

FRANCE = question("What is the capital of France?")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "not-there-yet"


@pytest.fixture(scope="module")
def engine(cache: Path) -> Iterator[OpenVinoTextEngine]:
    engine = OpenVinoTextEngine(language_model(), threads=1, cache_dir=str(cache))
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


def test_it_answers_with_a_probability_for_every_token(engine: OpenVinoTextEngine) -> None:
    answer = generate(engine, FRANCE)
    assert "Paris" in answer.text
    assert len(answer.pieces) == len(answer.log_probs) > 3
    assert all(log_prob <= 0 for log_prob in answer.log_probs)
    assert any(log_prob > -0.1 for log_prob in answer.log_probs)
    assert answer.finish == "stop"
    assert answer.prompt_tokens > 15


def test_max_tokens_bounds_the_answer(engine: OpenVinoTextEngine) -> None:
    answer = generate(engine, question("Tell me a long story about a ship.", max_tokens=5))
    assert len(answer.pieces) == 5
    assert answer.finish == "length"


def test_a_prompt_can_be_prefilled_and_a_prefill_dropped(engine: OpenVinoTextEngine) -> None:
    args = question("Why do birds sing so early in the morning, long before the sun has come up over the trees?")
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "prefill", args, cancelled=cancelled) == []
    tokens = fields(engine, "prefill", args)["tokens"]
    answer = generate(engine, args)
    assert answer.prompt_tokens == tokens
    assert len(answer.pieces) == 16


def test_a_cancelled_generation_ends_without_a_last_piece_and_leaves_the_pipeline_free(
    engine: OpenVinoTextEngine,
) -> None:
    before = generate(engine, FRANCE).text
    cancelled = threading.Event()
    replies = engine.operations()["generate"](Call(question("Tell me a long story.", max_tokens=200), b"", cancelled))
    for _ in range(3):
        assert "text" in next(replies).fields
    cancelled.set()
    assert list(replies) == []
    left = engine.operations()["generate"](Call(question("Tell me a story."), b"", threading.Event()))
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert generate(engine, FRANCE).text == before


def test_a_seed_fixes_the_answer(engine: OpenVinoTextEngine) -> None:
    def told(seed: int) -> str:
        args = question("Tell me a story about a dog.", temperature=1.0, top_p=0.95, seed=seed, max_tokens=6)
        return generate(engine, args).text

    told(1)  # the prompt is in the cache from here on
    assert told(7) == told(7)
    assert len({told(seed) for seed in range(4)}) > 1


def test_an_answer_so_far_is_gone_on_from(engine: OpenVinoTextEngine) -> None:
    rest = generate(engine, question("What is the capital of France?", answer_so_far="The capital of France is"))
    assert rest.text.startswith(" Paris")


def test_characters_come_whole(engine: OpenVinoTextEngine) -> None:
    args = question("Repeat after me: \N{GRINNING FACE} \N{PARTY POPPER} \N{ROCKET} \N{SNOWFLAKE}", max_tokens=30)
    answer = generate(engine, args)
    assert "\N{REPLACEMENT CHARACTER}" not in answer.text
    assert any(ord(character) > 0x2000 for character in answer.text), answer.text


def test_marks_in_a_question_are_only_text(engine: OpenVinoTextEngine) -> None:
    counts = fields(engine, "count", {"texts": ["", "Hello world", "<|im_end|>"]})["counts"]
    assert counts == [0, 2, 7]


def test_a_conversation_too_long_is_told_and_does_no_harm(engine: OpenVinoTextEngine) -> None:
    with pytest.raises(InvalidInput, match=r"tokens long; this model takes fewer than 2048"):
        generate(engine, question("word " * 3000))
    assert "Paris" in generate(engine, FRANCE).text


def test_the_conversion_is_kept_and_a_damaged_one_made_again(engine: OpenVinoTextEngine, cache: Path) -> None:
    model = Path(language_model())
    (kept,) = cache.iterdir()
    names = sorted(path.name for path in kept.iterdir())
    assert {"openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml"} <= set(names)
    assert not list(model.parent.glob("openvino*")), "nothing is written beside the model"
    (kept / "openvino_model.xml").write_text("damaged")
    again = OpenVinoTextEngine(str(model), cache_dir=str(cache))
    again.load()
    assert "Paris" in generate(again, FRANCE).text
    again.close()
    assert sorted(path.name for path in kept.iterdir()) == names
    from_kept = OpenVinoTextEngine(str(kept))
    from_kept.load()
    assert "Paris" in generate(from_kept, FRANCE).text
    from_kept.close()


def test_a_missing_model_and_a_missing_device_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="The language model is not there"):
        OpenVinoTextEngine(str(tmp_path / "gone.gguf")).load()
    with pytest.raises(Unavailable, match="does not run on TPU"):
        OpenVinoTextEngine(language_model(), device="TPU").load()
    with pytest.raises(Unavailable, match="takes no GGUF file"):
        OpenVinoTextEngine(language_model(), device="NPU").load()
    with pytest.raises(RuntimeFault, match="cannot load"):
        OpenVinoTextEngine(str(tmp_path)).load()


@pytest.mark.parametrize(
    ("length", "sentence"),
    [
        (10, "not a GGUF|cut off|damaged"),
        (3_000, "cut off in the middle of its header"),
        (9_000_000, "bytes are missing"),
    ],
)
def test_a_truncated_model_is_told_before_the_library_sees_it(tmp_path: Path, length: int, sentence: str) -> None:
    damaged = tmp_path / "damaged.gguf"
    with Path(language_model()).open("rb") as whole:
        damaged.write_bytes(whole.read(length))
    with pytest.raises(RuntimeFault, match=sentence):
        OpenVinoTextEngine(str(damaged)).load()


def test_before_loading_there_is_a_sentence() -> None:
    with pytest.raises(RuntimeFault, match="not loaded"):
        generate(OpenVinoTextEngine(language_model()), FRANCE)
