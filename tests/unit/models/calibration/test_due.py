"""Which backends are measured, and which version of a driver a measurement belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Backend, Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.errors import Unavailable
from models.backends import Backends
from models.calibration.due import measurable, open_measurements
from models.hosted.base import HostedRuntime
from models.registry import ENTRIES, Entry

NPU = Backend("openvino-npu:m", "openvino", Device.NPU, "m")


class Fleet:
    """An NPU with a model on it."""

    entries: Mapping[str, Entry] = {NPU.backend_id: replace(ENTRIES["openvino-cpu"], backend=NPU, target="NPU")}

    def backends(self) -> tuple[Backend, ...]:
        return (NPU, Backend("lan", "openai-compatible", Device.REMOTE, "huge"))

    def built(self) -> tuple[HostedRuntime, ...]:
        return ()

    def revision(self, backend_id: str) -> str:
        if backend_id not in self.entries:
            raise Unavailable("There is none.")
        return "openvino 1, m"


class Found:
    """Implements `app.contracts.ports.Machine`."""

    driver = "1.28"

    def look(self) -> tuple[DeviceInfo, ...]:
        support = RuntimeSupport("openvino", usable=True, target="NPU")
        return (DeviceInfo(Device.NPU, "NPU", Presence.READY, driver=self.driver, runtimes=(support,)),)

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        return self.look()


def test_a_server_is_never_measured() -> None:
    assert measurable(Fleet()) == ("openvino-npu:m",)


def test_a_second_backend_of_the_same_kind_is_not_measured_again() -> None:
    found = measurable(Backends(CpuLease(1)))
    assert {"llama-cpu", "openvino-cpu", "moonshine-cpu", "espeak-cpu", "llama-embed-cpu"} <= set(found)
    assert not {"llama-spare-cpu", "openvino-lookup-cpu"} & set(found)


def test_a_new_driver_makes_a_measurement_void(tmp_path: Path) -> None:
    machine = Found()
    store = open_measurements(tmp_path, Fleet(), machine)
    assert store.revision(NPU.backend_id) == "openvino 1, m, driver 1.28"
    machine.driver = "1.29"
    assert store.revision(NPU.backend_id) == "openvino 1, m, driver 1.29"
    assert open_measurements(tmp_path, Fleet()).revision(NPU.backend_id) == "openvino 1, m"
    with pytest.raises(Unavailable):
        store.revision("nonsense")
