"""Which backend takes the next try."""

from __future__ import annotations

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict, Rest
from app.contracts.errors import (
    HostDied,
    HostHung,
    InvalidInput,
    RuntimeFault,
    SottoError,
    TurnCancelledError,
    Unavailable,
)
from app.contracts.events import FailedOver
from models.fakes.stt import FakeSpeechToText
from models.fakes.system import FakeClock, FakeGovernor
from models.retrying import RetryingSpeechToText
from models.retrying.tiers import REST_S, Tiers
from tests.helpers.events import Reports

CLIP = AudioChunk(b"\x00\x00\x80\x3f" * 16_000)


class Rig:
    """Two recognisers behind one, with a clock and a notebook."""

    def __init__(self, tiers: int = 2) -> None:
        self.clock = FakeClock()
        self.fakes = [FakeSpeechToText(["words"], f"tier-{at}", self.clock) for at in range(tiers)]
        self.port = RetryingSpeechToText(self.fakes, self.clock)
        self.reports = Reports()
        self.port.observer = self.reports

    async def ask(self) -> str:
        return (await self.port.transcribe(CLIP)).text


async def test_all_is_well_on_the_first_tier() -> None:
    rig = Rig()
    assert await rig.ask() == "words"
    assert rig.reports.lines == ["transcribe on tier-0"]
    assert rig.port.backend.backend_id == "tier-0"


@pytest.mark.parametrize("error", [HostDied("gone"), HostHung("still")])
async def test_a_temporary_error_costs_one_retry_on_the_same_tier(error: SottoError) -> None:
    rig = Rig()
    rig.fakes[0].fail("transcribe", error)
    assert await rig.ask() == "words"
    assert rig.reports.lines == ["transcribe on tier-0", f"retry 2/2 {error.code}", "transcribe on tier-0"]


async def test_twice_in_a_row_the_next_tier_takes_over() -> None:
    rig = Rig()
    rig.fakes[0].fail("transcribe", HostDied("gone"), HostDied("gone"))
    assert await rig.ask() == "words"
    assert rig.reports.lines == [
        "transcribe on tier-0",
        "retry 2/2 host-died",
        "transcribe on tier-0",
        "tier-0 -> tier-1 at 0",
        "transcribe on tier-1",
    ]


@pytest.mark.parametrize("error", [Unavailable("none"), RuntimeFault("broken")])
async def test_what_another_try_would_not_mend_goes_to_the_next_tier_at_once(error: SottoError) -> None:
    rig = Rig()
    rig.fakes[0].fail("warm_up", error)
    assert await rig.ask() == "words"
    assert rig.reports.lines == ["tier-0 -> tier-1 at 0", "transcribe on tier-1"]


@pytest.mark.parametrize("error", [InvalidInput("nonsense"), TurnCancelledError("over")])
async def test_what_no_tier_would_mend_is_raised(error: SottoError) -> None:
    rig = Rig()
    rig.fakes[0].fail("transcribe", error)
    with pytest.raises(type(error)):
        await rig.ask()
    assert rig.reports.lines == ["transcribe on tier-0"]


async def test_when_nothing_is_left_the_last_error_is_raised() -> None:
    rig = Rig()
    for fake in rig.fakes:
        fake.fail("transcribe", HostDied("gone"), HostDied("gone for good"))
    with pytest.raises(HostDied, match="for good"):
        await rig.ask()
    assert len(rig.reports.events) == 7


async def test_a_tier_that_was_given_up_rests_and_comes_back() -> None:
    rig = Rig()
    rig.fakes[0].fail("warm_up", Unavailable("none"))
    await rig.ask()
    assert rig.port.backend.backend_id == "tier-1"
    rig.reports.events.clear()
    await rig.ask()
    assert rig.reports.lines == ["transcribe on tier-1"]
    await rig.clock.advance(REST_S + 1)
    assert rig.port.backend.backend_id == "tier-0"
    assert await rig.ask() == "words"


async def test_a_resting_tier_is_still_better_than_none() -> None:
    rig = Rig()
    rig.fakes[0].fail("warm_up", Unavailable("none"))
    await rig.ask()
    rig.fakes[1].fail("warm_up", Unavailable("none either"))
    assert await rig.ask() == "words"
    assert rig.reports.lines[-2:] == ["tier-1 -> tier-0 at 0", "transcribe on tier-0"]


