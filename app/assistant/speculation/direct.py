"""No caches, no work ahead: everything is made when it is wanted. The strategy ``none``; tests compare with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from app.assistant.speculation.preparing import Report, Urgency, Worth

T = TypeVar("T")


class Direct:
    """`Preparations` that prepare nothing."""

    async def get(self, kind: str, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002
        """Make it."""
        return await make()

    def ahead(
        self,
        kind: str,
        key: Hashable,
        make: Callable[[], Awaitable[object]],
        *,
        urgency: Urgency,
        worth: Worth | None = None,
        tag: str = "",
    ) -> None:
        """Do nothing."""

    def drop(self, tag: str) -> None:
        """Do nothing."""

    def forget(self, kind: str) -> None:
        """Do nothing."""

    def foreground(self, report: Report | None = None) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing to hold back."""
        return nullcontext()

    def chose(self, intent: str, value: str) -> None:
        """Do nothing."""

    def likely(self, intent: str, values: tuple[str, ...]) -> tuple[tuple[str, float], ...]:  # noqa: ARG002
        """All alike."""
        return tuple((value, 1.0 / len(values)) for value in values)
