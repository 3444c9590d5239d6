"""What a turn is made with: the ports, and what the person chose."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.contracts.audio import VoiceOptions
from app.contracts.ports import (
    AudioSink,
    AudioSource,
    Clock,
    Governor,
    PowerMonitor,
    SpeechToText,
    TextGenerator,
    TextToSpeech,
    VoiceActivity,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports of one assistant. Each may be a composite of several backends; a turn cannot tell."""

    microphone: AudioSource
    speaker: AudioSink
    speech_to_text: SpeechToText
    text: TextGenerator
    text_to_speech: TextToSpeech
    voice_activity: VoiceActivity
    power: PowerMonitor
    governor: Governor
    clock: Clock


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """What the person chose, read afresh at the start of each turn.

    Attributes:
        speak: Speak the answer.
        must_speak: A turn whose answer cannot be spoken has failed; otherwise it is only noted.
        voice: How.
        max_tokens: Upper bound of the answer's length.
        temperature: Of the sampling; 0 is greedy.
        top_p: Of the sampling.
        seed: Fixes the sampling; None leaves it free.
        overlap: Recognise and prefill while the person still talks; off only to measure what it wins.
    """

    speak: bool = True
    must_speak: bool = False
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    max_tokens: int = 200
    temperature: float = 0.2
    top_p: float = 0.9
    seed: int | None = None
    overlap: bool = True
