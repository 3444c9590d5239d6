"""Asks the libraries, each in a child process with a time limit; a crash costs one library's answer only.

Why it exists: drivers crash and hang, and the window must not. OpenVINO has a plugin per kind of device: when asking it
ended the process, its plugins are asked one by one, so that a bad NPU driver does not cost the graphics processor.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.contracts.devices import Device
from app.power.hardware.tree import AMD, NVIDIA, Hardware, Power
from models.devices.answers import Answer, Seen, answer_of
from models.devices.libraries import builds_of_llama
from models.devices.names import DISTRIBUTIONS, LLAMA, NVML, OPENVINO, WHISPER
from models.devices.probe import PROCESSES, command
from models.host import launch
from models.libraries import version_of

TIMEOUT_S = 40.0
"""The first look after a driver update may compile something; longer than this is a hang."""
_KINDS: Mapping[str, tuple[Device, ...]] = {
    OPENVINO: (Device.NPU, Device.IGPU, Device.GPU),
    LLAMA: (Device.IGPU, Device.GPU),
    WHISPER: (Device.GPU,),
    NVML: (Device.GPU,),
}
"""What a library could have told of."""
_PLUGINS: Mapping[str, tuple[Device, ...]] = {
    "CPU": (Device.CPU,),
    "NPU": (Device.NPU,),
    "GPU": (Device.IGPU, Device.GPU),
}
_VENDORS = Path("/etc/OpenCL/vendors")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which libraries to ask, and how.

    Attributes:
        nvidia_awake: An NVIDIA GPU is there and awake.
        nvidia_asleep: One is there and sleeps: nothing may touch it.
        amd_asleep: An AMD graphics card sleeps, likewise.
    """

    nvidia_awake: bool = False
    nvidia_asleep: bool = False
    amd_asleep: bool = False

    @classmethod
    def by(cls, hardware: Sequence[Hardware], *, listed: bool) -> Wanted:
        """What may be asked of this hardware.

        Args:
            hardware: What the system lists.
            listed: It does list hardware; on Windows it does not, and NVIDIA's driver is asked whether it has any.
        """
        nvidia = [piece.power for piece in hardware if piece.vendor == NVIDIA and piece.driver == "nvidia"]
        cards = [piece.power for piece in hardware if piece.vendor == AMD and piece.device is Device.GPU]
        asleep = Power.ASLEEP in nvidia
        awake = not asleep and (Power.AWAKE in nvidia or (not listed and sys.platform == "win32"))
        return cls(nvidia_awake=awake, nvidia_asleep=asleep, amd_asleep=Power.ASLEEP in cards)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one child.

    Attributes:
        fields: Its JSON object; empty when it had none.
        error: Why it has none, in a few words.
        ended: It was ended by a signal, or it hung: the driver's doing.
    """

    fields: Mapping[str, object]
    error: str = ""
    ended: bool = False


async def ask(wanted: Wanted, timeout_s: float = TIMEOUT_S) -> tuple[Answer, ...]:
    """What every library says, asked side by side."""
    builds = builds_of_llama()
    left = {
        LLAMA: (wanted.nvidia_asleep and "cuda" in builds) or (wanted.amd_asleep and bool(builds & {"vulkan", "hip"})),
        WHISPER: wanted.nvidia_asleep,
    }
    questions = [library for library in (LLAMA, WHISPER) if not left[library]]
    if wanted.nvidia_awake:
        questions.append(NVML)
    with _sparing(wanted.nvidia_asleep or wanted.amd_asleep) as variables:
        async with asyncio.TaskGroup() as group:  # it waits for every child to be gone, also when nobody waits for it
            tasks = [group.create_task(_ask_openvino(variables, timeout_s))]
            tasks += [group.create_task(_ask_one(library, variables, timeout_s)) for library in questions]
    asked = [task.result() for task in tasks]
    return (*asked, *(not_asked(library) for library, spared in left.items() if spared))


def not_asked(library: str) -> Answer:
    """The answer of a library whose list of devices cannot be had without waking one. It does run on the processor."""
    reason = "It was not asked for devices: that would wake a graphics card."
    return Answer(library, version_of(DISTRIBUTIONS[library]), (Seen("CPU", Device.CPU),), reason)


async def computing_on_nvidia(timeout_s: float = 10.0) -> frozenset[int] | None:
    """The processes that compute on an NVIDIA GPU that is awake; None when the driver does not tell."""
    heard = await run(command(PROCESSES), {}, timeout_s)
    pids = heard.fields.get("pids")
    return frozenset(pid for pid in pids if isinstance(pid, int)) if isinstance(pids, list) else None


async def run(words: Sequence[str], variables: Mapping[str, str], timeout_s: float) -> Heard:
    """Run one child to its end, or end it; a child that crashes, hangs or talks nonsense is an answer too."""
    try:
        child = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=launch.environment(variables),
        )
    except OSError as error:
        return Heard({}, f"it could not be started: {error.strerror}")
    try:
        async with asyncio.timeout(timeout_s):
            output, _ = await child.communicate()
    except TimeoutError:
        return Heard({}, f"it gave no answer within {timeout_s:.0f} s", ended=True)
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return _heard(child.returncode or 0, output)


def _heard(code: int, output: bytes) -> Heard:
    try:
        fields = json.loads(output) if output else {}
    except ValueError:
        fields = {}
    if code < 0 or (code > 1 and not fields):
        return Heard({}, f"it ended with {_signal(code)}", ended=True)
    if not isinstance(fields, dict) or not fields:
        return Heard({}, "it said nothing that can be read")
    error = fields.get("error")
    return Heard({}, str(error)) if error else Heard(fields)


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code:#x}"
    except ValueError:
        return f"signal {-code}"


async def _ask_one(library: str, variables: Mapping[str, str], timeout_s: float) -> Answer:
    heard = await run(command(library), variables, timeout_s)
    return _answer(library, heard, _KINDS[library])


async def _ask_openvino(variables: Mapping[str, str], timeout_s: float) -> Answer:
    """Ask for everything; when that ended the process, plugin by plugin."""
    whole = await _ask_one(OPENVINO, variables, timeout_s)
    if not whole.ended:
        return whole
    parts = [
        _answer(OPENVINO, await run(command(OPENVINO, part), variables, timeout_s), kinds)
        for part, kinds in _PLUGINS.items()
    ]
    return replace(
        whole,
        version=next((part.version for part in parts if part.version), ""),
        seen=tuple(seen for part in parts for seen in part.seen),
        ended=tuple(kind for part in parts for kind in part.ended) or whole.ended,
    )


def _answer(library: str, heard: Heard, kinds: tuple[Device, ...]) -> Answer:
    if heard.fields:
        try:
            return answer_of(heard.fields)
        except ValueError as error:
            return Answer(library, trouble=f"Its answer cannot be read: {error}.")
    asked = f"It was asked for devices, and {heard.error}."
    return Answer(library, trouble=asked, ended=kinds if heard.ended else ())


@contextmanager
def _sparing(asleep: bool) -> Iterator[Mapping[str, str]]:
    """Variables that keep OpenCL and Vulkan from loading NVIDIA's part of them, which would wake its GPU.

    Of OpenCL only Intel's part is left: that is what OpenVINO uses.
    """
    numbered = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if not asleep:
        yield numbered
        return
    with tempfile.TemporaryDirectory(prefix="sotto-opencl-") as folder:
        for vendor in sorted(_VENDORS.glob("*.icd")) if _VENDORS.is_dir() else ():
            if "intel" in vendor.name:
                Path(folder, vendor.name).write_bytes(vendor.read_bytes())
        yield {**numbered, "VK_LOADER_DRIVERS_DISABLE": "*nvidia*", "OCL_ICD_VENDORS": f"{folder}/"}
