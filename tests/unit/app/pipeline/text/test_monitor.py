"""What the monitor finds, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.contracts.devices import Device, Tier
from app.pipeline.definition import Forwarding
from app.pipeline.text.monitor import NOTHING, Advice, StreamMonitor, Watch
from app.pipeline.tools import Judged
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import SureByToken, Thermostat
from tests.helpers.virtual_time import LoopClock, in_virtual_time
from tests.unit.app.pipeline.text.test_repetition import INNOCENT

TIER = Tier("small", "script")
SURE, UNSURE = math.log(0.95), math.log(0.3)


class Counting(SureByToken):
    asked = 0

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        self.asked += 1
        return super().of(tier, log_probs, text)


def tools():  # type: ignore[no-untyped-def]
    return replace(tools_over(writer("small")), confidence=Counting())


@in_virtual_time
async def test_the_running_confidence_is_that_of_the_last_stretch_when_it_is_lower() -> None:
    monitor = StreamMonitor(tools(), TIER, Device.CPU, watch=Watch(window=4))
    for _ in range(20):
        monitor.token(" yes", SURE, 0.0)
    assert monitor.rolling().confidence == 0.95
    for word in (" a", " b", " c", " d"):
        monitor.token(word, UNSURE, 0.0)
    assert monitor.rolling().confidence == 0.3
    assert monitor.judged().confidence == pytest.approx(0.842, abs=0.001)
    for word in (" e", " f", " g", " h"):
        monitor.token(word, math.log(1.0), 0.0)
    assert monitor.rolling() == monitor.judged()


@in_virtual_time
async def test_before_the_last_token_it_knows_nothing_of_it() -> None:
    monitor = StreamMonitor(tools(), TIER, Device.CPU)
    monitor.token("Yes.", SURE, 0.0)
    monitor.token(" No", UNSURE, 0.0)
    assert monitor.rolling(before_last=True).confidence == 0.95
    assert monitor.rolling().confidence == 0.625


@in_virtual_time
async def test_confidence_is_looked_at_now_and_then_only() -> None:
    given = tools()
    rule = Forwarding(min_confidence=0.5, early_tokens=4)
    monitor = StreamMonitor(given, TIER, Device.CPU, forwarding=rule, watch=Watch(every=8))
    for number in range(20):
        assert monitor.token(f" {number}", SURE, 0.0) == NOTHING
    assert given.confidence.asked == 3  # after 4, 12 and 20 tokens


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        (None, Advice.GO_ON),
        (Forwarding(min_confidence=0.8, early_tokens=4), Advice.ESCALATE),
        (Forwarding(min_confidence=0.8, early_tokens=0), Advice.GO_ON),
        (Forwarding(min_confidence=0.8, early_tokens=5), Advice.GO_ON),
        (Forwarding(check=False, min_confidence=0.8, early_tokens=4), Advice.GO_ON),
        (Forwarding(min_confidence=0.8, early_tokens=4, early_margin=0.6), Advice.GO_ON),
    ],
)
def test_low_confidence_escalates_early(rule: Forwarding | None, advice: Advice) -> None:
    @in_virtual_time
    async def check() -> None:
        monitor = StreamMonitor(tools(), TIER, Device.CPU, forwarding=rule)
        findings = [monitor.token(f" {word}", UNSURE, 0.0) for word in "abcd"]
        assert findings[-1].advice is advice
        assert {finding.advice for finding in findings[:-1]} == {Advice.GO_ON}

    check()


@in_virtual_time
async def test_a_text_begun_by_another_counts() -> None:
    rule = Forwarding(min_confidence=0.8, early_tokens=1)
    begun = {"text": "one two three", "log_probs": (SURE,) * 9}
    monitor = StreamMonitor(tools(), TIER, Device.CPU, forwarding=rule, **begun)  # type: ignore[arg-type]
    assert monitor.token(" four", UNSURE, 0.0) == NOTHING
    assert monitor.judged().confidence == 0.885


@in_virtual_time
async def test_the_device_is_looked_at_now_and_then() -> None:
    thermostat, given = Thermostat(), tools()
    monitor = StreamMonitor(replace(given, governor=thermostat), TIER, Device.GPU, watch=Watch(device_every_s=1.0))
    clock = LoopClock()
    assert monitor.resting() == NOTHING
    thermostat.resting[Device.GPU] = "Too hot."
    assert monitor.resting() == NOTHING
    await clock.sleep(1.0)
    found = monitor.resting()
    assert (found.advice, found.code, found.reason) == (Advice.FAIL_OVER, "device", "Too hot.")


@in_virtual_time
async def test_a_token_without_a_character_yet_does_not_stand() -> None:
    monitor = StreamMonitor(tools(), TIER, Device.CPU, text="One ", log_probs=(-0.5,))
    assert monitor.standing == (0, (-0.5,))
    for text, log_prob in (("two", -0.1), ("", -0.2), (" ", None), ("", -0.3), ("", -0.4)):
        monitor.token(text, log_prob, 0.0)
    assert monitor.standing == (3, (-0.5, -0.1, -0.2))
    assert monitor.tokens == 5


@in_virtual_time
async def test_leaks_length_and_cost_stop() -> None:
    def first(texts: Sequence[str], joules_each: float = 0.0, **options: float) -> tuple[Advice, str, int]:
        monitor = StreamMonitor(tools(), TIER, Device.CPU, **options)  # type: ignore[arg-type]
        for count, text in enumerate(texts):
            found = monitor.token(text, None, joules_each * (count + 1))
            if found != NOTHING:
                return found.advice, found.code, monitor.tokens
        return Advice.GO_ON, "", monitor.tokens

    assert first(["Yes.", "<|im", "_end|>", "more"]) == (Advice.STOP, "leak", 3)
    assert first(["a" * 6, "b" * 6], max_characters=10) == (Advice.STOP, "too-long", 2)
    assert first(["a", "b", "c"], 12.0, joules=24.0) == (Advice.STOP, "budget", 3)


@pytest.mark.parametrize("name", INNOCENT)
def test_no_alarm_for_lists_tables_code_and_poems(name: str) -> None:
    @in_virtual_time
    async def check() -> None:
        monitor = StreamMonitor(tools(), TIER, Device.CPU)
        text = INNOCENT[name]
        assert {monitor.token(text[at : at + 4], SURE, 0.0) for at in range(0, len(text), 4)} == {NOTHING}

    check()
