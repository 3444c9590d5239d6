"""Reads what is to be remembered, asked for or forgotten."""

from __future__ import annotations

import re

_POLITE = re.compile(r"^(?:(?:please|can you|could you|would you|will you|hey|ok|okay|and|so|just|i want you to|"
                     r"i'd like you to)[,\s]+)+|[,\s]+(?:please|thanks|thank you)$", re.IGNORECASE)  # fmt: skip
_REMEMBER = re.compile(
    r"^(?:also\s+)?(?:remember|keep in mind|bear in mind|memori[sz]e|learn|never forget|don't forget|do not forget|"
    r"make a mental note|store|for (?:the|your) (?:record|future)(?: reference)?|you should know|fyi|be aware)"
    r"[,:]?\s*(?:this[,:]?\s+)?(?:that\s+|:\s*|the fact that\s+)?",
    re.IGNORECASE,
)
_AT_THE_END = re.compile(
    r"(?<=\w)[,;:.]?\s+(?:(?:and|so|please)\s+)*(?:(?:remember|don't forget)(?: (?:that|this|it))?|"
    r"(?:keep|bear) (?:that|this|it) in mind)$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:what|who|where|when|how|which|do|did|tell me|show(?: me)?|list|remind me|say)\b.*?\b(?:(?:do|did) you "
    r"(?:know|remember)|(?:you )?(?:know|remember)|i (?:told|asked) you(?: to remember)?|facts)\b\s*"
    r"(?:about|of|that)?\s*",
    re.IGNORECASE,
)
_ALL_OF_ME = re.compile(
    r"^(?:about |of )?(?:me|myself|everything|all|anything|i|facts|it all|to remember|you know)?(?: about me)?$"
)
_FORGET = re.compile(
    r"^(?:forget|delete|remove|erase|don't remember|unlearn|drop)\s+(?:about\s+|that\s+|what (?:i (?:told you|said)|"
    r"you (?:know|remember))\s*(?:about\s+)?|the fact (?:that|about)\s+|(?:the |my )?(?:fact|memory|thing)s?\s*"
    r"(?:about|of|that)?\s*|everything (?:you know |i told you )?about\s+)*",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"\b(?:forget|delete|erase|remove)\b.*\b(?:everything|all)\b.*(?:\babout me\b|\byou (?:know|remember)\b|"
    r"\bi told you\b|\bfacts\b|\bmemories\b)|\bwhat you (?:know|remember) about me$|"
    r"^forget (?:everything|it all|me|all about me)$|\b(?:delete|erase|clear) your memory\b",
    re.IGNORECASE,
)
_MINE = re.compile(r"\b(?:my|mine|i|me|i'm|our)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^(?:what|what's|whats|who|who's|whose|where|where's|when|when's|which|how|do i|did i|am i|is my|are my|have i|"
    r"(?:can you )?tell me|remind me|say|(?:do|can) you (?:still )?(?:know|remember))\b",
    re.IGNORECASE,
)


def fact_of(text: str) -> str:
    """What is to be remembered, in the person's own words; empty when it is not said."""
    words = _REMEMBER.sub("", _AT_THE_END.sub("", _bare(text)), count=1).strip(" ,:.")
    return "" if words.lower() in ("", "this", "that", "it", "something") else words


def asked_about(text: str) -> str:
    """What a question about facts is about; empty when it asks for all of them."""
    bare = _bare(text)
    rest = _ASKS.sub("", bare, count=1).strip(" ,:.?")
    return "" if _ALL_OF_ME.fullmatch(rest.lower()) else rest


def to_forget(text: str) -> str:
    """What is to be forgotten, empty when it is not said."""
    return _FORGET.sub("", _bare(text), count=1).strip(" ,:.")


def everything(text: str) -> bool:
    """Whether all of it is to be forgotten."""
    return _EVERYTHING.search(_bare(text)) is not None


def asks_of_self(text: str) -> bool:
    """Whether a text asks something about the person who says it."""
    bare = _bare(text)
    return _QUESTION.match(bare) is not None and _MINE.search(bare) is not None


def _bare(text: str) -> str:
    plain = " ".join(text.replace("\u2019", "'").split()).strip(" .!?")
    while (shorter := _POLITE.sub("", plain).strip()) != plain and shorter:
        plain = shorter
    return plain
