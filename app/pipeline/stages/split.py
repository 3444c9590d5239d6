"""Custom stage ``split``: one text in, its parts out, each handed on as soon as it is known.

Under ``with``: ``by`` (``paragraph``, the default; ``sentence``, ``line``, ``words``) and ``size`` (how many of them
make a part, 1 to 10 000; default 1, for words 200).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.audio.sentences import SentenceSplitter
from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import OptionValue
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.values import Parts, Text, Value, in_words

WAYS = ("paragraph", "sentence", "line", "words")
MOST = 10_000
_JOINS = {"paragraph": "\n\n", "sentence": " ", "line": "\n", "words": " "}


class SplitProcessor:
    """Implements `app.pipeline.stages.processor.Processor`. Parts that it is given are split each on its own."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Split.

        Raises:
            InvalidInput: A setting is wrong, or there is no text.
        """
        by, size = _settings(call.stage.definition.settings)
        value = await call.value()
        given = value.items if isinstance(value, Parts) else (value,)
        parts: list[Value] = [Text(part) for one in given for part in split(in_words(one), by, size)]
        if not parts:
            raise InvalidInput(
                f"The stage {call.stage.definition.stage_id} splits text, and there is none in its input.",
                code="not-text",
            )
        for part in parts:
            outlet.item(part)
        return Done(Parts(tuple(parts)), StageMetadata(figures=(("parts", float(len(parts))),)))


def split(text: str, by: str, size: int) -> list[str]:
    """The parts of a text, none of them blank."""
    match by:
        case "paragraph":
            pieces = re.split(r"\n\s*\n", text)
        case "line":
            pieces = text.splitlines()
        case "words":
            pieces = text.split()
        case _:
            splitter = SentenceSplitter()
            pieces = [sentence.text for sentence in (*splitter.push(text), *splitter.flush())]
    whole = [piece.strip() for piece in pieces if piece.strip()]
    return [_JOINS[by].join(whole[at : at + size]) for at in range(0, len(whole), size)]


def _settings(settings: Mapping[str, OptionValue]) -> tuple[str, int]:
    if unknown := sorted(set(settings) - {"by", "size"}):
        raise _wrong(unknown[0], "is not known; there are by, size")
    by = settings.get("by", "paragraph")
    if not isinstance(by, str) or by not in WAYS:
        raise _wrong("by", f"is one of {', '.join(WAYS)}")
    size = settings.get("size", 200 if by == "words" else 1)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST:
        raise _wrong("size", f"is a whole number from 1 to {MOST}")
    return by, size


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a split stage {reason}.", code="bad-setting")
