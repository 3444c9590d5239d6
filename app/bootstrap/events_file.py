"""Writes the event stream to a file, one JSON object a line: for engineers, tests and benchmarks."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from app.contracts import wire
from app.contracts.errors import StorageError
from app.contracts.events import SystemEvent, TurnEvent


class EventsFile:
    """A listener that appends every event to a file, readable by its owner alone.

    Args:
        path: The file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> EventsFile:
        """Open the file.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            self._path.touch(mode=0o600)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Write one event."""
        self._file.write(wire.to_line(event) + "\n")
