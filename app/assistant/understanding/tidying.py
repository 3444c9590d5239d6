"""Words as they are meant: without "um" and stuttering, and with the apostrophes that people leave out when they type.

Recognisers write down what they hear, hands write what is quickest. Whoever reads values out of a sentence should not
have to know either.
"""

from __future__ import annotations

import re

_FILLER = re.compile(r"(?:^|(?<=\s))(?:u+m+|u+h+|e+r+m*|h+m+|m{2,}|a+h+)\b[,.…]*\s*", re.IGNORECASE)
_TWICE = re.compile(
    r"\b(?P<word>a|an|the|for|to|in|at|on|of|set|my|i|is|it|and|what|what's|can|could|please|add|me)(?:,?\s+(?P=word))+\b(?!')",
    re.IGNORECASE,
)
_TYPED = {
    "whats": "what's", "whos": "who's", "wheres": "where's", "whens": "when's", "hows": "how's", "thats": "that's",
    "theres": "there's", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "isnt": "isn't", "arent": "aren't",
    "wasnt": "wasn't", "cant": "can't", "couldnt": "couldn't", "wouldnt": "wouldn't", "shouldnt": "shouldn't",
    "havent": "haven't", "hasnt": "hasn't", "im": "I'm", "ive": "I've", "youre": "you're", "youve": "you've",
    "theyre": "they're",
}  # fmt: skip
_CONTRACTED = re.compile(rf"\b(?:{'|'.join(_TYPED)})\b", re.IGNORECASE)
_WHOSE = re.compile(
    r"\b(?P<who>(?:my|our) (?:wife|husband|partner|mum|mom|mother|dad|father|sister|brother|son|daughter|boss|friend|"
    r"girlfriend|boyfriend|neighbou?r|colleague|doctor|dog|cat|car|grandma|grandpa|aunt|uncle|landlord))s (?=[a-z])",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"^(\d+)[x×](\d+)(?==?\s*$)")  # noqa: RUF001 - a sign people type
_OPENINGS = ((re.compile(r"^lets\b", re.IGNORECASE), "let's"),)


def tidied(text: str) -> str:
    """The same request, easier to read; the text itself where there is nothing to tidy."""
    plain = _TWICE.sub(lambda match: match["word"], _FILLER.sub("", text))
    plain = _CONTRACTED.sub(_written_out, plain)
    plain = _WHOSE.sub(lambda match: f"{match['who']}'s ", plain)
    plain = _PRODUCT.sub(r"\1 x \2", plain)
    for pattern, by in _OPENINGS:
        plain = pattern.sub(by, plain)
    return plain if plain.strip() else text


def _written_out(match: re.Match[str]) -> str:
    said = _TYPED[match[0].lower()]
    return said[0].upper() + said[1:] if match[0][0].isupper() else said
