"""Text to tokens and back, with the tokenizer OpenVINO GenAI loaded for a model.

Why it exists: both pipelines are given tokens rather than text, so that prompts are counted before a call and marks in
what somebody said stay text; and both stream tokens, which become text here without the library's delay of three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.llm.template import chatml, without_marks
from models.openvino.library import translated

_PROBE = "It is 3 o'clock, and the sea is calm."


class OpenVinoTokens:
    """The tokens of one model.

    Args:
        tokenizer: The library's own.
        ends: Tokens that end an answer, beside the tokenizer's.
    """

    def __init__(self, tokenizer: Any, ends: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self.end: int = tokenizer.get_eos_token_id()
        self.ends: frozenset[int] = frozenset({self.end, *ends})
        self._has_template = bool(tokenizer.chat_template)
        self._bytes = self._pieces()

    def render(self, messages: list[dict[str, str]]) -> str:
        """The conversation through the model's own template, ChatML where it has none or its own refuses."""
        if not self._has_template:
            return chatml(messages)
        try:
            return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=True))
        except RuntimeError:
            return chatml(messages)

    def tokenize(self, text: str, *, marks: bool) -> list[int]:
        """Tokens of a text. With `marks`, control marks such as ``<|im_end|>`` become the tokens they stand for."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        tokens: list[int] = []
        with translated("OpenVINO cannot divide the text into tokens"):
            for piece in (text,) if marks else without_marks(text):
                if piece:
                    tokens += self._tokenizer.encode(piece, add_special_tokens=False).input_ids.data[0].tolist()
        return tokens

    def piece(self, token: int) -> bytes:
        """The bytes of one token; may end in the middle of a character."""
        return self._bytes.get(token, b"")

    def _pieces(self) -> dict[int, bytes]:
        """The bytes of every token. Vocabularies write them in three ways; which one it is shows in a sentence."""
        vocabulary: dict[bytes, int] = self._tokenizer.get_vocab()
        tokens = self._tokenizer.encode(_PROBE, add_special_tokens=False).input_ids.data[0].tolist()
        by_token = {token: piece for piece, token in vocabulary.items()}
        for reading in _READINGS:
            if b"".join(reading(by_token.get(token, b"")) for token in tokens).strip() == _PROBE.encode():
                return {token: reading(piece) for token, piece in by_token.items()}
        return by_token


def _plain(piece: bytes) -> bytes:
    return piece


def _byte_level(piece: bytes) -> bytes:
    """As GPT-2 writes bytes: each as a printable character."""
    characters = piece.decode("utf-8", "replace")
    if any(character not in _BYTES for character in characters):
        return piece
    return bytes(_BYTES[character] for character in characters)


def _sentence_piece(piece: bytes) -> bytes:
    """A low line for a space, and ``<0x0A>`` for a byte."""
    if piece.startswith(b"<0x") and piece.endswith(b">") and len(piece) == len("<0x0A>"):
        return bytes.fromhex(piece[3:5].decode("ascii", "replace"))
    return piece.replace("\N{LOWER ONE EIGHTH BLOCK}".encode(), b" ")


def _printable_bytes() -> dict[str, int]:
    """GPT-2's table: printable Latin-1 stands for itself, the rest follows from U+0100 on."""
    itself = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(0x100) if value not in itself]
    return {chr(value): value for value in itself} | {chr(0x100 + at): value for at, value in enumerate(others)}


_BYTES: Mapping[str, int] = _printable_bytes()
_READINGS: tuple[Callable[[bytes], bytes], ...] = (_plain, _byte_level, _sentence_piece)
