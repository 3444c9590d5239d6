"""A Piper voice in two halves: what is said and how long on the processor, the sound itself in chunks of fixed shape.

Why it exists: an NPU takes graphs of a fixed shape only, other devices prepare anew for every length they have not
seen, and the first sound of a sentence has to wait for its last. The length of what a voice says is known when half of
it has been computed, so the graph is cut where that is done, at the masked latent that enters the decoder, by OpenVINO
itself and without the checkpoint the voice was trained in. Before a device is trusted a sentence is made both ways, and
a decoder that makes another sound is refused. Nobody has published that it works on Intel's NPU: there it is an
experiment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.openvino.library import find_device, translated
from models.tts.chunking import LONG, SHORT, chunks
from models.tts.openvino_graph import OpenVinoGraph, make_core, read_graph
from models.tts.piper_session import Feeds, Samples, check_inputs, flat, whole

SEAM = "dec/conv_pre"
"""Part of the name of the decoder's first convolution in every export of VITS."""

ALIKE = 0.99
"""Correlation a decoder's sound must have with the processor's. Half precision gives more than 0.999."""
FURTHEST = 0.1
"""How far a sample may be off, as a share of the loudest one."""

_LATENT = "latent"
_LONGER = 6
"""So often a trial that is too short is spoken at half the speed."""


class SplitPiper:
    """Implements `PiperSession` with the decoder on a device of fixed shapes.

    Args:
        path: The ``.onnx`` file.
        target: Where the decoder runs: ``NPU``, its software path, or any other device.
        threads: Threads of the processor plugin, for the first half.
        cache_dir: Where the compiled decoders are kept; empty keeps nothing.
        trial: What is made both ways before a device is trusted. It is made longer until it takes several chunks.

    Raises:
        Unavailable: The device is not there, or the voice cannot be split (``voice-not-splittable``).
        RuntimeFault: It cannot be loaded, or the device makes another sound (``sound-differs``).
    """

    def __init__(self, path: Path, target: str, threads: int, cache_dir: str, trial: Feeds) -> None:
        core = make_core()
        self._device = find_device(core, target)
        encoder, decoder = _halves(core, path)
        self._encoder = OpenVinoGraph(core, encoder, "CPU", threads, "", path.name)
        self._with_speaker = any(tensor.any_name == "sid" for tensor in decoder.inputs)
        self._decoders: dict[int, OpenVinoGraph] = {}
        for size in (SHORT, LONG):
            fixed = _fixed(decoder, size, path.name)
            self._decoders[size] = OpenVinoGraph(core, fixed, target, threads, cache_dir, f"the decoder of {path.name}")
        if target != "CPU":  # nothing to compare it with but itself
            self._check(OpenVinoGraph(core, decoder, "CPU", threads, "", path.name), trial, target)

    @property
    def device(self) -> Device:
        """Where the decoder runs."""
        return self._device

    def stream(self, feeds: Feeds, cancelled: threading.Event) -> Iterator[Samples]:
        """One sentence, chunk by chunk."""
        latent = self._latent(feeds, cancelled)
        if latent is not None:
            yield from self._decode(latent, feeds, cancelled)

    def run(self, outputs: None, feeds: Feeds) -> list[npt.NDArray[Any]]:  # noqa: ARG002 - the library's signature
        """One sentence, whole."""
        return whole(self.stream(feeds, threading.Event()))

    def _latent(self, feeds: Feeds, cancelled: threading.Event) -> npt.NDArray[np.float32] | None:
        """What the decoder makes sound of: float32 [1, channels, frames]."""
        return self._encoder.run({name: feeds[name] for name in self._encoder.inputs}, cancelled)

    def _decode(self, latent: npt.NDArray[np.float32], feeds: Feeds, cancelled: threading.Event) -> Iterator[Samples]:
        frames = latent.shape[2]
        for chunk in chunks(frames):
            window = latent[:, :, chunk.start : chunk.start + chunk.size]
            if window.shape[2] < chunk.size:
                window = np.pad(window, ((0, 0), (0, 0), (0, chunk.size - window.shape[2])))
            sound = self._decoders[chunk.size].run(self._decoder_feeds(window, feeds), cancelled)
            if sound is None:
                return
            samples = flat(sound)
            hop = len(samples) // chunk.size
            yield samples[(chunk.keep_from - chunk.start) * hop : (chunk.keep_to - chunk.start) * hop]

    def _decoder_feeds(self, latent: npt.NDArray[np.float32], feeds: Feeds) -> Feeds:
        given = {_LATENT: np.ascontiguousarray(latent)}
        return {**given, "sid": feeds["sid"]} if self._with_speaker else given

    def _check(self, one_shot: OpenVinoGraph, trial: Feeds, target: str) -> None:
        """Compare the chunks of the device with the processor's sound in one go, made of the same latent."""
        never = threading.Event()
        latent = self._latent(trial, never)
        for _ in range(_LONGER):
            if latent is None or latent.shape[2] > LONG:
                break
            trial = {**trial, "scales": trial["scales"] * np.array([1, 2, 1], np.float32)}
            latent = self._latent(trial, never)
        expected = None if latent is None else one_shot.run(self._decoder_feeds(latent, trial), never)
        if latent is None or expected is None:
            raise RuntimeFault("The comparison of the two sounds came to nothing.", code="sound-differs")
        likeness, furthest = compare(flat(expected), np.concatenate(list(self._decode(latent, trial, never))))
        if not (likeness >= ALIKE and furthest <= FURTHEST):
            raise RuntimeFault(
                f"{target} makes another sound than the processor (likeness {likeness:.3f}, off by {furthest:.3f}); "
                "it is not used.",
                code="sound-differs",
                remedy="Choose the voice on the processor.",
            )


