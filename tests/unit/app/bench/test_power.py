"""The arithmetic of what is saved, in joules and in hours of a battery, and what is said of the claims."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.bench.power_claims import (
    Use,
    all_on,
    break_even,
    changed,
    claim_figures,
    intended,
    saved,
    stage_joules,
    turn_joules,
    turns_for,
)
from app.bench.power_watching import sampler_figures, window_figures
from app.bench.power_words import claim_notes
from app.bench.power_work import StageWork, TurnWork
from app.bench.report import Report
from app.contracts.devices import Device
from app.pipeline.definition import StageType
from app.power.energy.model import DeviceModel, PowerModel


def device(idle_w: float, active_w: float, tokens_per_s: float) -> DeviceModel:
    return DeviceModel(idle_w, active_w, tokens_per_s, "a test", "a test")


MODEL = PowerModel(
    {
        Device.NPU: device(0.0, 2.0, 20.0),
        Device.IGPU: device(1.0, 11.0, 20.0),
        Device.GPU: device(10.0, 60.0, 50.0),
        Device.CPU: device(5.0, 15.0, 10.0),
    }
)
HEARING = StageWork("voice-to-text", StageType.AUDIO_TO_TEXT, Device.NPU, Device.CPU, "moonshine-cpu", 0.5, "3 s heard")
WRITING = StageWork("process-text", StageType.TEXT_GENERATION, Device.IGPU, Device.CPU, "llama-cpu", 2.0, "20 tokens")
TURN = TurnWork((HEARING, WRITING), 3, 2.6)


def test_a_stage_elsewhere_takes_its_seconds_at_that_speed_times_the_watts_there() -> None:
    assert stage_joules(MODEL, WRITING, Device.CPU) == pytest.approx(2.0 * 10.0)
    assert stage_joules(MODEL, WRITING, Device.GPU) == pytest.approx(2.0 / 5.0 * 50.0)
    assert stage_joules(MODEL, HEARING, Device.NPU) == pytest.approx(0.5 / 2.0 * 2.0)


def test_what_ran_where_it_belongs_counts_as_it_was() -> None:
    there = replace(HEARING, ran=Device.NPU)
    assert stage_joules(MODEL, there, Device.NPU) == pytest.approx(0.5 * 2.0)
    assert stage_joules(MODEL, there, Device.CPU) == pytest.approx(0.5 * 2.0 * 10.0)


def test_a_turn_is_its_stages_and_the_saving_a_share_of_all_on_one_device() -> None:
    ours, on_gpu, on_cpu = (
        turn_joules(MODEL, TURN, place) for place in (intended, all_on(Device.GPU), all_on(Device.CPU))
    )
    assert (ours, on_gpu, on_cpu) == pytest.approx((0.5 + 10.0, 25.0, 25.0))
    assert saved(ours, on_gpu) == pytest.approx(0.58)
    assert saved(30.0, on_gpu) == pytest.approx(-0.2), "more is negative"


def test_a_card_that_is_quick_enough_takes_no_more() -> None:
    times = break_even(MODEL, TURN)
    quick = changed(MODEL, speed=times)
    assert turn_joules(quick, TURN, all_on(Device.GPU)) == pytest.approx(turn_joules(MODEL, TURN, intended))
    assert turn_joules(changed(MODEL, speed=2 * times), TURN, all_on(Device.GPU)) < turn_joules(MODEL, TURN, intended)
    assert changed(MODEL, watts=110.0).above_w(Device.GPU) == 100.0


def test_a_battery_lasts_its_watt_hours_over_all_the_watts() -> None:
    use = Use(battery_wh=50.0, rest_w=5.0, turns_per_hour=36.0)
    assert use.hours(0.0) == pytest.approx(10.0)
    assert use.hours(500.0) == pytest.approx(5.0), "36 turns of 500 J in an hour are 5 W"
    assert use.hours(500.0, awake_w=10.0) == pytest.approx(2.5)


def test_turns_an_hour_from_which_a_battery_lasts_so_many_times_as_long() -> None:
    use = Use(rest_w=6.0)
    turns = turns_for(2.0, use, 10.0, 50.0)
    assert turns is not None
    asked = replace(use, turns_per_hour=turns)
    assert asked.hours(10.0) / asked.hours(50.0) == pytest.approx(2.0)
    assert turns_for(5.0, use, 10.0, 50.0) is None, "the joules themselves are five times as many and no more"
    assert turns_for(2.0, use, 10.0, 50.0, awake_w=6.0) == 0.0


def test_the_claims_are_said_to_be_met_or_not_with_what_they_rest_on() -> None:
    told = "\n".join(claim_notes(MODEL, TURN, Use()))
    assert "84% less energy than all on the GPU. Found: 58%. NOT MET." in told
    assert "5 times the battery life of all on the GPU. NOT MET." in told
    assert "cpu 10 W" in told
    assert "0.500 s on cpu" in told
    cheap = PowerModel({**MODEL.devices, Device.IGPU: device(0.0, 1.0, 20.0)})
    assert "Found: 94%. MET." in "\n".join(claim_notes(cheap, TURN, Use()))


def test_the_figures_are_those_that_were_promised() -> None:
    figures = claim_figures(MODEL, TURN, Use())
    assert figures["saved_vs_all_gpu"].value == pytest.approx(0.58)
    assert figures["voice_to_text_joules"].value == pytest.approx(0.5)
    assert figures["process_text_gpu_joules"].unit == "J (estimate)"
    assert figures["turn_joules"].n == 3


def test_the_cost_of_watching_is_a_share_of_one_core_above_what_was_there_without() -> None:
    looked = sampler_figures({"percent": 0.2, "looks": 60, "each_ms": [1.0, 2.0, 3.0]})
    stretches = {
        f"{name}_{fact}": value
        for name, cpu, frames in (("without", 1.0, 5), ("shown", 3.5, 70), ("hidden", 0.9, 0))
        for fact, value in {"cpu_percent": cpu, "frames": frames, "looks": 60 if name == "shown" else 0}.items()
    }
    seen = window_figures(stretches, 60.0)
    assert (looked["sampler_cpu_percent"].value, looked["look_ms"].p50) == (0.2, 2.0)
    assert seen["panel_cpu_percent"].value == pytest.approx(2.5)
    assert seen["panel_hidden_cpu_percent"].value == 0.0
    assert (seen["panel_hidden_frames"].value, seen["panel_hidden_looks"].value) == (0, 0)
    figures = Report("power", {}, {**looked, **seen}).figures
    assert not figures["sampler_cpu_percent"].missed
    assert figures["sampler_cpu_percent"].promise is not None
