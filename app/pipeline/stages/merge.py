"""Custom stage ``merge``: the outputs of several stages in, one text out.

Under ``with``: ``how`` (``concatenate``, the default; ``best``, the one of highest confidence; ``vote``, the majority
over normalised answers, ties by confidence) and ``separator`` (between the texts that are concatenated, default a blank
line).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import OptionValue
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.text.voting import Ballot, elected
from app.pipeline.values import Parts, Text, Value, Verdict, in_words

TIER = Tier("sotto", "merge")
"""Stands for the rule in place of a model."""
WAYS = ("concatenate", "best", "vote")


class MergeProcessor:
    """Implements `app.pipeline.stages.processor.Processor`. Parts that hold no text are left out."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Merge.

        Raises:
            InvalidInput: A setting is wrong, or there is no text at all.
        """
        how, separator = _settings(call.stage.definition.settings)
        texts = texts_in(await call.value())
        if not texts:
            raise InvalidInput(
                f"The stage {call.stage.definition.stage_id} merges texts, and there is none in its input.",
                code="not-text",
            )
        merged, note = _merged(texts, how, separator)
        call.timings.first_output_at = call.tools.clock.monotonic()
        outlet.show(merged.text, merged.confidence, TIER)
        outlet.commit()
        source = ConfidenceSource.NONE if merged.confidence is None else ConfidenceSource.CALIBRATED
        return Done(
            merged,
            StageMetadata(
                confidence=merged.confidence,
                confidence_source=source,
                notes=(note,),
                figures=(("texts", float(len(texts))),),
            ),
        )


def texts_in(value: Value) -> list[Text]:
    """Every text in a value that is not blank."""
    if isinstance(value, Parts):
        return [text for item in value.items for text in texts_in(item)]
    words = in_words(value)
    confidence = value.confidence if isinstance(value, Text | Verdict) else None
    return [Text(words, confidence)] if words.strip() else []


def _merged(texts: Sequence[Text], how: str, separator: str) -> tuple[Text, str]:
    match how:
        case "best":
            best = max(texts, key=lambda text: -1.0 if text.confidence is None else text.confidence)
            return best, "The only text." if len(texts) == 1 else f"The surest of {len(texts)} texts."
        case "vote":
            return _elected(texts)
        case _:
            sure = [text.confidence for text in texts if text.confidence is not None]
            confidence = min(sure) if len(sure) == len(texts) else None
            return Text(separator.join(text.text for text in texts), confidence), f"{len(texts)} texts in order."


def _elected(texts: Sequence[Text]) -> tuple[Text, str]:
    """The text most agree with; of equally many the surest."""
    vote = elected([Ballot(text.text, text.confidence) for text in texts])
    return texts[vote.winner], f"{round(vote.share * len(texts))} of {len(texts)} texts say so."


def _settings(settings: Mapping[str, OptionValue]) -> tuple[str, str]:
    if unknown := sorted(set(settings) - {"how", "separator"}):
        raise _wrong(unknown[0], "is not known; there are how, separator")
    how, separator = settings.get("how", "concatenate"), settings.get("separator", "\n\n")
    if not isinstance(how, str) or how not in WAYS:
        raise _wrong("how", f"is one of {', '.join(WAYS)}")
    if not isinstance(separator, str):
        raise _wrong("separator", "is text")
    return how, separator


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a merge stage {reason}.", code="bad-setting")
