"""Takes words for one of the skills' intents, or for an open question, without a language model.

Each skill brings examples and patterns. The examples, and those of open questions that come with the program, make an
`Index`; a pattern is a sure sign of its intent and lifts its score. How sure the guess is comes from a fit on
utterances that are nobody's examples. A text that asks for nothing to be done ("don't set an alarm") is an open
question.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from app.assistant.understanding.calibration import Evidence, shipped
from app.assistant.understanding.complexity import complexity
from app.assistant.understanding.features import bare
from app.assistant.understanding.index import Index
from app.assistant.understanding.keeping import index_of
from app.assistant.understanding.meaning import NO_VALUES, OPEN_QUESTION, Guess, Understanding, Values
from app.assistant.understanding.mending import Mender
from app.assistant.understanding.numbers import folded
from app.assistant.understanding.openings import is_of_the_world, is_refused, is_told
from app.assistant.understanding.tidying import tidied
from app.pipeline.confidence.calibration import Curve
from app.settings.paths import asset

log = logging.getLogger(__name__)

OPEN_EXAMPLES = "understanding/open_questions.txt"
SIGN = 0.45
"""What a pattern adds to a score; found on the development set."""
LEAD = 0.12
"""How far the open question is ahead from the start: words that are like nothing known are for the language model."""
WORLDLY = 0.15
"""How much further ahead it is for questions of the world at large."""
TELLING = 0.1
"""How much further ahead it is for what is merely told, where no pattern says that something is wanted."""
CLEARLY = 0.2
"""So much better has a text with words put right to fit before it is taken instead."""
UNLIKELY = 0.3
"""A skill's intent that is less likely than this is taken for an open question."""
RUNNERS_UP = 3
LONGEST = 400
"""So many signs of a text tell what is wanted; what is pasted behind them is not matched."""
_TEMPERATURE = 0.12


class Spoken(Protocol):
    """What is known of an intent: its id, examples and patterns."""

    @property
    def intent_id(self) -> str:
        """Unique among all skills."""
        ...

    @property
    def examples(self) -> tuple[str, ...]:
        """Ways to say it."""
        ...

    @property
    def patterns(self) -> tuple[str, ...]:
        """Sure signs of it."""
        ...

    @property
    def against(self) -> tuple[str, ...]:
        """What rules it out."""
        ...


class Described(Protocol):
    """A skill in words."""

    @property
    def skill_id(self) -> str:
        """Its id."""
        ...

    @property
    def intents(self) -> Sequence[Spoken]:
        """What it can be asked for."""
        ...


class Able(Protocol):
    """What understanding needs of a skill."""

    @property
    def spec(self) -> Described:
        """The skill in words."""
        ...

    def values(self, intent: str, text: str, now: datetime) -> Values:
        """What the words say about the values of an intent."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """An intent, ready to be matched."""

    intent: Spoken
    skill: Able
    patterns: tuple[re.Pattern[str], ...]
    against: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a text is taken for before it is said how sure that is: intents with scores, the best first."""

    ranking: tuple[tuple[str, float], ...]
    evidence: Evidence


