"""Makes the micro VITS voices in tests/data/voices: small Piper voices that can be cut where real ones can.

    python -m tests.tools.make_micro_vits [FOLDER]

A voice has Piper's inputs and outputs, and of VITS what matters to whoever runs it: durations that are rounded up in
one place, an output whose length depends on them, a masked latent, and a decoder under the names of real exports that
looks 16 frames to each side and has a bias everywhere, so that a seam or an edge in the wrong place is heard.

What it says can be measured: the phoneme with number ``k`` is a tone of ``tone_hz(k)``, the second speaker's is that of
``k + 7``; pauses, stress and punctuation are silent. Without noise the same text gives the same samples.

The archive is made with the time of every file set to 0, so it is the same whenever it is made by the same libraries.
"""

# ruff: noqa: RUF001 - the letters are phonemes

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

RATE_HZ = 22_050
HOP = 256
CHANNELS = 24
PHONEMES = 256
SPEAKER_SHIFT = 7

PAUSES = {"_": 1, "^": 2, "$": 2, " ": 3, ",": 12, ";": 12, ":": 12, ".": 16, "!": 16, "?": 16}
SILENT = {*PAUSES, "'", "-", "ˈ", "ˌ", "(", ")", '"'}
VOWELS = set("aeiouyæøœɐɑɒɔəɚɛɜɪʊʌ")


def tone_hz(phoneme: int, speaker: int = 0) -> float:
    """The tone of a phoneme. Every tone fits a frame a whole number of times, so frames join without a seam."""
    return (3 + (phoneme + SPEAKER_SHIFT * speaker) % CHANNELS) * RATE_HZ / HOP


