from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import StageType
from app.pipeline.inputs import Source, answers_before, check_input, combined, is_true, items_of, passes_over
from app.pipeline.outlet import Outlet
from app.pipeline.retrying import Patience
from app.pipeline.values import Parts, Passages, Sound, SoundSource, Text, Value, Vectors, Verdict
from tests.helpers.pipeline_stages import TIER, custom, pipeline, stage
from tests.helpers.virtual_time import LoopClock, in_virtual_time

CLIP = Sound(AudioChunk(b"\0" * 8))


async def _silence():  # type: ignore[no-untyped-def]
    yield AudioChunk(b"")


SOURCE = SoundSource(_silence())


def fits(given_: Value, *stages: Any) -> bool:
    definition = pipeline(*stages)
    try:
        check_input(given_, definition, definition.options)
    except InvalidInput as error:
        assert error.code == "input-kind"  # noqa: PT017 - one of two outcomes
        return False
    return True


@pytest.mark.parametrize(
    ("type_", "takes", "refuses"),
    [
        (StageType.AUDIO_TO_TEXT, [CLIP, SOURCE, Text("x")], [Vectors((), ()), Passages("", ())]),
        (StageType.TEXT_GENERATION, [Text("x"), Passages("", ()), Verdict(True, "")], [CLIP, SOURCE, Vectors((), ())]),
        (StageType.TEXT_TO_AUDIO, [Text("x"), Parts((Text("x"),))], [CLIP, SOURCE]),
        (StageType.EMBEDDING, [Text("x"), Parts((Text("x"),))], [CLIP]),
        (StageType.CUSTOM, [Text("x"), CLIP, SOURCE, Vectors((), ())], []),
    ],
)
def test_what_first_stages_take(type_: StageType, takes: list[Value], refuses: list[Value]) -> None:
    assert all(fits(value, stage("a", type_)) for value in takes)
    assert not any(fits(value, stage("a", type_)) for value in refuses)


def test_every_first_stage_has_to_take_it() -> None:
    assert not fits(CLIP, stage("a", StageType.AUDIO_TO_TEXT), stage("b", StageType.TEXT_GENERATION))
    assert fits(CLIP, stage("a", StageType.AUDIO_TO_TEXT), stage("b", StageType.TEXT_GENERATION, "a"))


def test_only_a_first_listening_stage_is_passed_over() -> None:
    assert passes_over(stage("a", StageType.AUDIO_TO_TEXT), Text("x"))
    assert not passes_over(stage("a", StageType.AUDIO_TO_TEXT, "b"), Text("x"))
    assert not passes_over(stage("a", StageType.AUDIO_TO_TEXT), CLIP)
    assert not passes_over(custom("a"), Text("x"))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
def test_text_of_any_script_passes(text: str) -> None:
    assert fits(Text(text + "\r\n\t"), custom("a"))


@given(st.text(max_size=5), st.sampled_from("\0\x07\x1b\x7f\x9b\ud800\udfff"), st.text(max_size=5))
def test_what_is_no_text_is_named_with_its_place(before: str, bad: str, after: str) -> None:
    clean = "".join(character for character in before if character.isalnum())
    definition = pipeline(custom("a"))
    with pytest.raises(InvalidInput) as caught:
        check_input(Text(f"x{clean}{bad}{after}"), definition, definition.options)
    assert f"Character {len(clean) + 2} of the input is U+{ord(bad):04X}" in caught.value.message


@pytest.mark.parametrize(
    ("rendered", "truth"),
    [
        ("true", True),
        ("yes", True),
        (" 1\n", True),
        ("False", False),
        ("NO", False),
        ("0", False),
        (" ", False),
        ("None", False),
    ],
)
def test_truth(rendered: str, truth: bool) -> None:
    assert is_true(rendered) is truth


def test_inputs_are_combined_in_the_order_of_needs() -> None:
    a, b = Text("a"), Text("b")
    assert combined(custom("x"), CLIP, {}) is CLIP
    assert combined(custom("x", "a"), CLIP, {"a": a}) is a
    assert combined(custom("x", "b", "a"), CLIP, {"a": a, "b": b}) == Parts((b, a))
    assert combined(custom("x", "b", "a"), CLIP, {"a": a}) == Parts((a,))
    assert items_of(Parts((a, b))) == (a, b)
    assert items_of(a) == (a,)


def test_only_text_stages_are_quoted() -> None:
    say = stage("say", StageType.TEXT_GENERATION)
    told = answers_before([(custom("x"), Text("1"), Text("2")), (say, Text("q"), Text("a"))])
    assert told == (ChatMessage(Role.USER, "q"), ChatMessage(Role.ASSISTANT, "a"))


@in_virtual_time
async def test_a_source_that_still_comes() -> None:
    outlet = Outlet("a", lambda _event: None)
    source, patience = Source(None, outlet), Patience(None, LoopClock(), "")
    outlet.show("one ", None, TIER)
    outlet.commit()
    async with aclosing(source.stream(patience)) as texts:  # type: ignore[type-var]
        assert await anext(texts) == "one "
        outlet.show("two", None, TIER)
        outlet.finish(Text("one two"))
        assert [text async for text in texts] == ["two"]
    assert await source.value(patience) == Text("one two")
    assert [item async for item in source.items(patience)] == [Text("one two")]


@in_virtual_time
async def test_a_source_that_shows_nothing_is_read_whole() -> None:
    outlet = Outlet("a", lambda _event: None)
    outlet.finish(Parts((Text("one"), Text("two"))))
    source, patience = Source(None, outlet), Patience(None, LoopClock(), "")
    assert [text async for text in source.stream(patience)] == ["one\ntwo"]
    assert [item async for item in source.items(patience)] == [Text("one"), Text("two")]
    known = Source(Text("known"))
    assert [text async for text in known.stream(patience)] == ["known"]
    assert [item async for item in known.items(patience)] == [Text("known")]
    assert not known.spent
    assert Source(SOURCE).spent
