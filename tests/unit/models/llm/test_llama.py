"""The llama.cpp engine with the real library and the real model."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.engine import Call, JsonValue
from models.llm.llama import PREFILL_BATCH, LlamaEngine
from models.llm.llama_state import pack_state
from tests.helpers.engines import Answer, ask, fields, generate, language_model, question

pytest.importorskip("llama_cpp", reason="llama.cpp could not be built here; OpenVINO serves the text")

import llama_cpp

from models.llm.llama_session import _LibraryLog

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


class AfterTwoBatches(threading.Event):
    """Set when the engine holds as many tokens as are prefilled in two batches."""

    def __init__(self, engine: LlamaEngine) -> None:
        super().__init__()
        self._session = engine._session

    def is_set(self) -> bool:
        return self._session is not None and len(self._session.cached) >= 2 * PREFILL_BATCH


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
    assert ask(engine, "prefill", BIRDS, cancelled=AfterTwoBatches(engine)) == []
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


STORY = question("Tell me about the sea in three sentences.", max_tokens=30)


@pytest.fixture(scope="module")
def other() -> Iterator[LlamaEngine]:
    """The same model once more, with a window of its own."""
    engine = LlamaEngine(language_model(), threads=1, context_tokens=256)
    engine.load()
    yield engine
    engine.close()


def test_the_draft_of_the_same_model_is_kept_whole_and_costs_no_second_reading(
    engine: LlamaEngine, other: LlamaEngine
) -> None:
    draft = generate(engine, STORY)
    args = {**STORY, "answer_so_far": draft.text}
    verified = fields(other, "verify", {**args, "top_k": 3})
    assert verified["kept"] == len(draft.text)
    assert verified["kept_tokens"] == verified["draft_tokens"] == len(verified["log_probs"])
    assert verified["log_probs"] == pytest.approx(draft.log_probs[: len(verified["log_probs"])], abs=0.15)
    rest = generate(other, {**args, "max_tokens": 4})
    assert rest.cached_tokens >= rest.prompt_tokens - 1


@pytest.mark.parametrize("at", [0, 1, 5, 20])
def test_a_corrupted_draft_is_cut_at_the_first_bad_token(engine: LlamaEngine, other: LlamaEngine, at: int) -> None:
    draft = generate(engine, STORY)
    good = "".join(draft.pieces[:at])
    verified = fields(
        other, "verify", {**STORY, "answer_so_far": f"{good} Xylophone{draft.text[len(good) :]}", "top_k": 3}
    )
    assert verified["kept"] == len(good)
    assert verified["kept_tokens"] == at
    whole = generate(engine, {**STORY, "answer_so_far": good, "max_tokens": 8}).text
    assert generate(other, {**STORY, "answer_so_far": good, "max_tokens": 8}).text == whole


def test_a_draft_is_cut_between_characters_only(other: LlamaEngine) -> None:
    draft = "\N{ROCKET}\N{SNOWFLAKE}\N{GRINNING FACE}"
    everything = fields(other, "verify", {**STORY, "answer_so_far": draft, "top_k": 60_000})
    assert everything["kept"] == len(draft)
    for top_k in (1, 10, 100, 1000, 3000, 10_000):
        verified = fields(other, "verify", {**STORY, "answer_so_far": draft, "top_k": top_k})
        tokens = fields(other, "count", {"texts": [draft[: verified["kept"]]]})["counts"][0]
        assert verified["kept_tokens"] == tokens


def test_windows_of_a_draft_are_judged_once(other: LlamaEngine) -> None:
    session = other._session
    assert session is not None
    draft = generate(other, STORY).text
    fields(other, "verify", {**STORY, "answer_so_far": draft, "top_k": 1})
    read: list[int] = []
    rows, decode = session.feed_rows, session._decode
    session.feed_rows = lambda tokens, cancelled: read.append(len(tokens)) or rows(tokens, cancelled)  # type: ignore[method-assign, func-returns-value]
    try:
        verified = fields(other, "verify", {**STORY, "answer_so_far": f"{draft} and so on", "top_k": 60_000})
    finally:
        del session.feed_rows
        assert session._decode == decode
    assert verified["kept_tokens"] == verified["draft_tokens"]
    assert sum(read) <= 5


def test_what_it_wrote_at_a_high_temperature_stands(other: LlamaEngine) -> None:
    args = question("Tell me a story about a dog.", temperature=1.6, top_p=1.0, seed=3, max_tokens=20)
    written = generate(other, args).text
    verified = fields(other, "verify", {**args, "answer_so_far": written, "top_k": 1})
    assert verified["kept"] > len(written) // 2


def test_a_cancelled_judgement_says_nothing_and_does_no_harm(engine: LlamaEngine, other: LlamaEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    args = {**STORY, "answer_so_far": "The sea is wide.", "top_k": 3}
    assert ask(other, "verify", args, cancelled=cancelled) == []
    assert generate(other, STORY).text == generate(engine, STORY).text


def test_a_top_k_of_nothing_is_told(other: LlamaEngine) -> None:
    with pytest.raises(InvalidInput, match="top_k is 0"):
        fields(other, "verify", {**STORY, "top_k": 0})


def test_a_state_moves_and_its_prompt_is_not_read_again(engine: LlamaEngine, other: LlamaEngine) -> None:
    generate(other, question("Hello", system="Be brief.", max_tokens=1))
    begun = generate(engine, STORY)
    going_on = {**STORY, "answer_so_far": begun.text, "max_tokens": 12}
    (state,) = ask(engine, "state.export")
    stayed = generate(engine, going_on)
    assert fields(other, "state.import", payload=bytes(state.payload))["tokens"] >= begun.prompt_tokens
    moved = generate(other, going_on)
    assert moved.text == stayed.text
    assert moved.cached_tokens >= moved.prompt_tokens - 2
    generate(other, question("Hello", system="Be brief.", max_tokens=1))
    unmoved = generate(other, going_on)
    assert unmoved.cached_tokens < 10
    assert unmoved.text.split()[:4] == stayed.text.split()[:4], "read in batches, the sums are added up otherwise"
    assert 500_000 < len(state.payload) < 4_000_000


@pytest.mark.parametrize("seed", [3, 11])
def test_moved_at_any_token_it_is_the_answer_of_one_engine(engine: LlamaEngine, other: LlamaEngine, seed: int) -> None:
    """Drawn at random, a model divides words as no tokenizer would, and writes characters of several tokens."""
    drawn = question("Greet me in Chinese and with emoji.", max_tokens=24, temperature=1.4, top_p=0.98, seed=seed)
    hello = question("Hello", system="Be brief.", max_tokens=1)
    generate(engine, hello)
    whole = generate(engine, drawn)
    assert len(whole.pieces) == 24
    unfinished = [at for at, piece in enumerate(whole.pieces[:20], 1) if not piece]
    for cut in (17, *unfinished[:1]):
        generate(engine, hello)  # so that the question is read anew, in the same batches
        begun = generate(engine, {**drawn, "max_tokens": cut})
        assert begun.pieces == whole.pieces[:cut]
        (state,) = ask(engine, "state.export")
        fields(other, "state.import", payload=bytes(state.payload))
        tokens = max((at for at, piece in enumerate(begun.pieces, 1) if piece), default=0)
        rest = generate(other, {**drawn, "answer_so_far": begun.text, "max_tokens": 24 - tokens})
        assert begun.text + rest.text == whole.text
        assert begun.pieces[:tokens] + rest.pieces == whole.pieces
        assert begun.log_probs[:tokens] + rest.log_probs == pytest.approx(whole.log_probs, abs=1e-4)


def test_what_was_written_behind_the_cut_is_taken_back(engine: LlamaEngine, other: LlamaEngine) -> None:
    whole = generate(engine, STORY)
    (state,) = ask(engine, "state.export")
    fields(other, "state.import", payload=bytes(state.payload))
    shown = "".join(whole.pieces[:5])
    rest = generate(other, {**STORY, "answer_so_far": shown, "max_tokens": len(whole.pieces) - 5})
    assert shown + rest.text == whole.text
    assert rest.cached_tokens == rest.prompt_tokens - 1
    stayed = generate(engine, {**STORY, "answer_so_far": shown, "max_tokens": len(whole.pieces) - 5})
    assert stayed.text == rest.text


def test_a_foreign_or_damaged_state_is_refused(engine: LlamaEngine, other: LlamaEngine) -> None:
    answer = generate(engine, STORY).text
    (state,) = ask(engine, "state.export")
    good = bytes(state.payload)
    wrong = {
        "another version": good.replace(b"llama.cpp ", b"llama.cpq ", 1),
        "cut off": good[:-1],
        "one bit": good[:-100] + bytes([good[-100] ^ 1]) + good[-99:],
        "no head": good[:12] + b"\xff" * 200 + good[212:],
        "nothing": b"",
    }
    for what, damaged in wrong.items():
        with pytest.raises(InvalidInput) as caught:
            fields(other, "state.import", payload=damaged)
        assert caught.value.code == "bad-state", what
    session = other._session
    assert session is not None
    with pytest.raises(InvalidInput, match="window of 256"):
        fields(other, "state.import", payload=pack_state(session.identity, range(300), b"x" * 100))
    for state_of_ours in (b"", b"\0" * 64, b"\xff" * 4096, os.urandom(4096)):
        with pytest.raises(InvalidInput, match="does not take"):
            fields(other, "state.import", payload=pack_state(session.identity, [1, 2, 3], state_of_ours))
        assert session.cached == []
    assert generate(other, STORY).text == answer


@pytest.mark.usefixtures("_fresh")
def test_a_prompt_that_was_being_read_goes_on_being_read_elsewhere(
    engine: LlamaEngine, other: LlamaEngine, undisturbed: Answer
) -> None:
    generate(other, question("Hello", system="Be brief.", max_tokens=1))
    assert ask(engine, "prefill", BIRDS, cancelled=AfterTwoBatches(engine)) == []
    (state,) = ask(engine, "state.export")
    held = fields(other, "state.import", payload=bytes(state.payload))["tokens"]
    moved = generate(other, BIRDS)
    assert moved.text == undisturbed.text
    assert 2 * PREFILL_BATCH <= moved.cached_tokens == held < moved.prompt_tokens


def test_another_models_file_of_the_same_name_and_length_is_another_model(engine: LlamaEngine, tmp_path: Path) -> None:
    copy = tmp_path / Path(language_model()).name
    shutil.copyfile(language_model(), copy)
    with copy.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\1\2\3\4")
    namesake = LlamaEngine(str(copy), threads=1, context_tokens=256)
    namesake.load()
    generate(engine, FRANCE)
    (state,) = ask(engine, "state.export")
    with pytest.raises(InvalidInput, match="and this is"):
        fields(namesake, "state.import", payload=bytes(state.payload))
    namesake.close()


def test_a_state_too_long_to_be_sent_is_told(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.llm.llama_session.MAX_PAYLOAD_BYTES", 1 << 18)
    generate(engine, FRANCE)
    with pytest.raises(Unavailable, match="MiB long"):
        ask(engine, "state.export")


def test_nothing_held_is_no_state() -> None:
    fresh = LlamaEngine(language_model(), context_tokens=256)
    fresh.load()
    (state,) = ask(fresh, "state.export")
    fresh.close()
    assert bytes(state.payload) == b""


SCHEMA = json.dumps({"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]})


def test_an_answer_in_json_has_the_models_own_probabilities_and_ends_by_itself(engine: LlamaEngine) -> None:
    answer = generate(engine, question("What is the capital of France?", json_schema=SCHEMA, max_tokens=30))
    assert json.loads(answer.text)["city"] in ("Paris", "Rome")
    assert answer.finish == "stop"
    assert all(log_prob <= 0 for log_prob in answer.log_probs)
    assert min(answer.log_probs) < -2.0, "it would not have begun with a brace of its own accord"
    free = generate(engine, FRANCE)
    assert not free.text.startswith("{"), "the next answer is free again"


def test_json_that_was_begun_is_gone_on_with_and_what_is_no_json_is_refused(engine: LlamaEngine) -> None:
    rest = generate(engine, question("Which city?", json_schema=SCHEMA, max_tokens=30, answer_so_far='{"city": "Ro'))
    assert json.loads('{"city": "Ro' + rest.text) == {"city": "Rome"}
    with pytest.raises(InvalidInput, match="does not satisfy the JSON schema") as caught:
        generate(engine, question("Which city?", json_schema=SCHEMA, answer_so_far="The city"))
    assert caught.value.code == "bad-schema"
    assert generate(engine, FRANCE).text


def test_a_build_for_the_processor_alone_says_so_when_graphics_are_asked_for() -> None:
    if llama_cpp.llama_supports_gpu_offload():
        pytest.skip("this build drives a graphics processor")
    with pytest.raises(Unavailable, match="built for the processor alone"):
        LlamaEngine(language_model(), device="gpu").load()


def test_where_layers_went_is_taken_from_what_the_library_says() -> None:
    heard = _LibraryLog()
    heard.hear(2, b"load_tensors: offloading 30 repeating layers to GPU\n", ctypes.c_void_p(0))
    assert heard.offloaded == 0
    heard.hear(2, b"load_tensors: offloaded 31/31 layers to GPU\n", ctypes.c_void_p(0))
    assert heard.offloaded == 31
    heard.begin()
    assert (heard.offloaded, heard.complaint) == (0, "")
