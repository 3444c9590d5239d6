"""The short sounds "I am listening", "I have stopped" and "a timer is over", made here: no file has to be found."""

from __future__ import annotations

import numpy as np

from app.audio.levels import Samples, amplitude, as_pcm, as_samples
from app.contracts.audio import AudioChunk

CUE_RATE_HZ = 24_000
CUE_DBFS = -24.0
"""Peak of a cue: heard in a quiet room, not startling on headphones."""
RING_DBFS = -14.0
_RING_PAUSE_S = 0.12
_NOTE_S = 0.07
_OVERLAP = 0.5


def ready_cue() -> AudioChunk:
    """Two soft notes going up: the microphone delivers."""
    return _notes(587.33, 880.0)


def stop_cue() -> AudioChunk:
    """The same two notes going down: the microphone is off again."""
    return _notes(880.0, 587.33)


def ring() -> AudioChunk:
    """Three clear notes, twice: a timer is over. Louder than the others, since nobody may be near."""
    phrase = as_samples(_notes(659.25, 830.61, 987.77, peak_dbfs=RING_DBFS).pcm)
    pause: Samples = np.zeros(round(_RING_PAUSE_S * CUE_RATE_HZ), dtype=np.float32)
    return AudioChunk(as_pcm(np.concatenate([phrase, pause, phrase])), CUE_RATE_HZ)


def _notes(*pitches_hz: float, peak_dbfs: float = CUE_DBFS) -> AudioChunk:
    """The notes one after the other, each fading in and out so that nothing clicks."""
    note_samples = round(_NOTE_S * CUE_RATE_HZ)
    step = round(note_samples * (1.0 - _OVERLAP))
    sound: Samples = np.zeros(step * (len(pitches_hz) - 1) + note_samples, dtype=np.float32)
    time_s = np.arange(note_samples) / CUE_RATE_HZ
    for index, pitch_hz in enumerate(pitches_hz):
        note = np.sin(2.0 * np.pi * pitch_hz * time_s) * np.hanning(note_samples)
        sound[index * step : index * step + note_samples] += note.astype(np.float32)
    sound *= np.float32(amplitude(peak_dbfs) / float(np.max(np.abs(sound))))
    return AudioChunk(as_pcm(sound), CUE_RATE_HZ)
