"""Every benchmark runs and prints the one object that DESIGN promises. What it measures is not judged here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

FIGURES = {
    "voice": {
        "tail_ms", "feedback_ms", "final_transcript_ms", "first_token_ms", "first_audio_ms", "stop_silence_ms",
        "stop_idle_ms", "wer",
    },
    "overhead": {"turn_ratio", "overlap_ratio"},
    "ui": {"loop_hold_p99_ms", "loop_hold_max_ms", "window_visible_ms", "ready_ms", "window_rss_mb"},
    "runtimes": {
        "llama_cpu_load_ms", "llama_cpu_first_token_ms", "llama_cpu_tokens_per_s", "llama_cpu_joules",
        "llama_cpu_cancel_ms",
    },
    "power": {"sampler_cpu_percent", "panel_cpu_percent", "saved_vs_all_gpu"},
}  # fmt: skip
SHORT = {
    "voice": ["--turns", "1"],
    "overhead": ["--questions", "1"],
    "ui": ["--turns", "1"],
    "runtimes": ["--only", "llama_cpu", "--times", "2"],
    "power": ["--seconds", "1.5", "--turns", "1"],
}
TOOLS = {
    "voice": ("pulseaudio", "Xvfb", "xdotool"),
    "ui": ("pulseaudio", "Xvfb", "xdotool"),
    "power": ("pulseaudio", "Xvfb"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_benchmark_prints_its_figures(name: str) -> None:
    missing = [tool for tool in TOOLS.get(name, ()) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make test` installs them")
    done = subprocess.run(
        [sys.executable, "-m", "app", "bench", name, "--json", *SHORT[name]],
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.strip().splitlines()
    report: dict[str, Any] = json.loads(line)
    assert report["bench"] == name
    assert report["machine"]["cores"] >= 1
    assert set(report["figures"]) >= FIGURES[name]
    for figure in report["figures"].values():
        assert "unit" in figure
        assert "n" in figure
        assert ("value" in figure) != ("p50" in figure)
    measured = [figure for figure in report["figures"].values() if figure["n"]]
    assert len(measured) >= len(FIGURES[name]) - 1