async def test_warming_up_warms_the_first_that_can_be_had_and_reports_no_device() -> None:
    rig = Rig()
    rig.fakes[0].fail("warm_up", Unavailable("none"))
    await rig.port.warm_up()
    assert (rig.fakes[0].warm, rig.fakes[1].warm) == (False, True)
    assert rig.reports.lines == ["tier-0 -> tier-1 at 0"]


async def test_closing_closes_every_tier() -> None:
    rig = Rig(3)
    await rig.port.aclose()
    assert all(fake.closed for fake in rig.fakes)


async def test_without_an_observer_it_works_as_well() -> None:
    rig = Rig()
    rig.port.observer = None
    rig.fakes[0].fail("transcribe", HostDied("gone"))
    assert await rig.ask() == "words"


# Devices that have to rest


class Cooled(Rig):
    """A recogniser on the NPU, one on the graphics processor and one on the processor, and a governor over them."""

    def __init__(self) -> None:
        super().__init__()
        devices = (Device.NPU, Device.IGPU, Device.CPU)
        self.fakes = [FakeSpeechToText(["words"], f"on-{one}", self.clock, device=one) for one in devices]
        self.port = RetryingSpeechToText(self.fakes, self.clock)
        self.port.observer = self.reports
        self.governor = FakeGovernor()
        self.port.governor = self.governor

    def rest(self, *devices: Device) -> None:
        rests = tuple(Rest(device, f"The {device} is hot.") for device in devices)
        self.governor.says = GovernorVerdict(frozenset(Device) - set(devices), "It is hot.", rests=rests)


async def test_a_backend_whose_device_rests_comes_last_and_comes_back() -> None:
    rig = Cooled()
    rig.rest(Device.NPU)
    assert rig.port.backend.backend_id == "on-igpu"
    await rig.ask()
    await rig.ask()
    assert rig.reports.lines == ["on-npu -> on-igpu at 0", "transcribe on on-igpu", "transcribe on on-igpu"], (
        "told once"
    )
    (told,) = (event for event in rig.reports.events if isinstance(event, FailedOver))
    assert told.reason == "The npu is hot."
    rig.reports.events.clear()
    rig.rest(Device.NPU, Device.IGPU)
    await rig.ask()
    rig.rest()
    await rig.ask()
    rig.rest(Device.NPU)
    await rig.ask()
    assert rig.reports.lines == [
        "on-npu -> on-cpu at 0",
        "transcribe on on-cpu",
        "transcribe on on-npu",
        "on-npu -> on-igpu at 0",
        "transcribe on on-igpu",
    ]


async def test_a_backend_whose_device_rests_is_still_better_than_none() -> None:
    rig = Cooled()
    rig.rest(Device.NPU, Device.IGPU)
    rig.fakes[2].fail("warm_up", Unavailable("none"))
    assert await rig.ask() == "words"
    assert rig.reports.lines[-1] == "transcribe on on-npu"
    rig.rest(*Device)
    assert await rig.ask() == "words"


async def test_what_was_given_up_is_tried_before_what_has_to_rest() -> None:
    rig = Cooled()
    rig.fakes[0].fail("warm_up", Unavailable("none"))
    await rig.ask()
    rig.rest(Device.IGPU, Device.CPU)
    assert rig.port.backend.backend_id == "on-npu"


async def test_what_counts_is_where_a_backend_really_runs() -> None:
    rig = Cooled()
    rig.fakes[0]._ran = Device.CPU
    rig.rest(Device.CPU)
    await rig.ask()
    assert rig.port.backend.backend_id == "on-igpu"
    rig.rest(Device.NPU)
    assert rig.port.backend.backend_id == "on-npu"


async def test_what_is_loaded_beforehand_is_no_news() -> None:
    rig = Cooled()
    rig.rest(Device.NPU)
    await rig.port.warm_up()
    assert ([fake.warm for fake in rig.fakes], rig.reports.lines) == ([False, True, False], [])
    await rig.ask()
    assert rig.reports.lines[0] == "on-npu -> on-igpu at 0"


async def test_a_request_can_be_handed_on() -> None:
    rig = Cooled()
    attempts = rig.port._tiers.request()
    assert (attempts.first, attempts.others()) == (rig.fakes[0], (rig.fakes[1], rig.fakes[2]))
    attempts.handed_on(rig.fakes[2], "It is hot.", 7)
    assert (attempts.first, attempts.others()) == (rig.fakes[2], (rig.fakes[1], rig.fakes[0]))
    rig.rest(Device.NPU, Device.IGPU)
    await rig.ask()
    assert rig.reports.lines == ["on-npu -> on-cpu at 7", "transcribe on on-cpu"], "told once"


def test_there_has_to_be_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Tiers("answer", [])
