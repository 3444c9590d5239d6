"""Requests for text as they arrive over the pipe, read into the contract's own type and checked.

Why it exists: every text engine takes the same arguments, and a mistake in them has to be told before a library is
asked, since some of those end the process over a bad number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.errors import InvalidInput
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.host.engine import JsonValue


def read_request(args: Mapping[str, JsonValue]) -> GenerationRequest:
    """A request from the arguments of ``generate`` or ``prefill``.

    Raises:
        InvalidInput: There is no message, or a number is out of its range.
    """
    defaults = GenerationRequest(messages=())
    seed = args.get("seed")
    request = GenerationRequest(
        messages=_messages(args.get("messages")),
        answer_so_far=str(args.get("answer_so_far") or ""),
        max_tokens=int(_number(args, "max_tokens", defaults.max_tokens)),
        temperature=_number(args, "temperature", defaults.temperature),
        top_p=_number(args, "top_p", defaults.top_p),
        seed=None if seed is None else int(_number(args, "seed", 0)),
        json_schema=str(args.get("json_schema") or ""),
    )
    if request.max_tokens < 1:
        raise InvalidInput(f"An answer needs room for at least one token, not {request.max_tokens}.")
    if not request.temperature >= 0:
        raise InvalidInput(f"The temperature is {request.temperature}; it must be 0 or more.")
    if not 0 < request.top_p <= 1:
        raise InvalidInput(f"top_p is {request.top_p}; it must be above 0 and at most 1.")
    return request


def read_texts(args: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The texts of a ``count`` request."""
    texts = args.get("texts")
    if not isinstance(texts, list):
        raise InvalidInput("There are no texts to count.")
    return tuple(str(text) for text in texts)


def read_top_k(args: Mapping[str, JsonValue]) -> int:
    """How many of the best tokens a draft may choose from, of a ``verify`` request.

    Raises:
        InvalidInput: It is less than 1, or no number.
    """
    top_k = int(_number(args, "top_k", 1))
    if top_k < 1:
        raise InvalidInput(f"top_k is {top_k}; it must be 1 or more.")
    return top_k


def _messages(value: JsonValue) -> tuple[ChatMessage, ...]:
    if not isinstance(value, list) or not value:
        raise InvalidInput("There is nothing to answer: the conversation is empty.")
    return tuple(_message(entry) for entry in value)


def _message(entry: JsonValue) -> ChatMessage:
    if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != 2:
        raise InvalidInput("A message of the conversation is not a pair of role and text.")
    role, content = entry
    try:
        return ChatMessage(Role(str(role)), str(content))
    except ValueError as error:
        known = ", ".join(Role)
        raise InvalidInput(f"A message comes from '{role}'; known are {known}.") from error


def _number(args: Mapping[str, JsonValue], key: str, default: float) -> float:
    value = args.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{key} is {value!r}; it must be a number.")
    return value
