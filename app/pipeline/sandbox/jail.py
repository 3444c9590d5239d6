"""Runs a program where it can reach nothing. Started as a script of its own, with the standard library and no more.

The kernel gives it namespaces of its own for processes, network, mounts and names. Its file system is an empty one in
memory in which a few folders with programs and libraries can be read. It has no capability and cannot win one. The
first process in there is ours: it waits for the program, and when it ends the kernel ends everything that is left.

Usage: ``jail.py '{"folders": [...], "seconds": N, "memory_mb": N}' REPORT_FD PROGRAM ARGUMENT…``. When the walls cannot
be built the program is not started; the reason goes to the report descriptor as ``{"refused": …}``.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import sys
from typing import Any, NoReturn

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
_NEW_USER, _NEW_PID, _NEW_NET = 0x1000_0000, 0x2000_0000, 0x4000_0000
_READ_ONLY, _NO_SUID, _NO_DEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH = 2
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION_3 = 0x2008_0522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41}
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_JOIN_SESSION_KEYRING = 1
_NOBODY = 65534
_LINKED = ("/bin", "/lib", "/lib64", "/lib32", "/libx32", "/sbin")
"""Part of /usr on most systems, and links into it."""
FAILED = 97
"""Exit code when the walls could not be built."""


class NoWallError(Exception):
    """The kernel does not allow it."""


def main(arguments: list[str]) -> NoReturn:
    """Build the walls, start the program behind them, end as it ends."""
    wishes, report, program = json.loads(arguments[0]), int(arguments[1]), arguments[2:]
    try:
        code = _outer(wishes, program)
    except (NoWallError, OSError) as error:
        os.write(report, json.dumps({"refused": str(error)}).encode())
        code = FAILED
    os._exit(code)


def _outer(wishes: dict[str, Any], program: list[str]) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    leave_keys(libc)
    if platform.machine() not in _PIVOT_ROOT:
        raise NoWallError(f"processors of the kind {platform.machine()} are not supported")
    root = os.geteuid() == 0
    spaces = _NEW_MOUNTS | _NEW_PID | _NEW_NET | _NEW_IPC | _NEW_UTS
    uid, gid = os.geteuid(), os.getegid()
    _checked(libc.unshare(spaces if root else spaces | _NEW_USER), "no namespaces")
    if not root:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    told, tell = os.pipe2(os.O_CLOEXEC)
    first = os.fork()
    if not first:
        os.close(told)
        _first(libc, wishes, program, tell, root=root)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        problem = pipe.read(1000).decode("utf-8", "replace")
    _, status = os.waitpid(first, 0)
    if problem:
        raise NoWallError(problem)
    code = os.waitstatus_to_exitcode(status) & 0xFF
    return 1 if code == FAILED else code  # the program cannot claim that it was not started


def _first(libc: ctypes.CDLL, wishes: dict[str, Any], program: list[str], tell: int, *, root: bool) -> NoReturn:
    """The first process in there: builds the rest of the walls, starts the program and waits for it."""
    try:
        _build(libc, _readable(wishes["folders"]))
        _limit(int(wishes["memory_mb"]), int(wishes["seconds"]))
        _give_up_rights(libc, root=root)
        second = os.fork()
        if not second:
            libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os.execve(program[0], program, {})  # noqa: S606
        os.close(tell)
        libc.prctl(_DUMPABLE, 0, 0, 0, 0)
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == second:
                os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    except BaseException as error:  # noqa: BLE001 - the process outside tells it
        with contextlib.suppress(OSError):
            os.write(tell, str(error).encode())
    os._exit(FAILED)


def _build(libc: ctypes.CDLL, folders: list[str]) -> None:
    """A file system of our own over the folder we are in, which then is all there is."""
    new = os.getcwd()
    _mount(libc, "none", "/", "", _REC | _PRIVATE)
    _mount(libc, "tmpfs", new, "tmpfs", _NO_SUID | _NO_DEV, "size=1m,nr_inodes=4096,mode=755")
    for path in folders:
        target = new + path
        os.makedirs(target, mode=0o755, exist_ok=True)
        _mount(libc, path, target, "", _BIND)
        _mount(libc, "none", target, "", _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEV)
    for link in _LINKED:
        if os.path.islink(link):
            os.symlink(os.readlink(link), new + link)
    os.mkdir(new + "/old")
    os.mkdir(new + "/tmp")  # noqa: S108
    os.chdir(new)
    number = _PIVOT_ROOT[platform.machine()]
    _checked(libc.syscall(ctypes.c_long(number), b".", b"old"), "pivot_root")
    os.chdir("/")
    _checked(libc.umount2(b"/old", _DETACH), "umount")
    os.rmdir("/old")
    _mount(libc, "tmpfs", "/tmp", "tmpfs", _NO_SUID | _NO_DEV, "size=4m,nr_inodes=256,mode=1777")  # noqa: S108
    _mount(libc, "none", "/", "", _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEV)
    os.chdir("/tmp")  # noqa: S108


def leave_keys(libc: ctypes.CDLL) -> None:
    """A key ring of our own: the one of the person's session would be inherited, with tickets and keys of disks."""
    number = _KEYCTL.get(platform.machine())
    if number is not None:
        libc.syscall(ctypes.c_long(number), ctypes.c_long(_JOIN_SESSION_KEYRING), None)


def _readable(wanted: list[str]) -> list[str]:
    """The folders that are there, none inside another, and those of `_LINKED` that are no links."""
    real = [path for path in _LINKED if os.path.isdir(path) and not os.path.islink(path)]
    found = sorted({path for path in (*wanted, *real) if os.path.isdir(path)})
    return [path for path in found if not any(path.startswith(other + "/") for other in found)]


def _limit(memory_mb: int, seconds: int) -> None:
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _give_up_rights(libc: ctypes.CDLL, *, root: bool) -> None:
    if root:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    _checked(libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # changing the user has lifted it


def _mount(libc: ctypes.CDLL, source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    data = options.encode() if options else None
    _checked(libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, data), f"mount {target}")


def _checked(result: int, what: str) -> None:
    if result < 0:
        raise NoWallError(f"{what}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1:])
