"""The plan-aware cache: a few hundred outputs in memory over many more on disk.

Why it exists: the same question asked of the same plan has the same answer. Keys are made by whoever knows the plan (a
changed plan has other keys, so it never hits); here is only where things lie and for how long.
"""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from dataclasses import asdict
from typing import Protocol

from app.contracts.audio import AudioChunk
from app.contracts.ports import Clock
from app.pipeline.tools import Kept
from app.pipeline.values import Parts, Passage, Passages, Sound, SoundSource, Text, Value, Vectors, Verdict

MEMORY_ENTRIES = 512
MEMORY_BYTES = 16 * 1024 * 1024
FOREVER_S = float("inf")


class Store(Protocol):
    """Where payloads lie when the program is closed; `app.memory.answers.KeptAnswers`."""

    async def get(self, key: str) -> tuple[bytes, float] | None:
        """The payload and the seconds it is still good for."""
        ...

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        """Keep it; ``ttl_s`` 0 keeps it until room is needed."""
        ...


class PlanCache:
    """Implements `app.pipeline.tools.CacheStore`: least recently used in memory, over a store.

    Args:
        store: None keeps things only as long as the program runs.
        clock: Tells ages.
        entries: Bound of the entries in memory.
        size_bytes: Bound of their bytes.
    """

    def __init__(
        self, store: Store | None, clock: Clock, *, entries: int = MEMORY_ENTRIES, size_bytes: int = MEMORY_BYTES
    ) -> None:
        self._store = store
        self._clock = clock
        self._entries = entries
        self._size_bytes = size_bytes
        self._memory: OrderedDict[str, tuple[Kept, int, float]] = OrderedDict()
        self._held_bytes = 0

    async def get(self, key: str) -> Kept | None:
        """What is kept, None when nothing is or it is too old."""
        held = self._memory.get(key)
        if held is not None:
            if held[2] > self._clock.monotonic():
                self._memory.move_to_end(key)
                return held[0]
            self._drop(key)
        found = None if self._store is None else await self._store.get(key)
        if found is None:
            return None
        payload, left_s = found
        kept = _unpacked(payload)
        if kept is not None:
            self._hold(key, kept, len(payload), left_s)
        return kept

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        """Keep it; an endless source cannot be kept and is passed over."""
        payload = _packed(kept)
        if payload is None:
            return
        self._hold(key, kept, len(payload), ttl_s or FOREVER_S)
        if self._store is not None:
            await self._store.put(key, payload, ttl_s)

    def forget(self) -> None:
        """Drop everything that is held in memory."""
        self._memory.clear()
        self._held_bytes = 0

    def _hold(self, key: str, kept: Kept, size: int, good_s: float) -> None:
        self._drop(key)
        if size > self._size_bytes // 4:
            return
        self._memory[key] = (kept, size, self._clock.monotonic() + good_s)
        self._held_bytes += size
        while len(self._memory) > self._entries or self._held_bytes > self._size_bytes:
            self._drop(next(iter(self._memory)))

    def _drop(self, key: str) -> None:
        held = self._memory.pop(key, None)
        if held is not None:
            self._held_bytes -= held[1]


def _packed(kept: Kept) -> bytes | None:
    value = _to_json(kept.value)
    return None if value is None else json.dumps({"value": value, "origin": kept.origin}).encode()


def _unpacked(payload: bytes) -> Kept | None:
    """What a payload stands for; None for one that another version wrote differently."""
    try:
        fields = json.loads(payload)
        return Kept(_from_json(fields["value"]), str(fields["origin"]))
    except (ValueError, KeyError, TypeError):
        return None


def _to_json(value: Value) -> dict[str, object] | None:
    match value:
        case SoundSource():
            return None
        case Sound(chunk=chunk):
            pcm = base64.b64encode(chunk.pcm).decode()
            return {"kind": "sound", "pcm": pcm, "sample_rate_hz": chunk.sample_rate_hz}
        case Parts(items=items):
            inner = [_to_json(item) for item in items]
            return None if None in inner else {"kind": "parts", "items": inner}
        case _:
            return {"kind": type(value).__name__.lower(), **asdict(value)}


def _from_json(fields: dict[str, object]) -> Value:
    """The value of a payload.

    Raises:
        ValueError, KeyError, TypeError: It is none.
    """
    rest = {key: value for key, value in fields.items() if key != "kind"}
    match fields["kind"]:
        case "text":
            return Text(**rest)  # type: ignore[arg-type]
        case "verdict":
            return Verdict(**{**rest, "reasons": tuple(_list(rest["reasons"]))})  # type: ignore[arg-type]
        case "vectors":
            vectors = tuple(tuple(float(str(number)) for number in _list(vector)) for vector in _list(rest["vectors"]))
            return Vectors(tuple(map(str, _list(rest["texts"]))), vectors)
        case "passages":
            items = tuple(Passage(**dict(item)) for item in _list(rest["items"]))  # type: ignore[call-overload]
            return Passages(str(rest["question"]), items)
        case "sound":
            pcm = base64.b64decode(str(rest["pcm"]))
            return Sound(AudioChunk(pcm, int(str(rest["sample_rate_hz"]))))
        case "parts":
            return Parts(tuple(_from_json(dict(item)) for item in _list(rest["items"])))  # type: ignore[call-overload]
        case other:
            raise ValueError(f"there is no kind of value {other!r}")


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no list")
    return list(value)
