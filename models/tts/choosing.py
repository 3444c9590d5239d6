"""What a person may ask of a voice, checked in one place: which voice, how fast."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from app.contracts.audio import Voice
from app.contracts.errors import InvalidInput
from models.host.engine import JsonValue

SLOWEST, FASTEST = 0.5, 2.0


def read_speed(value: JsonValue) -> float:
    """How fast to speak; 1.0 is the voice's own pace.

    Raises:
        InvalidInput: It is not a number in the range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not SLOWEST <= value <= FASTEST:
        raise InvalidInput(f"The speed is {value}; it must be from {SLOWEST} to {FASTEST}.")
    return float(value)


def named_voice(voices: Sequence[Voice], wanted: str) -> Voice:
    """The voice with this id, name or language; letter case does not matter.

    Raises:
        InvalidInput: There is none (``unknown-voice``).
    """
    for voice in voices:
        if wanted.casefold() in (voice.voice_id.casefold(), voice.name.casefold(), voice.language.casefold()):
            return voice
    raise unknown("voice", wanted, [voice.voice_id for voice in voices])


def unknown(what: str, wanted: str, known: Sequence[str]) -> InvalidInput:
    """The error for a voice or language that is not there, with the one that was probably meant."""
    lowered = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wanted.casefold(), lowered, n=1, cutoff=0.4)
    hint = (
        f"Did you mean '{lowered[close[0]]}'?" if close else "The voices that can be chosen are listed in the settings."
    )
    return InvalidInput(f"There is no {what} '{wanted}'.", code=f"unknown-{what}", remedy=hint)
