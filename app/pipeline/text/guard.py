"""The last gate before card and voice: what a model writes passes it character by character, and nothing passes twice.

Taken out: control characters and marks that reverse the direction of text, the model's private reasoning, marks of its
chat template. Ended: an answer that goes on with the next message of the conversation, goes round in circles, or is
longer than allowed. How the text arrives makes no difference to what comes out.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from app.audio.think import ThinkFilter
from app.contracts.devices import Tier
from app.contracts.ports import Clock
from app.pipeline.stages.processor import Timings
from app.pipeline.text.leaks import LeakFilter
from app.pipeline.text.repetition import RepetitionDetector, first_at
from app.pipeline.text.steps import Commit, Outcome, Piece, Replace, Step
from app.pipeline.text.texts import shared_characters

_DIRECTION = "\u202a-\u202e\u2066-\u2069"
_UNWANTED = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_DIRECTION}\ufff9-\ufffb\ufeff\ud800-\udfff]")
"""Control characters but tab and line break, embeddings and overrides of direction, lone halves of characters."""
_REASONING = re.compile(r"</?(?:think|thinking|thought|reasoning)\s{0,16}>", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’»)\]*_]*(?=\s)|[。！？]|\n)")  # noqa: RUF001 - full stops of other scripts
_AT_SENTENCE_END = re.compile(r"[.!?…。！？\n][\"'”’»)\]*_]*\s*\Z")  # noqa: RUF001
_NEAR_END = 400
"""Characters before the longest answer from which on only whole sentences stand."""


class OutputGuard:
    """Checks one answer. Push what comes, then flush.

    Args:
        max_characters: A longer answer is ended at a sentence end.

    Attributes:
        ends: Set once the answer was ended and text returned before has to be taken back: where it may be cut off, the
            best place first.
        whole: Then also what had come out of the other checks, uncut.
    """

    def __init__(self, max_characters: int = 20_000) -> None:
        self._max_characters = max_characters
        self._raw: list[str] = []
        self._unwanted = 0
        self._think = ThinkFilter()
        self._leaks = LeakFilter()
        self._repetition = RepetitionDetector()
        self._passed = ""
        self._ended = ""
        self.whole = ""
        self.ends: tuple[int, ...] = ()

    @property
    def passed(self) -> str:
        """Everything that may be shown by now."""
        return self._passed

    @property
    def doubtful(self) -> bool:
        """It may be going round in circles: what came last should not stand yet."""
        return self._repetition.doubtful

    @property
    def ended(self) -> bool:
        """The answer is over; nothing more comes out."""
        return bool(self._ended) or self._leaks.ended

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done, a sentence each."""
        notes = []
        if self._unwanted:
            notes.append("Control characters were taken out.")
        if _REASONING.search(_UNWANTED.sub("", "".join(self._raw))):
            notes.append("The model's reasoning was hidden.")
        if self._leaks.dropped:
            notes.append("A mark of the model's template was taken out.")
        if self._leaks.ended:
            notes.append("Stopped where the model began to write the next message.")
        if self._ended:
            notes.append(self._ended)
        return tuple(notes)

    def push(self, text: str) -> str:
        """Take more text; returns what may be shown of the text so far and has not been returned yet."""
        self._raw.append(text)
        if self.ended:
            return ""
        clean, unwanted = _UNWANTED.subn("", text)
        self._unwanted += unwanted
        return self._pass(self._leaks.push(self._think.push(clean)))

    def flush(self) -> str:
        """No more text will come; returns what was held back and may be shown."""
        if self.ended:
            return ""
        rest = self._pass(self._leaks.push(self._think.flush()))
        return rest if self.ended else rest + self._pass(self._leaks.flush())

    def rewound(self, kept: int) -> OutputGuard:
        """A guard that has seen only the first so many characters of what this one was given."""
        guard = OutputGuard(self._max_characters)
        guard.push("".join(self._raw)[:kept])
        return guard

    def _pass(self, text: str) -> str:
        """Add to what has passed; ends the answer when it loops or is too long."""
        if not self._passed:
            text = text.lstrip()
        before = len(self._passed)
        whole = self._passed + text
        looked_at = text[: max(0, self._max_characters - before)]
        if loop := self._repetition.push(looked_at):
            self._ended = f"Stopped because the model repeated itself {loop.copies} times."
            return self._end(whole, loop.ends)
        if len(whole) > self._max_characters:
            self._ended = f"Stopped at the end of a sentence: an answer has at most {self._max_characters} characters."
            return self._end(whole, (_last_sentence(whole[: self._max_characters + 1]),))
        self._passed = whole
        return text

    def _end(self, whole: str, ends: tuple[int, ...]) -> str:
        shown = len(self._passed)
        self.whole, self.ends = whole, ends
        self._passed = whole[: ends[0]]
        return self._passed[shown:]


