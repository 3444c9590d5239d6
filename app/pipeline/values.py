"""What flows between stages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.contracts.audio import AudioChunk


@dataclass(frozen=True, slots=True)
class Text:
    """Words. ``confidence`` in [0, 1], None where nobody can say."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """A whole clip of mono sound, at any sample rate."""

    chunk: AudioChunk


@dataclass(frozen=True, slots=True)
class SoundSource:
    """Sound without a known end, 16 kHz mono: a microphone, a file being read, a client that streams.

    Attributes:
        chunks: Read once; ends when the source does.
        name: For messages.
    """

    chunks: AsyncIterator[AudioChunk]
    name: str = "source"


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors and the texts they stand for; all vectors have one length."""

    texts: tuple[str, ...]
    vectors: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document.

    Attributes:
        text: The words.
        source: The document, as the person knows it (a path relative to its folder).
        place: Where in it: ``page 3``, ``line 12``, a heading.
        score: Higher is better; comparable within one lookup only.
    """

    text: str
    source: str
    place: str = ""
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Passages:
    """What a lookup found for a question, the best first."""

    question: str
    items: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """Several values in order: what a split made, or what an ``each`` stage made of them."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to.

    Attributes:
        passed: It is good.
        text: What was checked.
        reasons: Why, in words; empty only when it passed.
        confidence: In [0, 1] or None.
    """

    passed: bool
    text: str
    reasons: tuple[str, ...] = ()
    confidence: float | None = None


Value = Text | Sound | SoundSource | Vectors | Passages | Parts | Verdict


def in_words(value: Value) -> str:
    """The value as text for a template, a prompt or a terminal; empty for sound and vectors."""
    match value:
        case Text(text=text) | Verdict(text=text):
            return text
        case Passages(items=items):
            places = [", ".join(filter(None, (item.source, item.place))) for item in items]
            return "\n\n".join(f"[{place}]\n{item.text}" for place, item in zip(places, items, strict=True))
        case Parts(items=items):
            return "\n".join(in_words(item) for item in items)
        case _:
            return ""
