"""Engines without a library, for real host processes: they speak the operations of the ports, and die on cue.

Why it exists: that a turn survives a dead host can be shown only with a host that dies where the test wants it to.
"""

from __future__ import annotations

import os
import re
import struct
import time
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput
from models.fakes.arguments import float_arg, int_arg
from models.host.engine import Call, Engine, JsonValue, Operation, Reply

_SAMPLE_BYTES = 4
_FRAME_BYTES = 512 * _SAMPLE_BYTES
_SAMPLES_PER_WORD = 4000
_STEP_S = 0.01
_WORD = re.compile(r"\s*\S+")
_STATE = b"counting\n"


class Cue:
    """Something that is to happen after so many steps, once for all incarnations of a host.

    Args:
        what: ``die``, ``hang`` or empty for nothing.
        after: Steps before it happens.
        marker: A file that is made when it has happened; empty makes it happen in every incarnation.
    """

    def __init__(self, what: str, after: int, marker: str) -> None:
        self._what = what
        self._left = after
        self._marker = Path(marker) if marker else None

    def step(self) -> None:
        """One more step; may not return."""
        if not self._what or (self._marker is not None and self._marker.exists()):
            return
        if self._left > 0:
            self._left -= 1
            return
        if self._marker is not None:
            self._marker.touch()
        if self._what == "die":
            os._exit(9)
        while True:
            time.sleep(60)


class FakeSttEngine(Engine):
    """Hears one word in each quarter of a second of sound that is not silent.

    Args:
        die: Dies, or hangs, after this many recognitions: see `Cue`.
        after: See `Cue`.
        marker: See `Cue`.
    """

    def __init__(self, die: str = "", after: int = 0, marker: str = "") -> None:
        self._cue = Cue(die, after, marker)
        self._heard = bytearray()

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for speech to text."""
        return {
            "transcribe": lambda call: self._recognise(call.payload),
            "stream.open": self._forget,
            "stream.feed": self._feed,
            "stream.partial": lambda _call: self._recognise(bytes(self._heard)),
            "stream.finish": self._finish,
            "stream.drop": self._forget,
        }

    def _forget(self, _call: Call) -> Iterator[Reply]:
        self._heard.clear()
        yield from ()

    def _feed(self, call: Call) -> Iterator[Reply]:
        self._heard += call.payload
        yield from ()

    def _finish(self, _call: Call) -> Iterator[Reply]:
        yield from self._recognise(bytes(self._heard))
        self._heard.clear()

    def _recognise(self, pcm: bytes) -> Iterator[Reply]:
        self._cue.step()
        samples = len(pcm) // _SAMPLE_BYTES
        words = [f"word{at + 1}" for at in range(samples // _SAMPLES_PER_WORD)] if any(pcm) else []
        yield Reply({"text": " ".join(words), "samples": samples, "confidence": None, "language": "en"})


class FakeLlmEngine(Engine):
    """Counts: the answer to everything is ``one two three ...`` up to twelve, a word a token.

    Args:
        die: Dies, or hangs, after this many tokens: see `Cue`.
        after: See `Cue`.
        marker: See `Cue`.
        every_s: Time of a token, seconds.
        prefill_s: Time of a prompt, seconds.
    """

    ANSWER = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

    def __init__(
        self, die: str = "", after: int = 0, marker: str = "", every_s: float = 0.0, prefill_s: float = 0.0
    ) -> None:
        self._cue = Cue(die, after, marker)
        self._every_s = every_s
        self._prefill_s = prefill_s
        self._held = ""

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for language models."""
        return {
            "generate": self._generate,
            "prefill": self._prefill,
            "count": self._count,
            "verify": self._verify,
            "state.export": self._export,
            "state.import": self._import,
        }

    def _generate(self, call: Call) -> Iterator[Reply]:
        self._held = str(call.args["messages"])
        if call.cancelled.wait(self._prefill_s):
            return
        said = len(str(call.args["answer_so_far"]).split())
        limit = int_arg(call, "max_tokens")
        left = self.ANSWER[said:]
        for at, word in enumerate(left[:limit]):
            self._cue.step()
            yield Reply({"text": word if said + at == 0 else f" {word}", "log_prob": -0.1})
            if call.cancelled.wait(self._every_s):
                return
        finish = "length" if limit <= len(left) else "stop"
        yield Reply({"finish": finish, "prompt_tokens": _prompt_tokens(call), "cached_tokens": 0})

    def _prefill(self, call: Call) -> Iterator[Reply]:
        if not call.cancelled.wait(self._prefill_s):
            yield Reply({"tokens": _prompt_tokens(call)})

    def _verify(self, call: Call) -> Iterator[Reply]:
        draft = str(call.args["answer_so_far"])
        drafted = _WORD.findall(draft)
        own = _WORD.findall(" ".join(self.ANSWER))
        same = list(takewhile(lambda pair: pair[0] == pair[1], zip(drafted, own, strict=False)))
        kept = len("".join(drafted[: len(same)]))
        log_probs: list[JsonValue] = [-0.1] * len(same)
        yield Reply({"kept": kept, "kept_tokens": len(same), "draft_tokens": len(drafted), "log_probs": log_probs})

    def _export(self, _call: Call) -> Iterator[Reply]:
        yield Reply({}, _STATE + self._held.encode() if self._held else b"")

    def _import(self, call: Call) -> Iterator[Reply]:
        if not call.payload.startswith(_STATE):
            raise InvalidInput("That is no state of this engine.", code="bad-state")
        self._held = call.payload.removeprefix(_STATE).decode()
        yield Reply({"tokens": len(self._held.split())})

    def _count(self, call: Call) -> Iterator[Reply]:
        texts = call.args["texts"]
        assert isinstance(texts, list)
        yield Reply({"counts": [len(str(text).split()) for text in texts]})


