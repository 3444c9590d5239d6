"""How a model wants to be used, from its files and from its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.embed.manner import Manner, Pooling, longest_of_folder, manner_of_folder, manner_of_name

SEARCH = "Represent this sentence for searching relevant passages: "


@pytest.mark.parametrize(
    ("name", "manner"),
    [
        ("bge-small-en-v1.5-int8-ov", Manner(Pooling.CLS, query=SEARCH)),
        ("BAAI/bge-m3", Manner(Pooling.CLS)),
        ("intfloat/e5-small-v2", Manner(Pooling.MEAN, query="query: ", document="passage: ")),
        ("multilingual-e5-base", Manner(Pooling.MEAN, query="query: ", document="passage: ")),
        ("nomic-embed-text-v1.5.Q8_0", Manner(Pooling.MEAN, "search_query: ", "search_document: ")),
        ("all-MiniLM-L6-v2", Manner()),
        ("snowflake-arctic-embed-m", Manner(Pooling.CLS, query=SEARCH)),
        ("snowflake-arctic-embed-l-v2.0", Manner(Pooling.CLS, query="query: ")),
        ("mxbai-embed-large-v1", Manner(Pooling.CLS, query=SEARCH)),
        ("gte-small", Manner()),
        ("gte-base-en-v1.5", Manner(Pooling.CLS)),
        ("the5th-model", Manner()),
    ],
)
def test_a_family_is_known_by_its_name(name: str, manner: Manner) -> None:
    assert manner_of_name([name]) == manner


def test_instructions_of_the_large_ones() -> None:
    for name in ("Qwen3-Embedding-0.6B", "e5-mistral-7b-instruct"):
        manner = manner_of_name([name])
        assert manner.pooling is Pooling.LAST
        assert manner.query.startswith("Instruct: ")
        assert manner.document == ""
    assert manner_of_name(["multilingual-e5-large-instruct"]).pooling is Pooling.MEAN


def test_the_first_name_that_is_known_counts() -> None:
    assert manner_of_name(["my-model", "BAAI/bge-small-en"]).pooling is Pooling.CLS
    assert manner_of_name([]) == Manner()


def test_what_the_files_say_counts_more(tmp_path: Path) -> None:
    folder = tmp_path / "bge-small"
    (folder / "1_Pooling").mkdir(parents=True)
    assert manner_of_folder(folder) == Manner(Pooling.CLS, query=SEARCH)
    write(folder / "1_Pooling" / "config.json", {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    assert manner_of_folder(folder) == Manner(Pooling.MEAN, query=SEARCH)
    write(folder / "1_Pooling" / "config.json", {"pooling_mode": "lasttoken"})
    write(folder / "config_sentence_transformers.json", {"prompts": {"query": "ask: ", "document": "say: "}})
    assert manner_of_folder(folder) == Manner(Pooling.LAST, "ask: ", "say: ")


def test_a_folder_of_any_name_is_known_by_where_it_came_from(tmp_path: Path) -> None:
    write(tmp_path / "config.json", {"_name_or_path": "intfloat/e5-small-v2"})
    assert manner_of_folder(tmp_path).document == "passage: "


@pytest.mark.parametrize("content", ["{", "[]", '{"prompts": 7, "_name_or_path": 7}', "\ufffe"])
def test_a_damaged_file_says_nothing(tmp_path: Path, content: str) -> None:
    for name in ("config.json", "config_sentence_transformers.json", "tokenizer_config.json"):
        (tmp_path / name).write_text(content)
    assert manner_of_folder(tmp_path) == Manner()
    assert longest_of_folder(tmp_path) is None


@pytest.mark.parametrize(
    ("config", "tokenizer", "longest"),
    [
        ({"max_position_embeddings": 512}, {}, 512),
        ({"max_position_embeddings": 514, "model_type": "xlm-roberta"}, {"model_max_length": 512}, 512),
        ({"max_position_embeddings": 8194, "model_type": "xlm-roberta"}, {}, 8192),
        ({"max_position_embeddings": 512}, {"model_max_length": 256}, 256),
        ({}, {"model_max_length": 1000000000000000019884624838656}, None),
        ({"max_position_embeddings": True}, {}, None),
    ],
)
def test_how_long_a_text_may_be(tmp_path: Path, config: object, tokenizer: object, longest: int | None) -> None:
    write(tmp_path / "config.json", config)
    write(tmp_path / "tokenizer_config.json", tokenizer)
    assert longest_of_folder(tmp_path) == longest


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))
