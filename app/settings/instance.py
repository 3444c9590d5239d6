"""One window a person: the second start says so and leaves."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from app.contracts.errors import AlreadyRunning
from app.settings.disk import disk_error
from app.settings.locks import try_lock


class InstanceLock:
    """Held by the open window. The lock ends with the process, so a crash leaves nothing to clean up.

    Args:
        runtime_dir: The session's folder.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / "window.lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Become the one instance.

        Raises:
            AlreadyRunning: Another window of this person is open.
            StorageError: The lock file cannot be made, or its file system knows no locks.
        """
        descriptor = -1
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            alone = try_lock(descriptor)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            raise disk_error(error, self._path) from error
        if not alone:
            os.close(descriptor)
            raise AlreadyRunning("Sotto is already running.", remedy="Its window is open; look for it there.")
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another instance start. May be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> InstanceLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
