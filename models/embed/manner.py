"""How an embedding model wants to be used: how its states become one vector, and what to write before a text.

Why it exists: two models of one architecture differ in nothing a runtime could see, and used the wrong way a model
still gives vectors, only worse ones. What a model's own files say counts; otherwise its name does, by the table below,
which holds what the makers' model cards say; a model that neither knows is averaged, with nothing before its texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from models.json_file import read_object


class Pooling(StrEnum):
    """How the states of a text's tokens become one vector."""

    MEAN = "mean"
    CLS = "cls"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model wants to be used.

    Attributes:
        pooling: How its states become one vector.
        query: Written before a text that asks.
        document: Written before a text that is to be found.
    """

    pooling: Pooling = Pooling.MEAN
    query: str = ""
    document: str = ""


_SEARCH = "Represent this sentence for searching relevant passages: "
_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "

FAMILIES: tuple[tuple[str, Manner], ...] = (
    (r"e5-mistral|gte-qwen", Manner(Pooling.LAST, query=_TASK)),
    (r"\be5\b.*instruct", Manner(Pooling.MEAN, query=_TASK)),
    (r"\be5\b", Manner(Pooling.MEAN, query="query: ", document="passage: ")),
    (r"\bbge-m3\b", Manner(Pooling.CLS)),
    (r"\bbge\b.*\bzh\b", Manner(Pooling.CLS, query="为这个句子生成表示以用于检索相关文章：")),  # noqa: RUF001 - its words
    (r"\bbge\b", Manner(Pooling.CLS, query=_SEARCH)),
    (r"\bnomic-embed\b", Manner(Pooling.MEAN, query="search_query: ", document="search_document: ")),
    (r"\bqwen3-embedding\b", Manner(Pooling.LAST, query=_TASK.removesuffix(" "))),
    (r"\barctic-embed\b.*\bv2\b", Manner(Pooling.CLS, query="query: ")),
    (r"\barctic-embed\b", Manner(Pooling.CLS, query=_SEARCH)),
    (r"\bmxbai-embed\b", Manner(Pooling.CLS, query=_SEARCH)),
    (r"\bgte\b.*(v1\.5|multilingual|modernbert)", Manner(Pooling.CLS)),
)
"""Families by what their names contain, the more particular one first. Source: the model cards of their makers."""

_POSITIONS_LOST = {"roberta": 2, "xlm-roberta": 2, "camembert": 2}
"""Positions that an architecture counts and never uses."""
_UNLIMITED = 1_000_000


def manner_of_name(names: Iterable[str]) -> Manner:
    """What the table knows of the first of these names it knows anything of."""
    for name in names:
        plain = re.sub(r"[\s_/]+", "-", name.lower())
        for pattern, manner in FAMILIES:
            if re.search(pattern, plain):
                return manner
    return Manner()


def manner_of_folder(folder: Path) -> Manner:
    """What a model's folder says in the files that sentence-transformers keeps beside the weights; its name otherwise.

    Read are ``1_Pooling/config.json`` (``pooling_mode_cls_token`` and the like, or ``pooling_mode``) and, from
    ``config_sentence_transformers.json``, the ``prompts`` called ``query`` and ``document``.
    """
    named = manner_of_name((folder.name, _text(read_object(folder / "config.json"), "_name_or_path")))
    prompts = read_object(folder / "config_sentence_transformers.json").get("prompts")
    told = prompts if isinstance(prompts, Mapping) else {}
    return Manner(
        pooling=_pooling(read_object(folder / "1_Pooling" / "config.json")) or named.pooling,
        query=_text(told, "query") or named.query,
        document=_text(told, "document") or _text(told, "passage") or named.document,
    )


def longest_of_folder(folder: Path) -> int | None:
    """Tokens the model was trained for, its marks included; None when its files do not say."""
    config = read_object(folder / "config.json")
    positions = _whole(config, "max_position_embeddings")
    if positions is not None:
        positions -= _POSITIONS_LOST.get(_text(config, "model_type"), 0)
    said = (positions, _whole(read_object(folder / "tokenizer_config.json"), "model_max_length"))
    return min((count for count in said if count is not None and 0 < count < _UNLIMITED), default=None)


def _pooling(config: Mapping[str, object]) -> Pooling | None:
    for key, pooling in (
        ("pooling_mode_cls_token", Pooling.CLS),
        ("pooling_mode_lasttoken", Pooling.LAST),
        ("pooling_mode_mean_tokens", Pooling.MEAN),
    ):
        if config.get(key) is True:
            return pooling
    mode = _text(config, "pooling_mode")
    return {"cls": Pooling.CLS, "lasttoken": Pooling.LAST, "mean": Pooling.MEAN}.get(mode)


def _text(content: Mapping[str, object], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""


def _whole(content: Mapping[str, object], key: str) -> int | None:
    value = content.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
