"""Where Sotto keeps its things, and where it finds what ships with it. Nothing is made at import."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.contracts.errors import Unavailable
from app.settings.disk import HOME_VARIABLE, disk_error

_PROBE = b"\0" * 4096
"""An empty file can be made on a full disk, this one not."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one person on one machine.

    Attributes:
        config_dir: What the person writes: settings and profiles.
        data_dir: What must not be lost: history and recordings.
        cache_dir: What can be made again.
        runtime_dir: What ends with the session: locks and sockets.
        log_dir: Logs.
    """

    config_dir: Path
    data_dir: Path
    cache_dir: Path
    runtime_dir: Path
    log_dir: Path

    @classmethod
    def default(cls) -> Paths:
        """The folders the platform has for this, or those under `HOME_VARIABLE`."""
        home = os.environ.get(HOME_VARIABLE)
        if home:
            return cls.under(Path(home).expanduser().absolute())
        dirs = platformdirs.PlatformDirs("sotto", appauthor=False)
        return cls(
            config_dir=dirs.user_config_path,
            data_dir=dirs.user_data_path,
            cache_dir=dirs.user_cache_path,
            runtime_dir=_runtime_dir(dirs),
            log_dir=dirs.user_log_path,
        )

    @classmethod
    def under(cls, folder: Path) -> Paths:
        """Everything under one folder."""
        return cls(folder / "config", folder / "data", folder / "cache", folder / "run", folder / "log")

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.config_dir / "settings.yaml"

    @property
    def profiles_dir(self) -> Path:
        """The person's own profiles."""
        return self.config_dir / "profiles"

    @property
    def pipelines_dir(self) -> Path:
        """The person's own pipelines."""
        return self.config_dir / "pipelines"

    @property
    def database(self) -> Path:
        """The history."""
        return self.data_dir / "sotto.db"

    @property
    def documents(self) -> Path:
        """The index of the person's documents."""
        return self.data_dir / "documents.db"

    @property
    def notebook(self) -> Path:
        """What skills keep for the person: reminders, lists, facts, training, routines, cards."""
        return self.data_dir / "notebook.db"

    @property
    def answers(self) -> Path:
        """Outputs of pipelines that are kept to be given again."""
        return self.cache_dir / "answers.db"

    @property
    def understanding(self) -> Path:
        """What requests are compared with, made from the examples of skills."""
        return self.cache_dir / "understanding"

    @property
    def models_dir(self) -> Path:
        """Models that were installed."""
        return self.data_dir / "models"

    @property
    def machine_dir(self) -> Path:
        """What was found out about this machine: devices, self-tests, measurements, consent. Never exported."""
        return self.data_dir / "machine"

    @property
    def compiled_dir(self) -> Path:
        """Models compiled for a device."""
        return self.cache_dir / "compiled"

    @property
    def servers_file(self) -> Path:
        """The person's own servers."""
        return self.config_dir / "servers.yaml"

    @property
    def power_file(self) -> Path:
        """The person's own values of the device model: watts and speeds."""
        return self.config_dir / "power.yaml"

    @property
    def recordings_dir(self) -> Path:
        """Recordings that have not been answered yet."""
        return self.data_dir / "recordings"

    def ensure(self) -> None:
        """Make the folders, readable by nobody else, and see that something can be written into each.

        Raises:
            StorageError: One of them cannot be made or written to; the sentence names it.
        """
        for folder in (self.config_dir, self.data_dir, self.cache_dir, self.runtime_dir, self.log_dir):
            try:
                _make_private(folder)
            except OSError as error:
                raise disk_error(error, folder) from error


def _make_private(folder: Path) -> None:
    """Make a folder only its owner can enter, and write a little into it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sys.platform != "win32" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    probe = folder / f".writable-{os.getpid()}"
    try:
        probe.write_bytes(_PROBE)
    finally:
        probe.unlink(missing_ok=True)


def asset(relative: str) -> Path:
    """A file or folder that ships with Sotto: in a frozen app, in a checkout, or installed beside Python.

    Raises:
        Unavailable: It is not there.
    """
    for root in _asset_roots():
        path = root / relative
        if path.exists():
            return path
    raise Unavailable(f"The part {relative!r} of Sotto is missing.", code="asset", remedy="Install Sotto again.")


def _asset_roots() -> tuple[Path, ...]:
    frozen = getattr(sys, "_MEIPASS", None)
    roots = [Path(frozen) / "assets"] if frozen else []
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        roots.append(checkout / "assets")
    roots.append(Path(sys.prefix) / "share" / "sotto" / "assets")
    return tuple(roots)


def _runtime_dir(dirs: platformdirs.PlatformDirs) -> Path:
    """The session's own folder; a private one in the cache where the platform has none."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    if sys.platform == "linux" and not (session and os.access(session, os.W_OK)):
        return dirs.user_cache_path / "run"
    return dirs.user_runtime_path
