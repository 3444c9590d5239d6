"""The questions to NVIDIA's management library. Only for machines where one of its GPUs is awake.

Why it exists: asking it wakes a sleeping GPU, and merely holding it open keeps one awake. It is
opened for one answer, in a process of its own, and closed again. Nothing here may be called in the window's process.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from app.contracts.devices import Device
from app.contracts.errors import Unavailable
from models.devices.answers import Answer, Seen, normal_pci
from models.devices.names import NVML, gibibytes
from models.libraries import importing, version_of


def nvml() -> Answer:
    """The NVIDIA GPUs that are awake, by the driver's own library. Only for machines where one is awake."""
    try:
        with importing("NVIDIA's management library", "nvidia-ml-py"):
            import pynvml as library
    except Unavailable as error:
        return Answer(NVML, trouble=error.message)
    failed = library.NVMLError
    try:
        library.nvmlInit()
    except failed as error:
        return Answer(NVML, version_of("nvidia-ml-py"), trouble=f"NVIDIA's driver does not answer: {error}.")
    try:
        driver = _words(_quietly(failed, library.nvmlSystemGetDriverVersion))
        count = _quietly(failed, library.nvmlDeviceGetCount)
        handles = [
            _quietly(failed, library.nvmlDeviceGetHandleByIndex, index)
            for index in range(count if isinstance(count, int) else 0)
        ]
        seen = [_nvidia(library, handle, index, driver) for index, handle in enumerate(handles) if handle is not None]
    finally:
        with suppress(failed):
            library.nvmlShutdown()
    return Answer(NVML, version_of("nvidia-ml-py"), tuple(seen))


def _nvidia(library: object, handle: object, index: int, driver: str) -> Seen:
    def ask(name: str, *arguments: object) -> object:
        return _quietly(library.NVMLError, getattr(library, name), handle, *arguments)  # type: ignore[attr-defined]

    memory = getattr(ask("nvmlDeviceGetMemoryInfo"), "total", 0)
    capability = ask("nvmlDeviceGetCudaComputeCapability")
    facts = []
    if memory:
        facts.append(("memory", gibibytes(int(memory))))
    if isinstance(capability, tuple | list) and len(capability) == 2:
        facts.append(("compute capability", f"{capability[0]}.{capability[1]}"))
    return Seen(
        target=f"nvml:{index}",
        device=Device.GPU,
        name=_words(ask("nvmlDeviceGetName")),
        driver=driver,
        pci=normal_pci(_words(getattr(ask("nvmlDeviceGetPciInfo"), "busId", ""))),
        facts=tuple(facts),
    )


def nvml_processes() -> tuple[int, ...]:
    """The processes that compute on any NVIDIA GPU.

    Raises:
        Unavailable: The driver does not tell.
    """
    with importing("NVIDIA's management library", "nvidia-ml-py"):
        import pynvml as library
    try:
        library.nvmlInit()
        try:
            handles = map(library.nvmlDeviceGetHandleByIndex, range(library.nvmlDeviceGetCount()))
            lists = [library.nvmlDeviceGetComputeRunningProcesses(handle) for handle in handles]
        finally:
            library.nvmlShutdown()
    except library.NVMLError as error:
        raise Unavailable(f"NVIDIA's driver does not tell its processes: {error}.", code="no-evidence") from error
    return tuple(sorted({int(process.pid) for processes in lists for process in processes}))


def _quietly(failed: type[Exception], question: Callable[..., object], *arguments: object) -> object:
    """The answer to one question, None where this GPU does not support it."""
    try:
        return question(*arguments)
    except failed:
        return None


def _words(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
