"""The small custom stages: embedding, split, merge, condition and the quality check."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.contracts.errors import HostDied, InvalidInput, RuntimeFault
from app.pipeline.definition import OptionValue, StageType
from app.pipeline.stages.condition import ConditionProcessor
from app.pipeline.stages.embedding import EmbeddingProcessor
from app.pipeline.stages.fences import blocks, python_in
from app.pipeline.stages.merge import MergeProcessor
from app.pipeline.stages.processor import Done
from app.pipeline.stages.quality_check import EXAMINE, RUN, QualityCheckProcessor
from app.pipeline.stages.split import SplitProcessor
from app.pipeline.values import Parts, Passage, Passages, Sound, Text, Value, Vectors, Verdict
from models.fakes.embed import FakeEmbedder
from tests.helpers.stage_calls import Stage
from tests.unit.app.pipeline.stages.test_audio_stages import sound


def custom(processor: object, **settings: OptionValue) -> Stage:
    return Stage(processor, StageType.CUSTOM, "custom", settings=settings)  # type: ignore[arg-type]


class Operations:
    """A sandbox that calls what it knows in this process, or answers as told."""

    def __init__(self, ran: OptionValue = None) -> None:
        self.ran = ran
        self.calls: list[str] = []

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        from app.pipeline.sandbox.reading import examine

        self.calls.append(operation)
        if operation == EXAMINE:
            return examine(str(arguments["code"]))  # type: ignore[return-value]
        assert operation == RUN
        if isinstance(self.ran, str):
            raise RuntimeFault(self.ran)
        return self.ran

    async def aclose(self) -> None:
        return


class TestEmbedding:
    async def test_texts_passages_and_parts_get_a_vector_each(self) -> None:
        given = Parts((Text("a b"), Passages("q", (Passage("c", "x.md"), Passage("d", "y.md"))), Verdict(True, "e")))
        done = await Stage(EmbeddingProcessor(), StageType.EMBEDDING, runtimes=[FakeEmbedder()]).run(given)
        assert isinstance(done.value, Vectors)
        assert done.value.texts == ("a b", "c", "d", "e")
        assert {len(vector) for vector in done.value.vectors} == {64}

    async def test_another_models_vectors_never_stand_beside_the_firsts(self) -> None:
        first, second = FakeEmbedder("embed-a"), FakeEmbedder("embed-b")
        first.fail("embed", None, HostDied("embed-a ended unexpectedly."))
        texts = Parts(tuple(Text(f"text {at}") for at in range(70)))
        done = await Stage(EmbeddingProcessor(), StageType.EMBEDDING, runtimes=[first, second]).run(texts)
        assert isinstance(done.value, Vectors)
        assert len(done.value.vectors) == 70
        assert set(second.embedded) == {f"text {at}" for at in range(70)}
        assert done.metadata.forwarded

    @pytest.mark.parametrize("given", [Text("  "), Sound(sound(0.1)), Parts(())])
    async def test_without_text_there_is_nothing_to_do(self, given: Value) -> None:
        with pytest.raises(InvalidInput) as failure:
            await Stage(EmbeddingProcessor(), StageType.EMBEDDING, runtimes=[FakeEmbedder()]).run(given)
        assert failure.value.code == "not-text"


class TestSplit:
    @pytest.mark.parametrize(
        ("settings", "parts"),
        [
            ({}, ["One. Two.", "Three\nfour."]),
            ({"by": "sentence"}, ["One.", "Two.", "Three", "four."]),
            ({"by": "line"}, ["One. Two.", "Three", "four."]),
            ({"by": "words", "size": 3}, ["One. Two. Three", "four."]),
            ({"by": "line", "size": 2}, ["One. Two.\nThree", "four."]),
        ],
    )
    async def test_the_ways(self, settings: dict[str, OptionValue], parts: list[str]) -> None:
        stage = custom(SplitProcessor(), **settings)
        done = await stage.run(Text("One. Two.\n\nThree\nfour.\n"))
        assert done.value == Parts(tuple(map(Text, parts)))
        stage.outlet.finish(done.value)
        assert [item async for item in stage.outlet.items()] == [Text(part) for part in parts]

    @pytest.mark.parametrize("settings", [{"by": "page"}, {"size": 0}, {"size": True}, {"of": 1}])
    async def test_wrong_settings(self, settings: dict[str, OptionValue]) -> None:
        with pytest.raises(InvalidInput) as failure:
            await custom(SplitProcessor(), **settings).run(Text("x"))
        assert failure.value.code == "bad-setting"


class TestMerge:
    given = Parts((Text("Paris", 0.4), Verdict(False, "Lyon", ("no",), 0.9), Parts((Text("paris.", 0.6), Text(" ")))))

    @pytest.mark.parametrize(
        ("settings", "merged"),
        [
            ({}, Text("Paris\n\nLyon\n\nparis.", 0.4)),
            ({"how": "concatenate", "separator": " | "}, Text("Paris | Lyon | paris.", 0.4)),
            ({"how": "best"}, Text("Lyon", 0.9)),
            ({"how": "vote"}, Text("paris.", 0.6)),
        ],
    )
    async def test_the_ways(self, settings: dict[str, OptionValue], merged: Text) -> None:
        stage = custom(MergeProcessor(), **settings)
        done = await stage.run(self.given)
        assert done.value == merged
        assert stage.outlet.committed == merged.text

    async def test_the_best_of_one_is_called_the_only_one(self) -> None:
        done = await custom(MergeProcessor(), how="best").run(Parts((Text("a", 0.9), Text(" "))))
        assert (done.value, done.metadata.notes) == (Text("a", 0.9), ("The only text.",))

    async def test_a_confidence_that_nobody_knows_is_not_made_up(self) -> None:
        done = await custom(MergeProcessor()).run(Parts((Text("a", 0.9), Text("b"))))
        assert done.value == Text("a\n\nb")


class TestCondition:
    @pytest.mark.parametrize(("template", "passed"), [("{{ context.go }}", True), ("{{ context.stop }}", False)])
    async def test_it_lets_its_input_through_with_a_yes_or_no(self, template: str, passed: bool) -> None:
        stage = custom(ConditionProcessor(), **{"if": template})
        stage.context = {"go": "yes", "stop": "no"}
        done = await stage.run(Text("words"))
        assert isinstance(done.value, Verdict)
        assert (done.value.passed, done.value.text) == (passed, "words")
        assert bool(done.value.reasons) is not passed

    @pytest.mark.parametrize("settings", [{}, {"if": ""}, {"if": "x", "then": "y"}])
    async def test_it_needs_its_one_setting(self, settings: dict[str, OptionValue]) -> None:
        with pytest.raises(InvalidInput) as failure:
            await custom(ConditionProcessor(), **settings).run(Text("x"))
        assert failure.value.code == "bad-setting"


GOOD = "Here:\n```python\ndef twice(x):\n    return 2 * x\n\nassert twice(2) == 4\n```\nDone."
RAN: dict[str, OptionValue] = {"ran": True, "passed": True, "reason": "", "examples": 0, "boundary": "namespaces"}


class TestQualityCheck:
    async def checked(self, text: str, sandbox: Operations, confidence: float | None = 0.9, **settings: object) -> Done:
        stage = custom(QualityCheckProcessor(), **settings)  # type: ignore[arg-type]
        stage.sandbox = sandbox
        return await stage.run(Text(text, confidence))

    async def test_good_code(self) -> None:
        done = await self.checked(GOOD, Operations(RAN))
        assert done.value == Verdict(True, GOOD, (), 0.9)
        assert done.metadata.notes == ("Its own examples hold (1 of them, kept in by namespaces).",)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("```python\ndef f(:\n```", "does not parse: line 1"),
            ("```python\nx = 1\n", "ends in the middle"),
            ("I cannot do that.", "does not parse"),
            ("```rust\nfn main() {}\n```", "no Python code"),
            ("", "0 characters"),
        ],
    )
    async def test_what_is_wrong_is_said(self, text: str, reason: str) -> None:
        done = await self.checked(text, Operations(RAN))
        assert isinstance(done.value, Verdict)
        assert not done.value.passed
        assert any(reason in one for one in done.value.reasons), done.value.reasons

    async def test_examples_that_fail_are_a_reason(self) -> None:
        done = await self.checked(GOOD, Operations({**RAN, "passed": False, "reason": "AssertionError in line 4"}))
        assert isinstance(done.value, Verdict)
        assert done.value.reasons == ("Its own examples do not hold: AssertionError in line 4",)

    @pytest.mark.parametrize(
        "ran", [{**RAN, "ran": False, "passed": False, "reason": "nothing keeps code in"}, "nothing keeps code in"]
    )
    async def test_what_may_not_be_run_is_said_and_held_against_nobody(self, ran: OptionValue) -> None:
        done = await self.checked(GOOD, Operations(ran))
        assert isinstance(done.value, Verdict)
        assert done.value.passed
        assert done.metadata.notes == ("not run: nothing keeps code in",)

    async def test_code_without_examples_is_not_run(self) -> None:
        sandbox = Operations(RAN)
        done = await self.checked("```python\nx = 1\n```", sandbox)
        assert sandbox.calls == [EXAMINE]
        assert done.metadata.notes == ("not run: the code brings no examples of its own",)

    async def test_low_confidence_and_length(self) -> None:
        done = await self.checked("word " * 10, Operations(), 0.2, language="text", max_characters=20)
        assert isinstance(done.value, Verdict)
        assert done.value.reasons == (
            "The answer has 49 characters, more than 20.",
            "The confidence is 0.20, below 0.50.",
        )
        done = await self.checked("words", Operations(), None, language="text")
        assert isinstance(done.value, Verdict)
        assert done.value.passed

    @pytest.mark.parametrize(
        "settings", [{"checks": ["spelling"]}, {"language": "rust"}, {"min_confidence": 2}, {"max": 1}]
    )
    async def test_wrong_settings(self, settings: dict[str, OptionValue]) -> None:
        with pytest.raises(InvalidInput) as failure:
            await self.checked("x", Operations(), **settings)
        assert failure.value.code == "bad-setting"


def test_fences() -> None:
    answer = "a\n```py\nx\n```\n~~~\ny\n~~~\n```pycon\n>>> 1\n1\n```\n````md\n```\n````\n```js\nz\n"
    assert [(block.language, block.text, block.closed) for block in blocks(answer)] == [
        ("py", "x\n", True),
        ("", "y\n", True),
        ("pycon", ">>> 1\n1\n", True),
        ("md", "```\n", True),
        ("js", "z\n", False),
    ]
    python = python_in(answer, bare=True)
    assert (python.code, python.session, python.cut) == ("x\n\ny\n", ">>> 1\n1\n", False)
    assert python_in("x = 1", bare=True).code == "x = 1"
    assert python_in("x = 1", bare=False).code == ""
