"""What a turn is made with: the ports, and what the person chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.assistant.understanding.meaning import Complexity
from app.contracts.audio import SPEECH_RATE_HZ, VoiceOptions
from app.contracts.devices import Tier
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
from app.pipeline.tools import Judged
from app.settings.answer_stages import DEFAULT_STAGES, AnswerStage

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


class Stages(Protocol):
    """What the further stages of an answer need besides the ports: which models there are, and what is known of them.

    The first stage needs none of it: it is the pipeline of the profile.
    """

    def tiers(self) -> Sequence[Tier]:
        """The language models of the profile that are here, the smallest first."""
        ...

    def named(self, name: str) -> Tier | None:
        """The tier of a backend or a model by its id, None where it is not here."""
        ...

    def text(self, tier: Tier) -> TextGenerator:
        """The language model of a tier; it is loaded at its first use and belongs to whoever gave it."""
        ...

    def judge(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        """How sure an answer is, see `app.pipeline.tools.Confidence`."""
        ...

    def threshold(self, intent: str, complexity: Complexity) -> float:
        """Confidence in [0, 1] from which no further stage is asked."""
        ...


class Known(Protocol):
    """What the person asked to remember."""

    async def about(self, question: str) -> Sequence[str]:
        """The facts that have to do with a question, the likeliest first. Quick, and raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports of one assistant. Each may be a composite of several backends; a turn cannot tell.

    ``pipelines`` is None where answers come straight from ``text``; ``stages`` is None where one pass of the model is
    all there is; ``known`` is None where nothing is remembered of the person.
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
    stages: Stages | None = None
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """How far an open question is taken.

    Attributes:
        plain: One pass of the language model, without skills and stages.
        single: Skills, but no stage behind the first.
        stages: Exactly these stages, by name, whatever the question; empty leaves it to the question.
        hybrid: The quick answer, then one stage on each of these tiers.
    """

    plain: bool = False
    single: bool = False
    stages: tuple[str, ...] = ()
    hybrid: tuple[str, ...] = ()


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
        depth: How far an open question is taken.
        answers: The stages of the profile.
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
    depth: Depth = field(default_factory=Depth)
    answers: tuple[AnswerStage, ...] = DEFAULT_STAGES
