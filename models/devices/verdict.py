"""One verdict per device, from what the system lists and what the libraries say.

Why it exists: neither alone is enough. The system knows what is there and who may open it; only the libraries know what
runs. It is a pure function of both, so recorded machines can be judged in tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.devices import DEVICE_WORDS, Device, DeviceInfo, Presence, RuntimeSupport
from app.power.hardware.tree import AMD, INTEL, NVIDIA, Hardware, Power, Tree
from models.devices import advice
from models.devices.advice import Advice
from models.devices.answers import Answer, Seen
from models.devices.names import LLAMA, NVML, OPENVINO, WHISPER

ORDER = (Device.NPU, Device.IGPU, Device.GPU, Device.CPU)
"""How devices are listed."""
_VENDORS: Mapping[str, str] = {INTEL: "Intel", AMD: "AMD", NVIDIA: "NVIDIA", "1022": "AMD"}
_RUNTIMES = (OPENVINO, LLAMA, WHISPER)
_CONCERNS: Mapping[tuple[Device, str], tuple[str, ...]] = {
    (Device.NPU, INTEL): (OPENVINO,),
    (Device.IGPU, INTEL): (OPENVINO, LLAMA),
    (Device.GPU, INTEL): (OPENVINO, LLAMA),
    (Device.IGPU, AMD): (LLAMA,),
    (Device.GPU, AMD): (LLAMA,),
    (Device.GPU, NVIDIA): (LLAMA, WHISPER),
}
"""Which runtimes could ever drive what."""

Answers = Mapping[str, Answer]


def judge(
    tree: Tree, hardware: Sequence[Hardware], answers: Sequence[Answer], processor: DeviceInfo
) -> tuple[DeviceInfo, ...]:
    """Every device there is, and for each kind there is not the word that it is absent.

    Args:
        tree: Looked at for which command would help here.
        hardware: What the system lists.
        answers: What the libraries say.
        processor: This machine's, without what runtimes say of it.
    """
    by_library = {answer.library: answer for answer in answers}
    claims = _claims(hardware, answers)
    found = [_device(tree, piece, by_library, claims[piece.pci]) for piece in hardware]
    found += _unlisted(by_library, claims[""])
    for kind in ORDER[:-1]:
        if not any(info.device is kind for info in found):
            found.append(_missing(kind, by_library, tree))
    found.append(with_runtimes(processor, by_library))
    return tuple(sorted(found, key=lambda info: ORDER.index(info.device)))


def with_runtimes(processor: DeviceInfo, answers: Answers) -> DeviceInfo:
    """The processor with what each runtime says of it."""
    runtimes = []
    for name in _RUNTIMES:
        answer = answers.get(name)
        if answer is None:
            continue
        usable = bool(answer.of(Device.CPU))
        reason = "" if usable else answer.trouble or "It does not list it."
        runtimes.append(RuntimeSupport(name, usable, "CPU" if usable else "", answer.version, reason))
    return DeviceInfo(
        processor.device, processor.name, processor.presence, runtimes=tuple(runtimes), facts=processor.facts
    )


def _claims(hardware: Sequence[Hardware], answers: Sequence[Answer]) -> Mapping[str, list[tuple[str, Seen]]]:
    """What each library lists, by the address of the hardware it means; what fits none is under the empty address.

    Libraries that give no address list devices in the order of their addresses (the children of `models.devices` and
    the hosts run with ``CUDA_DEVICE_ORDER=PCI_BUS_ID``), so the first without one means the first of its kind.
    """
    claims: dict[str, list[tuple[str, Seen]]] = {piece.pci: [] for piece in hardware}
    claims[""] = []
    for answer in answers:
        taken: set[str] = set()
        for seen in answer.seen:
            if seen.device is Device.CPU:
                continue
            fitting = [
                piece.pci for piece in hardware if _may_be(answer.library, seen, piece) and piece.pci not in taken
            ]
            address = seen.pci if seen.pci and seen.pci in claims else next(iter(fitting), "")
            if address and address in taken:
                continue  # the same device through a second interface, such as Vulkan beside CUDA
            taken.add(address)
            claims[address].append((answer.library, seen))
    return claims


def _may_be(library: str, seen: Seen, piece: Hardware) -> bool:
    if seen.pci:
        return seen.pci == piece.pci
    if library in (WHISPER, NVML) or seen.target.startswith("CUDA"):
        return piece.vendor == NVIDIA
    if library == OPENVINO and piece.vendor != INTEL:
        return False
    return seen.device is piece.device


def _device(tree: Tree, piece: Hardware, answers: Answers, claimed: Sequence[tuple[str, Seen]]) -> DeviceInfo:
    seen: dict[str, Seen] = {}
    for library, entry in claimed:
        seen.setdefault(library, entry)
    concerns = _CONCERNS.get((piece.device, piece.vendor), ())
    runtimes = tuple(_support(name, seen.get(name), answers, piece) for name in concerns if name in answers)
    verdict = _verdict(tree, piece, answers, runtimes, seen)
    entries = tuple(seen.values())
    kind = next((entry.device for entry in entries if entry.device is not Device.CPU), piece.device)
    return DeviceInfo(
        device=kind if OPENVINO in seen or NVML in seen else piece.device,
        name=next((entry.name for entry in entries if entry.name), _name(piece)),
        presence=verdict.presence,
        reason=verdict.reason,
        remedy=verdict.remedy,
        driver=next((entry.driver for entry in entries if entry.driver), piece.driver_version),
        runtimes=runtimes,
        facts=_facts(piece, entries),
    )


def _verdict(
    tree: Tree, piece: Hardware, answers: Answers, runtimes: Sequence[RuntimeSupport], seen: Mapping[str, Seen]
) -> Advice:
    if any(support.usable for support in runtimes):
        return Advice(Presence.READY, "")
    if (piece.device, piece.vendor) not in _CONCERNS:
        return advice.unsupported(piece)
    if not piece.driver or (piece.vendor == NVIDIA and piece.driver != "nvidia"):
        return advice.no_kernel_driver(piece, tree)
    if piece.shut is not None:
        return advice.no_permission(piece.shut)
    if _spared(piece, answers):
        return advice.asleep(piece)
    concerned = _CONCERNS[(piece.device, piece.vendor)]
    if any(piece.device in answer.ended for name, answer in answers.items() if name in (*concerned, NVML)):
        return advice.broken(piece.device, piece.vendor, tree)
    if not piece.nodes and piece.vendor != NVIDIA:
        return advice.no_node(piece)
    if piece.vendor == NVIDIA and NVML not in seen:
        if not piece.nodes:
            return advice.no_nvidia_files()
        return advice.silent_driver(answers[NVML].trouble or "NVIDIA's driver lists no GPU.")
    whisper = seen.get(WHISPER)
    return advice.no_cublas(whisper.trouble) if whisper is not None else advice.no_user_space(piece, tree)


def _spared(piece: Hardware, answers: Answers) -> bool:
    """Whether nothing was asked of it: it sleeps, or another one behind the same driver does."""
    if piece.vendor == NVIDIA:
        return piece.driver == "nvidia" and NVML not in answers
    return piece.power is Power.ASLEEP and piece.vendor == AMD and piece.device is Device.GPU


def _support(name: str, seen: Seen | None, answers: Answers, piece: Hardware) -> RuntimeSupport:
    answer = answers[name]
    if seen is not None and not seen.trouble:
        return RuntimeSupport(name, usable=True, target=seen.target, version=answer.version)
    if seen is not None:
        return RuntimeSupport(name, usable=False, target=seen.target, version=answer.version, reason=seen.trouble)
    if _spared(piece, answers):
        reason = "It was not asked, so that the device sleeps on."
    else:
        reason = answer.trouble or "It does not list it."
    return RuntimeSupport(name, usable=False, version=answer.version, reason=reason)


def _unlisted(answers: Answers, claimed: Sequence[tuple[str, Seen]]) -> list[DeviceInfo]:
    """Devices that libraries list and the system does not: all of them on Windows and macOS."""
    found: list[DeviceInfo] = []
    for library, seen in claimed:
        if library == NVML:
            continue
        support = RuntimeSupport(library, not seen.trouble, seen.target, answers[library].version, seen.trouble)
        found.append(
            DeviceInfo(
                device=seen.device,
                name=seen.name,
                presence=Presence.READY if support.usable else Presence.NO_DRIVER,
                reason=seen.trouble,
                remedy=advice.CUBLAS_PACKAGE if library == WHISPER and seen.trouble else "",
                driver=seen.driver,
                runtimes=(support,),
                facts=seen.facts,
            )
        )
    return found


def _missing(kind: Device, answers: Answers, tree: Tree) -> DeviceInfo:
    """The word that a kind of device is not there."""
    if tree.readable:
        return DeviceInfo(
            kind, "", Presence.ABSENT, f"This machine has no {DEVICE_WORDS[kind].noun} that a model could use."
        )
    broken = any(kind in answer.ended for answer in answers.values())
    verdict = advice.broken(kind, "", tree) if broken else advice.unknown_absence()
    return DeviceInfo(kind, "", verdict.presence, verdict.reason, verdict.remedy)


def _name(piece: Hardware) -> str:
    """What can be said of it without asking anybody."""
    return f"{_VENDORS.get(piece.vendor, 'Unknown')} {DEVICE_WORDS[piece.device].noun} {piece.vendor}:{piece.product}"


def _facts(piece: Hardware, seen: Sequence[Seen]) -> tuple[tuple[str, str], ...]:
    facts = dict(fact for entry in seen for fact in entry.facts)
    facts["kernel driver"] = piece.driver or "none"
    facts["address"] = piece.pci
    if piece.nodes:
        facts["reached by"] = ", ".join(node.path for node in piece.nodes)
    if piece.power is Power.ASLEEP and piece.device is Device.GPU:
        facts["power"] = "asleep"
    return tuple(facts.items())
