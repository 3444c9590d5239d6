"""What a turn is made with: the ports, and what the person chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from app.contracts.audio import SPEECH_RATE_HZ, VoiceOptions
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
from app.contracts.text import GenerationRequest
from app.pipeline.run import Run

QUICK_LOOK_S = 0.6
"""A look that takes longer may still be under way when the key goes up, and the final text then waits for both."""
SLOW_LOOK_SHARE = 10
"""After a slow look, so many times as much sound comes before the next one."""


@dataclass(slots=True)
class Pace:
    """How quick a recogniser is: kept from one utterance to the next, since a slow one stays slow.

    Attributes:
        look_s: Seconds the last look at the words so far took; less once a final text has taken less.
    """

    look_s: float = 0.0

    @property
    def fresh_samples(self) -> int:
        """Sound that has to come after a slow look before the next one; 0 when looks are quick."""
        return int(self.look_s * SLOW_LOOK_SHARE * SPEECH_RATE_HZ) if self.look_s > QUICK_LOOK_S else 0


class Pipelines(Protocol):
    """What a turn needs of the pipelines."""

    def answer(self, pipeline_id: str, request: GenerationRequest, turn_id: str) -> Run:
        """Begin the part of a pipeline that lies between the words of a question and those of its answer.

        Args:
            pipeline_id: Which pipeline.
            request: The conversation, the question last, and the sampling.
            turn_id: Of the turn the run belongs to.

        Raises:
            InvalidInput: There is no such pipeline, or it makes no words.
        """
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports of one assistant. Each may be a composite of several backends; a turn cannot tell.

    ``pipelines`` is None where answers come straight from ``text``.
    """

    microphone: AudioSource
    speaker: AudioSink
    speech_to_text: SpeechToText
    text: TextGenerator
    text_to_speech: TextToSpeech
    voice_activity: VoiceActivity
    power: PowerMonitor
    governor: Governor
    clock: Clock
    pipelines: Pipelines | None = None
    pace: Pace = field(default_factory=Pace)


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
        pipeline: Id of the pipeline that answers; empty asks the language model itself.
        plain: One pass of the language model, without skills and stages.
    """

    speak: bool = True
    must_speak: bool = False
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    max_tokens: int = 200
    temperature: float = 0.2
    top_p: float = 0.9
    seed: int | None = None
    overlap: bool = True
    pipeline: str = ""
    plain: bool = False
