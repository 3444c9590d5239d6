"""Reads the messages of clients: one that is damaged is told to its sender in a sentence.

Why it exists: gRPC alone calls such a message an unknown failure, and shows the name of a class of ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from app.contracts.errors import InvalidInput
from app.service.refusing import refuse


class MessageCheck(grpc.aio.ServerInterceptor):
    """Refuses calls whose message cannot be read.

    Args:
        service: Full name of the service whose calls are looked after; its methods are coroutine functions.
    """

    def __init__(self, service: str) -> None:
        self._prefix = f"/{service}/"

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put a handler that reads its own messages in the place of the one that was found."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith(self._prefix):
            return handler
        return _streamed(handler) if handler.request_streaming else _single(handler)


def _single(handler: Any) -> Any:
    behaviour = handler.unary_stream if handler.response_streaming else handler.unary_unary

    async def call(raw: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            request = _read(handler, raw)
        except InvalidInput as error:
            await refuse(context, error)
        return await behaviour(request, context)

    make: Any = grpc.unary_stream_rpc_method_handler if handler.response_streaming else None
    return (make or grpc.unary_unary_rpc_method_handler)(call, None, handler.response_serializer)


def _streamed(handler: Any) -> Any:
    async def call(raws: AsyncIterator[bytes], context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        async def requests() -> AsyncIterator[Any]:
            async for raw in raws:
                yield _read(handler, raw)

        return await handler.stream_stream(requests(), context)

    return grpc.stream_stream_rpc_method_handler(call, None, handler.response_serializer)


def _read(handler: Any, raw: bytes) -> Any:
    """The message in some bytes.

    Raises:
        InvalidInput: There is none.
    """
    try:
        return handler.request_deserializer(raw)
    except DecodeError as error:
        raise InvalidInput(
            "The message cannot be read: it is damaged, or no message of this call.", code="bad-message"
        ) from error