class Matcher:
    """Understands by the examples and patterns of skills. May be asked from any thread.

    Args:
        skills: Of two that claim the same intent, the first has it.
        calibration: How scores become shares; the fit that comes with the program where None.
        cache: Folder where the index is kept for the next start, None keeps none.
    """

    def __init__(self, skills: Iterable[Able], calibration: Curve | None = None, *, cache: Path | None = None) -> None:
        self._skills = tuple(skills)
        self._cache = cache
        self._calibration = calibration
        self._lock = threading.Lock()
        self._ready: tuple[Index, Mender, dict[str, _Known], Curve] | None = None

    def prepare(self) -> None:
        """Build the index, a fraction of a second; else the first question does. May be called twice.

        Raises:
            Unavailable: A file of the program is missing.
            re.error: A skill's pattern is none.
        """
        self._prepared()

    def understand(self, text: str, now: datetime) -> Understanding:
        """What a text, also one that is still being spoken, is taken for."""
        _index, _mender, known, calibration = self._prepared()
        weighed = self.weigh(text)
        best = weighed.ranking[0][0]
        share = calibration.probability(weighed.evidence.row())
        others = _others(weighed.ranking[1:], 1.0 - share)
        if best != OPEN_QUESTION and share < UNLIKELY:
            others = (Guess(best, share), *(replace(each, confidence=min(share, each.confidence)) for each in others))
            best, share = OPEN_QUESTION, 1.0 - share
        if best == OPEN_QUESTION:
            doubts = tuple(guess for guess in others if guess.intent != OPEN_QUESTION)[:RUNNERS_UP]
            return Understanding(text, best, "", share, complexity(text), NO_VALUES, doubts)
        skill = known[best].skill
        return Understanding(
            text=text,
            intent=best,
            skill=skill.spec.skill_id,
            confidence=share,
            complexity=complexity(text, opens=False),
            values=_values(skill, best, tidied(text), now),
            runners_up=tuple(guess for guess in others if guess.intent != OPEN_QUESTION),
        )

    def weigh(self, text: str) -> Weighed:
        """Scores of all intents, before they are calibrated; for `understand` and for the fit."""
        index, mender, known, _calibration = self._prepared()
        text = tidied(text[:LONGEST])
        plain, said = folded(text).rstrip(".!? "), bare(text)
        if not said or is_refused(said):
            return Weighed(((OPEN_QUESTION, 1.0),), Evidence(1.0, 1.0, pattern=False, opens=True))
        weighed = _weighed(index, known, plain, said)
        if (mended := mender.mended(said)) != said:
            second = _weighed(index, known, mended, mended)
            if second.evidence.score > weighed.evidence.score + CLEARLY and not second.evidence.opens:
                return second
        return weighed

    def _prepared(self) -> tuple[Index, Mender, dict[str, _Known], Curve]:
        with self._lock:
            if self._ready is None:
                known: dict[str, _Known] = {}
                for skill in self._skills:
                    for intent in skill.spec.intents:
                        known.setdefault(intent.intent_id, _known(intent, skill))
                examples = [(text, name) for name, each in known.items() for text in each.intent.examples]
                opens = asset(OPEN_EXAMPLES).read_text(encoding="utf-8").splitlines()
                examples += [(text, OPEN_QUESTION) for text in opens if text]
                mender = Mender(bare(text) for text, name in examples if name != OPEN_QUESTION)
                self._ready = (index_of(examples, self._cache), mender, known, self._calibration or shipped())
            return self._ready


def _values(skill: Able, intent: str, text: str, now: datetime) -> Values:
    """What a skill reads from the words; one that breaks at them reads nothing, and the request goes on."""
    try:
        return skill.values(intent, text, now)
    except Exception:  # a skill of another package may raise anything, also while the person still speaks
        log.exception("skill %s broke at the words for %s", skill.spec.skill_id, intent)
        return NO_VALUES


def _weighed(index: Index, known: dict[str, _Known], plain: str, said: str) -> Weighed:
    """One reading of a text, with and without its politeness."""
    scores = {intent: float(score) for intent, score in zip(index.intents, index.scores(said), strict=True)}
    scores[OPEN_QUESTION] += LEAD + WORLDLY * is_of_the_world(said)
    signs = set()
    for name, each in known.items():
        if _found(each.against, plain, said):
            scores.pop(name, None)
        elif _found(each.patterns, plain, said):
            signs.add(name)
            scores[name] = scores.get(name, 0.0) + SIGN
    if not signs and is_told(said):
        scores[OPEN_QUESTION] += TELLING
    ranking = sorted(scores.items(), key=lambda item: -item[1])
    name, score = ranking[0]
    margin = score - ranking[1][1] if len(ranking) > 1 else score
    return Weighed(tuple(ranking), Evidence(score, margin, pattern=name in signs, opens=name == OPEN_QUESTION))


def _known(intent: Spoken, skill: Able) -> _Known:
    compiled = tuple(re.compile(pattern) for pattern in intent.patterns)
    return _Known(intent, skill, compiled, tuple(re.compile(pattern) for pattern in intent.against))


def _found(patterns: Iterable[re.Pattern[str]], *texts: str) -> bool:
    """Whether a pattern is found in the text, with or without its politeness."""
    return any(pattern.search(text) for pattern in patterns for text in texts)


def _others(ranking: Sequence[tuple[str, float]], rest: float) -> tuple[Guess, ...]:
    """The next intents, and how the chance that is left is shared out among all of them."""
    if not ranking:
        return ()
    scores = np.array([score for _name, score in ranking])
    shares = np.exp((scores - scores.max()) / _TEMPERATURE)
    shares = rest * shares / shares.sum()
    return tuple(Guess(name, float(share)) for (name, _score), share in zip(ranking, shares, strict=True))[:RUNNERS_UP]
