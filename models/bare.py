"""One voice turn by the bare libraries, one after the other, with nothing of ours between them: the yardstick.

Why it exists: `sotto bench overhead` compares a turn of Sotto with this. It is run as a child process that reads a line
per question (``{"wav": …, "system": …, "first_words": N}``) and writes a line with its times. It uses the libraries as
their own documentation shows, with the same weights and greedy sampling; moonshine's own library takes its own number
of threads.
"""

from __future__ import annotations

import json
import sys
import time
import wave
from dataclasses import asdict, dataclass
from pathlib import Path

from models.embedded import SMOLLM2, EmbeddedModels
from models.llm.bare import BareText
from models.stt.bare import BareRecognizer
from models.tts.bare import BareVoice


@dataclass(frozen=True, slots=True)
class BareTimes:
    """Milliseconds from the whole clip being at hand."""

    transcript_ms: float
    first_token_ms: float
    sentence_ms: float
    first_sample_ms: float
    text: str


def main() -> int:
    """Answer questions from standard input until it ends."""
    threads = int(sys.argv[1])
    recognizer = BareRecognizer()
    text = BareText(str(EmbeddedModels().require(SMOLLM2)), threads)
    voice = BareVoice()
    for line in sys.stdin:
        asked = json.loads(line)
        times = _turn(recognizer, text, voice, Path(asked["wav"]), asked["system"], asked["first_piece"])
        sys.stdout.write(json.dumps(asdict(times)) + "\n")
        sys.stdout.flush()
    return 0


def _turn(
    recognizer: BareRecognizer, text: BareText, voice: BareVoice, wav: Path, system: str, first_piece: str
) -> BareTimes:
    """Recognise, write until the piece that Sotto spoke first is there, make its first sound."""
    with wave.open(str(wav)) as file:
        pcm = file.readframes(file.getnframes())
    samples = recognizer.samples(pcm)
    began = time.monotonic()
    words = recognizer.transcribe(samples)
    transcribed = time.monotonic()
    first_token = sentence = None
    written = ""
    for piece in text.generate(system, words):
        first_token = first_token or time.monotonic()
        written += piece
        if len(written.strip()) > len(first_piece.strip()):
            break
    sentence = time.monotonic()
    voice.first_samples(first_piece)
    spoken = time.monotonic()
    return BareTimes(
        (transcribed - began) * 1e3,
        ((first_token or sentence) - began) * 1e3,
        (sentence - began) * 1e3,
        (spoken - began) * 1e3,
        words,
    )


if __name__ == "__main__":
    sys.exit(main())