class Graph:
    """Nodes and constants, gathered."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, name: str, value: object, dtype: type) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def op(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """A node; its one output is called ``<name>_output_0``, as exports call it."""
        self.nodes.append(helper.make_node(kind, inputs, [f"{name}_output_0"], name=name, **attributes))
        return f"{name}_output_0"


def durations() -> np.ndarray:
    """Frames of each phoneme."""
    frames = np.full(PHONEMES, 5, np.float32)
    for phoneme, (number,) in DEFAULT_PHONEME_ID_MAP.items():
        frames[number] = PAUSES.get(phoneme, 1 if phoneme in SILENT else 8 if phoneme in VOWELS else 5)
    return frames


def embedding(speakers: int) -> np.ndarray:
    """Which channel of the latent each phoneme of each speaker opens: [speakers * phonemes, channels]."""
    table = np.zeros((speakers * PHONEMES, CHANNELS), np.float32)
    silent = {DEFAULT_PHONEME_ID_MAP[phoneme][0] for phoneme in SILENT}
    for speaker in range(speakers):
        for number in range(PHONEMES):
            if number not in silent:
                table[speaker * PHONEMES + number, (number + SPEAKER_SHIFT * speaker) % CHANNELS] = 1.0
    return table


def encoder(graph: Graph, speakers: int) -> str:
    """From phonemes to the masked latent float32 [1, channels, frames]."""
    zero, one = graph.const("zero", 0, np.int64), graph.const("one", 1, np.int64)
    first, second, last = (graph.const(f"axis{at}", [at], np.int64) for at in (0, 1, -1))
    scales = [
        graph.op("Gather", ["scales", graph.const(f"at{at}", at, np.int64)], f"/scale{at}", axis=0) for at in range(3)
    ]
    length = graph.op("Gather", [graph.op("Shape", ["input"], "/Shape"), one], "/length", axis=0)
    positions = graph.op("Range", [zero, length, one], "/positions")
    inside = graph.op("Less", [positions, graph.op("Unsqueeze", ["input_lengths", second], "/lengths")], "/inside")
    mask = graph.op("Cast", [inside], "/x_mask", to=TensorProto.FLOAT)

    frames = graph.op("Gather", [graph.const("dp.table", durations(), np.float32), "input"], "/dp/Gather", axis=0)
    noise = graph.op("RandomNormalLike", [frames], "/dp/RandomNormalLike", dtype=TensorProto.FLOAT, seed=1.0)
    drawn = graph.op("Mul", [noise, scales[2]], "/dp/Mul")
    jitter = graph.op("Exp", [graph.op("Mul", [drawn, graph.const("w", 0.15, np.float32)], "/dp/Mul_1")], "/dp/Exp")
    frames = graph.op("Mul", [graph.op("Mul", [frames, jitter], "/Mul"), scales[1]], "/Mul_1")
    ceil = graph.op("Ceil", [graph.op("Mul", [frames, mask], "/Mul_2")], "/Ceil")

    flat = graph.op("Reshape", [ceil, last], "/Reshape")
    ends = graph.op("CumSum", [flat, zero], "/CumSum")
    total = graph.op(
        "Max", [graph.op("ReduceSum", [flat], "/ReduceSum", keepdims=0), graph.const("f1", 1, np.float32)], "/Max"
    )
    count = graph.op("Cast", [total], "/frames", to=TensorProto.INT64)
    at = graph.op("Cast", [graph.op("Range", [zero, count, one], "/Range")], "/at", to=TensorProto.FLOAT)
    past = graph.op(
        "GreaterOrEqual",
        [graph.op("Unsqueeze", [at, second], "/Unsqueeze"), graph.op("Unsqueeze", [ends, first], "/Unsqueeze_1")],
        "/past",
    )
    which = graph.op(
        "ReduceSum", [graph.op("Cast", [past], "/Cast", to=TensorProto.INT64), second], "/which", keepdims=0
    )
    which = graph.op("Min", [which, graph.op("Sub", [length, one], "/Sub")], "/Min")
    spoken = graph.op("Gather", [graph.op("Reshape", ["input", last], "/ids"), which], "/spoken", axis=0)
    if speakers > 1:
        shift = graph.op("Mul", ["sid", graph.const("phonemes", PHONEMES, np.int64)], "/shift")
        spoken = graph.op("Add", [spoken, shift], "/shifted")
    table = graph.const("enc_p.emb.weight", embedding(speakers), np.float32)
    rows = graph.op("Transpose", [graph.op("Gather", [table, spoken], "/emb", axis=0)], "/Transpose", perm=[1, 0])
    latent = graph.op("Unsqueeze", [rows, first], "/z")
    drawn = graph.op("RandomNormalLike", [latent], "/RandomNormalLike", dtype=TensorProto.FLOAT, seed=2.0)
    drawn = graph.op(
        "Mul", [graph.op("Mul", [drawn, scales[0]], "/Mul_4"), graph.const("n", 0.02, np.float32)], "/Mul_5"
    )
    latent = graph.op("Add", [latent, drawn], "/Add")
    every = graph.op(
        "ConstantOfShape",
        [graph.op("Reshape", [count, last], "/y_length")],
        "/ones",
        value=helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0]),
    )
    return graph.op(
        "Mul", [latent, graph.op("Reshape", [every, graph.const("row", [1, 1, -1], np.int64)], "/y_mask")], "/Mul_7"
    )


def decoder(graph: Graph, latent: str, speakers: int) -> str:
    """From the masked latent to sound float32 [1, 1, samples]."""
    random = np.random.default_rng(0)
    around = random.normal(0, 0.02, (CHANNELS, CHANNELS, 7)).astype(np.float32)
    around[np.arange(CHANNELS), np.arange(CHANNELS), 3] += 1.0
    bias = random.normal(0, 0.01, CHANNELS).astype(np.float32)
    sound = graph.op(
        "Conv",
        [
            latent,
            graph.const("dec.conv_pre.weight", around, np.float32),
            graph.const("dec.conv_pre.bias", bias, np.float32),
        ],
        "/dec/conv_pre/Conv",
        pads=[3, 3],
        kernel_shape=[7],
    )
    if speakers > 1:
        given = graph.op(
            "Gather",
            [graph.const("emb_g.weight", random.normal(0, 1, (speakers, 8)), np.float32), "sid"],
            "/emb_g/Gather",
            axis=0,
        )
        given = graph.op("Unsqueeze", [given, graph.const("axis_g", [2], np.int64)], "/Unsqueeze_g")
        cond = graph.const("dec.cond.weight", random.normal(0, 0.01, (CHANNELS, 8, 1)), np.float32)
        sound = graph.op(
            "Add", [sound, graph.op("Conv", [given, cond], "/dec/cond/Conv", kernel_shape=[1])], "/dec/Add"
        )
    wide = random.normal(0, 0.02, (CHANNELS, 1, 9)).astype(np.float32)
    heard = graph.op(
        "Conv",
        [
            graph.op("LeakyRelu", [sound], "/dec/LeakyRelu", alpha=0.1),
            graph.const("dec.resblocks.0.weight", wide, np.float32),
            graph.const("dec.resblocks.0.bias", random.normal(0, 0.01, CHANNELS), np.float32),
        ],
        "/dec/resblocks.0/convs.0/Conv",
        pads=[12, 12],
        dilations=[3],
        kernel_shape=[9],
        group=CHANNELS,
    )
    sound = graph.op("LeakyRelu", [graph.op("Add", [sound, heard], "/dec/Add_1")], "/dec/LeakyRelu_1", alpha=0.1)
    n = np.arange(2 * HOP)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (n + 0.5) / (2 * HOP))
    tones = np.stack([0.4 * window * np.sin(2 * np.pi * tone_hz(k) * n / RATE_HZ) for k in range(CHANNELS)])
    sound = graph.op(
        "ConvTranspose",
        [sound, graph.const("dec.ups.0.weight", tones[:, None].astype(np.float16), np.float32)],
        "/dec/ups.0/ConvTranspose",
        strides=[HOP],
        pads=[HOP // 2, HOP // 2],
        kernel_shape=[2 * HOP],
    )
    post = np.array([[[0.0, 0.01, 0.05, 0.88, 0.05, 0.01, 0.0]]], np.float32)
    sound = graph.op(
        "Conv",
        [
            sound,
            graph.const("dec.conv_post.weight", post, np.float32),
            graph.const("dec.conv_post.bias", [0.002], np.float32),
        ],
        "/dec/conv_post/Conv",
        pads=[3, 3],
        kernel_shape=[7],
    )
    return graph.op("Tanh", [sound], "/dec/Tanh")


def voice(name: str, speakers: int) -> tuple[bytes, bytes]:
    """The two files of a voice."""
    graph = Graph()
    sound = decoder(graph, encoder(graph, speakers), speakers)
    graph.nodes.append(
        helper.make_node(
            "Unsqueeze", [sound, graph.const("axis_out", [1], np.int64)], ["output"], name="/Unsqueeze_out"
        )
    )
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch_size", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch_size"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if speakers > 1:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", 1, 1, "time"])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "micro_vits", inputs, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", 15)],
        ir_version=8,
        producer_name="make_micro_vits",
    )
    onnx.checker.check_model(model, full_check=True)
    described = {
        "audio": {"sample_rate": RATE_HZ, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": PHONEMES,
        "num_speakers": speakers,
        "hop_length": HOP,
        "speaker_id_map": {f"s{number}": number for number in range(speakers)} if speakers > 1 else {},
        "piper_version": "1.0.0",
        "language": {"code": "en_US", "family": "en", "region": "US", "name_english": "English"},
        "dataset": name.split("-")[1],
    }
    return model.SerializeToString(), json.dumps(described, ensure_ascii=False).encode()


def main(folder: Path) -> None:
    """Write the archive with both voices."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "micro-vits.tar.xz", "w:xz") as archive:
        for name, speakers in (("en_US-vits-medium", 1), ("en_US-vits2-medium", 2)):
            for ending, content in zip((".onnx", ".onnx.json"), voice(name, speakers), strict=True):
                entry = tarfile.TarInfo(f"{name}/{name}{ending}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    path = folder / "micro-vits.tar.xz"
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "data" / "voices")
