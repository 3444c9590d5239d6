"""Folders of Piper voices: good ones, and every way one can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.contracts.audio import Voice
from app.contracts.errors import RuntimeFault, SottoError, Unavailable
from models.tts.piper_files import read_piper
from tests.helpers.voices import VITS, VITS_TWO, voice_folder


def description(**more: object) -> dict[str, object]:
    config: dict[str, object] = json.loads((voice_folder(VITS) / f"{VITS}.onnx.json").read_text("utf-8"))
    return {**config, **more}


def made(folder: Path, config: object) -> Path:
    (folder / "voice.onnx").write_bytes(b"graph")
    (folder / "voice.onnx.json").write_text(config if isinstance(config, str) else json.dumps(config), "utf-8")
    return folder


def test_one_speaker() -> None:
    files = read_piper(voice_folder(VITS))
    assert (files.sample_rate_hz, files.language, files.phoneme_type, files.hop_length) == (
        22_050,
        "en-US",
        "espeak",
        256,
    )
    assert files.voices() == (Voice(VITS, VITS, "en-US"),)


def test_several_speakers() -> None:
    assert [voice.voice_id for voice in read_piper(voice_folder(VITS_TWO)).voices()] == [
        f"{VITS_TWO}#s0",
        f"{VITS_TWO}#s1",
    ]


def test_the_file_itself_will_do() -> None:
    assert read_piper(voice_folder(VITS) / f"{VITS}.onnx") == read_piper(voice_folder(VITS))


def test_the_default_speaker_comes_first_and_speakers_without_names_have_numbers(tmp_path: Path) -> None:
    files = read_piper(made(tmp_path, description(num_speakers=3, speaker_id_map={}, default_speaker_id=1)))
    assert [voice.voice_id for voice in files.voices()] == ["voice#1", "voice#0", "voice#2"]


@pytest.mark.parametrize(
    ("config", "language"),
    [
        ({"language": {"code": "pt_BR"}}, "pt-BR"),
        ({"language": {"code": "de"}}, "de"),
        ({"language": {}, "espeak": {"voice": "en-gb"}}, "en-GB"),
        ({"language": None, "espeak": {"voice": "en-gb-x-rp"}}, "en-gb-x-rp"),
    ],
)
def test_its_language_is_a_tag(tmp_path: Path, config: dict[str, object], language: str) -> None:
    assert read_piper(made(tmp_path, description(**config))).language == language


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", "not JSON"),
        ([], "no description"),
        (description(audio={}), "sample rate"),
        (description(audio={"sample_rate": "many"}), "sample rate"),
        (description(audio={"sample_rate": 10**9}), "sample rate"),
        (description(phoneme_id_map=None), "phoneme_id_map"),
        (description(espeak="en"), "espeak"),
        (description(num_speakers=2, speaker_id_map={"a": 5}), "'a'"),
    ],
)
def test_a_description_that_is_none(tmp_path: Path, config: object, reason: str) -> None:
    with pytest.raises(RuntimeFault, match=reason) as caught:
        read_piper(made(tmp_path, config))
    assert caught.value.code == "model-unreadable"
    assert "voice.onnx.json" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("missing", ["voice.onnx", "voice.onnx.json"])
def test_a_file_that_is_not_there(tmp_path: Path, missing: str) -> None:
    (made(tmp_path, description()) / missing).unlink()
    with pytest.raises(Unavailable) as caught:
        read_piper(tmp_path)
    assert caught.value.code == "model-missing"


def test_two_voices_in_one_folder_are_not_guessed_at(tmp_path: Path) -> None:
    (made(tmp_path, description()) / "other.onnx").write_bytes(b"graph")
    with pytest.raises(RuntimeFault, match=r"other\.onnx"):
        read_piper(tmp_path)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(SottoError, match="not-there"):
        read_piper(tmp_path / "not-there")
