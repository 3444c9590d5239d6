"""What works on which device now, and what is loaded there, put together from events. No Qt is involved.

Why it exists: a stage is announced with its backend, and only a little later with the device that really runs it; hosts
come and go between turns. A lane of the power panel shows the sum of both.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.devices import Device
from app.contracts.events import (
    RUN_ENDS,
    TURN_ENDS,
    DeviceUsed,
    Escalated,
    FailedOver,
    HostChanged,
    StageCancelled,
    StageFailed,
    StageFinished,
    StageStarted,
    SystemEvent,
    TurnEvent,
)
from app.pipeline.selection import device_named
from ui.viewmodels.stages import stage_label

_LOADED, _LOADING = "warm", "starting"


@dataclass(slots=True)
class _Work:
    """One stage at work; ``owner`` is its turn, or its run where that belongs to no turn."""

    owner: str
    run_id: str
    stage: str
    backend: str
    device: Device | None


class Whereabouts:
    """Give it every event; then ask what is on a device."""

    def __init__(self) -> None:
        self._work: list[_Work] = []
        self._hosts: dict[str, str] = {}
        self._seen: dict[str, Device] = {}

    def take(self, event: TurnEvent | SystemEvent) -> bool:
        """Take one event; returns whether anything may be different now."""
        match event:
            case StageStarted(backend=backend) if backend:
                self._work.append(
                    _Work(_owner(event), event.run_id, event.stage, backend, self._device_of(backend)),
                )
            case DeviceUsed(backend=backend, ran=ran):
                self._seen[backend] = ran
                for work in self._of(_owner(event), event.stage):
                    work.backend, work.device = backend, ran
            case FailedOver(from_backend=source, to_backend=target):
                self._move(_owner(event), source, target)
            case Escalated(from_tier=before, to_tier=after):
                self._move(_owner(event), before.backend_id, after.backend_id)
            case StageFinished(metrics=metrics):
                self._end(_owner(event), metrics.stage)
            case StageFailed(stage=stage) | StageCancelled(stage=stage):
                self._end(_owner(event), stage)
            case HostChanged(backend=backend, state=state):
                self._hosts.pop(backend, None)
                if state in (_LOADED, _LOADING):
                    self._hosts[backend] = state
            case _ if isinstance(event, TURN_ENDS):
                self._work = [work for work in self._work if work.owner != event.turn_id]
            case _ if isinstance(event, RUN_ENDS):
                self._work = [work for work in self._work if work.run_id != event.run_id]
            case _:
                return False
        return True

    def running(self, device: Device) -> str:
        """What works there, newest last: stage and backend; empty when nothing does."""
        at_work = (f"{stage_label(work.stage)} · {work.backend}" for work in self._work if work.device is device)
        return ", ".join(dict.fromkeys(at_work))

    def loaded(self, device: Device) -> str:
        """What is loaded there or is just being loaded; empty when nothing is."""
        here = {backend: state for backend, state in self._hosts.items() if self._device_of(backend) is device}
        loading = ", ".join(backend for backend, state in here.items() if state == _LOADING)
        loaded = ", ".join(backend for backend, state in here.items() if state == _LOADED)
        return f"Loading {loading}…" if loading else f"Loaded: {loaded}" if loaded else ""

    def _device_of(self, backend: str) -> Device | None:
        """Where a backend was last seen to run, else what its name says."""
        return self._seen.get(backend) or device_named(backend)

    def _of(self, owner: str, stage: str) -> list[_Work]:
        return [work for work in self._work if (work.owner, work.stage) == (owner, stage)]

    def _move(self, owner: str, source: str, target: str) -> None:
        for work in self._work:
            if work.owner == owner and work.backend == source:
                work.backend, work.device = target, self._device_of(target)

    def _end(self, owner: str, stage: str) -> None:
        ended = self._of(owner, stage)
        self._work = [work for work in self._work if work not in ended]


def _owner(event: TurnEvent) -> str:
    return event.turn_id or event.run_id
