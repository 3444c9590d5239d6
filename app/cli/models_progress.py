"""Shows a download on a terminal as one line that changes, elsewhere as a line now and then, for scripts as JSON."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict

from app.cli.console import Console, printable
from models.store.model import InstalledModel
from models.store.progress import Progress, State
from models.store.pull import Pull
from models.store.room import spoken_bytes

_EVERY_S = 10.0
_POLL_S = 0.1
_STATES = {
    State.WAITING: "waiting",
    State.ASKING: "asking the hub what there is",
    State.CHECKING: "reading what is there",
    State.RETRYING: "trying again",
}


class Downloading:
    """Shows one download.

    Args:
        console: Where to.
        as_json: Every look as one JSON object a line.
    """

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console, self._as_json = console, as_json
        self._said_s = time.monotonic()
        self._said = ""

    def report(self, progress: Progress) -> None:
        """Show how far it is; called from the thread that downloads."""
        if self._as_json:
            self._console.write(json.dumps(asdict(progress)) + "\n")
        elif progress.state is State.DOWNLOADING:
            self._moving(progress)
        elif progress.state in _STATES:
            self._once(f"{progress.name}: {progress.message or _STATES[progress.state]}")

    def watch(self, pull: Pull) -> InstalledModel:
        """Run a download; Ctrl-C pauses it, a second one leaves at once.

        Raises:
            SottoError: As for `Pull.run`.
            KeyboardInterrupt: Ctrl-C was pressed a second time.
        """
        ended: list[InstalledModel | BaseException] = []
        over = threading.Event()  # a thread whose `join` was interrupted counts as ended in Python 3.11 (bpo-45274)
        threading.Thread(target=_run, args=(pull, ended, over), name="download", daemon=True).start()
        try:
            while not over.wait(_POLL_S):
                pass
        except KeyboardInterrupt:
            pull.pause()
            if not self._as_json:
                self._console.live("Pausing…")
            over.wait()
        (result,) = ended
        if isinstance(result, BaseException):
            raise result
        return result

    def _moving(self, progress: Progress) -> None:
        text = as_line(progress)
        if self._console.err_is_terminal:
            self._console.live(printable(text))
        elif time.monotonic() - self._said_s >= _EVERY_S:
            self._said_s = time.monotonic()
            self._console.say(printable(text))

    def _once(self, text: str) -> None:
        """A state is said once, not ten times a second."""
        if self._console.err_is_terminal:
            self._console.live(printable(text))
        elif text != self._said:
            self._said = text
            self._console.say(printable(text))


def as_line(progress: Progress) -> str:
    """``whisper-small  43 %  120 MB of 280 MB  12 MB/s  0:13 left``."""
    parts = [progress.name]
    if progress.total_bytes:
        parts.append(f"{100 * progress.received_bytes // progress.total_bytes} %")
        parts.append(f"{spoken_bytes(progress.received_bytes)} of {spoken_bytes(progress.total_bytes)}")
    else:
        parts.append(spoken_bytes(progress.received_bytes))
    if progress.bytes_per_s:
        parts.append(f"{spoken_bytes(progress.bytes_per_s)}/s")
    if progress.remaining_s is not None:
        seconds = round(progress.remaining_s)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        parts.append(f"{hours}:{minutes:02}:{seconds % 60:02} left" if hours else f"{minutes}:{seconds % 60:02} left")
    return "  ".join(parts)


def _run(pull: Pull, ended: list[InstalledModel | BaseException], over: threading.Event) -> None:
    try:
        ended.append(pull.run())
    except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
        ended.append(error)
    finally:
        over.set()
