"""Pulls one model in a process of its own, to be killed: ``FOLDER MIRROR JSON``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app.contracts.errors import SottoError
from models.store.model import ModelFormat
from models.store.network import Network
from models.store.patience import Patience
from models.store.progress import Progress
from models.store.pull import Pull
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile


def main() -> int:
    folder, mirror, described = sys.argv[1:]
    content = json.loads(described)
    content["files"] = tuple(WantedFile(**file) for file in content["files"])
    wanted = Wanted(**content | {"format": ModelFormat(content["format"])})

    def report(progress: Progress) -> None:
        _say([str(progress.state), progress.received_bytes, progress.total_bytes])

    try:
        Pull(Store(Path(folder)), wanted, Network(mirror=mirror), report, Patience(stall_s=5, first_pause_s=0.05)).run()
    except SottoError as error:
        _say(["error", error.code, str(error)])
        return error.exit_code
    return 0


def _say(line: list[str | int]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
