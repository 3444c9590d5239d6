"""The stage that speaks: sentence by sentence, while the text is still being written.

Under ``with``: ``voice`` (an id of the backend's voices), ``speed`` (0.5 to 2) and ``language``; what is not there is
the person's own setting.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from app.audio.levels import as_pcm, as_samples
from app.audio.resample import Resampler
from app.audio.sentences import Sentence, SentenceSplitter
from app.audio.spoken import SpokenForm, heard_text
from app.contracts.audio import BYTES_PER_SAMPLE, AudioChunk, VoiceOptions
from app.contracts.errors import InvalidInput
from app.contracts.ports import TextToSpeech
from app.pipeline.definition import OptionValue
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.tiers import Tiers
from app.pipeline.values import Sound

PAUSE_S = 0.22
"""Silence between two sentences; a voice that speaks one at a time leaves none by itself."""
CHARACTER_S = 0.065
"""How long a voice takes for a character at its own pace; tells how far a voice that failed had come."""
FALLBACK_RATE_HZ = 16_000
"""Rate of a sound in which nothing is said."""
_KEYS = ("language", "speed", "voice")


class TextToAudioProcessor:
    """Implements `app.pipeline.stages.processor.Processor` for ``text_to_audio``."""

    streams = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Speak what its input says; the sound is handed on as it is made.

        Raises:
            InvalidInput: A setting is wrong.
            SottoError: Every voice failed.
        """
        options = voice_options(call.tools.voice, call.stage.definition.settings)
        speaker = _Speaker(call, outlet, options)
        splitter, form = SentenceSplitter(first_clause=True), SpokenForm()
        async with aclosing(_stream(call)) as texts:
            async for text in texts:
                await speaker.say(splitter.push(text), form)
        await speaker.say(splitter.flush(), form)
        return speaker.done()


async def _stream(call: StageCall) -> AsyncGenerator[str, None]:
    async for text in call.stream():
        yield text


class _Speaker:
    """Makes the sound of one call, all of it at the rate of its first voice."""

    def __init__(self, call: StageCall, outlet: Outlet, options: VoiceOptions) -> None:
        self._call = call
        self._outlet = outlet
        self._options = options
        self._tiers = Tiers(call, call.tools.runtimes.text_to_speech_port, lambda: self._sentences)
        self._rate_hz = 0
        self._made: list[bytes] = []
        self._made_bytes = 0
        self._sentences = 0

    async def say(self, sentences: list[Sentence], form: SpokenForm) -> None:
        for sentence in sentences:
            if spoken := form.sentence(sentence.text):
                if self._sentences:
                    self._hand_on(bytes(round(PAUSE_S * self._rate_hz) * BYTES_PER_SAMPLE))
                await self._speak(spoken)
                self._sentences += 1

    def done(self) -> Done:
        rate_hz = self._rate_hz or FALLBACK_RATE_HZ
        notes = () if self._sentences else ("There was nothing to say.",)
        sound = AudioChunk(b"".join(self._made), rate_hz)
        figures = (("seconds", round(sound.seconds, 3)), ("sentences", float(self._sentences)))
        if self._sentences:
            return Done(Sound(sound), self._tiers.metadata(notes=notes, figures=figures))
        return Done(Sound(sound), replace(self._tiers.metadata(notes=notes, figures=figures), attempts=()))

    async def _speak(self, spoken: str) -> None:
        """One sentence. A voice that fails in its middle leaves the rest of the words to the next one."""
        began = self._made_bytes

        async def with_voice(port: TextToSpeech) -> None:
            nonlocal spoken, began
            rest = self._left(spoken, self._made_bytes - began)
            spoken, began = rest, self._made_bytes
            if not rest.strip():
                return
            resampler: Resampler | None = None
            async with aclosing(port.synthesize(rest, self._voice())) as chunks:
                async for chunk in chunks:
                    self._rate_hz = self._rate_hz or chunk.sample_rate_hz
                    if resampler is None:
                        resampler = Resampler(chunk.sample_rate_hz, self._rate_hz)
                    self._hand_on(as_pcm(resampler.push(as_samples(chunk.pcm))))
            if resampler is not None:
                self._hand_on(as_pcm(resampler.flush()))

        await self._tiers.use(with_voice)

    def _voice(self) -> VoiceOptions:
        """A voice that was chosen belongs to the first tier; another one speaks with its own."""
        ladder = self._call.stage.ladder
        return self._options if not ladder or self._tiers.tier == ladder[0] else replace(self._options, voice="")

    def _left(self, spoken: str, made: int) -> str:
        """What is still to be said of a sentence of which so many bytes have been made."""
        if not made:
            return spoken
        expected_s = len(spoken) * CHARACTER_S / self._options.speed
        share = made / BYTES_PER_SAMPLE / self._rate_hz / expected_s
        return spoken[len(heard_text(spoken, min(share, 1.0))) :]

    def _hand_on(self, pcm: bytes) -> None:
        if not pcm:
            return
        if self._call.timings.first_output_at is None:
            self._call.timings.first_output_at = self._call.tools.clock.monotonic()
        self._made.append(pcm)  # the same bytes the outlet keeps: the sound is in memory once
        self._made_bytes += len(pcm)
        self._outlet.sound(AudioChunk(pcm, self._rate_hz))


def voice_options(own: VoiceOptions, settings: Mapping[str, OptionValue]) -> VoiceOptions:
    """The person's options with those of the stage on top.

    Raises:
        InvalidInput: One is unknown, of the wrong kind or out of bounds.
    """
    if unknown := sorted(set(settings) - set(_KEYS)):
        raise _wrong(unknown[0], f"is not known; there are {', '.join(_KEYS)}")
    voice, language = settings.get("voice", own.voice), settings.get("language", own.language)
    speed = settings.get("speed", own.speed)
    if not isinstance(voice, str):
        raise _wrong("voice", "is a name")
    if not isinstance(language, str):
        raise _wrong("language", "is a language such as 'en'")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.5 <= speed <= 2.0:
        raise _wrong("speed", "is a number from 0.5 to 2")
    return VoiceOptions(voice, float(speed), language)


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a text_to_audio stage {reason}.", code="bad-setting")
