"""The stage that listens: a clip, a sound that still comes in, or one without an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from app.audio.levels import as_pcm, as_samples
from app.audio.resample import resampled
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk, Transcript
from app.contracts.errors import InvalidInput
from app.contracts.events import FinalTranscript, PartialTranscript
from app.contracts.ports import SpeechToText
from app.pipeline.definition import Segmenting
from app.pipeline.outlet import Outlet
from app.pipeline.realtime import Captions
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.tiers import Tiers
from app.pipeline.values import Parts, Sound, SoundSource, Text, Value, in_words

LONGEST_CLIP_S = 28.0
"""A longer clip is cut at its pauses; recognisers take up to 30 s at a time."""
KEPT_CAPTIONS = 1000
"""Of an endless source the output holds so many of the last captions."""


class AudioToTextProcessor:
    """Implements `app.pipeline.stages.processor.Processor` for ``audio_to_text``.

    A source that is to be segmented gives `Parts`, one text for each stretch, and hands each on as an item when it is
    there. Everything else gives one `Text`.
    """

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Recognise.

        Raises:
            InvalidInput: Nobody speaks in it (``no-speech``), or it is no sound (``not-sound``).
            SottoError: Every tier failed.
        """
        value = await call.value()
        tiers = Tiers(call, call.tools.runtimes.speech_to_text_port)
        match value:
            case Sound(chunk=chunk):
                clip = await asyncio.to_thread(at_speech_rate, chunk)
                if clip.seconds <= LONGEST_CLIP_S:
                    return await self._clip(call, outlet, tiers, clip)
                return await self._whole(call, outlet, tiers, SoundSource(_pieces(clip), "clip"))
            case SoundSource() if call.stage.definition.segmenting is not None:
                return await self._endless(call, outlet, tiers, value, call.stage.definition.segmenting)
            case SoundSource():
                return await self._whole(call, outlet, tiers, value)
            case Text():
                return Done(value)
            case _:
                raise _not_sound(call, value)

    async def _clip(self, call: StageCall, outlet: Outlet, tiers: Tiers[SpeechToText], clip: AudioChunk) -> Done:
        transcript = await tiers.use(lambda port: port.transcribe(clip))
        text = transcript.text.strip()
        if not text:
            raise no_speech()
        return self._done(call, outlet, tiers, Text(text, transcript.confidence))

    async def _whole(self, call: StageCall, outlet: Outlet, tiers: Tiers[SpeechToText], source: SoundSource) -> Done:
        """Everything up to the end of the sound, stretch by stretch; what was heard so far is shown as it comes."""
        heard: list[Transcript] = []

        def caption(transcript: Transcript) -> None:
            heard.append(transcript)
            call.report(PartialTranscript(text=" ".join(one.text for one in heard)))

        captions = Captions(call, Segmenting(), tiers.use, on_text=caption, told=False)
        await captions.run(source)
        if not heard:
            raise no_speech()
        sure = [one.confidence for one in heard if one.confidence is not None]
        return self._done(
            call, outlet, tiers, Text(" ".join(one.text for one in heard), min(sure, default=None)), captions.figures()
        )

    async def _endless(
        self,
        call: StageCall,
        outlet: Outlet,
        tiers: Tiers[SpeechToText],
        source: SoundSource,
        segmenting: Segmenting,
    ) -> Done:
        kept: list[Value] = []
        outlet.keep_items(KEPT_CAPTIONS)

        def caption(transcript: Transcript) -> None:
            text = Text(transcript.text, transcript.confidence)
            kept.append(text)
            del kept[:-KEPT_CAPTIONS]
            if call.timings.first_output_at is None:
                call.timings.first_output_at = call.tools.clock.monotonic()
            outlet.item(text)

        captions = Captions(call, segmenting, tiers.use, on_text=caption)
        await captions.run(source)
        return Done(Parts(tuple(kept)), tiers.metadata(notes=captions.notes(), figures=captions.figures()))

    def _done(
        self,
        call: StageCall,
        outlet: Outlet,
        tiers: Tiers[SpeechToText],
        text: Text,
        figures: tuple[tuple[str, float], ...] = (),
    ) -> Done:
        """The words, shown and committed."""
        call.report(FinalTranscript(text=text.text, confidence=text.confidence))
        call.timings.first_output_at = call.tools.clock.monotonic()
        outlet.show(text.text, text.confidence, tiers.tier)
        outlet.commit()
        return Done(
            text,
            tiers.metadata(confidence=text.confidence, figures=figures),
        )


def at_speech_rate(chunk: AudioChunk) -> AudioChunk:
    """The same sound at 16 kHz."""
    if chunk.sample_rate_hz == SPEECH_RATE_HZ:
        return chunk
    return AudioChunk(as_pcm(resampled(as_samples(chunk.pcm), chunk.sample_rate_hz, SPEECH_RATE_HZ)))


def no_speech() -> InvalidInput:
    """Nobody speaks."""
    return InvalidInput(
        "No speech was found in the sound.",
        code="no-speech",
        remedy="Check the recording, or speak closer to the microphone.",
    )


def _not_sound(call: StageCall, value: Value) -> InvalidInput:
    found = "text" if in_words(value) else type(value).__name__.lower()
    return InvalidInput(
        f"The stage {call.stage.definition.stage_id} works on sound, and it was given {found}.",
        code="not-sound",
        remedy="Give the pipeline a recording.",
    )


async def _pieces(clip: AudioChunk) -> AsyncIterator[AudioChunk]:
    """A clip in tenths of a second."""
    step = SPEECH_RATE_HZ // 10 * 4
    for at in range(0, len(clip.pcm), step):
        yield AudioChunk(clip.pcm[at : at + step])
