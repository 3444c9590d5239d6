"""Devices as PortAudio numbers them, devices as a person knows them, and the sentences for when there are none.

PortAudio's numbers change with every re-plugging, and its names carry the number of the card. A person's choice must
survive both, so it is kept as an identity: the host API and the name without its number.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.contracts.errors import Unavailable

SOUND_HANGS = "sound-hangs"
"""Code of the error when the sound system does not answer."""
SILENT = "sound-silent"
"""Code of the error when a device opens but does nothing."""
_CARD_NUMBER = re.compile(r"\s*\(hw:\d+,\d+\)$")
_ALIASES = frozenset({"center_lfe", "dmix", "dsnoop", "front", "iec958", "rear", "side", "spdif", "sysdefault"})
"""Names that ALSA gives to parts and mixes of devices which are listed on their own as well."""


class Direction(StrEnum):
    """Which way the sound goes."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A device in PortAudio's current list.

    Attributes:
        index: PortAudio's number, valid until the next scan.
        host_api: The system it is reached through, such as ``ALSA``.
        name: Its name there.
        inputs: Channels it records, 0 when it is no microphone.
        outputs: Channels it plays, 0 when it is no speaker.
        rate_hz: Its own sample rate.
        default_input: The system's choice of microphone.
        default_output: The system's choice of speaker.
    """

    index: int
    host_api: str
    name: str
    inputs: int
    outputs: int
    rate_hz: int
    default_input: bool = False
    default_output: bool = False

    def channels(self, direction: Direction) -> int:
        """Channels in one direction, 0 when it has none."""
        return self.inputs if direction is Direction.INPUT else self.outputs

    def is_default(self, direction: Direction) -> bool:
        """Whether the system chose it."""
        return self.default_input if direction is Direction.INPUT else self.default_output


def identified(endpoints: Iterable[Endpoint], direction: Direction) -> dict[str, Endpoint]:
    """The devices of one direction by identity, in the system's order; namesakes are numbered from the second on."""
    found: dict[str, Endpoint] = {}
    seen: Counter[str] = Counter()
    for endpoint in endpoints:
        name = _CARD_NUMBER.sub("", endpoint.name)
        alias = endpoint.host_api == "ALSA" and (name in _ALIASES or name.startswith("surround"))
        if not endpoint.channels(direction) or (alias and not endpoint.is_default(direction)):
            continue
        identity = f"{endpoint.host_api}/{name}"
        seen[identity] += 1
        found[identity if seen[identity] == 1 else f"{identity} #{seen[identity]}"] = endpoint
    return found


def shown_name(identity: str) -> str:
    """What a person reads for an identity."""
    return identity.partition("/")[2] or identity


def library_missing() -> Unavailable:
    """PortAudio's C library is not installed."""
    return Unavailable(
        "The sound library PortAudio is not installed.",
        code="no-portaudio",
        remedy="Install it: sudo apt-get install libportaudio2",
    )


def not_answering() -> Unavailable:
    """The sound server neither works nor fails."""
    return Unavailable(
        "The sound system does not answer.",
        code=SOUND_HANGS,
        remedy="Restart it: systemctl --user restart pipewire-pulse, or pulseaudio --kill",
    )


def refused(reason: str) -> Unavailable:
    """PortAudio reported an error."""
    return Unavailable(
        f"The sound system refused: {reason}.",
        code="sound-refused",
        remedy="See that no other program holds the device, or choose another one in the settings.",
    )


def nothing_there(direction: Direction, *, any_device: bool) -> tuple[str, str]:
    """Why there is nothing to hear with or speak through, and what to do about it.

    Args:
        direction: Which of the two.
        any_device: Whether the other direction has devices.
    """
    what = "microphone" if direction is Direction.INPUT else "speaker"
    if _forbidden_cards():
        return (
            f"There is no {what}: Sotto may not use the sound card.",
            "Join the group that may, then log in again: sudo usermod -aG audio $USER",
        )
    if any_device:
        return f"There is no {what}.", "Plug one in; it is found by itself."
    return (
        f"There is no {what}: no sound server answers and there is no sound card.",
        "Start the sound server (systemctl --user start pipewire-pulse, or pulseaudio --start), or plug a device in.",
    )


def _forbidden_cards() -> bool:
    """True when there are sound devices and none of them may be opened."""
    if sys.platform != "linux":
        return False
    devices = [*Path("/dev/snd").glob("pcm*")]
    return bool(devices) and not any(os.access(device, os.R_OK | os.W_OK) for device in devices)


def fingerprint() -> tuple[object, ...] | None:
    """A cheap sign that changes when a device or the sound server comes or goes; None on systems that give none.

    Looking at the devices themselves opens every one of them, which wakes sleeping hardware; these files do not.
    """
    if sys.platform != "linux":
        return None
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    server = os.environ.get("PULSE_SERVER", "").removeprefix("unix:")
    sockets = [runtime / "pulse/native", runtime / "pipewire-0", *([Path(server)] if server.startswith("/") else [])]
    listening = _text(Path("/proc/net/unix"))  # a server that was killed leaves its socket file behind
    signs: list[object] = [(_born(path), str(path) in listening) for path in sockets]
    with contextlib.suppress(OSError):
        signs += sorted(entry.name for entry in Path("/dev/snd").iterdir())
    signs.append(_text(Path("/proc/asound/cards")))
    return tuple(signs)


def _born(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
