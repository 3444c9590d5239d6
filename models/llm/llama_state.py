"""The state of a sequence as bytes that can travel: a head that says whose it is, the tokens, and what llama.cpp gave.

Why it exists: the library takes any bytes for a state and may end the process over wrong ones. So nothing reaches it
whose checksum, model and version have not been looked at::

    magic | u32 head bytes | head: JSON | tokens: i32 each | the library's own bytes
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence

import numpy as np

from app.contracts.errors import InvalidInput

_MAGIC = b"SOTTOKV1"
_LENGTH = struct.Struct("<I")
_MAX_HEAD = 1 << 16


def pack_state(identity: str, tokens: Sequence[int], state: bytes) -> bytes:
    """A state ready to travel.

    Args:
        identity: Model and version; only the same one takes it.
        tokens: What is in it, in order.
        state: The library's own bytes.
    """
    body = np.asarray(tokens, dtype="<i4").tobytes() + state
    checksum = hashlib.sha256(body).hexdigest()
    head = json.dumps({"identity": identity, "tokens": len(tokens), "sha256": checksum}).encode()
    return b"".join((_MAGIC, _LENGTH.pack(len(head)), head, body))


def unpack_state(identity: str, data: bytes) -> tuple[list[int], bytes]:
    """Tokens and the library's own bytes of a state that came.

    Raises:
        InvalidInput: It is damaged, or another model's or version's (``bad-state``).
    """
    start = len(_MAGIC) + _LENGTH.size
    if len(data) < start or not data.startswith(_MAGIC):
        raise _bad("it is none")
    (length,) = _LENGTH.unpack_from(data, len(_MAGIC))
    body = data[start + length :]
    try:
        head = json.loads(data[start : start + min(length, _MAX_HEAD)])
        whose, count, checksum = str(head["identity"]), int(head["tokens"]), str(head["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise _bad("its head is damaged") from error
    if hashlib.sha256(body).hexdigest() != checksum or not 0 < count * 4 <= len(body):
        raise _bad("it is damaged")
    if whose != identity:
        raise _bad(f"it is of {whose}, and this is {identity}")
    return np.frombuffer(body, dtype="<i4", count=count).tolist(), body[count * 4 :]


def _bad(why: str) -> InvalidInput:
    return InvalidInput(f"This state of a conversation cannot be taken over: {why}.", code="bad-state")
