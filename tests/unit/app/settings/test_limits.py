from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings.limits import QuietHours

_times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda time: f"{time[0]:02}:{time[1]:02}")


@given(_times, _times)
def test_quiet_hours_come_back_as_they_are_written(begin: str, end: str) -> None:
    hours = QuietHours.from_text(f"{begin}-{end}")
    if begin == end:
        assert hours is None
    else:
        assert str(hours) == f"{begin}-{end}"


@given(_times, _times, st.integers(0, 1439))
def test_the_other_hours_are_all_the_others(begin: str, end: str, minute: int) -> None:
    quiet, rest = QuietHours.from_text(f"{begin}-{end}"), QuietHours.from_text(f"{end}-{begin}")
    if quiet is not None and rest is not None:
        assert quiet.include(minute) != rest.include(minute)


@pytest.mark.parametrize("text", ["", "22:00", "22:00-7:00", "24:00-07:00", "22:60-07:00", "22:00 - 07:00"])
def test_what_is_no_quiet_hours(text: str) -> None:
    assert QuietHours.from_text(text) is None
