"""How far a transcript can be believed, judged from the outside.

Why it exists: OpenVINO's Whisper gives no probability at all. How sure the voice gate was, and whether anybody could
have spoken that text in that time, are rules of thumb, and reported as such: they tell an invented sentence from a
spoken one, not a right word from a wrong one.
"""

from __future__ import annotations

import numpy as np

from app.contracts.audio import SPEECH_RATE_HZ
from models.stt.hypothesis import Activity
from models.stt.repeats import SQUEEZES, squeezes
from models.vad.silero_model import FRAME

CEILING = 0.9
"""Rules of thumb are never surer than this."""
FLOOR = 1e-6
_VOICED = 0.5
"""From this probability on a frame counts as speech."""
_SHORTEST_S = 0.15
"""Nobody says a word in less."""
_SLOWEST, _FASTEST = 2.0, 28.0
"""Characters in a second of speech that are still believed without doubt. Conversation has 12 to 18; a single short
word with its breath has fewer, and scripts that write a syllable with one sign fewer still."""
_BEYOND_BELIEF = 3.0
"""By so many times slower or faster than that is not believed at all."""


def plausibility(text: str, activity: Activity) -> float:
    """A confidence in [`FLOOR`, `CEILING`]: the product of three factors in [0, 1].

    - the mean probability of speech over the voiced frames, and 0 when all of them together are too short for a word;
    - 1 where the characters per voiced second are as in speech, falling to 0 on a logarithmic scale beyond;
    - 1 where the text does not repeat itself, falling to 0 at the compression at which it is dropped.

    Args:
        text: What the model wrote.
        activity: Probability of speech of every frame of the stretch.
    """
    voiced = activity[activity >= _VOICED]
    seconds = len(voiced) * FRAME / SPEECH_RATE_HZ
    if seconds < _SHORTEST_S or not text:
        return FLOOR
    heard = float(voiced.mean())
    rate = len(text) / seconds
    off = max(_SLOWEST / rate, rate / _FASTEST, 1.0)
    paced = max(0.0, 1.0 - float(np.log(off) / np.log(_BEYOND_BELIEF)))
    varied = min(1.0, max(0.0, (SQUEEZES - squeezes(text)) / (SQUEEZES - 1.5)))
    return max(FLOOR, CEILING * heard * paced * varied)
