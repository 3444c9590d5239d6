"""The scripted conversation of ``sotto --demo``: what the person seems to say and what is answered, at a natural pace.

Why it exists: designers, screenshots and window tests need a window that does everything a real one does, the same way
each time, on a machine with neither model nor microphone.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.aio.clock import SystemClock
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.devices import Device
from app.contracts.ports import Clock
from app.contracts.text import GenerationRequest, Role
from models.fakes.llm import FakeTextGenerator
from models.fakes.microphone import FakeMicrophone
from models.fakes.speaker import FakeAudioDevices, FakeSpeaker
from models.fakes.stt import WORDS_PER_S, FakeSpeechToText
from models.fakes.tts import FakeTextToSpeech, tones
from models.fakes.vad import FakeVoiceActivity

SCRIPT: tuple[tuple[str, str], ...] = (
    (
        "What is the capital of France?",
        "The capital of France is Paris. It lies on the Seine, in the north of the country.",
    ),
    (
        "How long do I boil an egg?",
        (
            "For a soft yolk, 6 minutes in boiling water. For a firm one, 10 minutes. Then cool it in cold water, "
            "so that it stops cooking and peels well."
        ),
    ),
    (
        "Why is the sky blue?",
        (
            "Sunlight is made of all colours. Air scatters the short waves of blue light much more than the long waves "
            "of red, so blue reaches your eyes from every part of the sky."
        ),
    ),
    (
        "Give me three ideas for dinner.",
        (
            "Here are three:\n\n1. **Tomato soup** with toasted bread.\n2. **Fried rice** with peas and egg.\n"
            "3. **Baked potatoes** with herbs and cheese.\n\nEach takes about half an hour."
        ),
    ),
    ("Plan an upper body workout.", "This one is answered by a skill: see the cards."),
    ("Set a tea timer for three minutes.", "This one is answered by a skill: see the cards."),
)
"""Questions and answers, in the order in which the microphone seems to hear them."""
ANYTHING_ELSE = "This is a demonstration without a model, so every other question gets this answer."


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything a window needs that would be real otherwise."""

    microphone: FakeMicrophone
    speaker: FakeSpeaker
    devices: FakeAudioDevices
    speech_to_text: FakeSpeechToText
    text: FakeTextGenerator
    text_to_speech: FakeTextToSpeech
    voice_activity: FakeVoiceActivity


def demo(clock: Clock | None = None) -> Demo:
    """The parts of a demonstration.

    Args:
        clock: Its pace; a test owns it to make everything instant.
    """
    clock = clock or SystemClock()
    recogniser = FakeSpeechToText([question for question, _ in SCRIPT], "demo-stt-cpu", clock)
    recogniser.delay_s = 0.01
    writer = FakeTextGenerator(demo_answer, "demo-llm-igpu", clock, device=Device.IGPU)
    writer.delay_s = 0.08
    writer.token_s = 0.04
    voice = FakeTextToSpeech("demo-tts-cpu", clock)
    return Demo(
        microphone=FakeMicrophone([_utterance(question) for question, _ in SCRIPT], clock, paced=True),
        speaker=FakeSpeaker(clock),
        devices=FakeAudioDevices(),
        speech_to_text=recogniser,
        text=writer,
        text_to_speech=voice,
        voice_activity=FakeVoiceActivity("demo-vad", clock),
    )


def demo_answer(request: GenerationRequest) -> str:
    """The script's answer to the last question of a request."""
    asked = [message.content for message in request.messages if message.role is Role.USER]
    words = _words(asked[-1]) if asked else ""
    return next((answer for question, answer in SCRIPT if _words(question) == words), ANYTHING_ELSE)


def _words(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _utterance(question: str) -> AudioChunk:
    """Sound as long as the script takes to say the question."""
    pace = len(question.split()) / WORDS_PER_S
    samples = tones(question, SPEECH_RATE_HZ, 1.0)
    seconds = samples.size / SPEECH_RATE_HZ
    return AudioChunk(tones(question, SPEECH_RATE_HZ, seconds / (pace + 0.3)).tobytes())
