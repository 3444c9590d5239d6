"""What flows between stages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
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
        live: It does not wait for who reads it: what is not taken in time is lost.
        stop: Ends it; what it gave before is still worked on.
    """

    chunks: AsyncIterator[AudioChunk]
    name: str = "source"
    live: bool = False
    stop: Callable[[], None] = lambda: None


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


def cited(passage: Passage) -> str:
    """Where a passage stands, as it is quoted: the document and the place in it."""
    return ", ".join(filter(None, (passage.source, passage.place)))


def in_words(value: Value) -> str:
    """The value as text for a template, a prompt or a terminal; empty for sound and vectors.

    Passages are numbered from 1 and followed by the question they were found for.
    """
    match value:
        case Text(text=text) | Verdict(text=text):
            return text
        case Passages(question=question, items=items):
            found = [f"[{at}] {cited(item)}\n{item.text}" for at, item in enumerate(items, 1)] or ["No passages."]
            return "\n\n".join([*found, *([f"Question: {question}"] if question else [])])
        case Parts(items=items):
            return "\n".join(in_words(item) for item in items)
        case _:
            return ""
