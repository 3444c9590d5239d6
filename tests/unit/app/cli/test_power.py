"""`sotto power`: what a person and a script read, live, recorded and replayed."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import power as command
from app.cli.console import Console
from app.cli.findings import State
from app.cli.main import main
from app.cli.parser import build_parser
from app.cli.power import power, sensors_of_machine
from app.cli.power_text import as_object, as_table, as_text
from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, Energy, Provenance, estimated, measured, unavailable
from app.contracts.errors import InvalidInput, StorageError, Unavailable
from app.power.energy.days import Day
from app.power.sensors.sample import Sample, Sensors
from app.power.trace import TraceWriter, read_trace
from app.settings.paths import Paths
from tests.helpers.samples import reading, sample
from tests.helpers.trace_sensors import TraceSensors

REMEDY = "sudo chown $USER /sys/class/powercap/intel-rapl*/energy_uj"
CLOSED = unavailable("Only root may read the processor's energy counter.", REMEDY)
NO_TURN = Day("2026-11-21")
BUSY = sample(
    11.0,
    reading(Device.NPU, watts=2.4, heat=51.0, busy=0.6),
    reading(Device.GPU, asleep=True),
    reading(Device.CPU, watts=CLOSED, heat=97.0, busy=0.5, slows_at_c=100.0, throttled=True),
    battery=BatteryReading(64.0, on_mains=False, watts=measured(11.6, "power_now"), left_s=7500.0),
)


@dataclass
class Ran:
    """What one call came to."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    paths = Paths.under(tmp_path / "home")
    paths.ensure()
    monkeypatch.setattr(Paths, "default", lambda: paths)
    monkeypatch.setattr(command, "BETWEEN_S", 0.0)
    monkeypatch.setattr(command, "BRIEFLY_S", 0.0)
    return paths


Run = Callable[..., Ran]


@pytest.fixture
def run(paths: Paths) -> Run:
    def call(*arguments: str, looks: tuple[Sample, ...] = (BUSY,), terminal: bool = False) -> Ran:
        out, err = Terminal() if terminal else io.StringIO(), io.StringIO()
        options = build_parser().parse_args(["power", *arguments])
        code = power(options, Console(out, err), lambda: TraceSensors(looks))
        return Ran(code, out.getvalue(), err.getvalue())

    return call


def test_every_figure_is_shown_with_its_origin(run: Run) -> None:
    ran = run()
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == """\
NPU: The npu of a test
  power          2.4 W        measured: /sys/npu
  temperature    51 °C        measured: /sys/npu
  busy           60 %         measured: /sys/npu
  memory         unavailable  No sensor of it is found here.
  clock          unavailable  No sensor of it is found here.

Integrated graphics: not there

Graphics card: The gpu of a test
  asleep; nothing was asked of it
  power          ≈ 0.0 W      estimate: it sleeps. No sensor of it is found
                              here.
  temperature    unavailable  No sensor of it is found here.
  busy           unavailable  No sensor of it is found here.
  memory         unavailable  No sensor of it is found here.
  clock          unavailable  No sensor of it is found here.

Processor: The cpu of a test
  throttled: it slows itself down because of heat or power; heat does so at 100
  °C
  power          ≈ 9.0 W      estimate: device model, 3 W idle and 15 W at work.
                              Only root may read the processor's energy counter.
  temperature    97 °C        measured: /sys/cpu
  busy           50 %         measured: /sys/cpu
  memory         unavailable  No sensor of it is found here.
  clock          unavailable  No sensor of it is found here.
  → sudo chown $USER /sys/class/powercap/intel-rapl*/energy_uj

Battery: 64 %, on battery, 2 h left
  whole machine  12 W         measured: power_now

Today: no turn so far
"""
    )


def test_no_line_is_longer_than_a_terminal() -> None:
    day = Day("2026-11-21", 17, {Device.CPU: Energy(12_345.0, Provenance.ESTIMATE)}, -1_000_000.0)
    for line in (as_text(BUSY, day) + "\n" + as_table(BUSY)).splitlines():
        assert len(line) <= 80 or line.startswith("  → ")


