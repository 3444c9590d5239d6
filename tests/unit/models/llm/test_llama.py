"""The llama.cpp engine with the real library and the real model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.engine import Call, JsonValue
from models.llm.llama import PREFILL_BATCH, LlamaEngine
from tests.helpers.engines import Answer, ask, fields, generate, language_model, question

pytest.importorskip("llama_cpp", reason="llama.cpp could not be built here; OpenVINO serves the text")

FRANCE = question("What is the capital of France?")
BIRDS = question("Why do birds sing so early in the morning, long before the sun is up?", max_tokens=6)


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine(language_model(), threads=1, context_tokens=256)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def undisturbed(engine: LlamaEngine) -> Answer:
    """What is answered when nothing happened before."""
    generate(engine, question("Hello", system="Be brief.", max_tokens=1))
    return generate(engine, BIRDS)


@pytest.fixture
def _fresh(engine: LlamaEngine) -> None:
    """Leave nothing but another conversation in the cache."""
    generate(engine, question("Hello", system="Be brief.", max_tokens=1))


def test_it_answers_with_a_probability_for_every_token(engine: LlamaEngine) -> None:
    answer = generate(engine, FRANCE)
    assert "Paris" in answer.text or "capital" in answer.text
    assert len(answer.pieces) == len(answer.log_probs) > 3
    assert all(log_prob <= 0 for log_prob in answer.log_probs)
    assert any(log_prob > -0.1 for log_prob in answer.log_probs), "a greedy answer has tokens the model is sure of"
    assert answer.finish == "stop"


def test_max_tokens_bounds_the_answer(engine: LlamaEngine) -> None:
    answer = generate(engine, question("Tell me a long story about a ship.", max_tokens=5))
    assert len(answer.pieces) == 5
    assert answer.finish == "length"


@pytest.mark.usefixtures("_fresh")
def test_the_prefix_of_the_last_prompt_is_kept(engine: LlamaEngine) -> None:
    first = generate(engine, FRANCE)
    again = generate(engine, FRANCE)
    other = generate(engine, question("What is the capital of Italy?"))
    assert first.cached_tokens < first.prompt_tokens
    assert again.cached_tokens == again.prompt_tokens - 1, "the last token's logits are gone by then"
    assert 15 < other.cached_tokens < other.prompt_tokens
    assert again.text == first.text


@pytest.mark.usefixtures("_fresh")
def test_a_prefilled_prompt_is_answered_from_the_cache_with_the_same_text(
    engine: LlamaEngine, undisturbed: Answer
) -> None:
    tokens = fields(engine, "prefill", BIRDS)["tokens"]
    warm = generate(engine, BIRDS)
    assert tokens == warm.prompt_tokens == warm.cached_tokens
    assert warm.text == undisturbed.text
    assert warm.log_probs == pytest.approx(undisturbed.log_probs, abs=1e-3)


def test_guesses_that_alternate_with_questions_leave_the_answers_alone(engine: LlamaEngine) -> None:
    questions = [question(text, max_tokens=8) for text in ("What is a cat?", "What is a cactus?", "How are you?")]
    alone = [generate(engine, args).text for args in questions]
    for args in reversed(questions):
        ask(engine, "prefill", args)
        ask(engine, "prefill", question("What is", max_tokens=8))
    assert [generate(engine, args).text for args in questions] == alone


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize("after_s", [0.02, 0.06, 0.1])
def test_an_aborted_prefill_changes_no_answer(engine: LlamaEngine, undisturbed: Answer, after_s: float) -> None:
    cancelled = threading.Event()
    timer = threading.Timer(after_s, cancelled.set)
    timer.start()
    replies = ask(engine, "prefill", BIRDS, cancelled=cancelled)
    timer.cancel()
    again = generate(engine, BIRDS)
    assert again.text == undisturbed.text
    assert again.log_probs == pytest.approx(undisturbed.log_probs, abs=1e-3)
    assert replies or again.cached_tokens < again.prompt_tokens


@pytest.mark.usefixtures("_fresh")
def test_what_an_aborted_prefill_has_done_is_kept(engine: LlamaEngine, undisturbed: Answer) -> None:
    class AfterBatches(threading.Event):
        """Set after the library has been let through so often between batches."""

        def __init__(self) -> None:
            super().__init__()
            self.session = engine._session

        def is_set(self) -> bool:
            return self.session is not None and len(self.session.cached) >= 2 * PREFILL_BATCH

    assert ask(engine, "prefill", BIRDS, cancelled=AfterBatches()) == []
    again = generate(engine, BIRDS)
    assert 2 * PREFILL_BATCH <= again.cached_tokens < again.prompt_tokens
    assert again.text == undisturbed.text


def test_a_cancelled_generation_ends_without_a_last_piece(engine: LlamaEngine) -> None:
    cancelled = threading.Event()
    replies = engine.operations()["generate"](Call(question("Tell me a long story.", max_tokens=200), b"", cancelled))
    for _ in range(3):
        assert "text" in next(replies).fields
    cancelled.set()
    assert list(replies) == []
    assert "Paris" in generate(engine, FRANCE).text or "capital" in generate(engine, FRANCE).text


def test_a_generation_left_in_the_middle_does_no_harm(engine: LlamaEngine) -> None:
    before = generate(engine, FRANCE).text
    replies = engine.operations()["generate"](Call(question("Tell me a story."), b"", threading.Event()))
    next(replies)
    replies.close()  # type: ignore[attr-defined]
    assert generate(engine, FRANCE).text == before


def test_a_seed_fixes_the_answer(engine: LlamaEngine) -> None:
    def told(seed: int) -> str:
        args: dict[str, JsonValue] = {"temperature": 1.0, "top_p": 0.95, "seed": seed, "max_tokens": 6}
        return generate(engine, question("Tell me a story about a dog.", **args)).text

    assert told(7) == told(7)
    assert len({told(seed) for seed in range(4)}) > 1


def test_an_answer_is_taken_over_where_it_was_left(engine: LlamaEngine) -> None:
    args = question("How many legs does a spider have, and how many does an ant have?", max_tokens=14)
    whole = generate(engine, args)
    for cut in (1, 4, 9):
        begun = "".join(whole.pieces[:cut])
        rest = generate(engine, {**args, "answer_so_far": begun, "max_tokens": 14 - cut})
        assert begun + rest.text == whole.text


def test_characters_come_whole(engine: LlamaEngine) -> None:
    args = question("Repeat after me: \N{GRINNING FACE} \N{PARTY POPPER} \N{ROCKET} \N{SNOWFLAKE}", max_tokens=30)
    answer = generate(engine, args)
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in answer.pieces)
    assert any(ord(character) > 0x1F000 for character in answer.text), answer.text
    assert "" in answer.pieces, "the bytes of a character arrive in several tokens"


def test_marks_in_a_question_are_only_text(engine: LlamaEngine) -> None:
    counts = fields(engine, "count", {"texts": ["", "Hello world", "<|im_end|>"]})["counts"]
    assert counts == [0, 2, 7]
    plain = generate(engine, question("a", max_tokens=1)).prompt_tokens
    marked = generate(engine, question("a<|im_end|>", max_tokens=1)).prompt_tokens
    assert marked == plain + 7


def test_a_conversation_too_long_is_told_and_does_no_harm(engine: LlamaEngine) -> None:
    with pytest.raises(InvalidInput, match=r"tokens long; this model takes fewer than 256") as caught:
        generate(engine, question("word " * 2000))
    assert caught.value.code == "context-overflow"
    assert generate(engine, FRANCE).text


def test_an_answer_ends_with_the_window(engine: LlamaEngine) -> None:
    def asked(filler: int, max_tokens: int) -> Answer:
        text = "Tell me about it." + " word" * filler
        return generate(engine, question(text, answer_so_far="The quick brown", max_tokens=max_tokens))

    room = 256 - asked(0, 1).prompt_tokens
    answer = asked(room - 2, 100)
    assert answer.prompt_tokens == 254
    assert (answer.finish, len(answer.pieces)) == ("length", 3), "the last token needs no room"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"messages": []}, "conversation is empty"),
        ({"messages": [["tool", "x"]]}, "comes from 'tool'"),
        ({"messages": [["user", "x"]], "max_tokens": 0}, "at least one token"),
        ({"messages": [["user", "x"]], "temperature": -1}, "temperature"),
        ({"messages": [["user", "x"]], "top_p": 0}, "top_p"),
        ({"messages": [["user", "x"]], "seed": "x"}, "must be a number"),
    ],
)
def test_bad_arguments_are_told(engine: LlamaEngine, args: dict[str, JsonValue], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        generate(engine, args)


def test_what_is_cancelled_from_the_start_computes_nothing(engine: LlamaEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "generate", FRANCE, cancelled=cancelled) == []
    assert ask(engine, "prefill", FRANCE, cancelled=cancelled) == []


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"The language model is not there: .*gone\.gguf") as caught:
        LlamaEngine(str(tmp_path / "gone.gguf")).load()
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"<html>no model</html>", b"GGUF\x03\0\0\0" + b"\xff" * 500, None])
def test_a_damaged_model_is_told(tmp_path: Path, content: bytes | None) -> None:
    damaged = tmp_path / "damaged.gguf"
    with Path(language_model()).open("rb") as whole:
        damaged.write_bytes(content or whole.read(3_000_000))
    engine = LlamaEngine(str(damaged))
    with pytest.raises(RuntimeFault, match=r"llama\.cpp cannot load damaged\.gguf") as caught:
        engine.load()
    assert caught.value.code == "model-unreadable"
    engine.close()


def test_before_loading_and_after_closing_there_is_a_sentence() -> None:
    engine = LlamaEngine(language_model())
    with pytest.raises(RuntimeFault, match="not loaded"):
        generate(engine, FRANCE)
    engine.load()
    engine.close()
    engine.close()
    with pytest.raises(RuntimeFault, match="not loaded"):
        generate(engine, FRANCE)
