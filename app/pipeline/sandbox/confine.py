"""Takes away from a sandbox child what it does not need, before anything of others reaches it.

What holds where:

* Linux with user namespaces: the kernel gives the child a network of its own with nothing in it, and takes its
  capabilities away. That is a boundary.
* Where `resource` exists (Linux, macOS): it cannot write a byte to a file, open many files, or take more memory
  and processor time than an operation may. The kernel sees to that too; macOS does not bound address space.
* Everywhere: an audit hook refuses to connect, to start programs and to change files. It is a hurdle only: code that
  brings its own machine instructions gets past it. So no code of others is ever run in this child, only data of others
  read by code of ours; see `boundary` for code.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable

try:
    import resource
except ImportError:  # Windows has no such limits
    LIMITS = False
else:
    LIMITS = True

OPEN_FILES = 64
"""A child opens so many files at once at most."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_CLONE_NEWIPC = 0x0800_0000
_CAPABILITY_VERSION_3 = 0x2008_0522
_REFUSED = (
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostby",
    "socket.sendto",
    "subprocess.",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.startfile",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pty.spawn",
    "shutil.",
    "urllib.Request",
    "winreg.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends. Elsewhere the end of the input does it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def confine() -> tuple[str, ...]:
    """Give up network, writing and programs for the rest of this process.

    Returns:
        What could not be given up for good, one sentence each; empty where every wall is the kernel's.
    """
    missing = []
    if not _leave_network():
        missing.append("The kernel gives no network namespace here: the network is refused by an audit hook only.")
    if not LIMITS:
        missing.append("This system has no limits of its own: memory and processor time are bounded by time alone.")
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
        _lower(resource.RLIMIT_CORE, 0)
    sys.addaudithook(_refuse)
    return tuple(missing)


def limit(memory_mb: int, cpu_s: int) -> None:
    """Bound the next operation: address space beyond what is held now, and processor time beyond what was used."""
    if not LIMITS:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + cpu_s)
    _soft(resource.RLIMIT_AS, _address_space() + (memory_mb << 20))


def unlimit() -> None:
    """The operation is over: the child itself may go on."""
    if LIMITS:
        _soft(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
        _soft(resource.RLIMIT_AS, resource.RLIM_INFINITY)


def held_mb() -> int:
    """The most memory this process ever held, MiB; 0 where nobody can say."""
    if not LIMITS:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most >> 20 if sys.platform == "darwin" else most >> 10


def drop_capabilities(libc: ctypes.CDLL) -> None:
    """Nothing this process starts can win rights, and it has none itself from now on."""
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    libc.capset(header, nothing)


def _leave_network() -> bool:
    """A network namespace of our own, in which there is nothing; False where the kernel does not allow it."""
    if sys.platform != "linux":
        return False
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) != 0:
            return False
        drop_capabilities(libc)
    except (OSError, AttributeError):
        return False
    return True


def _lower(kind: int, value: int) -> None:
    """Lower a limit for good."""
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _soft(kind: int, value: int) -> None:
    """Set a limit that we can lift again, at most as high as it ever was."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = hard if value == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and does not keep it
        resource.setrlimit(kind, (value, hard))


def _address_space() -> int:
    """Bytes of address space in use; a guess where nobody can say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 1 << 30


def _refuse(event: str, arguments: Iterable[object]) -> None:
    """The audit hook."""
    if event == "open":
        _path, mode, flags = (*arguments, None, None, None)[:3]
        if (isinstance(flags, int) and flags & _WRITING) or (isinstance(mode, str) and set(mode) & set("wax+")):
            raise PermissionError("the sandbox writes no files")
    elif event.startswith(_REFUSED):
        raise PermissionError(f"the sandbox allows no {event}")
