"""Words that were heard wrong are taken for the option that is clearly nearest, and else for none."""

from __future__ import annotations

import pytest

from app.assistant.staged.matching import Sayable
from app.assistant.staged.sounding import alike

FOCUS = [
    Sayable("upper", "Upper body"),
    Sayable("lower", "Lower body", ("legs", "the lower body", "leg day")),
    Sayable("full", "Full body", ("everything",)),
    Sayable("core", "Core", ("abs",)),
]
MINUTES = [Sayable("20", "20 minutes", ("twenty",)), Sayable("30", "30 minutes", ("thirty", "thirty minutes"))]
GEAR = [Sayable("none", "Nothing"), Sayable("dumbbells", "Dumbbells"), Sayable("gym", "A gym", ("the gym",))]


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("floor body", "full"),
        ("full buddy", "full"),
        ("up her body", "upper"),
        ("lower buddy please", "lower"),
        ("call", None),
        ("hello", None),
        ("body", None),
        ("not full buddy", None),
        ("I went to the opera yesterday with my aunt", None),
        ("", None),
    ],
)
def test_what_was_meant(heard: str, meant: str | None) -> None:
    assert alike(heard, FOCUS) == meant


def test_numbers_and_things() -> None:
    assert alike("dirty minutes", MINUTES) == "30"
    assert alike("a Jim", GEAR) == "gym"
    assert alike("dumb bells", GEAR) == "dumbbells"
    assert alike("seventy five", MINUTES) is None
    assert alike("anything", []) is None
