"""The tree of errors, drawn once.

::

    SottoError                     everything Sotto raises on purpose
    ├── InvalidInput               what the person gave cannot be used; told to the person, never retried       exit 2
    ├── AlreadyRunning             another Sotto holds what this one needs                                      exit 3
    ├── Unavailable                something is missing: a microphone, a model, a permission                   exit 4
    │   └── MicrophoneUnavailable
    ├── StorageError               the disk is full, read-only or damaged                                      exit 5
    ├── TemporaryError             worth one more try                                                          exit 6
    │   ├── HostDied               the host process ended in the middle of a request
    │   ├── HostHung               the host process gave no sign of life in time and was ended
    │   ├── TimedOut               a stage took longer than its time
    │   ├── Busy                   a server has too much to do (429, 503), or a limit of ours is reached
    │   └── ConnectionFailed       a server cannot be reached, or went away
    ├── RuntimeFault               a model library reported a failure: trying again would give the same        exit 1
    └── TurnCancelledError         the person, or a newer turn, ended it; never shown as a failure             exit 130

Every error carries a stable ``code``, a sentence a person can act on and, where there is one, a remedy. Third-party
exceptions become one of these in the adapter that called the third party, with the cause chained.
"""

from __future__ import annotations

from typing import ClassVar


class SottoError(Exception):
    """Root of the tree.

    Args:
        message: One sentence that says what is wrong, with the place.
        code: Stable identifier such as ``audio-empty``; lower case, hyphens.
        remedy: What to do about it, one sentence or one command; empty when nothing helps.
    """

    default_code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    temporary: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidInput(SottoError):
    """What the person gave cannot be used."""

    default_code = "invalid-input"
    exit_code = 2


class AlreadyRunning(SottoError):
    """Another Sotto holds what this one needs."""

    default_code = "already-running"
    exit_code = 3


class Unavailable(SottoError):
    """Something this needs is not there."""

    default_code = "unavailable"
    exit_code = 4


class MicrophoneUnavailable(Unavailable):
    """No microphone, no sound server, or no permission."""

    default_code = "no-microphone"


class StorageError(SottoError):
    """The disk is full, read-only or holds something damaged."""

    default_code = "storage"
    exit_code = 5


class TemporaryError(SottoError):
    """Worth one more try."""

    default_code = "temporary"
    exit_code = 6
    temporary = True


class HostDied(TemporaryError):
    """The host process ended in the middle of a request."""

    default_code = "host-died"


class HostHung(TemporaryError):
    """The host process gave no sign of life in time and was ended."""

    default_code = "host-hung"


class TimedOut(TemporaryError):
    """A stage took longer than its time."""

    default_code = "timed-out"


class Busy(TemporaryError):
    """A server has too much to do, or a limit of ours is reached."""

    default_code = "busy"


class ConnectionFailed(TemporaryError):
    """A server cannot be reached, or went away."""

    default_code = "connection-failed"


class RuntimeFault(SottoError):
    """A model library reported a failure."""

    default_code = "runtime-fault"


class TurnCancelledError(SottoError):
    """The person, or a newer turn, ended it."""

    default_code = "cancelled"
    exit_code = 130
