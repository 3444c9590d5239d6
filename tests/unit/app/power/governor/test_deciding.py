from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading, GovernorVerdict, measured, unavailable
from app.power.governor.deciding import decide
from app.power.governor.heat import BLIND_S, CALM_S
from app.power.governor.state import State
from app.power.governor.view import View
from app.settings.limits import Limits, OnBattery, QuietHours

ALL = frozenset(Device)
DWELL_S = Limits().dwell_s


def reading(device: Device, temperature_c: float | None = 45.0, **more: object) -> DeviceReading:
    known = unavailable("No sensor.") if temperature_c is None else measured(temperature_c, "script")
    return replace(DeviceReading(device, temperature_c=known, slows_at_c=87.0), **more)  # type: ignore[arg-type]


class Story:
    """A governor that looks once a second."""

    def __init__(self, limits: Limits | None = None, **view: object) -> None:
        self.limits = limits or Limits()
        self.state = State()
        self.view = replace(View(0.0, minute_of_day=12 * 60), **view)  # type: ignore[arg-type]
        self.said: list[GovernorVerdict] = []

    def look(
        self,
        temperatures: Mapping[Device, float | None] | None = None,
        *readings: DeviceReading,
        seconds: float = 1.0,
        **view: object,
    ) -> GovernorVerdict:
        """Time goes by, one look a second; the last verdict."""
        made = tuple(reading(device, degrees) for device, degrees in (temperatures or {}).items())
        verdict = None
        for _ in range(round(seconds)):
            self.view = replace(self.view, **{"at_s": self.view.at_s + 1.0, **view})  # type: ignore[arg-type]
            if made or readings:
                self.view = replace(self.view, readings=(*made, *readings))
            self.state, verdict = decide(self.state, self.view, self.limits)
            self.said.append(verdict)
        assert verdict is not None
        return verdict

    @property
    def allowed(self) -> frozenset[Device]:
        return self.said[-1].allowed


COOL = {Device.CPU: 50.0, Device.GPU: 50.0}


def test_nothing_is_held_back_where_all_is_well() -> None:
    verdict = Story().look(COOL, seconds=60)
    assert verdict == GovernorVerdict(ALL)


def test_nothing_known_holds_nothing_back() -> None:
    assert Story().look(seconds=60) == GovernorVerdict(ALL)
    unknown = {Device.CPU: None, Device.GPU: None, Device.NPU: None}
    assert Story().look(unknown, seconds=60) == GovernorVerdict(ALL)


# Heat


def test_a_device_near_its_point_rests_and_says_until_when() -> None:
    story = Story()
    story.look({Device.CPU: 50.0, Device.GPU: 84.0}, seconds=2)
    verdict = story.look({Device.CPU: 50.0, Device.GPU: 80.0}, seconds=60)
    assert verdict.allowed == ALL - {Device.GPU}
    assert verdict.why(Device.GPU) == (
        "The graphics card is at 84 °C, 3 under the point where it slows down. It rests until it is at 72 °C."
    )
    assert verdict.reason == verdict.why(Device.GPU)
    assert verdict.max_tokens is None
    assert story.look({Device.CPU: 50.0, Device.GPU: 72.0}).allowed == ALL


def test_one_hot_second_rests_nothing_but_the_point_itself_does() -> None:
    story = Story()
    story.look({Device.CPU: 50.0, Device.GPU: 85.0})
    assert story.look(COOL, seconds=5).allowed == ALL
    at_once = story.look({Device.CPU: 50.0, Device.GPU: 87.0})
    assert at_once.why(Device.GPU).startswith("The graphics card is at 87 °C, where it slows itself down.")


def test_hot_looks_long_ago_do_not_add_up() -> None:
    story = Story()
    hot = {Device.CPU: 50.0, Device.GPU: 85.0}
    story.look(hot)
    assert story.look(hot, at_s=100.0).allowed == ALL


