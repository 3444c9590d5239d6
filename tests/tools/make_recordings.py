"""Makes the spoken questions that a ``questions.json`` lists, in its folder. Needs Debian's ``flite``.

Run ``python tests/tools/make_recordings.py`` for those in `assets/recordings`, or give another folder. Every clip is
made the same way, with the voice's own pace and loudness; none is made again because it was misheard.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

BUNDLED = Path(__file__).resolve().parents[2] / "assets" / "recordings"
RATE_HZ = 16_000


def encode_flac(source: Path, target: Path) -> None:
    """Write a 16 kHz mono 16-bit WAV file as FLAC, without loss."""
    with wave.open(str(source)) as clip:
        if (clip.getframerate(), clip.getnchannels(), clip.getsampwidth()) != (RATE_HZ, 1, 2):
            raise ValueError(f"{source} is not 16 kHz mono 16 bit")
        samples = np.frombuffer(clip.readframes(clip.getnframes()), dtype="<i2")
    with av.open(str(target), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE_HZ, layout="mono", options={"compression_level": "12"})
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def main(arguments: list[str]) -> int:
    """Make them all; returns the exit code."""
    folder = Path(arguments[0]) if arguments else BUNDLED
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        for question in questions:
            target = folder / question["file"]
            spoken = Path(scratch) / "spoken.wav"
            subprocess.run(["flite", "-voice", "rms", "-t", question["text"], "-o", str(spoken)], check=True)
            if target.suffix == ".wav":
                target.write_bytes(spoken.read_bytes())
            else:
                encode_flac(spoken, target)
    sys.stdout.write(f"{len(questions)} recordings, {sum(file.stat().st_size for file in folder.iterdir())} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
