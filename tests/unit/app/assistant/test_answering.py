"""From the model's pieces to the card and to the sentences a voice gets."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence

import pytest

from app.assistant.answering import Answering, AnswerText
from app.audio.sentences import Sentence
from app.contracts.errors import SottoError
from app.contracts.events import TextDelta
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from models.fakes.llm import FakeTextGenerator
from tests.helpers.assistants import cast, died
from tests.helpers.virtual_time import LoopClock, in_virtual_time

REQUEST = GenerationRequest((ChatMessage(Role.USER, "?"),))


class Pieces(FakeTextGenerator):
    """Gives exactly these pieces."""

    def __init__(self, *pieces: str | tuple[str, float]) -> None:
        super().__init__(clock=LoopClock())
        self._pieces: Sequence[tuple[str, float | None]] = [(p, None) if isinstance(p, str) else p for p in pieces]

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        for text, log_prob in self._pieces:
            yield TextPiece(text, log_prob)
        yield TextPiece("", finish=FinishReason.STOP)


class Written:
    """An `Answering` and what came of it."""

    def __init__(self, text: FakeTextGenerator, *, speak: bool = True) -> None:
        self.deltas: list[TextDelta] = []
        self.sentences: list[str] = []
        parts = cast(text=text).parts
        self.shown = AnswerText(parts.clock, self._note, self._say if speak else None)
        self.answering = Answering(parts, self.shown)

    @property
    def text(self) -> str:
        assert [span.text for span in self.shown.spans] == [delta.text for delta in self.deltas]
        return "".join(delta.text for delta in self.deltas)

    def _note(self, event: object) -> bool:
        assert isinstance(event, TextDelta)
        self.deltas.append(event)
        return True

    def _say(self, sentence: Sentence) -> None:
        self.sentences.append(sentence.text)


@in_virtual_time
async def test_each_sentence_is_passed_on_and_the_last_one_too() -> None:
    written = Written(Pieces("It is", " so.", " And", " more"))
    await written.answering.run(REQUEST)
    assert written.text == "It is so. And more"
    assert written.sentences == ["It is so. ", "And more"]
    assert written.shown.times.tokens == 4
    assert written.shown.times.first_text is not None


@in_virtual_time
async def test_reasoning_is_neither_shown_nor_spoken() -> None:
    written = Written(Pieces("<thi", "nk>Let me see.", " Hm.</th", "ink>\n\n", "Yes."))
    await written.answering.run(REQUEST)
    assert written.text == "Yes."
    assert written.sentences == ["Yes."]
    assert written.shown.times.tokens == 5


@in_virtual_time
async def test_white_space_before_the_answer_is_left_out_and_inside_it_kept() -> None:
    written = Written(Pieces("\n", "  ", " Yes", " ", "and", "\n", "no"))
    await written.answering.run(REQUEST)
    assert written.text == "Yes and\nno"
    assert "".join(written.sentences) == "Yes and\nno"


@in_virtual_time
async def test_confidence_is_the_probability_of_the_token() -> None:
    written = Written(Pieces(("Yes", -0.5), (" no", 0.0)))
    await written.answering.run(REQUEST)
    assert [delta.confidence for delta in written.deltas] == [pytest.approx(math.exp(-0.5)), 1.0]
    assert {delta.tier.backend_id for delta in written.deltas} == {"fake-llm"}


@in_virtual_time
async def test_text_that_was_held_back_keeps_the_confidence_of_its_token() -> None:
    written = Written(Pieces(("less <", math.log(0.25))))
    await written.answering.run(REQUEST)
    assert written.text == "less <"
    assert [delta.confidence for delta in written.deltas] == [pytest.approx(0.25)] * 2


@in_virtual_time
async def test_a_backend_without_probabilities_gives_no_confidence() -> None:
    written = Written(Pieces("Yes"))
    await written.answering.run(REQUEST)
    assert [delta.confidence for delta in written.deltas] == [None]


@in_virtual_time
async def test_a_failure_leaves_the_text_so_far() -> None:
    text = FakeTextGenerator(["One two three."], clock=LoopClock())
    text.break_after(2, died())
    written = Written(text)
    with pytest.raises(SottoError):
        await written.answering.run(REQUEST)
    assert written.text == "One two"


@in_virtual_time
async def test_an_answer_without_a_word() -> None:
    written = Written(Pieces("  ", "<think>nothing"))
    await written.answering.run(REQUEST)
    assert (written.text, written.sentences, written.shown.times.first_text) == ("", [], None)


@in_virtual_time
async def test_an_answer_that_is_only_shown() -> None:
    written = Written(Pieces("Yes."), speak=False)
    await written.answering.run(REQUEST)
    assert (written.text, written.sentences) == ("Yes.", [])