@pytest.mark.parametrize(
    ("device", "hot", "said"),
    [
        (Device.GPU, 79.0, "The graphics card is at 79 °C; it is taken to slow down at 83 °C."),
        (Device.IGPU, 91.0, "The graphics processor is at 91 °C; it is taken to slow down at 95 °C."),
        (Device.NPU, 91.0, "The NPU is at 91 °C; it is taken to slow down at 95 °C."),
        (Device.CPU, 91.0, "The processor is at 91 °C; it is taken to slow down at 95 °C."),
    ],
)
def test_where_a_device_does_not_say_when_it_slows_down_a_figure_is_assumed(
    device: Device, hot: float, said: str
) -> None:
    story = Story()
    others = (Device.CPU, Device.NPU) if device is not Device.CPU else (Device.NPU,)
    cool = tuple(reading(other) for other in others if other is not device)
    verdict = story.look({}, reading(device, hot, slows_at_c=None), *cool, seconds=2)
    assert verdict.why(device).startswith(said)


def test_throttling_now_and_then_rests_nothing() -> None:
    story, gpu = Story(), reading(Device.GPU)
    for second in range(120):
        cpu = reading(Device.CPU, 60.0, throttled=second % 3 == 0)
        assert story.look({}, cpu, gpu).allowed == ALL


def test_throttling_rests_a_device_until_it_has_stopped() -> None:
    story, cpu = Story(), reading(Device.CPU)
    story.look({}, reading(Device.GPU, 60.0, throttled=True), cpu, seconds=2)
    assert story.said[-1].why(Device.GPU) == (
        "The graphics card slows itself down because it is too hot or takes too much power. "
        "It rests until that has stopped."
    )
    story.look({}, reading(Device.GPU, 60.0, throttled=True), cpu, seconds=60)
    story.look({}, reading(Device.GPU, 60.0, throttled=False), cpu, seconds=CALM_S - 1)
    assert story.allowed == ALL - {Device.GPU}
    story.look({}, reading(Device.GPU, 60.0, throttled=False), cpu)
    assert story.allowed == ALL


def test_throttling_while_warm_waits_for_the_temperature_too() -> None:
    story, cpu = Story(), reading(Device.CPU)
    story.look({}, reading(Device.GPU, 78.0, throttled=True), cpu, seconds=2)
    assert story.said[-1].reason == (
        "The graphics card slows itself down because it is too hot or takes too much power. "
        "It rests until it is at 72 °C."
    )
    assert story.look({}, reading(Device.GPU, 78.0, throttled=False), cpu, seconds=90).allowed == ALL - {Device.GPU}
    assert story.look({}, reading(Device.GPU, 70.0, throttled=False), cpu).allowed == ALL


def test_a_cool_device_that_still_throttles_rests_on() -> None:
    story, cpu = Story(), reading(Device.CPU)
    story.look({}, reading(Device.GPU, 88.0), cpu, seconds=60)
    story.look({}, reading(Device.GPU, 60.0, throttled=True), cpu)
    assert story.allowed == ALL - {Device.GPU}
    assert story.look({}, reading(Device.GPU, 60.0), cpu).allowed == ALL


def test_what_is_said_of_a_rest_is_what_it_waits_for() -> None:
    """The device gets hot again while it has to rest anyway, and by then under other limits."""
    story, hot, cool = Story(), {Device.CPU: 50.0, Device.GPU: 88.0}, {Device.CPU: 50.0, Device.GPU: 50.0}
    assert story.look(hot).why(Device.GPU).endswith("It rests until it is at 72 °C.")
    story.look(cool)
    story.limits = Limits(rest_under_trip_c=15.0)
    assert story.look(hot).why(Device.GPU).endswith("It rests until it is at 62 °C.")


def test_a_sensor_that_goes_away_does_not_rest_a_device_for_ever() -> None:
    story = Story()
    story.look({Device.CPU: 50.0, Device.GPU: 88.0})
    blind = {Device.CPU: 50.0, Device.GPU: None}
    verdict = story.look(blind, seconds=BLIND_S - 1)
    assert verdict.why(Device.GPU) == (
        "The graphics card was too hot, and its temperature cannot be read any more. It rests for about 2 minutes."
    )
    assert story.look(blind).allowed == ALL


