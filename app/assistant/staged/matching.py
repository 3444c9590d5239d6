"""Takes what a person says for one of the things that can be said now: an answer, a button, "the second one"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ORDINALS = (
    ("first", "1st", "one", "1"),
    ("second", "2nd", "two", "2"),
    ("third", "3rd", "three", "3"),
    ("fourth", "4th", "four", "4"),
    ("fifth", "5th", "five", "5"),
    ("sixth", "6th", "six", "6"),
)
_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay|proceed|go ahead|do it|do that|sounds good|looks good|go on|continue|"
    r"that(?: i|')s (?:fine|good|right|ok|okay)|fine|perfect|great|go for it|go|let's go|let's do it|confirm|"
    r"all right|alright|of course|absolutely|definitely|exactly|right|correct|please|do|thanks|thank you)(?: |$))+"
)
_WHATEVER = frozenset(
    ("whatever", "you choose", "you decide", "the default", "default", "i don't care", "i don't mind", "doesn't matter",
     "any", "anything", "either", "surprise me", "no preference", "up to you")
)  # fmt: skip
_NOT_AN_ANSWER = frozenset(
    ("not", "no", "don't", "never", "without", "what", "why", "how", "when", "where", "who", "which", "whose", "but")
)
"""Words that turn a choice's own words into something else: a refusal, or a question about it."""
_POLITE = re.compile(
    r"^(?:(?:um|uh|well|please|ok|okay|so|i(?:'d| would) (?:like|say|prefer)|make it|let's (?:do|say|take)|"
    r"i(?:'ll| will) take|choose|pick|take|go with|the option)\s+)+|\s+(?:please|thanks|thank you|then|option)$"
)


@dataclass(frozen=True, slots=True)
class Sayable:
    """Something that can be said.

    Attributes:
        value: What is returned.
        label: Its usual words.
        says: Other words for it.
        default: What "yes" and "whatever" stand for.
    """

    value: str
    label: str
    says: tuple[str, ...] = ()
    default: bool = False


def plain(text: str) -> str:
    """Lower case, one space between words, no marks but those inside words and numbers."""
    text = re.sub(r"[^\w\s'%.:-]", " ", text.lower().replace("\u2019", "'"))
    return " ".join(re.sub(r"[.:-]+(?=\s|$)", " ", text).split())


def exactly(text: str, options: Iterable[Sayable]) -> str | None:
    """The value of the one option that is said in its own words, None when there is none or more than one."""
    said = _bare(text)
    found = {option.value for option in options if said in _words_of(option)}
    return found.pop() if len(found) == 1 else None


def chosen(text: str, options: Sequence[Sayable]) -> str | None:
    """The value of the option that is meant: by its words, by its number, by yes, or by words that hold its own.

    Returns:
        None when it cannot be told: another request, or an answer in the person's own words.
    """
    if (value := exactly(text, options)) is not None:
        return value
    said = _bare(text)
    default = next((option.value for option in options if option.default), None)
    if default is not None and (_YES.fullmatch(plain(text)) or said in _WHATEVER):
        return default
    if (place := _place(said, len(options))) is not None:
        return options[place].value
    if _NOT_AN_ANSWER & set(said.split()):
        return None
    padded = f" {said} "
    held = {option.value for option in options if any(f" {words} " in padded for words in _words_of(option))}
    return held.pop() if len(held) == 1 and len(said.split()) <= 8 else None


def _bare(text: str) -> str:
    """The words without what politeness puts around them."""
    said = plain(text)
    while (shorter := _POLITE.sub("", said)) != said and shorter:
        said = shorter
    return said


def _words_of(option: Sayable) -> set[str]:
    return {words for words in (plain(option.label), *map(plain, option.says)) if words}


def _place(said: str, count: int) -> int | None:
    """Which one "the second one", "number two" or "the last" means."""
    match = re.fullmatch(r"(?:the )?(?:(?:number|option) )?([\w]+)(?: one| option)?", said)
    if match is None:
        return None
    if match[1] == "last":
        return count - 1
    bare_number = said == match[1]
    for place, words in enumerate(_ORDINALS[:count]):
        if match[1] in (words[:2] if bare_number else words):
            return place
    return None
