"""Tells from how words begin what kind of request they are: a question of the world, something told, a refusal.

Used beside the examples of skills, which tell what is asked about; the form of a sentence tells whether anything is
asked of a skill at all. All functions take words in lower case without politeness, see `features.bare`.
"""

from __future__ import annotations

import re

_REFUSED = re.compile(
    r"^(?:please\s+)?(?:do not|don't|never|no need to|you don't (?:need|have) to|i don't want you to|stop trying to|"
    r"i (?:do not|don't) (?:want|need) (?:an?|any|the|to))\s+(?!let me forget|forget to|forget that i\b|remember|know)"
)

_OF_THE_WORLD = re.compile(
    r"^(?:who|whose|why|where|how (?:do|does|did|can|could|to|should)|should|can an?|do (?:people|you)|does|did|"
    r"explain|compare|translate|describe|recommend|summari[sz]e|tell me (?:an?|about)|write (?:me )?an?|"
    r"what (?:causes|happened|makes|does it)|which \w+ (?:is|are|was|were|has|won)|(?:what is|what's|what are) an?|"
    r"is (?:it (?:true|healthy|bad|good|safe|possible|ok)|an?)|are)\b"
)
_OWN = re.compile(r"\b(?:my|our|i|me|mine|we|us)\b")
_TOLD = re.compile(
    r"^(?:(?:i|you|he|she|it|they|we)(?:'(?:m|ve|d|ll|re|s))?|i(?:m|ve)|my|our|your|this|that|the|yesterday|"
    r"last (?:night|week|month|year))\s+(?!need|want|like to|would|must|have to|got to)(?!.*\b(?:should|please)\b)\w"
)
_REST = re.compile(
    r"^(?:and|also|or|but|what about|how about|same for|the same for|make (?:that|it)|then)(?: (?:what|how) about)?"
    r"(?: also| for)?,?\s+(?P<rest>\S.*)$"
)
_ASKS = re.compile(
    r"^(?:what(?!ever)|whats|who|whos|whose|why|how|when(?!ever)|where(?!ver)|which(?!ever)|is|are|was|were|do|does|did|can|"
    r"could|should|would|will|has|have you|tell me|explain|translate|describe|compare|summari[sz]e|recommend|"
    r"write (?:me )?an?|give me|show me|make me|play|open|call|set|start|add|put|remind|wake|tell|cancel|stop|take|"
    r"turn)\b"
)
_OPERATION = re.compile(r"^(?:(?:that|it) )?(?:times|plus|minus|multiplied by|divided by) [\w.,]+(?: \w+)?$")
LONGEST_REST = 6
"""Words up to which something said behind a request changes it; longer ones are a request of their own."""


def is_refused(said: str) -> bool:
    """It is said that something need not be done."""
    return _REFUSED.match(said) is not None


def is_of_the_world(said: str) -> bool:
    """It asks about the world at large, or for something to be written; nothing of the person's own is in it."""
    return _OF_THE_WORLD.search(said) is not None and _OWN.search(said) is None


def is_told(said: str) -> bool:
    """It tells something and asks for nothing: "my watch is broken"."""
    return _TOLD.match(said) is not None


def asks(said: str) -> bool:
    """It has the form of a question or of a task of its own: no answer to a question that was asked."""
    return _ASKS.match(said) is not None


def continued(said: str) -> str:
    """What is new in words that go on from a request, as "tomorrow" in "and what about tomorrow"; empty for others."""
    if _OPERATION.match(said) is not None:
        return said
    match = _REST.match(said)
    if match is None or len(match["rest"].split()) > LONGEST_REST or asks(match["rest"]):
        return ""
    return match["rest"]
