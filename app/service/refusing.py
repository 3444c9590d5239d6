"""Turns errors into statuses of gRPC, with their sentence and their code."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import grpc
import grpc.aio

from app.contracts.errors import Busy, InvalidInput, SottoError, TimedOut, Unavailable
from app.service import mapping

STATUS = {
    "no-pipeline": grpc.StatusCode.NOT_FOUND,
    "no-job": grpc.StatusCode.NOT_FOUND,
    "run-exists": grpc.StatusCode.ALREADY_EXISTS,
}


@contextlib.asynccontextmanager
async def refused(context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[None]:
    """Turn an error before there is a run into a status of gRPC."""
    try:
        yield
    except SottoError as error:
        await refuse(context, error)


async def refuse(context: grpc.aio.ServicerContext[Any, Any], error: SottoError) -> NoReturn:
    """End a call with the status, the sentence and the code of an error.

    Raises:
        grpc.aio.AbortError: Always; the library takes it from here.
    """
    metadata = (("sotto-code", error.code),)
    await context.abort(status_of(error), mapping.short(str(error)), metadata)
    raise AssertionError("abort returned")


def status_of(error: SottoError) -> grpc.StatusCode:
    """The status of gRPC that stands for an error."""
    if error.code in STATUS:
        return STATUS[error.code]
    match error:
        case InvalidInput():
            return grpc.StatusCode.INVALID_ARGUMENT
        case Busy():
            return grpc.StatusCode.RESOURCE_EXHAUSTED
        case TimedOut():
            return grpc.StatusCode.DEADLINE_EXCEEDED
        case Unavailable():
            return grpc.StatusCode.UNAVAILABLE
        case _:
            return grpc.StatusCode.INTERNAL
