"""The state of a sequence as bytes that can travel: a head that says whose it is, the tokens, and what llama.cpp gave.

Why it exists: the library takes any bytes for a state and may end the process over wrong ones. So nothing reaches it
whose checksum, model and version have not been looked at::

    magic | u32 head bytes | head: JSON | tokens: i32 each | picked: i32 each | the library's own bytes

Behind the tokens that are in it come those that were picked and not yet evaluated: the last one of an answer, mostly.
An answer travels as text, which could be divided into other tokens than were written. `as_written` finds those again.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import struct
from collections.abc import Callable, Sequence

import numpy as np

from app.contracts.errors import InvalidInput

_MAGIC = b"SOTTOKV2"
_LENGTH = struct.Struct("<I")
_MAX_HEAD = 1 << 16


def pack_state(identity: str, tokens: Sequence[int], state: bytes, picked: Sequence[int] = ()) -> bytes:
    """A state ready to travel.

    Args:
        identity: Model and version; only the same one takes it.
        tokens: What is in it, in order.
        state: The library's own bytes.
        picked: Tokens behind those, which are not in it.
    """
    body = np.asarray([*tokens, *picked], dtype="<i4").tobytes() + state
    checksum = hashlib.sha256(body).hexdigest()
    about = {"identity": identity, "tokens": len(tokens), "picked": len(picked), "sha256": checksum}
    head = json.dumps(about).encode()
    return b"".join((_MAGIC, _LENGTH.pack(len(head)), head, body))


def unpack_state(identity: str, data: bytes) -> tuple[list[int], list[int], bytes]:
    """The tokens of a state that came, those picked behind them, and the library's own bytes.

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
        whose, checksum = str(head["identity"]), str(head["sha256"])
        count, picked = int(head["tokens"]), int(head["picked"])
    except (ValueError, KeyError, TypeError) as error:
        raise _bad("its head is damaged") from error
    if hashlib.sha256(body).hexdigest() != checksum or not (count > 0 <= picked and (count + picked) * 4 <= len(body)):
        raise _bad("it is damaged")
    if whose != identity:
        raise _bad(f"it is of {whose}, and this is {identity}")
    tokens = np.frombuffer(body, dtype="<i4", count=count + picked).tolist()
    return tokens[:count], tokens[count:], body[(count + picked) * 4 :]


def as_written(written: Sequence[int], question: Sequence[int], text: str, piece: Callable[[int], bytes]) -> list[int]:
    """The tokens an answer was written with up to where a text ends, as few as give all of it.

    What was written behind that is left out, and so is a token that has given no character yet: both come again.

    Args:
        written: Everything that was written, question first.
        question: Tokens of the question.
        text: What the answer begins with.
        piece: The bytes of a token, as they are shown.

    Returns:
        Nothing when it was the answer to another question, or no run of its tokens gives just this text.
    """
    if not text or list(written[: len(question)]) != list(question):
        return []
    characters = codecs.getincrementaldecoder("utf-8")("replace")
    left = text
    for count, token in enumerate(written[len(question) :], 1):
        shown = characters.decode(piece(token))
        if not left.startswith(shown):
            return []
        left = left[len(shown) :]
        if not left:
            return list(written[len(question) : len(question) + count])
    return []


def _bad(why: str) -> InvalidInput:
    return InvalidInput(f"This state of a conversation cannot be taken over: {why}.", code="bad-state")