class FakeTtsEngine(Engine):
    """Speaks a rising ramp, 100 samples a character in chunks of 1000, so that every sample tells where it belongs.

    Args:
        die: Dies, or hangs, after this many chunks: see `Cue`.
        after: See `Cue`.
        marker: See `Cue`.
    """

    def __init__(self, die: str = "", after: int = 0, marker: str = "") -> None:
        self._cue = Cue(die, after, marker)

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for speech synthesis."""
        return {"speak": self._speak, "voices": self._voices}

    def _speak(self, call: Call) -> Iterator[Reply]:
        samples = int(len(str(call.args["text"])) * 100 / float_arg(call, "speed"))
        for start in range(0, samples, 1000):
            self._cue.step()
            piece = [at / 1e6 for at in range(start, min(start + 1000, samples))]
            yield Reply({}, struct.pack(f"<{len(piece)}f", *piece))
            if call.cancelled.is_set():
                return

    def _voices(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"voices": [["ramp", "Ramp", "en"]]})


class FakeVadEngine(Engine):
    """Takes everything that is not silence for speech.

    Args:
        die: Dies, or hangs, after this many feeds: see `Cue`.
        after: See `Cue`.
        marker: See `Cue`.
    """

    def __init__(self, die: str = "", after: int = 0, marker: str = "") -> None:
        self._cue = Cue(die, after, marker)
        self._rest = b""

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for voice activity."""
        return {"vad.reset": self._reset, "vad.feed": self._feed}

    def _reset(self, _call: Call) -> Iterator[Reply]:
        self._rest = b""
        yield from ()

    def _feed(self, call: Call) -> Iterator[Reply]:
        self._cue.step()
        pcm = self._rest + call.payload
        whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = pcm[whole:]
        frames = [pcm[at : at + _FRAME_BYTES] for at in range(0, whole, _FRAME_BYTES)]
        yield Reply({"probabilities": [1.0 if any(frame) else 0.0 for frame in frames]})


class FakeEmbedEngine(Engine):
    """Three dimensions: along the one that the length of the text chooses."""

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for embeddings."""
        return {"embed": self._embed}

    def _embed(self, call: Call) -> Iterator[Reply]:
        texts = call.args["texts"]
        assert isinstance(texts, list)
        rows = [[1.0 if len(str(text)) % 3 == at else 0.0 for at in range(3)] for text in texts]
        yield Reply({"dimensions": 3}, b"".join(struct.pack("<3f", *row) for row in rows))


def _prompt_tokens(call: Call) -> int:
    messages = call.args["messages"]
    assert isinstance(messages, list)
    return sum(len(str(message).split()) for message in messages)