def test_the_energy_of_today(run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    day = Day("2026-11-21", 3, {Device.CPU: Energy(120.0, Provenance.ESTIMATE)}, 380.0)
    monkeypatch.setattr(command.Days, "today", lambda _self: day)
    out = run().out
    assert "Today: 3 turns, ≈ 120 J estimated; ≈ 380 J less than all on the graphics card" in out


def test_json_is_one_object_with_all_quantities(run: Run) -> None:
    ran = run("--json", looks=(sample(10.0, joules={"package-0": 3.5}), BUSY))
    told = json.loads(ran.out)
    assert list(told) == ["at_s", "devices", "battery", "meters", "today"]
    cpu = told["devices"][3]
    assert cpu["device"] == "cpu"
    assert cpu["watts"]["provenance"] == "estimate"
    assert cpu["watts"]["remedy"] == REMEDY
    assert told["battery"]["watts"]["value"] == 11.6
    assert told["today"] == {
        "day": told["today"]["day"],
        "turns": 0,
        "joules": 0.0,
        "provenance": told["today"]["provenance"],
        "saved_joules": 0.0,
    }
    meters = as_object(sample(1.0, joules={"package-0": 3.5}), NO_TURN)["meters"]
    assert meters == [{"name": "package-0", "devices": ["npu", "cpu"], "joules": 3.5, "source": "/sys/package-0"}]


def test_watching_shows_a_block_for_every_look(run: Run) -> None:
    ran = run("--watch", "--seconds", "0.05")
    assert ran.code == 0
    header, npu, gpu, cpu, battery, legend = ran.out.strip("\n").split("\n\n")[0].splitlines()
    assert header.split() == ["power", "heat", "busy", "memory", "clock", "state"]
    assert re.split(r" {2,}", npu) == ["NPU", "2.4 W", "51 °C", "60 %", "—", "—"]
    assert gpu.split()[-1] == "asleep"
    assert re.split(r" {2,}", cpu) == ["Processor", "≈ 9.0 W", "97 °C", "50 %", "—", "—", "throttled"]
    assert battery == "Battery: 64 %, on battery, 2 h left, the machine draws 12 W"
    assert "estimated" in legend


def test_watching_on_a_terminal_is_in_place_and_as_json_a_line_each(run: Run) -> None:
    assert run("--watch", "--seconds", "0.05", terminal=True).out.startswith("\x1b[H\x1b[J")
    for line in run("--watch", "--json", "--seconds", "0.05").out.splitlines():
        assert json.loads(line)["devices"][0]["watts"]["value"] == 2.4


def test_a_recording_holds_what_was_seen_and_no_name(run: Run, tmp_path: Path) -> None:
    ran = run("--record", str(tmp_path / "trace.jsonl"), "--seconds", "0.05")
    assert ran.out == ""
    trace = read_trace(tmp_path / "trace.jsonl")
    assert trace.samples[0] == BUSY, "as measured, without estimates"
    assert re.fullmatch(r"\w+ \w+", trace.header.machine)
    assert f"{len(trace.samples)} look" in ran.err


def test_a_reader_that_leaves_ends_the_watching(paths: Paths) -> None:
    class Left(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    options = build_parser().parse_args(["power", "--watch"])
    assert power(options, Console(Left(), io.StringIO()), lambda: TraceSensors((BUSY,))) == 141


def test_a_driver_that_hangs_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, paths: Paths) -> None:
    gate = threading.Event()

    class Hanging(TraceSensors):
        def sample(self) -> Sample:
            gate.wait()
            return super().sample()

    monkeypatch.setattr(command, "PATIENCE_S", 0.02)
    monkeypatch.setattr("app.power.sampler.CLOSING_S", 0.02)
    try:
        for arguments in ([], ["--watch"]):
            with pytest.raises(Unavailable, match="do not answer"):
                power(
                    build_parser().parse_args(["power", *arguments]),
                    Console(io.StringIO(), io.StringIO()),
                    lambda: Hanging((BUSY,)),
                )
        (finding,) = sensors_of_machine(paths, lambda: Hanging((BUSY,)))
        assert finding.state is State.WARNING
    finally:
        gate.set()


def heating(path: Path) -> Path:
    """A graphics card that heats up until it should rest, and cools down."""
    writer = TraceWriter(path, machine="Linux x86_64", minute_of_day=600)
    temperatures = [60.0] * 5 + [60.0 + second for second in range(28)] + [50.0] * 120
    for second, celsius in enumerate(temperatures):
        card = reading(Device.GPU, heat=celsius, slows_at_c=87.0, busy=0.9)
        writer.add(sample(1000.0 + second, card, reading(Device.CPU, heat=50.0, slows_at_c=100.0)))
    writer.close()
    return path


def test_a_replay_says_what_was_decided_when_and_why(run: Run, tmp_path: Path) -> None:
    trace = heating(tmp_path / "heat.jsonl")
    ran = run("--replay", str(trace))
    assert ran.out.startswith("153 looks over 2:32 on Linux x86_64. Limits of the profile starter:\n")
    decisions = re.findall(r"^ +(\d+:\d\d)  (.*)$", ran.out, re.MULTILINE)
    assert [words for _, words in decisions] == [
        "Everything may run.",
        "Everything may run but the graphics card.",
        "Everything may run.",
    ]
    assert decisions[0][0] == "0:00"
    assert "graphics card" in ran.out
    again = json.loads(run("--replay", str(trace), "--json").out)
    assert [decision["allowed"] for decision in again["decisions"]][1] == ["npu", "igpu", "cpu", "remote"]
    assert again["decisions"][1]["rests"][0]["device"] == "gpu"
    assert again["profile"] == "starter"
    assert not again["cut_off"]
    with trace.open("a") as file:
        file.write('{"at_s": 12')
    assert "The last line of the trace is cut off" in run("--replay", str(trace)).out


def test_a_replay_by_another_profile(run: Run, tmp_path: Path, paths: Paths) -> None:
    trace = heating(tmp_path / "heat.jsonl")
    with pytest.raises(InvalidInput, match="no profile 'nonesuch'"):
        run("--replay", str(trace), "--profile", "nonesuch")
    assert json.loads(run("--replay", str(trace), "--profile", "starter", "--json").out)["profile"] == "starter"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--record", "a", "--replay", "b"], "--record has no place"),
        (["--watch", "--replay", "b"], "--watch has no place"),
        (["--seconds", "3", "--replay", "b"], "--seconds has no place"),
        (["--seconds", "3"], "no place without them"),
        (["--watch", "--seconds", "-1"], "must be over 0"),
        (["--watch", "--seconds", "0"], "must be over 0"),
        (["--watch", "--seconds", "nan"], "must be over 0"),
        (["--watch", "--seconds", "inf"], "must be over 0"),
        (["--profile", "starter"], "no place without it"),
        (["--record", "a", "--json"], "--record alone prints nothing"),
        (["--replay", "none.jsonl"], "There is no file none.jsonl"),
    ],
)
def test_options_that_do_not_go_together(run: Run, arguments: list[str], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        run(*arguments)
    assert said in caught.value.message


def test_a_trace_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        run("--record", str(tmp_path / "no" / "folder"), "--seconds", "0.1")


def test_a_look_that_could_not_be_written_is_not_counted(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(TraceWriter, "add", full)
    options, err = build_parser().parse_args(["power", "--record", str(tmp_path / "trace.jsonl")]), io.StringIO()
    with pytest.raises(StorageError):
        power(options, Console(io.StringIO(), err), lambda: TraceSensors((BUSY,)))
    assert "trace.jsonl: 0 looks" in err.getvalue()


def test_a_broken_device_model_of_the_persons_own_is_named(run: Run, paths: Paths) -> None:
    paths.power_file.write_text("devices: {cpu: {active_w: much}}\n")
    ran = run()
    assert ran.code == 0
    assert "power.yaml:1:" in ran.err
    assert "The table that ships with Sotto is used instead." in ran.err
    assert "device model, 3 W idle" in ran.out
    (finding,) = sensors_of_machine(paths)
    assert (finding.state, finding.check) == (State.WARNING, "power-model")


def test_the_doctor_says_whose_watts_are_measured(paths: Paths) -> None:
    def opened() -> Sensors:
        return TraceSensors((BUSY,))

    (finding,) = sensors_of_machine(paths, opened)
    assert finding.detail == "Watts measured: NPU; estimated: GPU, CPU"
    assert (finding.state, finding.remedy) == (State.OK, REMEDY)
    shut = unavailable("Only root may read the processor's telemetry.", "sudo chown $USER telem")
    look = sample(
        12.0, reading(Device.NPU, watts=shut), *(reading(each, watts=CLOSED) for each in (Device.IGPU, Device.CPU))
    )
    (finding,) = sensors_of_machine(paths, lambda: TraceSensors((look,)))
    assert finding.remedy == f"sudo chown $USER telem && {REMEDY}"


def test_the_whole_command_on_this_machine(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for device in told["devices"]:
        for quantity in (device["watts"], device["busy"], device["temperature_c"]):
            assert quantity["source"] if quantity["value"] is not None else quantity["reason"]
    assert main(["power", "--seconds", "5"]) == 2
    assert "has no place without them" in capsys.readouterr().err


def test_long_paths_are_told_by_their_ends() -> None:
    folder = "/sys/bus/pci/devices/0000:00:02.0"
    both = measured(3.0, f"{folder}/tile0/gt0/gtidle/idle_residency_ms, less /proc/stat")
    shown = as_text(sample(1.0, reading(Device.CPU, watts=both), reading(Device.NPU, watts=3.0)), NO_TURN)
    assert "measured: …/tile0/gt0/gtidle/idle_residency_ms, less" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    assert "measured: /sys/npu\n" in shown
    endless = measured(3.0, "/" + "x" * 90)
    assert "x" * 90 in as_text(sample(1.0, reading(Device.CPU, watts=endless)), NO_TURN)


def test_an_estimate_without_a_reason_ends_in_one_full_stop() -> None:
    look = sample(1.0, reading(Device.CPU, watts=estimated(4.0, "device model")))
    assert "estimate: device model.\n" in as_text(look, NO_TURN)
