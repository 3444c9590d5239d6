"""`sotto` without a command: opens the window, or says in one sentence why it cannot."""

from __future__ import annotations

from pathlib import Path

from app.cli.display import reachable_display
from app.contracts.errors import Unavailable


def open_window(*, demo: bool, profile: str, events_file: Path | None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Raises:
        Unavailable: There is no display, or Qt cannot be loaded.
        AlreadyRunning: Another window of this person is open.
        StorageError: The folders cannot be made.
    """
    if not reachable_display():
        raise Unavailable(
            "There is no display to open a window on.",
            code="no-display",
            remedy='In a terminal, use: sotto ask "What is the capital of France?"',
        )
    try:
        from app.bootstrap.core import CoreOptions
        from app.bootstrap.desktop import run, run_demo
    except ImportError as error:
        raise Unavailable(
            f"The window library cannot be loaded: {error}.", code="no-qt", remedy="See: sotto doctor"
        ) from error
    core = CoreOptions(profile=profile, events_file=events_file)
    return run_demo(core.paths) if demo else run(core)
