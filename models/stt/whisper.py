"""What the engines over Whisper models share, whatever library runs them: guards against words that nobody said.

Why it exists: Whisper was trained on subtitles, so it writes something for every sound. The voice gate keeps silence
from it; what is left is judged here, by its numbers and its structure, never by a list of phrases.
"""

from __future__ import annotations

import locale

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.errors import Unavailable

SURELY_NO_SPEECH = 0.6
"""Above this probability of no speech, together with a log-probability below `DOUBTFUL_LOG_PROB`, there were no words.
Both limits are those of Whisper's reference code."""
DOUBTFUL_LOG_PROB = -1.0
_MOST_TOKENS = 220
"""Half of the decoder's window, which is what Whisper was trained to write for 30 s."""
_TOKENS_PER_SECOND = 20
"""Bound on the length of a text: scripts that take several tokens for a letter included."""


def most_tokens(samples: int) -> int:
    """How many tokens a stretch of so many samples can come to."""
    return min(_MOST_TOKENS, 16 + int(samples / SPEECH_RATE_HZ * _TOKENS_PER_SECOND))


def is_silence(no_speech: float, log_prob: float, tokens: int) -> bool:
    """Whether a model's own numbers say that nobody spoke.

    Args:
        no_speech: Probability of the token that stands for no speech.
        log_prob: Sum of the natural logarithms of the tokens' probabilities.
        tokens: How many.
    """
    return tokens == 0 or (no_speech > SURELY_NO_SPEECH and log_prob < DOUBTFUL_LOG_PROB * tokens)


def plain_language(tag: str) -> str:
    """``en`` for ``<|en|>`` and ``en-GB``."""
    return tag.strip("<|>").partition("-")[0].lower()


def check_language(language: str, known: tuple[str, ...], model: str) -> None:
    """Refuse a language that the model does not know.

    Raises:
        Unavailable: It does not (``language-unknown``).
    """
    if language and language not in known:
        raise Unavailable(
            f"The speech recogniser {model} does not know the language '{language}'.",
            code="language-unknown",
            remedy="Install a model for that language: `sotto models list` shows which.",
        )


def persons_language(known: tuple[str, ...]) -> str:
    """The language this computer is set to, where the model knows it; English otherwise."""
    here = plain_language((locale.getlocale()[0] or "").replace("_", "-"))
    return here if here in known else "en"
