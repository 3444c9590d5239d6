"""Frames between a sandbox child and its parent: a big-endian unsigned 32-bit length, then so much JSON.

The parent sends ``{"operation", "arguments"}``. The child says ``{"hello"}`` when it is ready, ``{"begun"}`` when an
operation begins (its code is loaded by then), and ends it with one of ``{"value"}``, ``{"refused"}`` (it raised
`InvalidInput`) and ``{"fault"}``.
"""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

from app.pipeline.definition import OptionValue

LONGEST_BYTES = 64 << 20
"""Longest frame either side takes."""
_LENGTH = struct.Struct(">I")

Message = dict[str, OptionValue]


class BrokenPipeToChildError(Exception):
    """The other side is gone, or talks nonsense."""


def encode(message: Message) -> bytes:
    """A whole frame."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


def write(stream: BinaryIO, frame: bytes) -> None:
    """Send a frame.

    Raises:
        BrokenPipeToChildError: Nobody reads any more.
    """
    try:
        stream.write(frame)
        stream.flush()
    except (OSError, ValueError) as error:
        raise BrokenPipeToChildError(str(error)) from error


def read(stream: BinaryIO) -> Message:
    """Wait for the next frame.

    Raises:
        BrokenPipeToChildError: There is none, or it is too long or no JSON object.
    """
    try:
        (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
        if length > LONGEST_BYTES:
            raise BrokenPipeToChildError(f"a frame of {length} bytes")
        message = json.loads(_exactly(stream, length))
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenPipeToChildError(str(error)) from error
    if not isinstance(message, dict):
        raise BrokenPipeToChildError("a frame that holds no object")
    return message


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise BrokenPipeToChildError("the pipe is closed")
    return data