def test_a_device_that_goes_away_is_forgotten() -> None:
    story = Story()
    story.look({Device.CPU: 50.0, Device.GPU: 88.0})
    assert story.look({Device.CPU: 50.0}, seconds=DWELL_S).allowed == ALL


# Dwell


def test_a_device_stays_as_it_is_for_the_dwell_time_in_both_directions() -> None:
    story = Story()
    hot, cool = {Device.CPU: 50.0, Device.GPU: 88.0}, {Device.CPU: 50.0, Device.GPU: 40.0}
    story.look(hot)
    assert story.look(cool, seconds=DWELL_S - 1).allowed == ALL - {Device.GPU}
    assert story.look(cool).allowed == ALL
    assert story.look(hot, seconds=DWELL_S - 1).allowed == ALL
    assert story.look(hot).allowed == ALL - {Device.GPU}


# The last one


def test_the_processor_goes_on_when_everything_is_hot() -> None:
    story = Story()
    hot = {Device.CPU: 88.0, Device.GPU: 88.0, Device.NPU: 88.0}
    verdict = story.look(hot)
    assert verdict.allowed == ALL - {Device.GPU, Device.NPU}
    assert verdict.max_tokens == 80
    assert "The processor should rest, but something has to answer: answers are shorter." in verdict.reason


def test_a_processor_alone_never_rests() -> None:
    verdict = Story().look({Device.CPU: 99.0}, seconds=100)
    assert verdict.allowed == ALL
    assert verdict.max_tokens == 80


def test_the_processor_rests_where_another_device_can_answer() -> None:
    assert Story().look({Device.CPU: 88.0, Device.NPU: 50.0}).allowed == ALL - {Device.CPU}
    nothing_on_the_npu = Story(usable=frozenset({Device.CPU, Device.REMOTE}))
    assert nothing_on_the_npu.look({Device.CPU: 88.0, Device.NPU: 50.0}).allowed == ALL


def test_when_the_last_one_gets_hot_the_processor_comes_back_first() -> None:
    story = Story()
    story.look({Device.CPU: 88.0, Device.NPU: 50.0}, seconds=5)
    both = {Device.CPU: 88.0, Device.NPU: 88.0}
    assert story.look(both, seconds=10).allowed == ALL - {Device.CPU}
    assert "The NPU should rest, but something has to answer: answers are shorter." in story.said[-1].reason
    assert story.look(both, seconds=DWELL_S).allowed == ALL - {Device.NPU}


def test_when_the_last_one_goes_away_the_processor_works_at_once() -> None:
    story = Story()
    story.look({Device.CPU: 88.0, Device.NPU: 50.0})
    assert story.look({Device.CPU: 88.0}).allowed == ALL


def test_of_devices_without_a_processor_the_coolest_goes_on() -> None:
    story = Story(usable=frozenset({Device.NPU, Device.GPU}))
    hot = {Device.CPU: 40.0, Device.NPU: 88.0, Device.GPU: 95.0}
    assert story.look(hot).allowed == ALL - {Device.GPU}
    hotter = {Device.CPU: 40.0, Device.NPU: 92.0, Device.GPU: 88.0}
    assert story.look(hotter, seconds=60).allowed == ALL - {Device.GPU}, "it does not go to and fro"


# The person


def test_the_persons_word_goes_before_everything_and_at_once() -> None:
    story = Story()
    hot = {Device.CPU: 50.0, Device.GPU: 88.0}
    story.look(hot, seconds=5)
    assert story.look(hot, overrides={Device.GPU: True}).allowed == ALL
    verdict = story.look(hot, overrides={Device.GPU: False})
    assert verdict.why(Device.GPU) == "You told the graphics card to rest."
    assert story.look(COOL, seconds=30, overrides={Device.GPU: False}).allowed == ALL - {Device.GPU}
    assert story.look(COOL, overrides={}).allowed == ALL


