"""Who may open a device's file, and which group would let them.

Why it exists: "there is none" and "you may not" have different remedies, and whether one may is not in the mode alone:
the seat's user gets an access list from the system, and a group joined today counts from the next session on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Node:
    """A file under ``/dev`` through which a device is reached.

    Attributes:
        path: For instance ``/dev/accel/accel0``.
        open: This user may read and write it.
        group: The group it belongs to.
        joined: The user has been put into that group; when it may not be opened all the same, the session is older.
    """

    path: str
    open: bool
    group: str = ""
    joined: bool = False


class Access(Protocol):
    """Looks at device files for one user."""

    def node(self, path: str) -> Node:
        """What that user may do with one of them."""
        ...


class UserAccess:
    """This process's own user, as the system itself decides it.

    Args:
        root: Where the tree lies that holds ``/dev``.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def node(self, path: str) -> Node:
        """What this user may do with it."""
        at = self._root / path.lstrip("/")
        group = _group(at)
        return Node(path, os.access(at, os.R_OK | os.W_OK), group, bool(group) and _user() in _members(group))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a device file belongs to, for a machine that is not this one.

    Attributes:
        user: Its owner's name.
        group: Its group's name.
        mode: Its permission bits.
    """

    user: str
    group: str
    mode: int


@dataclass(frozen=True, slots=True)
class RecordedAccess:
    """A user of a recorded machine, by the permission bits alone.

    Attributes:
        user: The user's name.
        groups: The groups of the session.
        owners: Whom each device file belongs to.
        joined: Groups the user has been put into since the session began.
    """

    user: str
    groups: Collection[str]
    owners: Mapping[str, Owner]
    joined: Collection[str] = ()

    def node(self, path: str) -> Node:
        """What that user may do with it."""
        owner = self.owners[path]
        if self.user == owner.user:
            bits = owner.mode >> 6
        elif owner.group in self.groups:
            bits = owner.mode >> 3
        else:
            bits = owner.mode
        may = self.user == "root" or bits & 0o6 == 0o6
        return Node(path, may, owner.group, owner.group in self.joined or owner.group in self.groups)


def _group(path: Path) -> str:
    """The name of a file's group; its number where it has no name, empty where there are no groups."""
    if sys.platform == "win32":
        return ""
    import grp

    try:
        number = path.stat().st_gid
    except OSError:
        return ""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _members(group: str) -> Collection[str]:
    if sys.platform == "win32":
        return ()
    import grp

    with suppress(KeyError):
        return grp.getgrnam(group).gr_mem
    return ()


def _user() -> str:
    if sys.platform == "win32":
        return ""
    import pwd

    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return ""
