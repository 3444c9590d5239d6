"""The person's own servers as backends: each that is listed, and none that may not be asked.

Why it exists: a server is a tier like any other, for instance ``ollama-npu`` or ``lan``, but text sent to it leaves
this program. Whether it may is asked before every request, so that taking the consent back, or staying offline, counts
at once; and a tier that may not be asked says so, with what to do, instead of not being there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from app.contracts.errors import SottoError, Unavailable
from app.contracts.ports import Secrets
from app.settings.consent import Consent
from app.settings.servers import ServerEntry, ServersFile
from models.recipes import RECIPES
from models.registry import ENTRIES

if TYPE_CHECKING:
    from models.llm.openai_compatible import RemoteTextGenerator

log = logging.getLogger(__name__)


class Servers:
    """The servers of the person's file.

    Args:
        file: Where they are listed.
        consent: Which may be asked from this machine.
        secrets: Where their keys are.
        offline: Whether nothing may be asked at all: the setting ``network.offline``.
    """

    def __init__(
        self, file: ServersFile, consent: Consent, secrets: Secrets, offline: Callable[[], bool] = lambda: False
    ) -> None:
        self._file = file
        self._consent = consent
        self._secrets = secrets
        self._offline = offline
        self._listed: dict[str, ServerEntry] = {}
        self.problems: tuple[str, ...] = ()

    def open(self, taken: Collection[str] = ()) -> tuple[RemoteTextGenerator, ...]:
        """Every listed server as a language model, whether it may be asked or not; nothing is sent by this.

        What is wrong in the file is kept in `problems`, a sentence each: a program without servers still works.

        Args:
            taken: Ids of more backends there are already; a server that claims one is left out.
        """
        try:
            entries = self._file.read()
        except SottoError as error:
            log.warning("the servers cannot be read: %s", error.code)
            self.problems = (str(error),)
            return ()
        clashing = [entry.server_id for entry in entries if entry.server_id in taken or reserved(entry.server_id)]
        self.problems = tuple(
            f"{self._file.path}: {server_id!r} is the id of another backend; call the server something else."
            for server_id in clashing
        )
        self._listed = {entry.server_id: entry for entry in entries if entry.server_id not in clashing}
        return tuple(self.generator(entry) for entry in self._listed.values())

    def generator(self, entry: ServerEntry) -> RemoteTextGenerator:
        """One server as a language model."""
        from models.llm.openai_compatible import RemoteTextGenerator, Server  # most people have none

        return RemoteTextGenerator(
            Server(
                base_url=entry.address.url,
                model=entry.model,
                backend_id=entry.server_id,
                context_tokens=entry.context_tokens,
                log_probs=entry.log_probs,
            ),
            permit=lambda: self._permit(entry),
            key=lambda: self._secrets.get(key_name(entry)),
        )

    def why_not(self, backend_id: str) -> str:
        """Why a listed server may not be asked, with the remedy; empty when it may, and for what is no server here."""
        entry = self._listed.get(backend_id)
        error = None if entry is None else refusal(entry, self._consent, offline=self._offline())
        return str(error) if error is not None else ""

    def revision(self, backend_id: str) -> str:
        """What a listed server's answers are known by: its address and model; its weights nobody can see."""
        entry = self._listed[backend_id]
        return f"{entry.model} at {entry.address.url}"

    def _permit(self, entry: ServerEntry) -> None:
        error = refusal(entry, self._consent, offline=self._offline())
        if error is not None:
            raise error


def reserved(server_id: str) -> bool:
    """Whether an id belongs to a runtime on a device, there or not."""
    return server_id in ENTRIES or any(recipe.prefix == server_id for recipe in RECIPES)


def refusal(entry: ServerEntry, consent: Consent, *, offline: bool) -> Unavailable | None:
    """Why nothing may be sent to a server; None when it may."""
    if offline:
        return Unavailable(
            f"The server {entry.server_id} is not asked: Sotto stays offline.",
            code="offline",
            remedy="Switch off network.offline in the settings.",
        )
    if not consent.given(entry):
        return Unavailable(
            f"The server {entry.server_id} is not allowed.",
            code="server-not-allowed",
            remedy=f"`sotto servers allow {entry.server_id}` lets text be sent to {entry.address.host}.",
        )
    return None


def key_name(entry: ServerEntry) -> str:
    """What a server's key is called in the keyring. A key is for one address: whoever moves the server has no key."""
    return f"server {entry.server_id} {entry.address.origin}"
