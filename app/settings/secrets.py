"""Keys and passwords in the system's keyring, and never in a file of ours.

Why it exists: the library falls back to back ends that keep nothing, or keep it in plain text, and says nothing about
it. Those are refused here, with what to do instead.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.contracts.errors import InvalidInput, Unavailable

SERVICE = "sotto"
"""What the keyring lists our secrets under."""
_KEEPS_NOTHING = ("keyring.backends.fail", "keyring.backends.null")
_KEEPS_IT_OPEN = ("keyrings.alt",)
_REMEDY = (
    "Start the desktop's keyring (GNOME Keyring, KWallet, or KeePassXC with its Secret Service), unlock it, and try "
    "again."
)


class KeyringSecrets:
    """Implements `app.contracts.ports.Secrets`. Its methods may wait for the desktop, or for the person to unlock it.

    Args:
        service: What the keyring lists the secrets under.
    """

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service
        self._ring: Any = None
        self._opening = threading.Lock()

    def get(self, name: str) -> str | None:
        """The secret, None when there is none.

        Raises:
            Unavailable: No keyring can be used (``no-keyring``), or it stays locked (``keyring-locked``).
        """
        with _translated():
            found = self._opened().get_password(self._service, name)
        return None if found is None else str(found)

    def set(self, name: str, value: str) -> None:
        """Keep it.

        Raises:
            InvalidInput: It is empty.
            Unavailable: As `get`.
        """
        if not value:
            raise InvalidInput("An empty key is no key.", code="no-key")
        with _translated():
            self._opened().set_password(self._service, name, value)

    def delete(self, name: str) -> None:
        """Forget it; does nothing when there is none.

        Raises:
            Unavailable: As `get`.
        """
        with _translated():
            ring = self._opened()
            if ring.get_password(self._service, name) is not None:
                ring.delete_password(self._service, name)

    def _opened(self) -> Any:
        with self._opening:
            if self._ring is None:
                self._ring = _usable(_library("keyring").get_keyring())
            return self._ring


def _usable(ring: Any) -> Any:
    """The back end itself, of several the best one that is acceptable.

    Raises:
        Unavailable: There is none.
    """
    several = list(getattr(ring, "backends", ())) or [ring]
    for one in several:
        if not _kind(one).startswith((*_KEEPS_NOTHING, *_KEEPS_IT_OPEN)) and "plaintext" not in _kind(one).lower():
            return one
    if all(_kind(one).startswith(_KEEPS_NOTHING) for one in several):
        what = "This session has no keyring, and a key is kept nowhere else."
    else:
        what = f"The keyring of this session ({_kind(several[0])}) would keep the key in an open file."
    raise Unavailable(what, code="no-keyring", remedy=_REMEDY)


def _kind(ring: Any) -> str:
    return f"{type(ring).__module__}.{type(ring).__name__}"


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Unavailable(
            "The package keyring is not installed.",
            code="library-missing",
            remedy="Install it with: python -m pip install keyring",
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever a back end raises as ours: they come from anywhere, with errors of their own. No value is quoted."""
    errors = _library("keyring.errors")
    try:
        yield
    except (Unavailable, InvalidInput):
        raise
    except errors.KeyringLocked as error:
        raise Unavailable("The keyring is locked.", code="keyring-locked", remedy="Unlock it and try again.") from error
    except errors.NoKeyringError as error:
        raise Unavailable(
            "This session has no keyring, and a key is kept nowhere else.", code="no-keyring", remedy=_REMEDY
        ) from error
    except Exception as error:
        raise Unavailable(
            f"The keyring failed ({type(error).__name__}).", code="keyring-failed", remedy=_REMEDY
        ) from error
