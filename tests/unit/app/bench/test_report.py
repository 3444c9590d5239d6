from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bench.promises import Promise
from app.bench.report import Figure, Report, percentile, percentiles, single

MACHINE = {"processor": "A chip", "cores": 2, "libraries": {"a": "1"}, "own": ["sound", "screen"]}
numbers = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(values=st.lists(numbers, min_size=1), share=st.floats(0, 1))
def test_percentiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert percentile(values, share) == pytest.approx(float(np.percentile(values, share * 100)), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5)])
def test_no_percentile_of_nothing(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_the_json_object_has_the_agreed_form() -> None:
    report = Report(
        "voice",
        MACHINE,
        {"tail_ms": percentiles([60.0, 80.0]), "first_audio_ms": percentiles([200.0] * 30), "wer": single(0.1, n=42)},
    )
    assert json.loads(json.dumps(report.as_json())) == {
        "bench": "voice",
        "machine": MACHINE,
        "figures": {
            "tail_ms": {"p50": 70.0, "p95": 79.0, "unit": "ms", "n": 2},
            "first_audio_ms": {
                "p50": 200.0,
                "p95": 200.0,
                "unit": "ms",
                "promise": {"p50": 250, "p95": 500},
                "missed": False,
                "n": 30,
            },
            "wer": {"value": 0.1, "unit": "", "n": 42},
        },
    }


def test_missed_promises_are_marked() -> None:
    report = Report("ui", {}, {"ready_ms": single(3500.0, "ms"), "window_rss_mb": single(200.0, "MB")})
    assert report.figures["ready_ms"].missed
    assert not report.figures["window_rss_mb"].missed
    marked = [line for line in report.table().splitlines() if "MISSED" in line]
    assert len(marked) == 1
    assert marked[0].split() == ["ready_ms", "3500", "ms", "1", "at", "most", "3000", "MISSED"]
    assert report.as_json()["figures"] == {
        "ready_ms": {"value": 3500.0, "unit": "ms", "promise": 3000, "missed": True, "n": 1},
        "window_rss_mb": {"value": 200.0, "unit": "MB", "promise": 350, "missed": False, "n": 1},
    }


def test_what_could_not_be_measured_is_a_missed_promise_and_null() -> None:
    report = Report("ui", {}, {"ready_ms": single(None, "ms"), "window_rss_mb": single(float("nan"), "MB")})
    figures = report.as_json()["figures"]
    assert figures == {
        "ready_ms": {"value": None, "unit": "ms", "promise": 3000, "missed": True, "n": 0},
        "window_rss_mb": {"value": None, "unit": "MB", "promise": 350, "missed": True, "n": 1},
    }
    voice = Report("voice", {}, {"stop_idle_ms": percentiles([])})
    assert voice.figures["stop_idle_ms"].missed
    assert " - " in voice.table()


def test_another_bound_may_excuse_a_figure() -> None:
    assert Report("overhead", {}, {"turn_ratio": single(1.2)}).figures["turn_ratio"].missed
    assert not Report("overhead", {}, {"turn_ratio": single(1.2, excused=True)}).figures["turn_ratio"].missed


def test_bounds_from_below() -> None:
    promise = Promise(value=1000, at_least=True)
    assert not Figure(unit="", value=1000.0, promise=promise).missed
    assert Figure(unit="", value=999.0, promise=promise).missed
    assert str(promise) == "at least 1000"


def test_either_percentile_can_miss() -> None:
    promise = Promise(16, 50)
    assert not Figure(unit="ms", p50=16.0, p95=50.0, promise=promise).missed
    assert Figure(unit="ms", p50=17.0, p95=50.0, promise=promise).missed
    assert Figure(unit="ms", p50=16.0, p95=51.0, promise=promise).missed
    assert str(Promise(300)) == "300"
    assert Promise(300).as_json() == {"p50": 300}


def test_the_table_names_the_machine_and_ends_with_the_notes() -> None:
    table = Report("voice", MACHINE, {"tail_ms": percentiles([1234.5])}, notes=("All well.",)).table().splitlines()
    assert table[:5] == ["sotto bench voice", "processor: A chip", "cores: 2", "libraries: a 1", "own: sound, screen"]
    assert table[-1] == "All well."
    assert "1234" in table[-3]


def test_show_prints_a_table_or_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("voice", MACHINE, {"wer": single(0.5)})
    report.show(as_json=True)
    assert json.loads(capsys.readouterr().out) == report.as_json()
    report.show(as_json=False)
    assert capsys.readouterr().out == report.table() + "\n"
