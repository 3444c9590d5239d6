"""How much a server may send back: nothing that fills the memory.

Why it exists: the library collects a list of models whole, and a line of a stream until it ends. A server that never
ends one, or sends a few compressed bytes that swell to gigabytes, would take the window down with it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

from app.contracts.errors import RuntimeFault

MOST_BYTES = 16 * 1024 * 1024
"""Of one reply. An answer of 4096 tokens with their probabilities comes to about 2 MB."""


async def bound(response: Any) -> None:
    """Called by the library's HTTP client before a reply is read.

    Raises:
        RuntimeFault: The reply is compressed, which nobody asked for.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise RuntimeFault("The server compresses its answers, which nobody asked it for.", code="bad-reply")
    stream = next(kind for kind in type(response.stream).__mro__ if kind.__name__ == "AsyncByteStream")
    response.stream = _bounded(stream)(response.stream)


@cache
def _bounded(stream: type) -> Any:
    """A body that ends with an error where it is too long. It has to be one of the client's own kind of stream."""

    class Bounded(stream):  # type: ignore[misc]  # known only where the library is loaded
        def __init__(self, body: Any) -> None:
            self._body = body

        async def __aiter__(self) -> AsyncGenerator[bytes, None]:
            left = MOST_BYTES
            async for data in self._body:
                left -= len(data)
                if left < 0:
                    raise RuntimeFault(
                        f"The server sends more than {MOST_BYTES // 2**20} MB for one answer.", code="bad-reply"
                    )
                yield data

        async def aclose(self) -> None:
            await self._body.aclose()

    return Bounded
