from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.ports import Governor
from app.power.governor.permissive import PermissiveGovernor


def test_everything_may_run_and_nothing_is_held_back() -> None:
    governor: Governor = PermissiveGovernor()
    verdict = governor.verdict()
    assert verdict.allowed == frozenset(Device)
    assert verdict.reason == ""
    assert verdict.max_tokens is None
