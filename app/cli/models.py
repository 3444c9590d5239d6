"""The command `sotto models`: what can be had, what is here, and how it gets here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from app.cli.console import Console, printable
from app.cli.models_list import list_models
from app.cli.models_progress import Downloading
from app.contracts.errors import SottoError, StorageError, TurnCancelledError
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from models.catalogue import Catalogue
from models.store.from_catalogue import catalogue_of_program, find_wanted, wanted_of
from models.store.importing import import_model
from models.store.model import InstalledModel
from models.store.network import Network
from models.store.patience import Patience
from models.store.progress import silent
from models.store.pull import Pull
from models.store.room import spoken_bytes
from models.store.store import Store
from models.store.wanted import Wanted

ReadCatalogue = Callable[[], Catalogue]


def models(options: argparse.Namespace, console: Console, read: ReadCatalogue = catalogue_of_program) -> int:
    """Run it; returns the exit code.

    Args:
        options: The command line.
        console: Where it writes.
        read: Gives the catalogue.

    Raises:
        SottoError: What was asked for cannot be done; the exit code is that of the error.
    """
    paths = Paths.default()
    store = Store(paths.models_dir)
    match options.action:
        case "list":
            return list_models(console, store, read, installed_only=options.installed, as_json=options.json)
        case "pull":
            settings = SettingsStore(paths.settings_file)
            settings.load()
            wanted = find_wanted(read(), options.name)
            return pull_model(console, store, wanted, Network.of(settings.get), as_json=options.json)
        case "verify":
            return verify_models(console, store, options.name or "", as_json=options.json)
        case "import":
            return import_one(
                console, store, options.path, options.name, known=_known(read), move=options.move, as_json=options.json
            )
        case "remove":
            return remove_model(console, store, options.name)
        case _:
            console.write(f"{store.path(options.name) if options.name else store.folder}\n")
            return console.settle()


def pull_model(
    console: Console,
    store: Store,
    wanted: Wanted,
    network: Network,
    *,
    as_json: bool,
    patience: Patience | None = None,
) -> int:
    """Download a model. Ctrl-C pauses it.

    Raises:
        SottoError: It did not come; the sentence says why and what to do.
    """
    shown = Downloading(console, as_json=as_json)
    pull = Pull(store, wanted, network, shown.report, patience)
    try:
        model = shown.watch(pull)
    except TurnCancelledError as stopped:
        if not as_json:
            console.say(printable(f"sotto: {stopped}"))
        console.settle()
        return stopped.exit_code
    if as_json:
        console.write(json.dumps({"installed": _as_object(model)}) + "\n")
    else:
        how = "" if model.verified else " Its digests were not known beforehand; they are recorded now."
        console.say(printable(f"{model.name} is installed, {spoken_bytes(model.size_bytes)}.{how}"))
    return console.settle()


def verify_models(console: Console, store: Store, name: str, *, as_json: bool) -> int:
    """Read one model, or all of them, again.

    Raises:
        Unavailable: It is not installed.
        InvalidInput: The name cannot be one.
    """
    names = [name] if name else [model.name for model in store.installed_models()]
    problems = () if name else store.problems()
    verdicts = []
    for each in names:
        console.live(f"Reading {each}…")
        verdicts.append(store.verify(each))
    if as_json:
        found = [
            {"name": each.name, "ok": each.ok, "problems": each.problems, "known_beforehand": each.known_beforehand}
            for each in verdicts
        ]
        console.write(json.dumps({"models": found, "problems": problems}) + "\n")
    else:
        for verdict in verdicts:
            console.write(printable(f"{verdict.name}: {'as it was installed' if verdict.ok else 'damaged'}\n"))
            for problem in verdict.problems:
                console.write(printable(f"  {problem}\n"))
        for problem in problems:
            console.write(printable(f"{problem}\n"))
        if not verdicts and not problems:
            console.say("No model is installed.")
    console.settle()
    if damaged := [each.name for each in verdicts if not each.ok]:
        raise StorageError(
            f"Damaged: {', '.join(damaged)}.",
            code="model-damaged",
            remedy="`sotto models remove NAME`, then pull or import it again.",
        )
    return StorageError.exit_code if problems else 0


def import_one(
    console: Console, store: Store, path: Path, name: str, *, known: tuple[Wanted, ...], move: bool, as_json: bool
) -> int:
    """Take in a file or folder.

    Raises:
        SottoError: It is no model, or cannot be taken in.
    """
    report = Downloading(console, as_json=False).report if console.err_is_terminal else silent
    imported = import_model(store, path.expanduser(), name, move=move, known=known, report=report)
    model = imported.model
    if as_json:
        left = [str(each) for each in imported.left]
        console.write(json.dumps({"imported": _as_object(model), "already": imported.already, "left": left}) + "\n")
        return console.settle()
    if imported.already:
        console.say(printable(f"{model.name} was here already, byte for byte."))
    else:
        console.say(printable(f"{model.name} is installed: {model.format}, {spoken_bytes(model.size_bytes)}."))
    if imported.left:
        console.say(printable(f"{imported.left[0]} could not be deleted at its old place."))
    return console.settle()


def remove_model(console: Console, store: Store, name: str) -> int:
    """Delete a model.

    Raises:
        SottoError: There is none of that name, or it cannot be deleted.
    """
    size = next((each.size_bytes for each in store.installed_models() if each.name == name), 0)
    store.remove(name)
    console.say(f"{name} is removed; {spoken_bytes(size)} are free again." if size else f"{name} is removed.")
    return console.settle()


def _known(read: ReadCatalogue) -> tuple[Wanted, ...]:
    """The catalogue's models; an import works without a catalogue too."""
    try:
        return tuple(wanted_of(model) for model in read().models)
    except SottoError:
        return ()


def _as_object(model: InstalledModel) -> dict[str, object]:
    return {
        "name": model.name,
        "format": str(model.format),
        "task": str(model.format.task),
        "path": str(model.path),
        "size_bytes": model.size_bytes,
        "revision": model.revision,
        "origin": str(model.origin),
        "verified": model.verified,
        "languages": list(model.languages),
        "parameters": model.parameters,
        "memory_bytes": model.memory_bytes,
    }
