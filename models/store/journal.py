"""What a download under way is a download of, and what was found out about models on first use.

Two small files: the plan beside the parts of a download, so that one that was killed goes on with the same revision;
and a record for each model whose revision or digests no source had said, so that the next download gets the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.contracts.errors import SottoError
from app.settings.files import write_whole
from models.store.model import ModelFormat
from models.store.wanted import Wanted, WantedFile

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What was settled on.

    Attributes:
        repository: ``owner/name`` at the hub.
        revision: The commit, or what was asked for when everything else was known.
        files: With all that was found out.
        asked: The revision that was asked for, empty for the newest.
    """

    repository: str
    revision: str
    files: tuple[WantedFile, ...]
    asked: str = ""

    def fits(self, wanted: Wanted) -> bool:
        """True when it says nothing else than what is wanted."""
        ours = {file.path: file for file in self.files}
        return (
            self.repository == wanted.repository
            and wanted.revision in {None, self.revision, self.asked}
            and (not wanted.files or set(ours) == {file.path for file in wanted.files})
            and all(
                theirs in {None, mine}
                for file in wanted.files
                for theirs, mine in ((file.size, ours[file.path].size), (file.sha256, ours[file.path].sha256))
            )
        )

    def applied(self, wanted: Wanted) -> Wanted:
        """The model with all that the plan knows."""
        return replace(wanted, revision=self.revision, files=self.files)

    def write(self, path: Path) -> None:
        """Keep it.

        Raises:
            StorageError: The disk is full or read-only.
        """
        write_whole(path, json.dumps({"version": _VERSION, **asdict(self)}, indent=1))


def read_plan(path: Path) -> Plan | None:
    """The plan in a file; None when there is none that can be read, which costs a download and nothing else."""
    try:
        content = json.loads(path.read_bytes())
        plan = _made(content) if content["version"] == _VERSION else None
        if plan is not None:
            Wanted("check", ModelFormat.GGUF, plan.repository, plan.revision, plan.files).check()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, SottoError):
        return None
    return plan


def _made(content: dict[str, Any]) -> Plan:
    files = tuple(
        WantedFile(
            str(file["path"]),
            None if file["size"] is None else int(file["size"]),
            None if file["sha256"] is None else str(file["sha256"]),
            str(file["blob"]),
            str(file["remote"]),
        )
        for file in content["files"]
    )
    return Plan(str(content["repository"]), str(content["revision"]), files, str(content["asked"]))
