"""`sotto servers list|add|allow|deny|test|remove`: servers of the person's own as tiers, off until they are allowed."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, field

from app.bootstrap.logs import logging_to
from app.cli.console import Console, printable
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Secrets
from app.contracts.text import ChatMessage, GenerationRequest, Role, TextPiece
from app.settings.addresses import address
from app.settings.consent import Consent
from app.settings.paths import Paths
from app.settings.secrets import KeyringSecrets
from app.settings.servers import ServerEntry, ServersFile
from app.settings.store import SettingsStore
from models.servers import Servers, key_name, refusal, reserved

WORD = "unencrypted"
"""What a person types to have text sent in the clear beyond their own network."""
_QUESTION = GenerationRequest(
    (ChatMessage(Role.USER, "Say hello in one short sentence."),), max_tokens=32, temperature=0.0
)


@dataclass(frozen=True, slots=True)
class _Here:
    """What the commands work on."""

    paths: Paths
    file: ServersFile
    consent: Consent
    secrets: Secrets
    offline: bool

    @classmethod
    def at(cls, paths: Paths, secrets: Secrets | None = None) -> _Here:
        settings = SettingsStore(paths.settings_file)
        settings.load()
        return cls(
            paths,
            ServersFile(paths.servers_file),
            Consent(paths.machine_dir),
            secrets or KeyringSecrets(),
            settings.flag("network.offline"),
        )

    def why_not(self, entry: ServerEntry) -> Unavailable | None:
        if reserved(entry.server_id):
            return Unavailable(
                f"The server {entry.server_id} has the id of another backend.",
                code="servers",
                remedy=f"Call it something else in {self.file.path}.",
            )
        return refusal(entry, self.consent, offline=self.offline)


def servers(
    options: argparse.Namespace, console: Console, paths: Paths | None = None, secrets: Secrets | None = None
) -> int:
    """Run it; returns the exit code.

    Args:
        options: As `app.cli.models_parser.add_servers` reads them.
        console: Where it writes.
        paths: The person's folders, None for those of this machine.
        secrets: Where keys are kept, None for the system's keyring.

    Raises:
        InvalidInput: The file is wrong, there is no such server, or the address cannot be used.
        Unavailable: The keyring cannot be used, or the server may not be asked.
        TemporaryError: The server does not answer.
        StorageError: Nothing can be written.
    """
    here = _Here.at(paths or Paths.default(), secrets)
    match options.action:
        case "list":
            return _list(here, console, as_json=options.json)
        case "add":
            return _add(here, console, options)
        case "allow":
            return _allow(here, console, options.id)
        case "deny":
            return _deny(here, console, options.id)
        case "test":
            return _test(here, console, options.id, as_json=options.json)
        case _:
            return _remove(here, console, options.id)


def _list(here: _Here, console: Console, *, as_json: bool) -> int:
    entries = here.file.read()
    if as_json:
        content = {"offline": here.offline, "servers": [_as_object(here, entry) for entry in entries]}
        console.write(json.dumps(content) + "\n")
        return console.settle()
    if not entries:
        console.say("No servers are listed. `sotto servers add ID URL MODEL` lists one.")
    width = max((len(entry.server_id) for entry in entries), default=0)
    for entry in entries:
        error = here.why_not(entry)
        state = "allowed" if error is None else f"{error.message} {error.remedy}"
        where = f"{entry.model} at {entry.address.url}"
        console.write(printable(f"{entry.server_id.ljust(width)}  {where}: {state}") + "\n")
    return console.settle()


def _as_object(here: _Here, entry: ServerEntry) -> dict[str, object]:
    error = here.why_not(entry)
    return {
        "id": entry.server_id,
        "url": entry.address.url,
        "model": entry.model,
        "context_tokens": entry.context_tokens,
        "log_probs": entry.log_probs,
        "device": entry.device.value if entry.device else "",
        "reach": entry.address.reach.value,
        "encrypted": entry.address.encrypted,
        "allowed": here.consent.given(entry),
        "why_not": str(error) if error else "",
    }


def _add(here: _Here, console: Console, options: argparse.Namespace) -> int:
    entry = ServerEntry(
        server_id=options.id, address=address(options.url), model=options.model, context_tokens=options.context
    )
    here.file.check(entry)
    if reserved(entry.server_id):
        raise InvalidInput(
            f"{entry.server_id!r} is the id of another backend.",
            code="servers",
            remedy="Call the server something else.",
        )
    if options.key:
        here.secrets.set(key_name(entry), _asked_key())
    changed = here.file.put(entry)
    console.say(
        printable(f"{'Changed' if changed else 'Added'} {entry.server_id}: {entry.model} at {entry.address.url}.")
    )
    if here.consent.given(entry):
        console.say("It is allowed, as before.")
    else:
        console.say(printable(f"Nothing is sent to it until you allow it: sotto servers allow {entry.server_id}"))
    return console.settle()


def _allow(here: _Here, console: Console, server_id: str) -> int:
    entry = here.file.get(server_id)
    console.say(printable(entry.address.sentence(entry.model)))
    if entry.address.needs_a_word:
        console.say(f"It is not encrypted: everybody on the way can read it. Type {WORD} to allow it all the same.")
        if sys.stdin.readline().strip().lower() != WORD:
            raise InvalidInput(
                f"{server_id} stays as it was.", code="not-encrypted", remedy="Use an address with https://."
            )
    here.consent.give(entry, in_the_clear=entry.address.needs_a_word)
    console.say(f"{server_id} is allowed on this machine. `sotto servers deny {server_id}` takes that back.")
    if here.offline:
        console.say("It is asked only once network.offline is switched off.")
    return console.settle()


def _deny(here: _Here, console: Console, server_id: str) -> int:
    withdrawn = here.consent.withdraw(server_id)
    if not withdrawn:
        here.file.get(server_id)
    console.say(f"Nothing is sent to {server_id}{' any more' if withdrawn else ', as before'}.")
    return console.settle()


def _remove(here: _Here, console: Console, server_id: str) -> int:
    entry = here.file.get(server_id)
    here.consent.withdraw(server_id)
    here.file.remove(server_id)
    console.say(f"{server_id} is forgotten.")
    try:
        here.secrets.delete(key_name(entry))
    except Unavailable as error:
        if error.code != "no-keyring":
            console.say(printable(f"Its key, if there was one, is still in the keyring: {error.message}"))
    return console.settle()


@dataclass(slots=True)
class _Tried:
    """What a short question to a server came to. Times in milliseconds."""

    load_ms: float = 0.0
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    pieces: list[TextPiece] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces).strip()

    @property
    def tokens_per_s(self) -> float:
        seconds = (self.total_ms - self.first_token_ms) / 1000.0
        return (len(self.pieces) - 1) / seconds if len(self.pieces) > 1 and seconds > 0 else 0.0

    @property
    def log_probs(self) -> bool:
        return any(piece.log_prob is not None for piece in self.pieces)


def _test(here: _Here, console: Console, server_id: str, *, as_json: bool) -> int:
    entry = here.file.get(server_id)
    error = here.why_not(entry)
    if error is not None:
        raise error
    with logging_to(here.paths.log_dir):
        tried = asyncio.run(_try(here, entry))
    if as_json:
        content = {
            "id": entry.server_id,
            "model": entry.model,
            "url": entry.address.url,
            "load_ms": round(tried.load_ms, 1),
            "first_token_ms": round(tried.first_token_ms, 1),
            "tokens": len(tried.pieces),
            "tokens_per_s": round(tried.tokens_per_s, 1),
            "log_probs": tried.log_probs,
            "text": tried.text,
        }
        console.write(json.dumps(content) + "\n")
        return console.settle()
    console.write(printable(tried.text) + "\n")
    speed = f"First words after {tried.first_token_ms:.0f} ms, then {tried.tokens_per_s:.0f} pieces a second."
    sure = "tells" if tried.log_probs else "does not tell"
    console.say(f"{speed} It {sure} how sure it is.")
    return console.settle()


async def _try(here: _Here, entry: ServerEntry) -> _Tried:
    known = Servers(here.file, here.consent, here.secrets, lambda: here.offline)
    runtime, tried = known.generator(entry), _Tried()
    try:
        tried.load_ms = (await runtime.warm_up()).load_ms
        began = time.monotonic()
        async with aclosing(runtime.generate(_QUESTION)) as pieces:
            async for piece in pieces:
                if not tried.pieces:
                    tried.first_token_ms = (time.monotonic() - began) * 1000.0
                if piece.finish is None:
                    tried.pieces.append(piece)
        tried.total_ms = (time.monotonic() - began) * 1000.0
    finally:
        await runtime.aclose()
    return tried


def _asked_key() -> str:
    """A key from the person, not shown while it is typed; from standard input where nobody types.

    Raises:
        InvalidInput: There is none, or it cannot be sent.
    """
    try:
        typed = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    except EOFError:
        typed = ""
    key = typed.strip()
    if not key:
        raise InvalidInput("No key was given.", code="no-key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput("The key has characters that no key has.", code="no-key", remedy="Copy it again.")
    return key
