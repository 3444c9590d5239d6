"""A language model engine that does what its prompt tells it to: answer, stumble, hang, die.

Why it exists: thousands of runs with faults at known places tell whether every run ends once and leaves nothing behind.
The faults happen inside a real host process, where real ones do.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.contracts.devices import Device
from models.fakes.arguments import int_arg
from models.host.engine import Call, Engine, Operation, Reply

_CUE = re.compile(r"\[(die|hang|fault|slow|loop|garbage|unsure)(?::([\w-]+))?\]")
_ANSWER = ("The", " answer", " to", " that", " is", " forty", "-two", ".")
_SURE, _UNSURE = -0.05, -2.5
_SLOW_S = 0.02


class SoakingEngine(Engine):
    """Answers the same short sentence to everything, unless the question carries a cue in square brackets.

    ``[die:KEY]`` and ``[hang:KEY]`` happen once for each key, ``[fault]`` fails, ``[slow]`` takes its time, ``[loop]``
    repeats itself until it is stopped, ``[garbage]`` writes control characters and template marks, ``[unsure]`` gives
    low probabilities.

    Args:
        folder: Where it notes which deaths it has died.
        unsure: Gives low probabilities to everything.
    """

    def __init__(self, folder: str, unsure: bool = False) -> None:
        self._folder = Path(folder)
        self._unsure = unsure

    def load(self) -> Device:
        """Nothing to load."""
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """As agreed for language models."""
        return {"generate": self._generate, "prefill": self._prefill, "count": self._count}

    def _generate(self, call: Call) -> Iterator[Reply]:
        messages = call.args["messages"]
        assert isinstance(messages, list)
        cues = dict(_CUE.findall(str(messages[-1])))
        for what in ("die", "hang"):
            if what in cues and self._first_time(f"{what}-{cues[what]}"):
                yield Reply({"text": _ANSWER[0], "log_prob": _SURE})
                if what == "die":
                    os._exit(9)
                time.sleep(3600)
        if "fault" in cues:
            raise RuntimeError("told to fail")
        log_prob = _UNSURE if self._unsure or "unsure" in cues else _SURE
        said = str(call.args["answer_so_far"])
        limit = int_arg(call, "max_tokens")
        for at, text in enumerate(self._pieces(cues, said)):
            if at == limit or call.cancelled.is_set():
                break
            yield Reply({"text": text, "log_prob": log_prob})
            if "slow" in cues and call.cancelled.wait(_SLOW_S):
                return
        yield Reply({"finish": "stop", "prompt_tokens": len(messages), "cached_tokens": 0})

    def _pieces(self, cues: Mapping[str, str], said: str) -> Iterator[str]:
        if "loop" in cues:
            while True:
                yield " again and again and"
        if "garbage" in cues:
            yield from ("\x1b[31m", "<|im_", "end|>", "\x00")
        whole = ""
        for piece in _ANSWER:
            whole += piece
            if len(whole) > len(said):
                yield whole[max(len(said), len(whole) - len(piece)) :]

    def _first_time(self, name: str) -> bool:
        try:
            (self._folder / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _prefill(self, _call: Call) -> Iterator[Reply]:
        yield Reply({"tokens": 1})

    def _count(self, call: Call) -> Iterator[Reply]:
        texts = call.args["texts"]
        assert isinstance(texts, list)
        yield Reply({"counts": [len(str(text).split()) for text in texts]})
