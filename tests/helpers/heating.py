"""Machines that get hot: traces of their sensors, computed from how fast they warm up and cool down.

Why it exists: a recorded machine gets as hot as it likes. Here a test says how hard each device works, and the
temperature follows as it does in a thing with a heat capacity and a cooler: in every second it goes a fixed share of
the way to where it would settle.

Run as a program (``python -m tests.helpers.heating``) it writes ``tests/data/power/traces`` again: what the governor
decides about each of `TRACES`, and the first of them as a file of the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading, measured, unavailable
from app.power.governor.replay import replay
from app.power.sensors.sample import Counters, Sample
from app.power.trace import FORMAT, VERSION, Trace, TraceHeader, TraceWriter
from app.settings.limits import Limits

FOLDER = Path(__file__).parents[1] / "data" / "power" / "traces"
STEP_S = 4.0
"""Seconds between two looks."""
ROOM_C = 25.0


@dataclass(frozen=True, slots=True)
class Part:
    """One device, and how it warms up.

    Attributes:
        device: Which.
        settles_at_c: Where it ends up under full load.
        tau_s: Time in which it goes 63 % of the way.
        slows_at_c: Where it slows itself down; None when it does not say.
        load: How hard it works, as (seconds, share) one after the other; the last share lasts.
        blind_from_s: Its temperature cannot be read any more from then on.
    """

    device: Device
    settles_at_c: float
    tau_s: float
    slows_at_c: float | None
    load: Sequence[tuple[float, float]]
    blind_from_s: float = float("inf")

    def share_at(self, seconds: float) -> float:
        """How hard it works."""
        for lasts, share in self.load:
            if seconds < lasts:
                return share
            seconds -= lasts
        return self.load[-1][1]


def trace_of(parts: Sequence[Part], seconds: float, *, name: str, minute_of_day: int = 720) -> Trace:
    """What the sensors of a machine say for so long, one look every `STEP_S`."""
    temperatures = {part.device: 40.0 for part in parts}
    samples = []
    for number in range(int(seconds / STEP_S) + 1):
        at_s = number * STEP_S
        readings = {part.device: _reading(part, temperatures[part.device], at_s) for part in parts}
        absent = {device: DeviceReading(device, present=False) for device in Device}
        looks = tuple({**absent, **readings}[device] for device in Device)
        samples.append(Sample(Counters(1000.0 + at_s), looks, BatteryReading(80.0, on_mains=True)))
        for part in parts:
            goal = ROOM_C + (part.settles_at_c - ROOM_C) * max(0.15, part.share_at(at_s))
            temperatures[part.device] += (goal - temperatures[part.device]) * STEP_S / part.tau_s
    return Trace(TraceHeader(FORMAT, VERSION, name, minute_of_day), tuple(samples))


def _reading(part: Part, temperature: float, at_s: float) -> DeviceReading:
    blind = at_s >= part.blind_from_s
    slows_at = part.slows_at_c if part.slows_at_c is not None else 95.0
    return DeviceReading(
        part.device,
        temperature_c=unavailable("The sensor is gone.") if blind else measured(round(temperature, 1), "model"),
        busy=measured(part.share_at(at_s), "model"),
        throttled=None if blind else temperature >= slows_at,
        slows_at_c=part.slows_at_c,
    )


TRACES = {
    "heat-up-and-cool-down": trace_of(
        [
            Part(Device.GPU, 96.0, 30.0, 87.0, [(20, 0.2), (110, 1.0), (120, 0.0), (60, 1.0), (1, 0.0)]),
            Part(Device.CPU, 80.0, 25.0, 100.0, [(20, 0.2), (130, 0.7), (1, 0.2)]),
        ],
        400.0,
        name="a laptop with a graphics card that works for two minutes, and again",
    ),
    "everything-hot": trace_of(
        [
            Part(Device.NPU, 101.0, 60.0, None, [(180, 1.0), (1, 0.0)]),
            Part(Device.IGPU, 103.0, 45.0, None, [(150, 1.0), (1, 0.0)]),
            Part(Device.CPU, 112.0, 30.0, 100.0, [(170, 1.0), (1, 0.1)]),
        ],
        320.0,
        name="a laptop without a fan in the sun",
    ),
    "sensor-gone": trace_of(
        [
            Part(Device.GPU, 96.0, 30.0, None, [(60, 1.0), (1, 0.0)], blind_from_s=60.0),
            Part(Device.CPU, 70.0, 25.0, 100.0, [(1, 0.3)]),
        ],
        240.0,
        name="a laptop whose graphics card stops telling its temperature while it is hot",
    ),
}


RECORDED = "heat-up-and-cool-down"


def decisions(trace: Trace, limits: Limits | None = None) -> str:
    """What the governor decides, a paragraph for each time it changes its mind."""
    told = []
    for decision in replay(trace, limits or Limits()):
        verdict = decision.verdict
        resting = " ".join(rest.device for rest in verdict.rests) or "nothing"
        cap = "" if verdict.max_tokens is None else f", answers of {verdict.max_tokens} tokens at most"
        lines = [f"after {decision.after_s:.0f} s: {resting} rests{cap}"]
        lines += [f"  {rest.device}: {rest.reason}" for rest in verdict.rests]
        told.append("\n".join([*lines, f"  {verdict.reason or 'Nothing is held back.'}"]))
    return "\n".join(told) + "\n"


def write_trace(trace: Trace, path: Path) -> None:
    """Write a trace as the program does."""
    header = trace.header
    writer = TraceWriter(path, machine=header.machine, minute_of_day=header.minute_of_day)
    for sample in trace.samples:
        writer.add(sample)
    writer.close()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, trace in TRACES.items():
        (FOLDER / f"{name}.txt").write_text(decisions(trace), encoding="utf-8")
    write_trace(TRACES[RECORDED], FOLDER / f"{RECORDED}.jsonl")