def _last_sentence(text: str) -> int:
    """Where the last whole sentence ends; the last word when there is none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    if ends and ends[-1] < len(text):
        return ends[-1]
    if len(ends) > 1:
        return ends[-2]
    space = text.rfind(" ")
    return space if space > 0 else len(text) - 1


class GuardedSteps:
    """Turns the steps of a strategy into steps that may be shown.

    Positions in a strategy's `Replace` count characters of its own text; those that come out count what was shown.

    Args:
        max_characters: Of the answer.
    """

    def __init__(self, max_characters: int) -> None:
        self._max_characters = max_characters
        self._guard = OutputGuard(max_characters)
        self._shown = ""
        self._committed = 0
        self._confidence: float | None = None
        self._tier: Tier | None = None

    def take(self, step: Step) -> list[Step]:
        """What comes of one step, in order."""
        match step:
            case Piece():
                self._confidence, self._tier = step.confidence, step.tier
                return self._settle(self._guard.push(step.text))
            case Replace():
                self._guard = self._guard.rewound(step.kept)
                return self._become(self._guard.passed, step.reason)
            case Commit():
                return self._commit() if self._may_stand() else []
            case Outcome():
                steps = self._settle(self._guard.flush()) + self._commit()
                return [*steps, replace(step, notes=(*step.notes, *self._guard.notes))]

    def _may_stand(self) -> bool:
        """What might have to be taken back by this guard itself does not stand yet.

        That is the second round of what may be a loop, and a sentence that may not end before the answer has to.
        """
        if self._guard.doubtful:
            return False
        near = len(self._shown) > self._max_characters - _NEAR_END
        return not near or bool(_AT_SENTENCE_END.search(self._shown))

    def _settle(self, text: str) -> list[Step]:
        steps = self._show(text)
        if self._guard.ends:
            kept = self._guard.whole[: first_at(self._guard.ends, self._committed)]
            steps += self._become(kept, self._guard.notes[-1])
        return steps

    def _become(self, text: str, reason: str) -> list[Step]:
        """Go from what is shown to another text, as far as what stands allows."""
        same = max(shared_characters(self._shown, text), self._committed)
        steps: list[Step] = []
        if len(self._shown) > same:
            self._shown = self._shown[:same]
            steps.append(Replace(same, reason))
        return steps + self._show(text[same:])

    def _show(self, text: str) -> list[Step]:
        if not text or self._tier is None:
            return []
        self._shown += text
        return [Piece(text, self._confidence, self._tier)]

    def _commit(self) -> list[Step]:
        if self._committed == len(self._shown):
            return []
        self._committed = len(self._shown)
        return [Commit()]


async def guarded(
    steps: AsyncGenerator[Step, None], max_characters: int, clock: Clock, timings: Timings
) -> AsyncGenerator[Step, None]:
    """The steps of a strategy as they may be shown; time goes to ``timings.guard_s``. Closes the strategy."""
    guard = GuardedSteps(max_characters)
    async with aclosing(steps):
        async for step in steps:
            began = clock.monotonic()
            passed = guard.take(step)
            timings.guard_s += clock.monotonic() - began
            for allowed in passed:
                yield allowed
