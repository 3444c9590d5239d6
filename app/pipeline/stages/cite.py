"""Custom stage ``cite``: an answer and its passages in, the answer with its sources out.

Why it exists: a small model forgets its sources, or answers out of its own head. So the sources are put there by rule,
and where the answer has nothing to do with the passages the best sentence is quoted word for word instead.

It needs the text stage and the lookup, in any order. Under ``with``: ``min_overlap`` (0 to 1, default 0.5: share of the
answer's own words that must stand in the passages), ``sources`` (1 to 20, default 3: listed at most).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import OptionValue
from app.pipeline.documents.index import NOTHING_INDEXED
from app.pipeline.documents.quoting import NOTHING_FOUND, cite
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.values import Parts, Passages, Text, Value

TIER = Tier("sotto", "cite")
"""Stands for the rule in place of a model."""
QUOTED = "The model's answer had nothing to do with the passages; the best sentence is quoted instead."
_KEYS = ("min_overlap", "sources")


@dataclass(frozen=True)
class CiteSettings:
    """What stands under ``with``."""

    min_overlap: float = 0.5
    sources: int = 3

    @classmethod
    def of(cls, settings: Mapping[str, OptionValue]) -> CiteSettings:
        """Checked settings.

        Raises:
            InvalidInput: One is unknown, of the wrong kind or out of bounds.
        """
        if unknown := sorted(set(settings) - set(_KEYS)):
            raise _wrong(unknown[0], f"is not known; there are {' and '.join(_KEYS)}")
        min_overlap = settings.get("min_overlap", cls.min_overlap)
        sources = settings.get("sources", cls.sources)
        if not isinstance(min_overlap, int | float) or isinstance(min_overlap, bool) or not 0 <= min_overlap <= 1:
            raise _wrong("min_overlap", "is a number from 0 to 1")
        if not isinstance(sources, int) or isinstance(sources, bool) or not 1 <= sources <= 20:
            raise _wrong("sources", "is a whole number from 1 to 20")
        return cls(float(min_overlap), sources)


class CiteProcessor:
    """Implements `app.pipeline.stages.processor.Processor`. The answer is shown as it comes; it stands at the end."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Add the sources, or quote.

        Raises:
            InvalidInput: A setting is wrong, or the input is no answer with passages.
        """
        settings = CiteSettings.of(call.stage.definition.settings)
        await self._preview(call, outlet)
        answer, passages = _parts(await call.value())
        if not passages.items:
            empty = call.tools.documents is None or not await call.tools.documents.indexed()
            text = NOTHING_INDEXED if empty else NOTHING_FOUND
            _show(outlet, text, None, "there is nothing to answer from")
            return Done(Text(text), StageMetadata(notes=(text,)))
        made = cite(
            passages.question, answer.text, passages.items, min_overlap=settings.min_overlap, most=settings.sources
        )
        confidence = None if made.quoted else answer.confidence
        _show(outlet, made.text, confidence, "the answer does not rest on the passages")
        return Done(
            Text(made.text, confidence),
            StageMetadata(
                confidence=confidence,
                confidence_source=ConfidenceSource.NONE if confidence is None else ConfidenceSource.CALIBRATED,
                notes=(QUOTED,) if made.quoted else (),
                figures=(("overlap", round(made.overlap, 3)), ("quoted", float(made.quoted))),
            ),
        )

    async def _preview(self, call: StageCall, outlet: Outlet) -> None:
        """Show the answer while the model still writes; passages have no text to show.

        Where nothing was found, what the model makes up is never shown: it would only be taken back.
        """
        definition = call.stage.definition
        if definition.input_transform is not None or not call.options.enable_streaming:
            return
        for stage_id in definition.needs:
            if stage_id in call.inputs:
                async for text in call.inputs[stage_id].texts():
                    if await _nothing_found(call):
                        return
                    outlet.show(text, None, TIER)


async def _nothing_found(call: StageCall) -> bool:
    """Whether the search is over already and has found nothing."""
    for searched in call.inputs.values():
        if searched.closed:
            with contextlib.suppress(SottoError):  # it is told where the whole input is taken
                value = await searched.value()
                if isinstance(value, Passages) and not value.items:
                    return True
    return False


def _show(outlet: Outlet, text: str, confidence: float | None, reason: str) -> None:
    """Bring what is shown to this text, keeping what is the same, and let it stand."""
    kept = 0
    while kept < min(len(text), len(outlet.shown)) and text[kept] == outlet.shown[kept]:
        kept += 1
    if kept < len(outlet.shown):
        outlet.replace(kept, reason)
    outlet.show(text[kept:], confidence, TIER)
    outlet.commit()


def _parts(value: Value) -> tuple[Text, Passages]:
    items = value.items if isinstance(value, Parts) else (value,)
    passages = next((item for item in items if isinstance(item, Passages)), None)
    answer = next((item for item in items if isinstance(item, Text)), None)
    if passages is None or answer is None:
        raise InvalidInput(
            "A cite stage works on an answer and on passages.",
            code="wrong-input",
            remedy="Let it need the text stage and the vector-lookup stage: needs: [answer, lookup].",
        )
    return answer, passages


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a cite stage {reason}.", code="bad-setting")
