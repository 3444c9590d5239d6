"""Frames on the two pipes between a host process and its parent.

Why it exists: sound and vectors cross as raw buffers, never pickled and never as text; everything else is a small JSON
header. A frame is two little-endian unsigned 32-bit lengths, the header, the payload::

    u32 header bytes | u32 payload bytes | header: JSON object, UTF-8 | payload: raw

The parent sends requests and cancellations, the host answers each request with any number of replies and exactly one
end. Requests are worked on in the order in which they were sent. Nothing here waits on an event loop: the parent feeds
a `Decoder` with what arrives, the host reads whole frames from a blocking stream.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from app.contracts import errors
from app.contracts.errors import InvalidInput, RuntimeFault, SottoError, TemporaryError
from models.host.engine import JsonValue

MAX_HEADER_BYTES = 8 << 20
"""Longest header: 8 MiB of text is more than any conversation."""
MAX_PAYLOAD_BYTES = 256 << 20
"""Longest payload: 256 MiB are 70 minutes of sound at 16 kHz."""
LOAD = "host.load"
"""The request that makes the host build and load its engine; the reply's ``device`` is where it runs."""

_PREFIX = struct.Struct("<II")


class BrokenFrame(TemporaryError):
    """What came through the pipe is not a frame: the other side is damaged, a fresh one will not be."""

    default_code = "host-protocol"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it travels."""

    header: Mapping[str, JsonValue]
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """Parent to host: do this. ``number`` is unique for the life of the host process."""

    number: int
    operation: str
    args: Mapping[str, JsonValue] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Parent to host: the answer to this request is no longer wanted. Its end is still sent."""

    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Host to parent: a piece of the answer."""

    number: int
    fields: Mapping[str, JsonValue]
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class End:
    """Host to parent: nothing more will come for this request, because it is done or because of an error."""

    number: int
    error: SottoError | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """Host to parent: work goes on, there is nothing to show of it yet."""


Message = Request | Cancel | Answer | End | Alive


def encode_head(header: Mapping[str, JsonValue], payload_bytes: int) -> bytes:
    """Everything of a frame but its payload, which follows as it is.

    Raises:
        InvalidInput: Header or payload is longer than a frame may be.
    """
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    if len(text) > MAX_HEADER_BYTES:
        raise InvalidInput(f"A request of {len(text)} bytes is too long; {MAX_HEADER_BYTES} fit.", code="too-long")
    if payload_bytes > MAX_PAYLOAD_BYTES:
        raise InvalidInput(f"{payload_bytes} bytes of sound are too long; {MAX_PAYLOAD_BYTES} fit.", code="too-long")
    return _PREFIX.pack(len(text), payload_bytes) + text


def header_of(message: Message) -> dict[str, JsonValue]:
    """The header a message is sent with."""
    match message:
        case Request():
            return {"id": message.number, "op": message.operation, "args": dict(message.args)}
        case Cancel():
            return {"cancel": message.number}
        case Alive():
            return {"alive": True}
        case Answer():
            return {"id": message.number, "reply": dict(message.fields)}
        case End():
            return {"id": message.number, "end": None if message.error is None else _error_to_json(message.error)}


def message_of(frame: Frame) -> Message:
    """The message a frame carries.

    Raises:
        BrokenFrame: It carries none.
    """
    header = frame.header
    match header:
        case {"cancel": int(number)}:
            return Cancel(number)
        case {"alive": True}:
            return Alive()
        case {"id": int(number), "op": str(operation), "args": dict(args)}:
            return Request(number, operation, args, frame.payload)
        case {"id": int(number), "reply": dict(fields)}:
            return Answer(number, fields, frame.payload)
        case {"id": int(number), "end": None}:
            return End(number)
        case {"id": int(number), "end": dict(error)}:
            return End(number, _error_from_json(error))
        case _:
            raise BrokenFrame(f"A frame with the fields {sorted(header)} means nothing.")


class Decoder:
    """Cuts what arrives in pieces of any size into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lengths: tuple[int, int] | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes and give every frame they complete.

        Raises:
            BrokenFrame: What arrived is no frame; nothing after it can be understood.
        """
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if self._lengths is None:
            if len(buffer) < _PREFIX.size:
                return None
            self._lengths = _checked_lengths(bytes(buffer[: _PREFIX.size]))
        header_bytes, payload_bytes = self._lengths
        body_at = _PREFIX.size + header_bytes
        if len(buffer) < body_at + payload_bytes:
            return None
        with memoryview(buffer) as view:
            header = _parsed(bytes(view[_PREFIX.size : body_at]))
            payload = bytes(view[body_at : body_at + payload_bytes])
        del buffer[: body_at + payload_bytes]
        self._lengths = None
        return Frame(header, payload)


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame of a blocking stream, None at its end.

    Raises:
        BrokenFrame: The stream ends inside a frame, or holds something else.
    """
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    header_bytes, payload_bytes = _checked_lengths(prefix)
    body = stream.read(header_bytes)
    payload = stream.read(payload_bytes) if payload_bytes else b""
    if len(body) < header_bytes or len(payload) < payload_bytes:
        raise BrokenFrame("The pipe ended in the middle of a frame.")
    return Frame(_parsed(body), payload)


def _checked_lengths(prefix: bytes) -> tuple[int, int]:
    if len(prefix) < _PREFIX.size:
        raise BrokenFrame("The pipe ended in the middle of a frame.")
    header_bytes, payload_bytes = _PREFIX.unpack(prefix)
    if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise BrokenFrame(f"A frame claims {header_bytes} + {payload_bytes} bytes: something else wrote to the pipe.")
    return header_bytes, payload_bytes


def _parsed(text: bytes) -> dict[str, JsonValue]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"A frame's header is not JSON: {error}.") from error
    if not isinstance(header, dict):
        raise BrokenFrame("A frame's header is not an object.")
    return header


_CLASSES: Mapping[str, type[SottoError]] = {
    name: cls for name, cls in vars(errors).items() if isinstance(cls, type) and issubclass(cls, SottoError)
}


def _error_to_json(error: SottoError) -> dict[str, JsonValue]:
    """An error as it crosses: as the nearest class of the tree, with its own code."""
    name = next(cls.__name__ for cls in type(error).__mro__ if _CLASSES.get(cls.__name__) is cls)
    return {"class": name, "code": error.code, "message": error.message, "remedy": error.remedy}


def _error_from_json(data: Mapping[str, JsonValue]) -> SottoError:
    """The error on this side; a class nobody knows is a fault of the runtime."""
    cls = _CLASSES.get(str(data.get("class")), RuntimeFault)
    return cls(str(data.get("message", "")), code=str(data.get("code", "")), remedy=str(data.get("remedy", "")))
