"""What a model's files say before a library is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.llm.gguf import GgufFacts, gguf_facts
from models.llm.openvino_files import context_length, why_not_npu
from tests.helpers.engines import language_model

CONSTANTS = '<data element_type="{kind}" shape="1" />\n'


def exported(folder: Path, *, note: str = "", kind: str = "f16", config: object = None) -> Path:
    """A folder as an exporter leaves it."""
    folder.mkdir(exist_ok=True)
    graph = CONSTANTS.format(kind=kind) * 20 + '<data element_type="u8" />'
    (folder / "openvino_model.xml").write_text(f"<net>{graph}<rt_info>{note}</rt_info></net>")
    (folder / "config.json").write_text(json.dumps(config if config is not None else {}))
    return folder


@pytest.mark.parametrize(
    ("note", "kind", "sentence"),
    [
        ('<mode value="int4_sym" />', "i4", ""),
        ('<mode value="int8_asym" />', "u8", ""),
        ('<mode value="nf4" />', "nf4", ""),
        ("", "i4", ""),
        ("", "u8", ""),
        ('<mode value="int4_asym" />', "u4", "asymmetric"),
        ("", "f16", "16-bit"),
        ("", "f32", "16-bit"),
    ],
)
def test_an_npu_takes_small_symmetric_weights(tmp_path: Path, note: str, kind: str, sentence: str) -> None:
    said = why_not_npu(exported(tmp_path / "model", note=note, kind=kind))
    assert sentence in said
    assert bool(said) is bool(sentence)


def test_an_npu_takes_no_gguf_nothing_too_large_and_nothing_it_hangs_on(tmp_path: Path) -> None:
    good = '<mode value="int4_sym" />'
    assert "GGUF" in why_not_npu(Path(language_model()))
    assert "too large" in why_not_npu(exported(tmp_path / "large", note=good), 14_000_000_000)
    assert why_not_npu(exported(tmp_path / "eight", note=good), 8_200_000_000) == ""
    gated = exported(tmp_path / "gated", note=good, config={"layer_types": ["linear_attention", "full_attention"]})
    assert "hangs" in why_not_npu(gated)
    assert why_not_npu(tmp_path / "not-there") == ""


def test_a_model_that_was_replaced_is_looked_at_again(tmp_path: Path) -> None:
    folder = exported(tmp_path / "model", kind="f16")
    assert why_not_npu(folder)
    exported(folder, kind="f16", note='<mode value="int4_sym" />')
    assert why_not_npu(folder) == ""


def test_the_window_a_model_was_trained_for_is_read(tmp_path: Path) -> None:
    assert context_length(exported(tmp_path / "model", config={"max_position_embeddings": 8192})) == 8192
    assert context_length(exported(tmp_path / "none", config=["odd"])) == 0
    assert context_length(tmp_path / "not-there") == 0
    assert gguf_facts(Path(language_model())) == GgufFacts("llama", 8192)


def test_a_file_that_is_no_gguf_says_nothing(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(Path(language_model()).read_bytes()[:60])
    assert gguf_facts(cut) == GgufFacts()
    cut.write_bytes(b"something else entirely, but long enough")
    assert gguf_facts(cut) == GgufFacts()
    assert gguf_facts(tmp_path / "not-there") == GgufFacts()