def test_a_person_who_rests_everything_still_gets_answers() -> None:
    story = Story()
    verdict = story.look(COOL, overrides=dict.fromkeys(Device, False))
    assert verdict.allowed == {Device.CPU}
    assert "You told the processor to rest, but something has to answer: answers are shorter." in verdict.reason
    rest_one = Story()
    rest_one.look({Device.CPU: 88.0, Device.GPU: 50.0})
    verdict = rest_one.look({Device.CPU: 88.0, Device.GPU: 50.0}, overrides={Device.GPU: False})
    assert verdict.allowed == ALL - {Device.GPU}, "the processor comes back for it, dwell or not"


def test_of_two_devices_the_one_goes_on_that_the_person_did_not_rest() -> None:
    story = Story()
    hot = {Device.CPU: 50.0, Device.NPU: 88.0}
    assert story.look(hot, overrides={Device.CPU: False}).allowed == ALL - {Device.CPU}
    assert story.look(hot, seconds=60).allowed == ALL - {Device.CPU}


def test_the_end_of_the_persons_word_counts_at_once() -> None:
    story = Story()
    story.look(COOL, overrides={Device.GPU: False})
    assert story.look(COOL, overrides={}).allowed == ALL


def test_switched_off_and_on_again_it_has_forgotten_what_was_hot() -> None:
    story, warm = Story(Limits(dwell_s=5.0)), {Device.CPU: 50.0, Device.GPU: 75.0}
    story.look({Device.CPU: 50.0, Device.GPU: 88.0})
    assert story.look(warm, seconds=10).allowed == ALL - {Device.GPU}
    story.limits = replace(story.limits, governs=False)
    assert story.look(warm).allowed == ALL
    story.limits = replace(story.limits, governs=True)
    assert story.look(warm, seconds=10).allowed == ALL


def test_switched_off_it_holds_nothing_back_but_what_the_person_says() -> None:
    story = Story()
    hot = {Device.CPU: 50.0, Device.GPU: 88.0}
    story.look(hot)
    story.limits = Limits(governs=False, joules_per_turn=1.0)
    assert story.look(hot) == GovernorVerdict(ALL)
    assert story.look(hot, overrides={Device.NPU: False}).allowed == ALL - {Device.NPU}


# Battery


LAPTOP = {Device.CPU: 50.0, Device.NPU: 50.0, Device.IGPU: 50.0, Device.GPU: 50.0}


def test_a_low_battery_rests_what_is_hungry_until_it_is_charged() -> None:
    story = Story(Limits(battery_percent=20.0))
    assert story.look(LAPTOP, battery=BatteryReading(20.0, on_mains=False)).allowed == ALL
    verdict = story.look(LAPTOP, battery=BatteryReading(19.0, on_mains=False))
    assert verdict == GovernorVerdict(
        ALL - {Device.GPU, Device.IGPU},
        "The battery is under 20 %: what takes much power rests, and answers are short.",
        max_tokens=64,
        rests=verdict.rests,
        patience=0.2,
    )
    assert [rest.device for rest in verdict.rests] == [Device.IGPU, Device.GPU]
    story.look(LAPTOP, seconds=60, battery=BatteryReading(21.0, on_mains=False))
    assert story.allowed != ALL, "a little more than the mark is not enough"
    assert story.look(LAPTOP, battery=BatteryReading(21.0, on_mains=True)) == GovernorVerdict(ALL)


def test_graphics_of_the_processor_rest_only_where_an_npu_takes_over() -> None:
    story = Story()
    low = BatteryReading(10.0, on_mains=False)
    there = {Device.CPU: 50.0, Device.IGPU: 50.0, Device.GPU: 50.0}
    assert story.look(there, battery=low).allowed == ALL - {Device.GPU}


