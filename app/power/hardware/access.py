"""Who may open a device's file, and which group would let them.

Why it exists: "there is none" and "you may not" have different remedies, and whether one may is not in the mode alone:
the seat's user gets an access list from the system, and a group joined today counts from the next session on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
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
