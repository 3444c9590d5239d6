"""Makes the micro Kokoro in tests/data/voices: a folder OpenVINO GenAI's Text2SpeechPipeline loads and speaks from.

    python -m tests.tools.make_micro_kokoro [FOLDER]

It has the inputs and outputs of Kokoro's export, and the names at which the NPU's pipeline cuts it; a vocabulary of
phonemes, a dictionary of a few words and two voices. Other words go to espeak-ng, as in the real one. What it says can
be measured: the phoneme with number ``k`` in the vocabulary is a tone of ``tone_hz(k)``, with the second voice that of
``k + 7``; pauses, stress and punctuation are silent.
"""

# ruff: noqa: RUF001 - the letters are phonemes

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as ops

RATE_HZ = 24_000
HOP = 600
CHANNELS = 24
TOKENS = 178
VOICE_SHIFT = 7
VOICES = {"af_micro": 0, "bm_micro": VOICE_SHIFT}

PUNCTUATION = ';:,.!?—…"() “”'
PHONEMES = "AIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔ"
STRESS = "ˈˌː"
DICTIONARY = {
    "hello": "həlˈO",
    "world": "wˈɜɹld",
    "yes": "jˈɛs",
    "no": "nˈO",
    # Marks are read as words, which have to be in the dictionary.
    "and": "ænd",
    "at": "æt",
    "percent": "pəɹsˈɛnt",
    "plus": "plˈʌs",
    "slash": "slˈæʃ",
}


def vocabulary() -> dict[str, int]:
    """Numbers of the phonemes; the space is 16, with which the library fills up a fixed length."""
    numbers = iter(number for number in range(1, TOKENS) if number != 16)
    return {letter: 16 if letter == " " else next(numbers) for letter in (*PUNCTUATION, *PHONEMES, *STRESS)}


def tone_hz(number: int, shift: int = 0) -> float:
    """The tone of a phoneme. Every tone fits a frame a whole number of times."""
    return (6 + (number + shift) % CHANNELS) * RATE_HZ / HOP


def graph() -> openvino.Model:
    """From phonemes, style and speed to sound float32 [samples] and frames of each phoneme int64 [phonemes]."""
    vocab = vocabulary()
    silent = [0, *(vocab[letter] for letter in (*PUNCTUATION, *STRESS))]
    frames, loud = np.full(TOKENS, 3, np.float32), np.full(TOKENS, 0.4, np.float32)
    frames[silent], loud[silent] = 1, 0
    frames[[vocab[mark] for mark in ".!?,"]] = 6

    ids = ops.parameter([1, -1], np.int64, name="input_ids")
    style = ops.parameter([1, 256], np.float32, name="ref_s")
    speed = ops.parameter([1], np.float32, name="speed")
    for node in (ids, style, speed):
        node.output(0).tensor.set_names({node.get_friendly_name()})
    zero, one = ops.constant(0, np.int64), ops.constant(1, np.int64)
    flat = ops.reshape(ids, ops.constant([-1], np.int64), special_zero=False)
    spoken = ops.divide(ops.gather(ops.constant(frames), flat, zero), speed)
    spoken = ops.maximum(ops.round(spoken, "half_to_even"), ops.constant(1.0, np.float32))
    ends = ops.cumsum(spoken, zero)
    total = ops.convert(ops.reduce_sum(spoken, zero, keep_dims=False), np.int64)
    at = ops.convert(ops.range(zero, total, one, "i64"), np.float32)
    past = ops.greater_equal(ops.unsqueeze(at, one), ops.unsqueeze(ends, zero))
    which = ops.reduce_sum(ops.convert(past, np.int64), one, keep_dims=False)
    every = ops.range(zero, ops.gather(ops.shape_of(flat), zero, zero), one, "i64")
    align = ops.equal(ops.unsqueeze(every, one), ops.unsqueeze(which, zero))
    align = ops.unsqueeze(ops.convert(align, np.float32), zero)
    shift = ops.reshape(style, ops.constant([-1], np.int64), special_zero=False)
    shift = ops.convert(ops.gather(shift, zero, zero), np.int64)
    channel = ops.floor_mod(ops.add(flat, shift), ops.constant(CHANNELS, np.int64))
    how = ops.gather(ops.constant(np.eye(CHANNELS, dtype=np.float32)), channel, zero)
    how = ops.unsqueeze(ops.transpose(how, ops.constant([1, 0], np.int64)), zero)
    what = ops.unsqueeze(ops.unsqueeze(ops.gather(ops.constant(loud), flat, zero), zero), zero)
    # The NPU's pipeline cuts the graph at these two products; it knows them by the names of the export.
    how = ops.matmul(how, align, False, False, name="aten::matmul/MatMul")
    what = ops.matmul(what, align, False, False, name="aten::matmul/MatMul_1")
    n = np.arange(HOP)
    tones = np.stack([np.sin(2 * np.pi * tone_hz(k) * n / RATE_HZ) for k in range(CHANNELS)]).astype(np.float32)
    sound = ops.matmul(ops.multiply(how, what), ops.constant(tones), True, False)
    sound = ops.reshape(sound, ops.constant([-1], np.int64), special_zero=False)
    sound.output(0).tensor.set_names({"waveform"})
    durations = ops.convert(spoken, np.int64)
    durations.output(0).tensor.set_names({"pred_dur"})
    return openvino.Model([ops.result(sound), ops.result(durations)], [ids, style, speed], "micro_kokoro")


def files() -> dict[str, bytes]:
    """Everything in the folder of the voice."""
    with tempfile.TemporaryDirectory() as folder:
        openvino.save_model(graph(), Path(folder) / "openvino_model.xml", compress_to_fp16=False)
        made = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    config = {
        "model_type": "kokoro",
        "vocab": vocabulary(),
        "n_token": TOKENS,
        "plbert": {"max_position_embeddings": 512},
    }
    made["config.json"] = json.dumps(config, ensure_ascii=False).encode()
    for accent in ("us", "gb"):
        made[f"data/{accent}_gold.json"] = json.dumps(DICTIONARY, ensure_ascii=False).encode()
        made[f"data/{accent}_silver.json"] = b"{}"
    for name, shift in VOICES.items():
        style = np.zeros((510, 1, 256), "<f4")
        style[:, :, 0] = shift
        made[f"voices/{name}.bin"] = style.tobytes()
    return made


def main(folder: Path) -> None:
    """Write the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "micro-kokoro.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        for name, content in files().items():
            entry = tarfile.TarInfo(f"micro-kokoro/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "data" / "voices")
