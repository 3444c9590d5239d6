"""Watches a generation while it runs, and says when it should not go on as it does.

Why it exists: a bad answer costs as much as a good one if one waits for its end. What can be told early (it is not
sure of itself, it goes round in circles, nothing comes any more, its device has to rest) is told early, as a
`Finding`; what is done about it is the strategy's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.contracts.devices import Device, Tier
from app.pipeline.definition import Forwarding
from app.pipeline.text.leaks import LeakFilter
from app.pipeline.text.moving import LOOK_S
from app.pipeline.text.repetition import RepetitionDetector
from app.pipeline.tools import Judged, Tools


class Advice(StrEnum):
    """What should happen to the generation."""

    GO_ON = "go-on"
    ESCALATE = "escalate"
    """Ask a higher tier now; the answer is not worth its end."""
    FAIL_OVER = "fail-over"
    """Move: the text so far is good, the tier cannot go on."""
    STOP = "stop"
    """End here: what comes now is not part of an answer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen.

    Attributes:
        advice: What should happen.
        code: ``low-confidence``, ``device``, ``stall``, ``repetition``, ``leak``, ``too-long``, ``budget``; empty for
            nothing.
        reason: In words.
        confidence: The rolling confidence, where that is why.
        ends: Places at which the text may be cut off, the best first; empty when all of it is worth keeping.
    """

    advice: Advice
    code: str = ""
    reason: str = ""
    confidence: float | None = None
    ends: tuple[int, ...] = ()

    @property
    def kept(self) -> int | None:
        """Characters worth keeping where nothing stands yet, None for all."""
        return self.ends[0] if self.ends else None


NOTHING = Finding(Advice.GO_ON)


@dataclass(frozen=True, slots=True)
class Watch:
    """How closely a generation is watched.

    Attributes:
        first_token_s: Longest wait for the first token, seconds; a long prompt is read in it.
        stall_s: Longest wait for any other.
        window: Tokens over which the rolling confidence is taken.
        every: Tokens between two looks at the confidence.
        device_every_s: Seconds between two looks at the governor.
    """

    first_token_s: float = 120.0
    stall_s: float = 20.0
    window: int = 32
    every: int = 8
    device_every_s: float = LOOK_S


WATCH = Watch()


class StreamMonitor:
    """Watches one generation on one tier.

    Args:
        tools: Confidence, governor, power and clock.
        tier: Who writes.
        device: Where it runs.
        forwarding: When a low confidence ends it early; None never does.
        text: What the answer already began with.
        log_probs: Of the tokens of that text, natural logarithms.
        max_characters: A text that has become longer is ended, None for no bound.
        joules: What it may cost, None for no bound.
        watch: How closely.

    Attributes:
        text: The whole text so far.
        log_probs: Of its tokens, where they are known.
        tokens: Tokens that came.
    """

    def __init__(
        self,
        tools: Tools,
        tier: Tier,
        device: Device,
        *,
        forwarding: Forwarding | None = None,
        text: str = "",
        log_probs: Sequence[float] = (),
        max_characters: int | None = None,
        joules: float | None = None,
        watch: Watch = WATCH,
    ) -> None:
        self._tools = tools
        self._tier = tier
        self._device = device
        self._forwarding = forwarding
        self._max_characters = max_characters
        self._joules = joules
        self.watch = watch
        self.text = text
        self.log_probs = list(log_probs)
        self.tokens = 0
        self._whole = 0, len(self.log_probs)
        self._last = ""
        self._last_known = False
        self._looked_at = -math.inf
        self._repetition = RepetitionDetector()
        self._leaks = LeakFilter()
        self._repetition.push(text)
        self._leaks.push(text)

    @property
    def doubtful(self) -> bool:
        """It may be going round in circles: what came last should not stand yet."""
        return self._repetition.doubtful

    @property
    def standing(self) -> tuple[int, tuple[float, ...]]:
        """Tokens that came with the text, and log-probabilities of all of it.

        Tokens at the end that have given no character yet are left out: whoever goes on writes them again.
        """
        tokens, known = self._whole
        return tokens, tuple(self.log_probs[:known])

    def token(self, text: str, log_prob: float | None, joules: float) -> Finding:
        """Take the next token.

        Args:
            text: What it adds, may be empty.
            log_prob: Natural logarithm of its probability, None where there is none.
            joules: What the generation has taken so far; looked at only where there is a bound.
        """
        self.text += text
        self.tokens += 1
        self._last, self._last_known = text, log_prob is not None
        if log_prob is not None:
            self.log_probs.append(log_prob)
        if text:
            self._whole = self.tokens, len(self.log_probs)
        return self._of_text(text) or self._of_cost(joules) or self._of_confidence() or NOTHING

    def stalled(self) -> Finding:
        """No token came in time."""
        seconds = self.watch.stall_s if self.tokens else self.watch.first_token_s
        return Finding(Advice.FAIL_OVER, "stall", f"{self._tier.backend_id} gave no token for {seconds:g} s.")

    def resting(self) -> Finding:
        """The device has to rest; `NOTHING` while it may run, and between two looks."""
        now = self._tools.clock.monotonic()
        if now - self._looked_at < self.watch.device_every_s:
            return NOTHING
        self._looked_at = now
        why = self._tools.governor.verdict().why(self._device)
        return Finding(Advice.FAIL_OVER, "device", why) if why else NOTHING

    def judged(self) -> Judged:
        """Confidence of the whole text so far."""
        return self._tools.confidence.of(self._tier, self.log_probs, self.text)

    def rolling(self, *, before_last: bool = False) -> Judged:
        """Confidence of the text so far, or of its last stretch where that is lower.

        A whole answer may look sure on average while the model lost its way a sentence ago.

        Args:
            before_last: Leave the last token out: what was known where it begins.
        """
        log_probs, text = self.log_probs, self.text
        if before_last:
            log_probs = log_probs[:-1] if self._last_known else log_probs
            text = text[: len(text) - len(self._last)]
        whole = self._tools.confidence.of(self._tier, log_probs, text)
        if len(log_probs) <= self.watch.window or whole.confidence is None:
            return whole
        recent = self._tools.confidence.of(self._tier, log_probs[-self.watch.window :], text)
        if recent.confidence is None or recent.confidence >= whole.confidence:
            return whole
        return recent

    def _of_text(self, text: str) -> Finding | None:
        if loop := self._repetition.push(text):
            reason = f"It repeated {loop.words} {'word' if loop.words == 1 else 'words'} {loop.copies} times."
            return Finding(Advice.STOP, "repetition", reason, ends=loop.ends)
        self._leaks.push(text)
        if self._leaks.ended:
            return Finding(Advice.STOP, "leak", "It began to write the next message of the conversation.")
        if self._max_characters is not None and len(self.text) > self._max_characters:
            return Finding(Advice.STOP, "too-long", f"It wrote more than {self._max_characters} characters.")
        return None

    def _of_cost(self, joules: float) -> Finding | None:
        if self._joules is None or joules <= self._joules:
            return None
        return Finding(Advice.STOP, "budget", f"The {self._joules:.3g} J left of the energy budget are spent.")

    def _of_confidence(self) -> Finding | None:
        rule = self._forwarding
        if rule is None or not rule.check or rule.early_tokens <= 0:
            return None
        since = self.tokens - rule.early_tokens
        if since < 0 or since % self.watch.every:
            return None
        confidence = self.rolling().confidence
        if confidence is None or confidence >= rule.min_confidence - rule.early_margin:
            return None
        reason = f"The confidence was {confidence:.2f} after {self.tokens} tokens, far under {rule.min_confidence:.2f}."
        return Finding(Advice.ESCALATE, "low-confidence", reason, confidence=confidence)
