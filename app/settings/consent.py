"""The person's consent to send text to a server: given on this machine, for this machine and this address alone.

Why it exists: a profile, a pipeline or a list of servers may come from anybody. None of them may make words leave the
machine, so consent lies elsewhere, and what is copied from another machine counts for nothing here: every entry is
sealed with this machine's identity, the server's id and its address. Whoever can write into this folder could ask a
server anyway; it is no protection against them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from app.contracts.errors import InvalidInput, Unavailable
from app.settings.addresses import passes_on
from app.settings.files import write_whole
from app.settings.servers import ServerEntry

_FILE = "servers.json"
_LINUX = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_RANDOM_NODE = 1 << 40
"""Set in a network address that Python made up because the machine has none."""


class Consent:
    """Who may be sent text. Read anew whenever its file has changed, so that withdrawing it counts at once.

    Args:
        folder: Where what belongs to this machine is kept; need not exist.
        machine: The machine's identity.
    """

    def __init__(self, folder: Path, machine: Callable[[], str] | None = None) -> None:
        self._path = folder / _FILE
        self._machine = machine or machine_id
        self._read: Mapping[str, str] = {}
        self._read_at: tuple[int, int, int] | None = None

    def given(self, entry: ServerEntry) -> bool:
        """Whether text may be sent to a server, as far as consent goes."""
        seal = self._seals().get(entry.server_id)
        if seal is None:
            return False
        try:
            return hmac.compare_digest(seal, self._seal(entry))
        except Unavailable:
            return False

    def give(self, entry: ServerEntry, *, in_the_clear: bool = False) -> None:
        """Text may be sent to a server from now on.

        Args:
            entry: Which.
            in_the_clear: The person has asked for text to be sent so that others on the way can read it.

        Raises:
            InvalidInput: That is what would happen, and nobody asked for it (``not-encrypted``).
            Unavailable: This machine cannot be told from others (``no-machine-id``).
            StorageError: It cannot be written down.
        """
        if entry.address.needs_a_word and not in_the_clear:
            raise InvalidInput(
                f"{entry.address.host} is beyond your own network, and {entry.address.url} is not encrypted.",
                code="not-encrypted",
                remedy="Use an address that begins with https://.",
            )
        self._write({**self._seals(), entry.server_id: self._seal(entry)})

    def withdraw(self, server_id: str) -> bool:
        """No text may be sent to a server any more; returns whether any might.

        Raises:
            StorageError: It cannot be written down.
        """
        seals = dict(self._seals())
        if seals.pop(server_id, None) is None:
            return False
        self._write(seals)
        return True

    def _seal(self, entry: ServerEntry) -> str:
        message = "\0".join(("sotto servers", entry.server_id, entry.address.url, str(passes_on(entry.model))))
        return hmac.new(self._machine().encode(), message.encode(), hashlib.sha256).hexdigest()

    def _seals(self) -> Mapping[str, str]:
        """A seal for each server; a file that cannot be read, or is none of ours, allows nothing."""
        try:
            found = self._path.stat()
            at = (found.st_mtime_ns, found.st_size, found.st_ino)
            if at != self._read_at:
                content = json.loads(self._path.read_bytes())
                allowed = content.get("allowed") if isinstance(content, dict) else None
                pairs = allowed.items() if isinstance(allowed, dict) else ()
                self._read = {key: value for key, value in pairs if isinstance(value, str) and value.isascii()}
                self._read_at = at
        except (OSError, ValueError):
            self._read, self._read_at = {}, None
        return self._read

    def _write(self, seals: Mapping[str, str]) -> None:
        write_whole(self._path, json.dumps({"allowed": dict(sorted(seals.items()))}, indent=2) + "\n")


@cache
def machine_id() -> str:
    """What tells this machine from others: the system's own identifier, else the address of its network card.

    Raises:
        Unavailable: It has neither.
    """
    found = {"win32": _windows, "darwin": _macos}.get(sys.platform, _linux)()
    if found:
        return found
    node = uuid.getnode()
    if node & _RANDOM_NODE:
        raise Unavailable(
            "This machine has no identifier of its own, so no consent can be kept that is for it alone.",
            code="no-machine-id",
            remedy="Make one with: systemd-machine-id-setup",
        )
    return f"{node:012x}"


def _linux() -> str:
    for path in _LINUX:
        try:
            if found := path.read_text(encoding="ascii").strip():
                return found
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _macos() -> str:
    command = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return next((line.split('"')[3] for line in told.splitlines() if '"IOPlatformUUID"' in line), "")


def _windows() -> str:
    import winreg  # there is none elsewhere

    key = r"SOFTWARE\Microsoft\Cryptography"
    access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY  # type: ignore[attr-defined]
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:  # type: ignore[attr-defined]
            return str(winreg.QueryValueEx(opened, "MachineGuid")[0])  # type: ignore[attr-defined]
    except OSError:
        return ""
