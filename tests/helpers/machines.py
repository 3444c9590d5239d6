"""Machines of `tests/data/machines`: their trees made real in a folder, and their libraries' answers replayed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.power.hardware.access import Node
from app.power.hardware.tree import Tree
from models.devices.answers import Answer, answer_of
from models.devices.children import Wanted
from models.devices.machine import SystemMachine

FOLDER = Path(__file__).resolve().parents[1] / "data" / "machines"
NAMES = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
LOOKED_AT_S = 1_700_000_000.0


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


@dataclass(slots=True)
class Recorded:
    """One of them.

    Attributes:
        tree: What the system lists, below a folder.
        answers: What its libraries say.
        wanted: What was asked of the libraries, look by look.
    """

    tree: Tree
    answers: tuple[Answer, ...]
    wanted: list[Wanted] = field(default_factory=list)

    async def ask(self, wanted: Wanted) -> Sequence[Answer]:
        self.wanted.append(wanted)
        return self.answers

    def machine(self, folder: Path) -> SystemMachine:
        return SystemMachine(folder, tree=self.tree, ask=self.ask, stamp=lambda _: {}, now=lambda: LOOKED_AT_S)


def recorded(name: str, root: Path) -> Recorded:
    """A machine of the collection; its tree is made below ``root``."""
    answers = json.loads((FOLDER / name / "answers.json").read_text(encoding="utf-8"))
    tree = materialised((FOLDER / name / "tree.txt").read_text(encoding="utf-8"), root)
    return Recorded(tree, tuple(map(answer_of, answers)))


def materialised(listing: str, root: Path) -> Tree:
    """A tree out of its listing."""
    said, owners = laid_out(listing, root)
    (root / "proc").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "cpuinfo").write_text(_cpuinfo(said), encoding="utf-8")
    access = RecordedAccess(said["user"][0], said["groups"], owners, said.get("joined", []))
    return Tree(root, access)


def laid_out(listing: str, root: Path) -> tuple[dict[str, list[str]], dict[str, Owner]]:
    """A listing's files, made below a folder: what it says of the machine, and whom its files belong to."""
    said: dict[str, list[str]] = {}
    owners: dict[str, Owner] = {}
    for line in filter(None, listing.splitlines()):
        word, _, rest = line.partition(" ")
        at = root / word.lstrip("/")
        if not word.startswith("/"):
            said[word] = rest.split()
        elif word.endswith("/"):
            at.mkdir(parents=True)
        else:
            sign, _, value = rest.partition(" ")
            at.parent.mkdir(parents=True, exist_ok=True)
            if sign == "->":
                at.symlink_to(value)
            elif sign == "=":
                at.write_text(value.replace("\\n", "\n") + "\n", encoding="utf-8")
            elif sign == "@":
                at.write_bytes(_binary(value))
            else:
                user, group, mode = value.split()
                at.touch()
                owners[word] = Owner(user, group, int(mode, 8))
    return said, owners


def _binary(value: str) -> bytes:
    """Numbers at places in a file of zeros: ``size=264 0x74:2=1500``, of 8 bytes where no width is said."""
    content = bytearray()
    for word in value.split():
        place, _, number = word.partition("=")
        if place == "size":
            content.extend(bytes(int(number, 0)))
            continue
        offset, _, width = place.partition(":")
        at, size = int(offset, 0), int(width or "8")
        content[at : at + size] = int(number, 0).to_bytes(size, "little")
    return bytes(content)


def _cpuinfo(said: dict[str, list[str]]) -> str:
    blocks = (
        f"processor\t: {number}\nmodel name\t: {' '.join(said['cpu-name'])}\nphysical id\t: 0\n"
        f"core id\t\t: {core}\nflags\t\t: fpu {' '.join(said['cpu-flags'])}\n\n"
        for number, core in enumerate(said["cpu-cores"])
    )
    return "".join(blocks)