def test_the_frugal_choice_counts_on_battery_alone() -> None:
    full = BatteryReading(95.0, on_mains=False)
    assert Story().look(LAPTOP, battery=full).allowed == ALL
    frugal = Limits(on_battery=OnBattery.FRUGAL)
    verdict = Story(frugal).look(LAPTOP, battery=full)
    assert (verdict.allowed, verdict.max_tokens, verdict.patience) == (ALL - {Device.GPU}, 80, 0.1)
    assert verdict.reason == "This machine runs on its battery: what takes much power rests, and answers are shorter."
    for other in (BatteryReading(95.0, on_mains=True), BatteryReading(None, on_mains=None), None):
        assert Story(frugal).look(LAPTOP, battery=other) == GovernorVerdict(ALL)


# Watts and joules


def test_too_many_watts_for_some_seconds_rest_the_hungriest_then_the_next_then_shorten_answers() -> None:
    story = Story(Limits(watts=30.0))
    story.look(LAPTOP, seconds=5, watts_of_ours=45.0)
    assert story.allowed == ALL, "an answer begins with a burst"
    verdict = story.look(LAPTOP, watts_of_ours=45.0)
    assert verdict.allowed == ALL - {Device.GPU}
    assert verdict.reason == "Sotto has taken more than 30 W for some time: what takes most of it rests."
    assert story.look(LAPTOP, seconds=DWELL_S, watts_of_ours=45.0).allowed == ALL - {Device.GPU, Device.IGPU}
    assert story.said[-1].max_tokens is None
    assert story.look(LAPTOP, seconds=DWELL_S, watts_of_ours=45.0).max_tokens == 80
    assert story.look(LAPTOP, seconds=DWELL_S, watts_of_ours=45.0).max_tokens == 64
    assert story.look(LAPTOP, seconds=300, watts_of_ours=45.0).max_tokens == 64


def test_a_burst_or_a_gap_between_looks_is_not_too_much() -> None:
    story = Story(Limits(watts=30.0))
    for _ in range(10):
        story.look(LAPTOP, seconds=4, watts_of_ours=45.0)
        story.look(LAPTOP, watts_of_ours=10.0)
    story.look(LAPTOP, watts_of_ours=45.0, at_s=1000.0)
    story.look(LAPTOP, watts_of_ours=45.0, at_s=2000.0)
    assert story.allowed == ALL


def test_when_the_watts_have_been_low_for_a_minute_one_step_is_taken_back() -> None:
    story = Story(Limits(watts=30.0))
    story.look(LAPTOP, seconds=6, watts_of_ours=45.0)
    story.look(LAPTOP, seconds=300, watts_of_ours=27.0)
    assert story.allowed == ALL - {Device.GPU}, "just under the budget is no room"
    story.look(LAPTOP, seconds=60, watts_of_ours=10.0)
    assert story.allowed == ALL - {Device.GPU}
    assert story.look(LAPTOP, watts_of_ours=10.0).allowed == ALL


def test_every_step_back_needs_a_minute_of_its_own() -> None:
    story = Story(Limits(watts=30.0))
    story.look(LAPTOP, seconds=6 + DWELL_S, watts_of_ours=45.0)
    assert story.allowed == ALL - {Device.GPU, Device.IGPU}
    assert story.look(LAPTOP, seconds=61, watts_of_ours=10.0).allowed == ALL - {Device.GPU}
    assert story.look(LAPTOP, seconds=59, watts_of_ours=10.0).allowed == ALL - {Device.GPU}
    assert story.look(LAPTOP, watts_of_ours=10.0).allowed == ALL


@pytest.mark.parametrize(
    ("spent", "allowed", "max_tokens", "patience", "said"),
    [
        (700.0, ALL, None, 0.0, ""),
        (750.0, ALL, 80, 0.1, "Three quarters of the 1000 J for an hour are spent: answers are shorter."),
        (900.0, ALL - {Device.GPU, Device.IGPU}, 80, 0.2, "Nine tenths of the 1000 J for an hour are spent: what "),
        (1200.0, ALL - {Device.GPU, Device.IGPU}, 64, 0.2, "All of the 1000 J for an hour are spent: what takes "),
    ],
)
def test_the_joules_of_an_hour(
    spent: float, allowed: frozenset[Device], max_tokens: int | None, patience: float, said: str
) -> None:
    verdict = Story(Limits(joules_per_hour=1000.0)).look(LAPTOP, spent_hour_j=spent)
    assert (verdict.allowed, verdict.max_tokens, verdict.patience) == (allowed, max_tokens, patience)
    assert verdict.reason.startswith(said)
    assert verdict.joules == max(0.0, 1000.0 - spent)


