from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.power.hardware.access import UserAccess
from tests.helpers.machines import Owner, RecordedAccess

NODE = "/dev/accel/accel0"


@pytest.mark.parametrize(
    ("user", "groups", "mode", "opens"),
    [
        ("anna", {"anna"}, 0o660, False),
        ("anna", {"anna", "render"}, 0o660, True),
        ("anna", {"anna", "render"}, 0o640, False),
        ("anna", {"anna"}, 0o666, True),
        ("driver", {"driver"}, 0o600, True),
        ("driver", {"driver"}, 0o066, False),
        ("root", {"root"}, 0o000, True),
    ],
)
def test_permission_bits_mean_what_they_mean_to_the_kernel(user: str, groups: set[str], mode: int, opens: bool) -> None:
    access = RecordedAccess(user, groups, {NODE: Owner("driver", "render", mode)})
    node = access.node(NODE)
    assert (node.open, node.group, node.joined) == (opens, "render", "render" in groups)


def test_a_group_joined_since_the_session_began_does_not_count_yet() -> None:
    access = RecordedAccess("anna", {"anna"}, {NODE: Owner("root", "render", 0o660)}, {"render"})
    node = access.node(NODE)
    assert not node.open
    assert node.joined


def test_this_user_may_open_what_is_theirs(tmp_path: Path) -> None:
    at = tmp_path / NODE.lstrip("/")
    at.parent.mkdir(parents=True)
    at.touch(mode=0o600)
    node = UserAccess(tmp_path).node(NODE)
    assert node.open
    assert node.group


def test_what_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    node = UserAccess(tmp_path).node(NODE)
    assert (node.open, node.group, node.joined) == (False, "", False)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_may_not_open_it() -> None:
    script = (
        "import os, pathlib, tempfile\n"
        "root = pathlib.Path(tempfile.mkdtemp()); os.chmod(root, 0o755)\n"
        "node = root / 'accel0'; node.touch(); os.chown(node, 0, 0); os.chmod(node, 0o660)\n"
        "from app.power.hardware.access import UserAccess\n"
        "import grp, pwd\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(UserAccess(root).node('/accel0').open)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "False", said.stderr
