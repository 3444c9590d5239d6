"""Gets one model from the hub: asks what there is, looks for room, fetches each file, and puts the whole in its place.

Blocking, for a thread or a process of its own; killed at any moment it leaves parts that the next one goes on from, and
never a model that is not whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from app.contracts.errors import InvalidInput, SottoError, TurnCancelledError
from app.settings.disk import disk_error
from models.store.fetch import Fetch, Task
from models.store.hub import ask_listing, file_address, resolved
from models.store.journal import Plan, read_plan
from models.store.manifest import Manifest, ManifestFile
from models.store.model import InstalledModel, Origin
from models.store.network import Line, Network
from models.store.patience import Control, Patience, persistently
from models.store.progress import Meter, Report, State, silent
from models.store.refusals import Place
from models.store.room import free_bytes, require_room
from models.store.store import Store
from models.store.wanted import Wanted, WantedFile


class Pull:
    """One download. `run` it once; `pause` and `cancel` from any thread.

    Args:
        store: Where the model goes.
        wanted: Which one.
        network: What the settings say about the network.
        report: Told how far it is, from the thread that runs.
        patience: Time-outs and tries.
        room: How many bytes are free.
    """

    def __init__(
        self,
        store: Store,
        wanted: Wanted,
        network: Network,
        report: Report = silent,
        patience: Patience | None = None,
        room: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._store, self._wanted, self._network, self._report, self._room = store, wanted, network, report, room
        self._patience = patience or Patience()
        self._line = Line(network, self._patience.connect_s, self._patience.stall_s)
        self._control = Control(self._line, wanted.name)
        self._meter = Meter(wanted.name, report)
        self._partial = store.partial(wanted.name)

    def pause(self) -> None:
        """Stop, and keep what has come."""
        self._control.pause()

    def cancel(self) -> None:
        """Stop, and throw away what has come."""
        self._control.cancel()

    def run(self) -> InstalledModel:
        """Get the model; returns at once when it is there already.

        Raises:
            TurnCancelledError: It was paused or cancelled.
            Unavailable: Offline, not at the hub, gated, or what came is not the model.
            TemporaryError: The network or the hub failed too often; what came is kept.
            StorageError: No room, or the disk cannot be written.
            InvalidInput: The catalogue's entry or an address in the settings cannot be used.
        """
        try:
            model = self._on_disk()
        except TurnCancelledError:
            self._tell(State.CANCELLED if self._control.cancelled else State.PAUSED)
            raise
        except SottoError as error:
            self._tell(State.FAILED, str(error))
            raise
        except KeyboardInterrupt:
            self._tell(State.PAUSED)
            raise
        finally:
            self._line.close()
        self._tell(State.DONE)
        return model

    def _on_disk(self) -> InstalledModel:
        """The whole work; what the disk says that nobody expected there is a `StorageError` too."""
        try:
            return self._run()
        except OSError as error:
            raise disk_error(error, self._store.folder) from error

    def _run(self) -> InstalledModel:
        self._wanted.check()
        if (model := self._installed()) is not None:
            return model
        with self._store.lock(self._wanted.name, self._wait):
            try:
                if (model := self._installed()) is not None:
                    return model
                self._control.check()
                self._network.check_online()
                return self._get()
            finally:
                if self._control.cancelled:
                    self._store.discard(self._partial)

    def _get(self) -> InstalledModel:
        wanted = self._settled()
        self._meter.total = sum(file.size or 0 for file in wanted.files)
        self._look_for_room(wanted)
        files = tuple(self._fetched(file, wanted) for file in wanted.files)
        self._control.check()
        if not self._wanted.complete:
            known = tuple(
                replace(asked, size=file.size, sha256=file.sha256)
                for asked, file in zip(wanted.files, files, strict=True)
            )
            Plan(wanted.repository, wanted.revision or "", known, self._wanted.revision or "").write(self._record)
        manifest = Manifest.of(
            wanted,
            files,
            Origin.CATALOGUE,
            verified=self._wanted.verifiable,
            asked=self._wanted.revision or "",
        )
        model = self._store.put_in_place(self._partial / "files", manifest)
        self._store.discard(self._partial)
        return model

    def _settled(self) -> Wanted:
        """The model with revision and files known: from a download that was begun, the first one's record, the hub."""
        begun = read_plan(self._partial / "plan.json")
        if begun is not None and begun.fits(self._wanted):
            return begun.applied(self._wanted)
        if self._partial.exists():  # of another revision
            self._store.discard(self._partial)
        wanted = self._wanted
        recorded = read_plan(self._record)
        if recorded is not None and recorded.fits(wanted):
            wanted = recorded.applied(wanted)
        if not wanted.complete:
            self._meter.enter(State.ASKING)
            listing = persistently(
                lambda: ask_listing(self._line, self._network.endpoint, wanted, self._control.check),
                patience=self._patience,
                control=self._control,
                line=self._line,
                meter=self._meter,
            )
            wanted = resolved(wanted, listing)
            wanted.check()
        settled = Plan(wanted.repository, wanted.revision or "", wanted.files, self._wanted.revision or "")
        settled.write(self._partial / "plan.json")
        return wanted

    def _look_for_room(self, wanted: Wanted) -> None:
        """See that the rest of the model fits on the disk.

        Raises:
            StorageError: It does not.
        """
        there = sum(_length(self._part(file)) + _length(self._whole(file)) for file in wanted.files)
        missing = self._meter.total - there
        try:
            room = self._room(self._partial)
        except OSError as error:
            raise disk_error(error, self._store.folder) from error
        remedy = "Make room on that disk, or remove a model with `sotto models remove`."
        require_room(wanted.name, missing, self._store.folder, room, remedy)

    def _fetched(self, file: WantedFile, wanted: Wanted) -> ManifestFile:
        """One file, whole and in the folder that becomes the model."""
        whole, part = self._whole(file), self._part(file)
        if whole.is_file() and not part.exists():  # it was finished before an interruption
            os.replace(whole, _made_room(part))
        url = file_address(self._network.endpoint, wanted.repository, wanted.revision or "", file.at_hub)
        task = Task(url, file, part, Place(wanted.name, wanted.repository, file.path))
        with closing(Fetch(task, self._line, self._patience, self._control, self._meter)) as fetch:
            fetch.take_up()
            done = persistently(
                fetch.attempt,
                patience=self._patience,
                control=self._control,
                line=self._line,
                meter=self._meter,
            )
        try:
            os.replace(part, _made_room(whole))
        except OSError as error:
            raise disk_error(error, whole) from error
        return done

    def _installed(self) -> InstalledModel | None:
        """The model, if it is there in the revision that is wanted, however it came.

        Raises:
            InvalidInput: A model of the person's own has its name.
        """
        wanted = self._wanted
        manifest = next((each for each in self._store.manifests() if each.name == wanted.name), None)
        if manifest is None:
            return None
        if manifest.origin is Origin.CATALOGUE:
            held = tuple(WantedFile(each.path, each.size, each.sha256) for each in manifest.files)
            there = Plan(manifest.repository, manifest.commit, held, manifest.asked).fits(wanted)
        else:
            digests = {each.sha256 for each in manifest.files}
            there = wanted.verifiable and {each.sha256 for each in wanted.files} <= digests
            if not there:
                raise InvalidInput(
                    f"There is another model {wanted.name} already, which was imported.",
                    code="model-name",
                    remedy=f"Import it under another name to keep it, then `sotto models remove {wanted.name}`.",
                )
        return manifest.installed(self._store.folder / wanted.name) if there else None

    def _wait(self) -> bool:
        """Another process has the model; go on waiting unless told to stop."""
        self._control.check()
        if self._meter.state is not State.WAITING:
            self._meter.enter(State.WAITING, f"Another Sotto is busy with {self._wanted.name}; waiting for it.")
        return True

    def _tell(self, state: State, message: str = "") -> None:
        self._report(self._meter.now(state, message))

    def _part(self, file: WantedFile) -> Path:
        return self._partial / "parts" / file.path

    def _whole(self, file: WantedFile) -> Path:
        return self._partial / "files" / file.path

    @property
    def _record(self) -> Path:
        return self._store.records() / f"{self._wanted.name}.json"


def _made_room(path: Path) -> Path:
    """A path whose folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
