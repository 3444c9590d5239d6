"""What was recorded comes back as it was, and what is broken is named with its line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading, Provenance, Quantity, estimated, measured
from app.contracts.errors import InvalidInput, StorageError
from app.power.sensors.sample import Counters, Meter, Sample
from app.power.trace import TraceHeader, TraceWriter, read_trace
from tests.helpers.samples import reading, sample

LOOK = sample(
    10.5,
    reading(Device.CPU, watts=estimated(4.0, "device model", "Closed.", "sudo chown …"), heat=51.0, slows_at_c=100.0),
    reading(Device.GPU, asleep=True, throttled=False),
    joules={"package-0": 12.25},
    battery=BatteryReading(81.5, on_mains=False, watts=measured(7.5, "power_now"), left_s=3600.0),
)


def recorded(path: Path, *samples: Sample) -> Path:
    writer = TraceWriter(path, machine="Linux x86_64", minute_of_day=1439)
    for each in samples:
        writer.add(each)
    writer.close()
    writer.close()
    return path


def test_what_was_recorded_comes_back(tmp_path: Path) -> None:
    later = replace(LOOK, counters=replace(LOOK.counters, at_s=71.0), battery=None)
    trace = read_trace(recorded(tmp_path / "trace.jsonl", LOOK, later))
    assert trace.samples == (LOOK, later)
    assert trace.header == TraceHeader("sotto-power-trace", 1, "Linux x86_64", 1439)
    assert [trace.minute_of_day(each) for each in trace.samples] == [1439, 0], "midnight has passed"


def test_every_line_is_there_as_soon_as_it_was_added(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "trace.jsonl", machine="", minute_of_day=0)
    writer.add(LOOK)
    assert read_trace(tmp_path / "trace.jsonl").samples == (LOOK,)
    writer.close()


figures = st.floats(allow_nan=False, allow_infinity=False)
quantities = st.builds(
    Quantity, st.none() | figures, st.sampled_from(Provenance), st.text(), st.text(max_size=9), st.text(max_size=9)
)


@st.composite
def looks(draw: st.DrawFn) -> Sample:
    readings = tuple(
        DeviceReading(
            device,
            name=draw(st.text(max_size=5)),
            watts=draw(quantities),
            throttled=draw(st.none() | st.booleans()),
            slows_at_c=draw(st.none() | figures),
            present=draw(st.booleans()),
        )
        for device in Device
    )
    meter = st.builds(Meter, st.text(), st.frozensets(st.sampled_from(Device)), figures, st.text())
    counters = Counters(
        draw(figures),
        tuple(draw(st.lists(meter, max_size=2))),
        draw(st.dictionaries(st.sampled_from(Device), figures)),
    )
    return Sample(counters, readings, draw(st.none() | st.builds(BatteryReading, st.none() | figures, st.booleans())))


@given(look=looks())
def test_any_look_survives_the_round_trip(tmp_path_factory: pytest.TempPathFactory, look: Sample) -> None:
    path = recorded(tmp_path_factory.getbasetemp() / "any.jsonl", look)
    assert read_trace(path).samples == (look,)


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        (1, "{}", "line 1: the line lacks the field"),
        (1, '{"format": "other", "version": 1}', "line 1: a trace of 'sotto-power-trace', version 1, is wanted"),
        (1, '{"format": "sotto-power-trace", "version": 2}', "version 2"),
        (1, '{"format": "sotto-power-trace", "version": 2, "host": "x"}', "version 2"),
        (1, "voices", "line 1: it is not JSON from column 1 on"),
        (3, '{"at_s": 1', "line 3: it is not JSON from column 11 on"),
        (3, "[]", "line 3: the line must be a JSON object"),
        (3, "\x00", "line 3: it is not JSON"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: int, text: str, said: str) -> None:
    path = recorded(tmp_path / "trace.jsonl", LOOK, LOOK, LOOK)
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    with pytest.raises(InvalidInput, match=r"trace\.jsonl") as caught:
        read_trace(path)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at_s": "noon"}, "the line.at_s must be a number, not 'noon'"),
        ({"colour": 1}, "no field 'colour'"),
        ({"readings": []}, "one reading of every device, in the order npu, igpu, gpu, cpu, remote"),
        ({"at_s": 9.0}, "its time is before that of the line above it"),
        ({"busy_s": [{"device": "toaster", "seconds": 1.0}]}, "the line.busy_s[0].device must be one of npu"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = recorded(tmp_path / "trace.jsonl", LOOK, LOOK)
    lines = path.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]) | change)
    path.write_text("\n".join(lines) + "\n\n")
    with pytest.raises(InvalidInput, match="line 3: ") as caught:
        read_trace(path)
    assert said in caught.value.message


def test_a_recording_that_was_killed_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = recorded(tmp_path / "trace.jsonl", LOOK, LOOK, LOOK)
    assert not read_trace(path).cut_off
    whole = path.read_bytes()
    for cut in (5, 200):
        path.write_bytes(whole[:-cut])
        trace = read_trace(path)
        assert (trace.samples, trace.cut_off) == ((LOOK, LOOK), True)
    path.write_bytes(whole[:-1])
    assert (len(read_trace(path).samples), read_trace(path).cut_off) == (3, False)


def test_files_that_are_no_traces(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        read_trace(tmp_path / "none.jsonl")
    (tmp_path / "empty").touch()
    with pytest.raises(InvalidInput, match="is empty"):
        read_trace(tmp_path / "empty")
    with pytest.raises(InvalidInput, match="no look at the sensors"):
        read_trace(recorded(tmp_path / "header"))
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InvalidInput, match="it is not text"):
        read_trace(tmp_path / "picture")
    with pytest.raises(StorageError, match="cannot be read"):
        read_trace(tmp_path)
    with pytest.raises(StorageError, match="cannot be written"):
        TraceWriter(tmp_path / "no" / "folder", machine="", minute_of_day=0)


def test_a_figure_that_is_none_cannot_be_recorded(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "trace.jsonl", machine="", minute_of_day=0)
    with pytest.raises(InvalidInput, match="nan"):
        writer.add(replace(LOOK, counters=replace(LOOK.counters, at_s=math.nan)))
    writer.close()
