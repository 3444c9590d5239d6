"""Tries a model on a device before it is used there: a known question, clip, sentence or text.

Why it exists: a device may compute garbage without an error (openvino#38100) or end the process (openvino.genai#2846),
with one model or driver and not with the next. What was found holds for device, driver, runtime and model together, is
kept, and is asked again as soon as one of them changes. `models.hosted.base` calls it as a gate.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.contracts.devices import DEVICE_WORDS, Backend, Device, DeviceInfo, WarmUp
from app.contracts.errors import HostDied, RuntimeFault, SottoError, StorageError, TemporaryError, Unavailable
from app.contracts.ports import Machine, Runtime
from app.settings.files import write_whole
from models.devices.exercise import Outcome, exercise
from models.devices.likeness import trouble
from models.hosted.base import HostedRuntime
from models.openvino.target import NPU_ON_CPU

log = logging.getLogger(__name__)

FILE = "selftests.json"
CODE = "self-test-failed"
PATIENCE_S = 120.0
"""A device that needs longer for one short task is of no use for talking."""
MOST_DEATHS = 2
"""So many loads in a row that ended the process, and it is not tried again."""
_FORMAT = 1
_LOADED_FOR_NOTHING = (Device.CPU, Device.REMOTE)

Peer = Callable[[Backend], Runtime | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a self-test came to.

    Attributes:
        holds_for: Device, driver, runtime and model it was made with.
        trouble: What was wrong, the end of a sentence; empty when it passed.
        compared: With the processor's result, not only looked at.
        at_s: Seconds since the epoch.
    """

    holds_for: str
    trouble: str
    compared: bool
    at_s: float

    @property
    def passed(self) -> bool:
        """Whether the model may be used there."""
        return not self.trouble


def _no_peer(_backend: Backend) -> Runtime | None:
    return None


class SelfTest:
    """A `models.hosted.base.Gate` and `models.hosted.base.Mender`.

    Args:
        folder: Where verdicts are kept; `app.settings.paths.Paths.machine_dir`.
        machine: Knows the drivers.
        revision: Of libraries and weights, by a backend's id; `models.backends.Backends.revision`.
        peer: The same model on the processor, None where there is none or no room for it.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        folder: Path,
        *,
        machine: Machine,
        revision: Callable[[str], str],
        peer: Peer = _no_peer,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._machine = machine
        self._revision = revision
        self._peer = peer
        self._now = now
        self._kept: dict[str, Verdict] = {}
        self._read_at: int | None = None
        self._deaths: dict[str, int] = {}

    def verdict(self, backend: Backend) -> Verdict | None:
        """What is known of a backend with these drivers, this runtime and these weights; None when it was not tried."""
        known = self._verdicts().get(backend.backend_id)
        return known if known is not None and known.holds_for == self._holds_for(backend) else None

    def forget_failures(self) -> None:
        """Try again at the next load what did not pass.

        Raises:
            StorageError: The file cannot be written.
        """
        forget_failures(self._folder)

    async def before_load(self, runtime: HostedRuntime) -> None:
        """Refuse what is known not to work.

        Raises:
            Unavailable: It failed (``self-test-failed``).
        """
        if runtime.backend.device in _LOADED_FOR_NOTHING:
            return
        known = self.verdict(runtime.backend)
        if known is not None and not known.passed:
            raise _refusal(runtime.backend, known.trouble)

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        """Try what has not been tried.

        Raises:
            Unavailable: It failed (``self-test-failed``).
        """
        backend = runtime.backend
        self._deaths.pop(backend.backend_id, None)
        if backend.device in _LOADED_FOR_NOTHING or self.verdict(backend) is not None:
            return warm
        if warm.ran is Device.CPU and self._target(backend) != NPU_ON_CPU:
            return warm  # what the processor computes says nothing about the device
        holds_for = self._holds_for(backend)
        with runtime.host.pinned():
            found, compared = await self._try(runtime)
        verdict = Verdict(holds_for, found, compared, self._now())
        await self._keep(backend, verdict)
        if not verdict.passed:
            log.warning("%s failed its self-test: %s", backend.backend_id, found)
            raise _refusal(backend, found)
        log.info("%s passed its self-test", backend.backend_id)
        return warm

    async def load_failed(self, runtime: HostedRuntime, error: SottoError) -> None:
        """Remember a model whose loading ends the process again and again; once may be a lack of memory."""
        backend = runtime.backend
        if backend.device in _LOADED_FOR_NOTHING or not isinstance(error, HostDied):
            return
        deaths = self._deaths[backend.backend_id] = self._deaths.get(backend.backend_id, 0) + 1
        if deaths >= MOST_DEATHS:
            del self._deaths[backend.backend_id]
            found = f"loading it ended its process {deaths} times"
            await self._keep(backend, Verdict(self._holds_for(backend), found, False, self._now()))

    async def _try(self, runtime: HostedRuntime) -> tuple[str, bool]:
        """What is wrong, and whether it was compared with the processor."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                outcome = await exercise(runtime)
        except TimeoutError:
            return f"a short task was not done within {PATIENCE_S:.0f} s", False
        except TemporaryError:
            return "its process ended in the middle of a short task", False
        except RuntimeFault as error:
            return f"a short task failed ({error.message.rstrip('.')})", False
        if outcome is None:
            return "", False
        reference = await self._reference(runtime.backend)
        return trouble(outcome, reference), reference is not None

    async def _reference(self, backend: Backend) -> Outcome | None:
        """The processor's result; None where it cannot be had, which is no fault of the device."""
        peer = self._peer(backend)
        if peer is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                await peer.warm_up()
                return await exercise(peer)
        except (SottoError, TimeoutError) as error:
            log.info("%s is judged without the processor's result: %s", backend.backend_id, error)
            return None

    def _about(self, backend: Backend) -> DeviceInfo | None:
        infos = (info for info in self._machine.look() if info.device is backend.device)
        return next((info for info in infos if _usable(info, backend.runtime)), None)

    def _target(self, backend: Backend) -> str:
        about = self._about(backend)
        support = about.support(backend.runtime) if about else None
        return support.target if support else ""

    def _holds_for(self, backend: Backend) -> str:
        about = self._about(backend)
        parts = (
            backend.device.value,
            self._target(backend),
            about.driver if about else "",
            dict(about.facts).get("compiler", "") if about else "",
            self._revision(backend.backend_id),
        )
        return " | ".join(parts)

    def _verdicts(self) -> dict[str, Verdict]:
        """Those of the file, read again when another process has changed it."""
        changed_at = _changed_at(self._folder)
        if changed_at != self._read_at:
            self._kept, self._read_at = read(self._folder), changed_at
        return self._kept

    async def _keep(self, backend: Backend, verdict: Verdict) -> None:
        kept = self._verdicts()
        kept[backend.backend_id] = verdict
        try:
            await asyncio.to_thread(_write, self._folder, dict(kept))
            self._read_at = _changed_at(self._folder)
        except StorageError as error:
            log.warning("what a self-test came to is not kept: %s", error)


