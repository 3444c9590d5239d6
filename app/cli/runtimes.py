"""The checks of `sotto doctor` that look at model libraries and their weights, one per backend of the registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.cli import probes
from app.cli.findings import Finding, State
from app.contracts.errors import Unavailable
from app.settings.paths import Paths
from models.embedded import EmbeddedModels
from models.libraries import package_folder
from models.registry import ENTRIES, Entry, Port

CHECKOUT = Path(__file__).resolve().parents[2] / "Makefile"
"""There in a checkout, where `make` mends what is missing."""

_TITLES = {
    Port.SPEECH_TO_TEXT: "Hearing",
    Port.TEXT: "Answering",
    Port.TEXT_TO_SPEECH: "Speaking",
    Port.VOICE_ACTIVITY: "Voice gate",
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
