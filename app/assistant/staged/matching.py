"""Takes what a person says for one of the things that can be said now: an answer, a button, "the second one"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import numbers_in

_ORDINALS = (
    ("first", "1st", "one", "1"),
    ("second", "2nd", "two", "2"),
    ("third", "3rd", "three", "3"),
    ("fourth", "4th", "four", "4"),
    ("fifth", "5th", "five", "5"),
    ("sixth", "6th", "six", "6"),
)
_FROM_THE_END = {
    "last": 1, "final": 1, "bottom": 1, "second last": 2, "last but one": 2, "second to last": 2, "next to last": 2,
    "last but": 2, "penultimate": 2, "last but two": 3, "third to last": 3, "third last": 3,
}  # fmt: skip


def _made_of(phrases: str) -> re.Pattern[str]:
    """Matches words that are made of nothing but these, which are parted by commas."""
    each = "|".join(" ".join(phrase.split()) for phrase in phrases.split(","))
    return re.compile(rf"(?:(?:{each})(?: |$))+")


_YES = _made_of(
    """yes, yeah, yep, yup, yea, ya, aye, sure, ok, okay, proceed, go ahead, do it, do that, do, let's do (?:it|that),
    (?:sounds|looks) (?:good|fine|great), go on, go for it, go, let's go, continue, carry on, start, create it, make it,
    that(?: i|')s (?:fine|good|right|ok|okay|it), fine, perfect, great, good, nice, cool, confirm, all right, alright,
    of course, absolutely, definitely, exactly, right, correct, please, thanks, thank you, why not, that works,
    i (?:guess|think) so, works for me, make it so, uh huh, then, to me, very, with that"""
)
_NO_YES_ALONE = frozenset(("then", "to me", "very", "with that", "please", "please then", "do"))
_NO = _made_of(
    """no, nope, nah, no way, cancel, cancel (?:it|that|this), never mind, nevermind, forget (?:it|that|about it), stop,
    stop it, don't, do not, don't do (?:it|that), no thanks, no thank you, not now, not today, leave it, quit, abort,
    drop it, skip it, i(?: have|'ve)? changed my mind, thanks, thank you, please, none"""
)
_WHATEVER = _made_of(
    """whatever(?: you (?:like|want|think|say))?, you (?:choose|decide|pick|tell me), the default, default, dunno,
    (?:i )?don't (?:care|mind|know), (?:i have )?no (?:idea|preference), (?:i'm )?not sure, any(?:thing)?, any of them,
    (?:it )?(?:doesn't|does not) matter(?: to me)?, either, surprise me, (?:it's )?up to you, the usual, as usual,
    all the same"""
)
NOT_AN_ANSWER = frozenset(
    ("not", "no", "don't", "never", "without", "what", "why", "how", "when", "where", "who", "which", "whose", "but")
)
"""Words that turn a choice's own words into something else: a refusal, or a question about it."""
_NOT_THIS = re.compile(
    r"^(?:no |please )*(?:not|anything but|i don't (?:want|like)) (?:that|this|it)(?: one| workout)?$"
)
_REFUSES = re.compile(r"^(?:no |please )*(?:not|anything but|everything but|all but|except|(?:i )?don't want)\b")
_BEGINS_A_REQUEST = re.compile(
    r"^(?:please |can you |could you |hey )*(?:what|what's|why|how|when|where|who|who's|which|whose|is|are|was|were|"
    r"does|did|can|could|will|would|should|tell|say|write|explain|give|show|sing|play|open|translate|help|read|"
    r"describe|compare|find|search|set|add|remind|remember|forget|turn|call|start|repeat|hello|hi|"
    r"good (?:morning|evening|night))\b"
)
_IS_A_QUESTION = re.compile(
    r"^(?:what|who|where|when|why|how(?: \w+)?|which \w+) "
    r"(?:is|are|was|were|do|does|did|can|should|would|will|has|have)\b"
)
_FILLERS = re.compile(
    r"\b(?:about|around|roughly|maybe|perhaps|at|for|the|a|an|make it|let's say|say|minutes?|hours?|please|um|uh|well|"
    r"ok|of|people|times|only|just|exactly|i think|it's)\b"
)
LONGEST_MISHEARD = 4
"""Words up to which what was said may be an answer that was heard wrong."""
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
    said = bare(text)
    found = {option.value for option in options if said in words_of(option)}
    return found.pop() if len(found) == 1 else None


def chosen(text: str, options: Sequence[Sayable]) -> str | None:
    """The value of the option that is meant: by its words, by its number, by yes, or by words that hold its own.

    Returns:
        None when it cannot be told: another request, or an answer in the person's own words.
    """
    if (value := exactly(text, options)) is not None:
        return value
    said = bare(text)
    default = next((option.value for option in options if option.default), None)
    if default is not None and (is_yes(text) or _WHATEVER.fullmatch(plain(text)) or _WHATEVER.fullmatch(said)):
        return default
    if (place := _place(said, len(options))) is not None:
        return options[place].value
    if NOT_AN_ANSWER & set(said.split()):
        return None
    padded = f" {said} "
    numbers = _numbers(said)
    held = {
        option.value
        for option in options
        if any(f" {words} " in padded and _numbers(words) in ((), numbers) for words in words_of(option))
    }
    if not held and len(numbers) == 1 and is_a_value(said):  # "for ten" where "10 minutes" is offered
        held = {option.value for option in options if _numbers(plain(option.label)) == numbers}
    return held.pop() if len(held) == 1 and len(said.split()) <= 8 else None


def is_yes(text: str) -> bool:
    """Whether words say nothing but yes."""
    said = plain(text)
    return said not in _NO_YES_ALONE and _YES.fullmatch(said) is not None


def is_no(text: str) -> bool:
    """Whether words say nothing but no, or that all of it is not wanted any more."""
    said = plain(text)
    return said not in ("please", "thanks", "thank you") and _NO.fullmatch(said) is not None


def is_a_value(text: str) -> bool:
    """Whether words are nothing but a number or a length of time: an answer rather than a request."""
    found = [*durations_in(text), *numbers_in(text)]
    if not found:
        return False
    rest = text.lower()
    for each in sorted(found, key=lambda one: -one.start):
        rest = f"{rest[: each.start]} {rest[max(each.end, each.start) :]}"
    return not re.sub(r"[\W\d_]+", "", _FILLERS.sub(" ", rest))


def is_request(text: str) -> bool:
    """Whether words begin as a question or an order does, or are too many to be an answer that was heard wrong."""
    said = plain(text)
    return len(said.split()) > LONGEST_MISHEARD or _BEGINS_A_REQUEST.match(said) is not None


def is_question(text: str) -> bool:
    """Whether words ask something."""
    return _IS_A_QUESTION.match(plain(text)) is not None


def refuses(text: str) -> bool:
    """Whether words begin by ruling something out: "not upper body", "anything but that"."""
    return _REFUSES.match(plain(text)) is not None


def is_not_this(text: str) -> bool:
    """Whether words say that it should be another, and not which: "not that one"."""
    return _NOT_THIS.match(plain(text)) is not None


def ruled_out(text: str, options: Sequence[Sayable]) -> frozenset[str]:
    """The options that words rule out, as in "not upper body"."""
    padded = f" {plain(text)} " if refuses(text) else ""
    return frozenset(option.value for option in options if any(f" {words} " in padded for words in words_of(option)))


def bare(text: str) -> str:
    """The words without what politeness puts around them."""
    said = plain(text)
    while (shorter := _POLITE.sub("", said)) != said and shorter:
        said = shorter
    return said


def words_of(option: Sayable) -> set[str]:
    """What an option can be said by."""
    return {words for words in (plain(option.label), *map(plain, option.says)) if words}


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(found.value for found in numbers_in(text))


def _place(said: str, count: int) -> int | None:
    """Which one "the second one", "number two", "the last but one" or "the latter" means."""
    match = re.fullmatch(r"(?:the )?(?:(?:number|option|answer|choice) )?(.+?)(?: one| option| choice| of them)?", said)
    if match is None:
        return None
    words = match[1]
    if words in _FROM_THE_END and _FROM_THE_END[words] <= count:
        return count - _FROM_THE_END[words]
    if words == "top":
        return 0
    if words == "middle" and count % 2:
        return count // 2
    if words in ("former", "latter") and count == 2:
        return int(words == "latter")
    bare_number = said == words
    for place, names in enumerate(_ORDINALS[:count]):
        if words in (names[:2] if bare_number else names):
            return place
    return None
