from __future__ import annotations

from pathlib import Path

import pytest

from models.json_file import read_object


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_object_is_an_empty_one(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    assert read_object(path) == {}
    path.write_bytes(content)
    assert read_object(path) == {}
    assert read_object(tmp_path) == {}


def test_an_object_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"model_type": "llama", "ö": [1, null]}', encoding="utf-8")
    assert read_object(path) == {"model_type": "llama", "ö": [1, None]}
