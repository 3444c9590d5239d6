"""What a library answered when it was asked for devices, and how that crosses from the child process.

Why it exists: the child that asks must be able to say it in plain JSON, recorded machines replay it in tests, and what
is wrong in it is told here once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.contracts.devices import Device

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """One device as one library sees it.

    Attributes:
        target: What the library calls it: ``NPU``, ``GPU.0``, ``CUDA0``, ``CPU``.
        device: Which kind.
        name: As the library shows it, empty when it does not say.
        driver: Version of the driver, empty when it does not say.
        pci: Address such as ``0000:00:02.0``, empty when it does not say.
        facts: More that is worth showing, as (name, value).
        trouble: Why it lists the device and still cannot use it, one sentence; empty when it can.
    """

    target: str
    device: Device
    name: str = ""
    driver: str = ""
    pci: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one library said.

    Attributes:
        library: Its name as a runtime, for instance ``openvino``; ``nvml`` for NVIDIA's management library.
        version: Of the library, empty when it is not installed.
        seen: The devices it lists.
        trouble: Why it has nothing to say, one sentence; empty when it answered.
        ended: The parts of it that ended the process that asked: kinds of devices, or every kind it could have had.
    """

    library: str
    version: str = ""
    seen: tuple[Seen, ...] = ()
    trouble: str = ""
    ended: tuple[Device, ...] = ()

    def of(self, *kinds: Device) -> tuple[Seen, ...]:
        """The devices of these kinds."""
        return tuple(seen for seen in self.seen if seen.device in kinds)


def as_fields(answer: Answer) -> dict[str, object]:
    """An answer as JSON; what is empty is left out."""
    whole: dict[str, object] = {
        "library": answer.library,
        "version": answer.version,
        "seen": [_seen_fields(seen) for seen in answer.seen],
        "trouble": answer.trouble,
        "ended": [device.value for device in answer.ended],
    }
    return {key: value for key, value in whole.items() if value}


def answer_of(fields: object) -> Answer:
    """An answer out of JSON.

    Raises:
        ValueError: It is none; the sentence says what is wrong in it.
    """
    if not isinstance(fields, Mapping):
        raise ValueError("an answer must be an object")  # noqa: TRY004 - the text is at fault, no caller
    return Answer(
        library=_text(fields, "library", needed=True),
        version=_text(fields, "version"),
        seen=tuple(_seen_of(entry) for entry in _list(fields, "seen")),
        trouble=_text(fields, "trouble"),
        ended=tuple(_device(entry) for entry in _list(fields, "ended")),
    )


def normal_pci(address: str) -> str:
    """A PCI address as Linux writes it: four digits of domain, lower case. Empty for anything else."""
    parts = address.strip().lower().replace(".", ":").split(":")
    if len(parts) == 3:
        parts = ["0", *parts]
    try:
        domain, bus, device, function = (int(part, 16) for part in parts)
    except ValueError:
        return ""
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function:x}"


def _seen_fields(seen: Seen) -> dict[str, object]:
    whole: dict[str, object] = {
        "target": seen.target,
        "device": seen.device.value,
        "name": seen.name,
        "driver": seen.driver,
        "pci": seen.pci,
        "facts": dict(seen.facts),
        "trouble": seen.trouble,
    }
    return {key: value for key, value in whole.items() if value}


def _seen_of(fields: object) -> Seen:
    if not isinstance(fields, Mapping):
        raise ValueError("a device must be an object")  # noqa: TRY004
    facts = fields.get("facts", {})
    if not isinstance(facts, Mapping):
        raise ValueError("facts must be an object")  # noqa: TRY004
    return Seen(
        target=_text(fields, "target", needed=True),
        device=_device(fields.get("device")),
        name=_text(fields, "name"),
        driver=_text(fields, "driver"),
        pci=_text(fields, "pci"),
        facts=tuple((str(key), str(value)) for key, value in facts.items()),
        trouble=_text(fields, "trouble"),
    )


def _text(fields: Json, key: str, *, needed: bool = False) -> str:
    value = fields.get(key, "")
    if not isinstance(value, str) or (needed and not value):
        raise ValueError(f"{key} must be a text")
    return value


def _list(fields: Json, key: str) -> Sequence[object]:
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list")  # noqa: TRY004
    return value


def _device(value: object) -> Device:
    try:
        return Device(str(value))
    except ValueError as error:
        raise ValueError(f"there is no kind of device {value!r}") from error
