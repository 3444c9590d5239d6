from __future__ import annotations

import pytest

from app.audio.reading.figures import read_figures


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("2026-11-21", "21 November 2026"),
        ("2026-11-21T14:30:00Z", "21 November 2026 at 14 30 U.T.C"),
        ("2026-13-41", "2026-13-41"),
        ("11/21/2026", "21 November 2026"),
        ("21/11/2026", "21 November 2026"),
        ("21.11.2026", "21 November 2026"),
        ("on July 4, 1776", "on July 4th, 17 76"),
        ("May 5 people", "May 5 people"),
        ("in 1999, not in 1805 or in 1900", "in 19 99, not in 18 oh 5 or in 19 hundred"),
        ("in 1500 meters", "in 1500 meters"),
        ("1500 people", "1500 people"),
        ("from 1914-1918", "from 19 14 to 19 18"),
        ("the 1990s and the '60s", "the 19 nineties and the sixties"),
        ("14:30", "14 30"),
        ("9:05", "9 oh 5"),
        ("9:00", "9 o'clock"),
        ("14:00", "14 hundred hours"),
        ("0:00", "midnight"),
        ("2:30pm", "2 30 P.M"),
        ("at 9 a.m. today", "at 9 A.M today"),
        ("9:00 AM", "9 A.M"),
        ("12:30:01", "12 30 and 1 second"),
        ("16:9", "16 to 9"),
    ],
)
def test_dates_and_times(shown: str, said: str) -> None:
    assert read_figures(shown) == said