def compare(expected: Samples, heard: Samples) -> tuple[float, float]:
    """How alike two sounds are.

    Returns:
        Their correlation in [-1, 1], and the largest difference of two samples as a share of the loudest one expected.
        A correlation of -1 for sounds of different lengths, for silence, and for what is not a number.
    """
    if len(expected) != len(heard) or not len(heard) or not np.all(np.isfinite(heard)):
        return -1.0, 1.0
    loudest = float(np.max(np.abs(expected)))
    spread = float(np.linalg.norm(expected)) * float(np.linalg.norm(heard))
    if loudest <= 0 or spread <= 0:
        return -1.0, 1.0
    return float(np.dot(expected, heard)) / spread, float(np.max(np.abs(expected - heard))) / loudest


def _halves(core: Any, path: Path) -> tuple[Any, Any]:
    """The two halves of a voice, as graphs of any length."""
    first, second = read_graph(core, path), read_graph(core, path)
    check_inputs(path.name, frozenset(tensor.any_name for tensor in first.inputs))
    with translated(f"OpenVINO cannot split {path.name}"):
        source = _seam(first, path).input(0).get_source_output()
        result = openvino.opset13.result(source)
        encoder = openvino.Model([result], _parameters_of(result, first), "encoder")
        conv = _seam(second, path)
        shape = conv.input(0).get_source_output().get_partial_shape()
        channels = shape[1]
        if shape.rank.get_length() != 3 or channels.is_dynamic:
            raise _unsplittable(path, f"the decoder takes {shape}")
        latent = openvino.opset13.parameter(
            openvino.PartialShape([1, channels.get_length(), -1]), np.float32, name=_LATENT
        )
        latent.output(0).tensor.set_names({_LATENT})
        conv.input(0).replace_source_output(latent.output(0))
        ends = second.get_results()
        others = [node for end in ends[:1] for node in _parameters_of(end, second)]
        decoder = openvino.Model(ends[:1], [latent, *others], "decoder")
    if any(tensor.any_name not in (_LATENT, "sid") for tensor in decoder.inputs):
        raise _unsplittable(path, "its decoder needs more than the latent")
    return encoder, decoder


def _seam(model: Any, path: Path) -> Any:
    """The decoder's first convolution."""
    found = [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() in ("Convolution", "GroupConvolution") and SEAM in node.get_friendly_name()
    ]
    if len(found) != 1:
        raise _unsplittable(path, f"it has {len(found)} places called '{SEAM}'")
    return found[0]


def _parameters_of(end: Any, model: Any) -> list[Any]:
    """The inputs of a graph that a node depends on."""
    seen: set[str] = set()
    waiting = [end]
    while waiting:
        node = waiting.pop()
        if node.get_name() not in seen:
            seen.add(node.get_name())
            waiting += [port.get_source_output().get_node() for port in node.inputs()]
    return [node for node in model.get_parameters() if node.get_name() in seen]


def _fixed(decoder: Any, frames: int, name: str) -> Any:
    """The decoder for chunks of this many frames and nothing else."""
    with translated(f"OpenVINO cannot give the decoder of {name} a fixed shape"):
        model = decoder.clone()
        channels = model.input(_LATENT).get_partial_shape()[1].get_length()
        shapes = {_LATENT: openvino.PartialShape([1, channels, frames])}
        if any(tensor.any_name == "sid" for tensor in model.inputs):
            shapes["sid"] = openvino.PartialShape([1])
        model.reshape(shapes)
        if model.output(0).get_partial_shape().is_dynamic:
            raise Unavailable(
                f"The voice {name} cannot be split: the length of its decoder's sound is not fixed.",
                code="voice-not-splittable",
                remedy="Choose another voice, or this one on the processor.",
            )
        return model


def _unsplittable(path: Path, reason: str) -> Unavailable:
    return Unavailable(
        f"The voice {path.stem} cannot be split for the NPU: {reason}.",
        code="voice-not-splittable",
        remedy="Choose another voice, or this one on the processor.",
    )