def read(folder: Path) -> dict[str, Verdict]:
    """Every kept verdict by the backend's id; none when the file is damaged: everything is tried again."""
    try:
        fields = json.loads((folder / FILE).read_text(encoding="utf-8"))
        entries = fields["verdicts"] if fields["format"] == _FORMAT else {}
        return {str(key): _verdict(entry) for key, entry in entries.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.warning("kept self-tests cannot be used, they are made again: %s", error)
        return {}


def forget_failures(folder: Path) -> None:
    """Try again at the next load what did not pass.

    Raises:
        StorageError: The file cannot be written.
    """
    kept = read(folder)
    passed = {key: verdict for key, verdict in kept.items() if verdict.passed}
    if passed != kept:
        _write(folder, passed)


def _changed_at(folder: Path) -> int | None:
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return None


def _write(folder: Path, verdicts: Mapping[str, Verdict]) -> None:
    fields = {
        "format": _FORMAT,
        "verdicts": {
            key: {
                "holds_for": verdict.holds_for,
                "trouble": verdict.trouble,
                "compared": verdict.compared,
                "at_s": verdict.at_s,
            }
            for key, verdict in verdicts.items()
        },
    }
    write_whole(folder / FILE, json.dumps(fields, indent=1) + "\n")


def _verdict(fields: Mapping[str, object]) -> Verdict:
    holds_for, found, at_s = fields["holds_for"], fields["trouble"], fields["at_s"]
    if not isinstance(holds_for, str) or not isinstance(found, str) or not isinstance(at_s, int | float):
        raise TypeError("a verdict is incomplete")
    return Verdict(holds_for, found, fields["compared"] is True, float(at_s))


def _usable(info: DeviceInfo, runtime: str) -> bool:
    support = info.support(runtime)
    return support is not None and support.usable


def _refusal(backend: Backend, found: str) -> Unavailable:
    return Unavailable(
        f"{backend.model} does not work on the {DEVICE_WORDS[backend.device].noun} with {backend.runtime}: {found}.",
        code=CODE,
        remedy="Update its driver, then run `sotto devices`: it is tried again after that.",
    )
