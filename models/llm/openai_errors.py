"""Everything that can go wrong with a server, as our own errors: the one place where the library's are translated."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from app.contracts.errors import (
    Busy,
    ConnectionFailed,
    RuntimeFault,
    SottoError,
    TimedOut,
    Unavailable,
)

_QUOTED = 200
_ROUNDS = 16


@asynccontextmanager
async def translating(library: Any, base_url: str, model: str, no_key: str = "") -> AsyncGenerator[None, None]:
    """The library's errors as ours; the cause stays chained.

    Args:
        library: The package ``openai``.
        base_url: Of the server, for the sentences.
        model: As the server calls it.
        no_key: Why there is no key, said when the server wants one.
    """
    where = f"The server at {base_url}"
    try:
        yield
    except (library.APITimeoutError, TimeoutError) as error:
        raise TimedOut(f"{where} did not answer in time.") from error
    except library.APIConnectionError as error:
        if isinstance(error.__cause__, SottoError):  # ours, raised while the library read
            raise error.__cause__ from error
        raise ConnectionFailed(
            f"{where} cannot be reached, or went away.", remedy="See that it runs and that the address is right."
        ) from error
    except library.APIStatusError as error:
        raise _of_status(int(error.status_code), said(error), where, model, no_key) from error
    except (library.OpenAIError, ValueError, AttributeError, TypeError) as error:
        raise no_answer(base_url, error) from error


def no_answer(base_url: str, error: Exception) -> RuntimeFault:
    """The error for a reply that is none."""
    inside = isinstance(error, AttributeError)  # the library's own words, about its own inside
    why = "it is not what the protocol says" if inside else said(error)
    return RuntimeFault(f"What the server at {base_url} sent is no answer: {why}.", code="bad-reply")


def _of_status(status: int, words: str, where: str, model: str, no_key: str) -> SottoError:
    if 300 <= status < 400:
        return Unavailable(
            f"{where} sends elsewhere ({status}), and nothing is sent where you have not allowed it.",
            code="server-moved",
            remedy="See where it is now, and add that address.",
        )
    if status in (401, 403):
        because = f" {no_key}" if no_key else ""
        return Unavailable(
            f"{where} refused the key ({status}).{because}",
            code="key-refused",
            remedy="Enter another one: `sotto servers add ID URL MODEL --key`.",
        )
    if status == 404:
        return Unavailable(
            f"{where} does not have {model!r}, or does not speak this protocol (404).",
            code="model-missing",
            remedy="See that the address ends in /v1 and the model is named as on the server.",
        )
    if status in (408, 504):
        return TimedOut(f"{where} took too long ({status}).")
    if status in (409, 425, 429, 503, 529):
        return Busy(f"{where} has too much to do ({status}).")
    if status == 502:
        return ConnectionFailed(f"{where} is there, and what it needs is not (502).")
    if status < 500:
        return Unavailable(f"{where} refused the request ({status}): {words}.", code="request-refused")
    return RuntimeFault(f"{where} failed ({status}): {words}.", code="server-failed")


def said(error: BaseException) -> str:
    """An error's own words, on one line and not too many."""
    words = " ".join(str(getattr(error, "message", "") or error).split()).rstrip(".")
    return f"{words[:_QUOTED]}…" if len(words) > _QUOTED else words or type(error).__name__


def let_go(error: BaseException) -> None:
    """Empty the library's frames an error still holds, and with them the generators it was reading from."""
    cause = error.__cause__
    if cause is not None:
        traceback.clear_frames(cause.__traceback__)


async def settled() -> None:
    """Let the loop close what the library left to the collector: generators within generators, a few rounds each."""
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
