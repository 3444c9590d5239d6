"""How much thought a request needs, told from its form: length, clauses, what kind of question it is."""

from __future__ import annotations

import re

from app.assistant.understanding.meaning import Complexity
from app.assistant.understanding.numbers import folded

_COMPLEX = re.compile(
    r"\b(?:step by step|in detail|detailed|in depth|pros and cons|advantages and disadvantages|trade-?offs?|analy[sz]e|"
    r"evaluate|critically|prove|derive|essay|strategy|business plan|argue|implications?|consequences|"
    r"differences? between .* and .* (?:and|as well as)|"
    r"compare .*\b(?:and|with|to|versus|vs)\b.*\b(?:for|in terms of|regarding|with respect|when|which)|"
    r"write (?:an?|the) (?:\w+ ){0,3}(?:program|script|story|article|report|letter))\b"
)
_MEDIUM = re.compile(
    r"\b(?:why|how come|explain|compare|comparison|versus|vs|difference|differences|summari[sz]e|describe|discuss|"
    r"how (?:do|does|did|can|could|should|would|to)|what (?:would|should|if|causes|happens)|should i|recommend|suggest|"
    r"advise|advice|ideas|write|translate|tips|better|best|improve|plan|history of|tell me (?:about|more))\b"
)
_DEEPER = re.compile(
    r"\b(?:why|explain|compare|justify|because|although|however|considering|given that|assuming|if|while|whereas|"
    r"unless|so that|in order to|and then|as well as|rather than|instead of)\b"
)
_QUESTION = re.compile(r"\b(?:what|who|whom|whose|when|where|which|why|how)\b")
LONG_WORDS, VERY_LONG_WORDS = 18, 40
LOOKED_AT = 1000
"""Signs of a text that are looked at; a longer one is very long in any case."""


def complexity(text: str, *, opens: bool = True) -> Complexity:
    """How much thought a text needs.

    Args:
        text: As it was said or typed.
        opens: It is an open question. What a skill does is simple, whatever its words, unless it is very long.
    """
    said = folded(text[:LOOKED_AT])
    words = len(said.split())
    if not opens:
        return Complexity.MEDIUM if words > VERY_LONG_WORDS else Complexity.SIMPLE
    marks = 2.0 * bool(_COMPLEX.search(said)) + 1.0 * bool(_MEDIUM.search(said))
    marks += (words > LONG_WORDS) + (words > VERY_LONG_WORDS)
    marks += min(2, max(0, len(_DEEPER.findall(said)) - 1))
    marks += min(2, max(0, _questions(said) - 1))
    if marks >= 3:
        return Complexity.COMPLEX
    return Complexity.MEDIUM if marks >= 1 else Complexity.SIMPLE


def _questions(said: str) -> int:
    """How many questions are asked: marks, or question words behind an "and"."""
    joined = re.findall(rf"(?:\band|,|;)\s+(?:also\s+)?{_QUESTION.pattern}", said)
    return max(said.count("?"), 1 + len(joined))
