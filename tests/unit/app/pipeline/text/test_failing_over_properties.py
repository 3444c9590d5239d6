"""Moving an answer: whenever devices have to rest, and however models divide text into tokens, no character is lost."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.contracts.events import FailedOver
from app.contracts.ports import TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.steps import Step
from models.fakes.llm import FakeTextGenerator
from models.llm.llama_state import as_written
from models.retrying import RetryingTextGenerator
from tests.helpers.pipelines import tools_over
from tests.helpers.texts import Thermostat, ask_for, stage_over, text_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TEXT = "<think>Häh? 👩‍🚀</think>Ja: 👍🏽!\n```py\nx = 'ü'\n```\nÉtés, naïve 漢字. "
ONE, OTHER = Device.GPU, Device.CPU
TOKEN_S = 0.1


class InTokens(FakeTextGenerator):
    """Writes `TEXT` in tokens of so many bytes, again and again; a character may be in two of them, or three."""

    def __init__(self, device: Device, model: str, sizes: Sequence[int], reads_s: float) -> None:
        super().__init__(["unused"], device.value, LoopClock(), device=device, model=model)
        self._pieces: list[bytes] = []
        raw = TEXT.encode()
        while raw:
            size = sizes[len(self._pieces) % len(sizes)]
            self._pieces.append(raw[:size])
            raw = raw[size:]
        self._reads_s = reads_s
        self._knows = False

    async def import_state(self, state: bytes) -> int:
        self._knows = True
        return await super().import_state(state)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        self.requests.append(request)
        self._held = "held"
        await self._clock.sleep(self._reads_s)
        begun, characters = request.answer_so_far, codecs.getincrementaldecoder("utf-8")("replace")
        known = as_written(range(-1, len(self._pieces)), [-1], begun, self._pieces.__getitem__) if self._knows else []
        tokens = self._pieces[len(known) :]
        if begun and not known:
            tokens = [byte.to_bytes(1, "big") for byte in TEXT.encode()[len(begun.encode()) :]]
        characters.decode(b"".join(self._pieces[: len(known)]))
        self._knows = True
        for token in tokens[: request.max_tokens]:
            await self._clock.sleep(TOKEN_S)
            yield TextPiece(characters.decode(token), -0.1)
        yield TextPiece("", finish=FinishReason.LENGTH if len(tokens) > request.max_tokens else FinishReason.STOP)

    def within(self, max_tokens: int) -> str:
        """What it writes in so many tokens, alone."""
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        return "".join(map(characters.decode, self._pieces[:max_tokens]))


SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=8)
TURNS = st.lists(st.floats(0.0, 4.0), min_size=1, max_size=3).map(sorted)
"""When the one that runs has to rest and the other one may run again, seconds."""


def warm(governor: Thermostat, turns: Sequence[float]) -> list[asyncio.TimerHandle]:
    loop = asyncio.get_running_loop()
    resting = [{ONE: "Hot."}, {OTHER: "Hot, too."}]
    return [
        loop.call_later(at, setattr, governor, "resting", dict(resting[number % 2])) for number, at in enumerate(turns)
    ]


@given(SIZES, SIZES, TURNS, st.booleans(), st.sampled_from([0.0, 0.7]), st.sampled_from([0.0, 1.0, 5.0]))
def test_up_the_ladder(
    sizes: list[int], others: list[int], turns: list[float], moved: bool, reads_s: float, load_s: float
) -> None:
    @in_virtual_time
    async def check() -> None:
        one = InTokens(ONE, "m", sizes, reads_s)
        other = InTokens(OTHER, "m" if moved else "another", sizes if moved else others, reads_s)
        other.load_s = load_s
        governor, shown = Thermostat(), ""
        moves: list[FailedOver] = []
        tools = replace(tools_over(one, other), governor=governor)
        heating = warm(governor, turns)
        ask = ask_for(
            stage_over(one, fallbacks=[other]),
            tools=tools,
            report=lambda event: moves.append(event) if isinstance(event, FailedOver) else None,
        )
        lengths: list[tuple[int, str]] = []
        steps: list[Step] = []
        async for step in LadderStrategy().steps(ask):
            steps.append(step)
            shown = text_of(steps)
            lengths.append((len(moves), shown))
        for timer in heating:
            timer.cancel()
        assert shown == TEXT
        for number, move in enumerate(moves):
            before = max((text for moves_then, text in lengths if moves_then <= number), key=len, default="")
            told = [request for port in (one, other) for request in port.requests if request.answer_so_far == before]
            assert told, "it goes on from just what was shown"
            assert {move.from_backend, move.to_backend} == {"gpu", "cpu"}
            assert (ask.request.max_tokens - move.at_token) in {request.max_tokens for request in told}
        assert [move.at_token for move in moves] == sorted(move.at_token for move in moves)

    check()


@given(SIZES, TURNS, st.integers(1, 90), st.sampled_from([0.0, 0.7]))
def test_with_its_state_it_is_the_answer_of_one_alone_to_the_last_token(
    sizes: list[int], turns: list[float], max_tokens: int, load_s: float
) -> None:
    @in_virtual_time
    async def check() -> None:
        for through in (_by_ladder, _without_pipelines):
            ports = [InTokens(device, "m", sizes, 0.0) for device in (ONE, OTHER)]
            ports[1].load_s = load_s
            governor = Thermostat()
            heating = warm(governor, turns)
            assert await through(ports, governor, max_tokens) == ports[0].within(max_tokens)
            for timer in heating:
                timer.cancel()

    check()


async def _by_ladder(ports: Sequence[TextGenerator], governor: Thermostat, max_tokens: int) -> str:
    tools = replace(tools_over(*ports), governor=governor)
    ask = ask_for(stage_over(ports[0], fallbacks=ports[1:]), tools=tools, max_tokens=max_tokens)
    return text_of([step async for step in LadderStrategy().steps(ask)])


async def _without_pipelines(ports: Sequence[TextGenerator], governor: Thermostat, max_tokens: int) -> str:
    port = RetryingTextGenerator(ports, LoopClock())
    port.governor = governor
    request = replace(ask_for(stage_over(ports[0]), *ports).request, max_tokens=max_tokens)
    return "".join([piece.text async for piece in port.generate(request)])
