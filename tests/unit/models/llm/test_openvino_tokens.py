"""The three ways in which vocabularies write bytes, told apart by a sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from models.llm.openvino_tokens import _PROBE, OpenVinoTokens

SENTENCE = [" " + word if at else word for at, word in enumerate(_PROBE.split(" "))]
PIECES = [*dict.fromkeys(SENTENCE), "\n"]
IDS = [PIECES.index(piece) for piece in SENTENCE]


def byte_level(piece: str) -> bytes:
    return piece.replace(" ", "\u0120").replace("\n", "\u010a").encode()


def sentence_piece(piece: str) -> bytes:
    return b"<0x0A>" if piece == "\n" else ("\u2581" + piece.strip()).encode()


class Vocabulary:
    """A tokenizer that knows one sentence, as the library shows it."""

    chat_template = ""

    def __init__(self, write: Any) -> None:
        self._pieces = [write(piece) for piece in PIECES]

    def get_eos_token_id(self) -> int:
        return 99

    def get_vocab(self) -> dict[bytes, int]:
        return {piece: at for at, piece in enumerate(self._pieces)}

    def encode(self, text: str, *, add_special_tokens: bool) -> SimpleNamespace:
        assert (text, add_special_tokens) == (_PROBE, False)
        return SimpleNamespace(input_ids=SimpleNamespace(data=np.array([IDS])))


@pytest.mark.parametrize(
    "write", [str.encode, byte_level, sentence_piece], ids=["plain", "byte-level", "sentence-piece"]
)
def test_the_bytes_of_a_token_are_what_it_says(write: Any) -> None:
    tokens = OpenVinoTokens(Vocabulary(write), frozenset({7}))
    assert b"".join(tokens.piece(token) for token in IDS).strip() == _PROBE.encode()
    assert tokens.piece(1) == b" is"
    assert tokens.piece(len(PIECES) - 1) == b"\n"
    assert tokens.piece(12_345) == b""
    assert tokens.ends == {7, 99}


def test_without_a_template_of_its_own_a_model_gets_chatml() -> None:
    tokens = OpenVinoTokens(Vocabulary(str.encode), frozenset())
    assert (
        tokens.render([{"role": "user", "content": "Hi"}]) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
