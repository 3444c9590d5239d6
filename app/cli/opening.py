"""How a command gets its assistant: the one place of the terminal that knows `app.bootstrap.core`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.bootstrap.core import CoreOptions, Services, Speech, open_services
from app.cli.session import Assistant, Session, SessionOptions
from app.contracts.errors import StorageError


class _Opened:
    """Implements `app.cli.session.Session` over the services of `core`."""

    def __init__(self, services: Services, *, load_all: bool) -> None:
        self._services = services
        self._load_all = load_all

    @property
    def assistant(self) -> Assistant:
        """The assistant."""
        return self._services.assistant

    async def start(self) -> None:
        """Load every model for a conversation; one question loads what it needs as it goes."""
        if self._load_all:
            await self._services.start()
        else:
            self._services.report_problems()
            await self._services.staged.open(self._services.assistant.publish)
            with contextlib.suppress(StorageError):  # whatever has to be kept there tells it
                await self._services.answers.satisfaction.load()


@asynccontextmanager
async def open_assistant(options: SessionOptions) -> AsyncIterator[Session]:
    """Put an assistant together for a command, and take it apart again.

    Raises:
        InvalidInput: The profile is not there, or its file is wrong.
    """
    speech = Speech.FILE if options.speak_into else Speech.AS_CHOSEN if options.talk else Speech.SILENT
    core = CoreOptions(
        profile=options.profile,
        speech=speech,
        speak_into=options.speak_into,
        lasting=options.talk,
        depth=options.depth,
    )
    async with open_services(core) as services:
        yield _Opened(services, load_all=options.talk)