def test_a_step_of_the_hour_ends_well_below_where_it_began() -> None:
    story = Story(Limits(joules_per_hour=1000.0))
    story.look(LAPTOP, spent_hour_j=760.0)
    assert story.look(LAPTOP, seconds=60, spent_hour_j=700.0).max_tokens == 80
    assert story.look(LAPTOP, spent_hour_j=640.0).max_tokens is None


def test_the_joules_of_a_turn_are_what_is_left_of_them() -> None:
    story = Story(Limits(joules_per_turn=50.0, joules_per_hour=1000.0))
    assert story.look(LAPTOP, spent_turn_j=20.0).joules == 30.0
    assert story.look(LAPTOP, spent_turn_j=20.0, spent_hour_j=990.0).joules == 10.0
    assert story.look(LAPTOP, spent_turn_j=70.0).joules == 0.0
    assert Story().look(LAPTOP).joules is None


def test_the_caps_change_as_seldom_as_a_device() -> None:
    story = Story(Limits(on_battery=OnBattery.FRUGAL))
    plugged, unplugged = (BatteryReading(90.0, on_mains=mains) for mains in (True, False))
    story.look(LAPTOP, battery=unplugged)
    for _ in range(14):
        assert story.look(LAPTOP, battery=plugged).max_tokens == 80
        assert story.look(LAPTOP, battery=unplugged).max_tokens == 80
    story.look(LAPTOP, seconds=2, battery=plugged)
    assert story.said[-1] == GovernorVerdict(ALL)


def test_an_answer_is_never_cut_to_nothing() -> None:
    low = BatteryReading(5.0, on_mains=False)
    assert Story(Limits(max_tokens=400)).look(LAPTOP, battery=low).max_tokens == 100
    assert Story(Limits(max_tokens=96)).look(LAPTOP, battery=low).max_tokens == 64
    assert Story(Limits(max_tokens=8)).look(LAPTOP, battery=low).max_tokens == 8


# Quiet hours


@pytest.mark.parametrize(
    ("hours", "minute", "quiet"),
    [
        ("22:00-07:00", 22 * 60, True),
        ("22:00-07:00", 3 * 60, True),
        ("22:00-07:00", 7 * 60, False),
        ("22:00-07:00", 12 * 60, False),
        ("13:00-15:00", 14 * 60, True),
        ("13:00-15:00", 15 * 60, False),
    ],
)
def test_in_quiet_hours_the_graphics_card_rests(hours: str, minute: int, quiet: bool) -> None:
    limits = Limits(quiet_hours=QuietHours.from_text(hours))
    verdict = Story(limits).look(LAPTOP, minute_of_day=minute)
    assert verdict.allowed == (ALL - {Device.GPU} if quiet else ALL)
    assert verdict.max_tokens == (80 if quiet else None)
    between = hours.replace("-", " and ")
    assert verdict.reason == (
        f"It is between {between}, your quiet hours: the graphics card rests, and answers are shorter." if quiet else ""
    )


def test_several_reasons_are_each_told_once() -> None:
    limits = Limits(on_battery=OnBattery.FRUGAL, quiet_hours=QuietHours.from_text("00:00-23:59"))
    verdict = Story(limits).look({**LAPTOP, Device.NPU: 90.0}, battery=BatteryReading(50.0, on_mains=False))
    assert verdict.reason == (
        "This machine runs on its battery: what takes much power rests, and answers are shorter. "
        "It is between 00:00 and 23:59, your quiet hours: the graphics card rests, and answers are shorter. "
        "The NPU is at 90 °C, where it slows itself down. It rests until it is at 72 °C."
    )
