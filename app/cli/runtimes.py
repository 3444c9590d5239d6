"""The checks of `sotto doctor` that look at model libraries and their weights, one per backend of the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.cli import probes
from app.cli.findings import Finding, State
from app.contracts.errors import SottoError, Unavailable
from app.settings.consent import Consent
from app.settings.paths import Paths
from app.settings.servers import ServersFile
from models.embedded import EmbeddedModels
from models.libraries import package_folder
from models.registry import ENTRIES, Entry, Port
from models.store.store import Store

CHECKOUT = Path(__file__).resolve().parents[2] / "Makefile"
"""There in a checkout, where `make` mends what is missing."""

_TITLES = {
    Port.SPEECH_TO_TEXT: "Hearing",
    Port.TEXT: "Answering",
    Port.TEXT_TO_SPEECH: "Speaking",
    Port.VOICE_ACTIVITY: "Voice gate",
    Port.EMBEDDING: "Finding by meaning",
}


def runtimes(_paths: Paths) -> Iterator[Finding]:
    """Every backend: its library, loaded in a child process, and its weights."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        yield from pool.map(backend, ENTRIES.values())


def backend(entry: Entry) -> Finding:
    """One backend."""
    about = entry.backend
    title = f"{_TITLES[entry.port]}: {about.runtime}"
    answers = entry.port is Port.TEXT
    try:
        for library in entry.libraries:
            package_folder(library.package, library.distribution)
        EmbeddedModels().require(about.model)
    except Unavailable as error:
        return Finding(
            about.backend_id, title, State.MISSING, error.message, _remedy(entry) or error.remedy, answers=answers
        )
    for library in entry.libraries:
        error_text = probes.ask("module", library.package).error
        if error_text:
            detail = f"{library.distribution} cannot be loaded: {error_text}"
            return Finding(about.backend_id, title, State.MISSING, detail, _remedy(entry), answers=answers)
    return Finding(about.backend_id, title, State.OK, f"{about.model} on the {about.device}", answers=answers)


def _remedy(entry: Entry) -> str:
    """The command that mends a backend in a checkout; empty elsewhere."""
    if not CHECKOUT.is_file():
        return ""
    return "make llama" if entry.backend.runtime == "llama.cpp" else "make clean run"


def installed(paths: Paths) -> Iterator[Finding]:
    """The models that were installed, and what cannot be used of them."""
    title = "Installed models"
    store = Store(paths.models_dir)
    names = ", ".join(model.name for model in store.installed_models())
    if problems := store.problems():
        yield Finding("models", title, State.WARNING, "; ".join(problems), "sotto models verify")
    else:
        yield Finding("models", title, State.OK, names or "None; `sotto models list` shows what can be had")


def servers(paths: Paths) -> Iterator[Finding]:
    """The person's own servers; none is asked."""
    title = "Servers"
    file = ServersFile(paths.servers_file)
    try:
        entries = file.read()
    except SottoError as error:
        yield Finding("servers", title, State.WARNING, error.message, f"Edit {paths.servers_file}")
        return
    consent = Consent(paths.machine_dir)
    told = (f"{entry.server_id} ({'allowed' if consent.given(entry) else 'not allowed'})" for entry in entries)
    yield Finding("servers", title, State.OK, ", ".join(told) or "None")
