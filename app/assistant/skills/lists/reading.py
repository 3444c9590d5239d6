"""Reads what a sentence says about lists: which one, which things, ticked off or taken away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from app.assistant.skills.lists.store import NOTES_ID, SHOPPING
from app.assistant.understanding.moments import without

_KNOWN = {
    "shopping": SHOPPING,
    "grocery": SHOPPING,
    "groceries": SHOPPING,
    "buying": SHOPPING,
    "todo": "to-do",
    "to do": "to-do",
    "to-do": "to-do",
    "task": "to-do",
    "tasks": "to-do",
    "packing": "packing",
    "wish": "wish",
}
_NAME = r"(?P<name>(?:to[ -]do|[\w'-]+(?: [\w'-]+){0,2}?))"
_WHOSE = r"(?:my|the|our|a|this|that)"
_LIST = re.compile(rf"\b(?:{_WHOSE}\s+)?{_NAME}\s+lists?\b", re.IGNORECASE)
_ON_A_LIST = re.compile(
    rf"\b(?:to|on|onto|from|off)\s+{_WHOSE}\s+(?:to[ -]do|[\w'-]+)(?:\s+[\w'-]+)?\s+list\b", re.IGNORECASE
)
_LIST_CALLED = re.compile(
    r"\blist\s+(?:called|named|for|of)\s+(?P<name>[\w' -]+?)(?=[.,!?]|\s+with\b|$)", re.IGNORECASE
)
_NO_NAME_WORDS = """
my the our a this that your on to from off of in is what's whats read show clear empty delete whole entire me
new any which what all and open see check tell give have put make start create everything items erase please
there are do does i view display same wipe
"""
_NO_NAME = frozenset(_NO_NAME_WORDS.split())
_GROCERIES = re.compile(r"\b(?:buy|get|pick up|we need|i need|we're out of|we are out of|run out of|bought)\b")
_POLITE = re.compile(
    r"^(?:(?:please|can you|could you|would you|will you|hey|ok|okay|now|also|and|so|um|uh|i want to|i'd like to|"
    r"i would like to|let's|go ahead and|don't forget to|remember to)[,\s]+)+|[,\s]+(?:please|thanks|thank you|too|"
    r"as well|again|already|for me|on there|to it|on it)(?=[\s,.]|$)",
    re.IGNORECASE,
)
_ADD = re.compile(
    r"^(?:add|put|write|stick|place|include|note down|jot down|append|throw|get|buy|pick up|"
    r"(?:we|i) (?:also )?need(?: to (?:buy|get))?|(?:we're|we are|i'm|i am) (?:all )?out of|(?:we|i)(?:'ve| have)? "
    r"run out of|we ran out of)\s+",
    re.IGNORECASE,
)
_BACK = re.compile(r"\s+back$", re.IGNORECASE)
_UNDO = re.compile(
    r"^(?:(?:please|no|oops|wait)[,\s]+)*(?:undo(?: that| it| this)?|take (?:that|it) back)(?:[,\s]+please)?[.!]?$",
    re.IGNORECASE,
)
_REMOVE = re.compile(
    r"^(?:remove|delete|take|erase|drop|strike|scratch|cross|check|tick|mark|get rid of|"
    r"i(?:'ve| have)?(?: already)? (?:bought|got|done|finished|did))\s+(?:off\s+|out\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:off|out)(?=\s+(?:of|from|my|the|our)\b|\s*$)|\s+(?:as|is|are)\s+(?:done|bought|finished|complete[d]?)\s*$",
    re.IGNORECASE,
)
_TICKS = re.compile(
    r"\b(?:check|tick|cross|mark)\b|\bi(?:'ve| have)?(?: already)? (?:bought|got|done|finished|did)\b", re.IGNORECASE
)
_AT = re.compile(r"\s+(?:to|on|onto|on to|from|off|off of|in|into|out of|at)\s*$", re.IGNORECASE)
_MAKE = re.compile(
    r"^(?:make|create|start|begin|open)\s+(?:me\s+)?(?:a\s+|an\s+|the\s+|my\s+)?(?:new\s+)?[\w' -]*?\blist\b"
    r"(?:\s+(?:called|named|for)\s+[\w' -]+?)?(?:\s*(?:with|containing|:)\s*(?P<things>.+)|$)",
    re.IGNORECASE,
)
_TO_DO = re.compile(r"\bto[\s-]?do(?=\s+(?:list|items)\b|s\b)|\btodo\b", re.IGNORECASE)
_NO_THING = frozenset(("it", "that", "this", "them", "something", "things", "stuff", "put that", "put it", "add it",
                       "add that", "a thing", "an item", "items", "put this", "that there"))  # fmt: skip
_SPLIT = re.compile(
    r"\s*(?:(?:(?<!\d),|,(?!\d))\s*(?:and\s+)?|;\s*|\s+and\s+(?:also\s+)?|\s+plus\s+|\s+as well as\s+)\s*",
    re.IGNORECASE,
)
_COUPLES = """
mac cheese, macaroni cheese, salt pepper, fish chips, bed breakfast, gin tonic, butter jelly, cookies cream,
salt vinegar, sweet sour, rock roll, cheese onion, cream onion, cream chives, sage onion, black white, half half,
pros cons, odds ends, nuts bolts, lemon lime, surf turf, head shoulders, procter gamble, johnson johnson, ben jerry,
hide seek, lost found, hot cold, arts crafts, bits pieces, wash go
"""
_TOGETHER = re.compile(
    rf"\b(?:{'|'.join('(?:{})'.format(each.strip().replace(' ', ' and ')) for each in _COUPLES.split(','))})\b",
    re.IGNORECASE,
)
_WITH_PEOPLE = (
    "call|phone|ring|text|email|e-mail|message|write to|meet|invite|visit|see|ask|tell|thank|pay|help|pick up|contact"
)
_PEOPLE = re.compile(
    rf"\b(?:{_WITH_PEOPLE})\s+[\w'-]+\s+and\s+(?!(?:{_WITH_PEOPLE}|buy|get|clean|do|make|send|book|fix)\b)[\w'-]+(?=\s*(?:,|$|\band\b))",
    re.IGNORECASE,
)
"""One thing to do that has to do with two people: "call Anna and Bob"."""
_KEPT_TOGETHER = "\x1f"
_HEADED = re.compile(
    r"^(?:for )?(?:(?:my|the|our) )?(?:[\w-]+ )?(?:lists?|groceries|to-?do|shopping):\s*", re.IGNORECASE
)
"""The list as a heading: "shopping list: onions, garlic"."""
_DONE_ONES = re.compile(r"\b(?:ticked|checked|done|finished|bought|completed|crossed)\b", re.IGNORECASE)
_IS_ON = re.compile(
    r"^(?:do i have |have i got |is there |is |are )(?:any )?(?!(?:any|some)?things?\b|stuff\b|more\b|there\b)"
    r"(?P<thing>[\w' -]+?)(?: already)? (?:on|in) "
    r"(?:my |the |our )?[\w -]*list\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:(?:the|some|a|an|my|the word|more)\s+)+(?=\w)", re.IGNORECASE)
_HANGING = re.compile(r"\s+(?:is|are|was|will be|takes place|starts|begins)[.!?]?$", re.IGNORECASE)
_NOTE = re.compile(
    r"^(?:note|jot|write)\s+(?:this|that|it)\s+down\b[:,]?\s*|"
    r"^(?:take|make|write|create|add|jot|leave|save|record|new|start)?\s*(?:down\s+)?"
    r"(?:(?:a|another|the|this|me a)\s+)?(?:new\s+|quick\s+)?(?:note|memo)s?\b\s*(?:down\b)?[:,]?\s*"
    r"(?:to (?:self|myself)\b[:,]?\s*)?"
    r"(?:(?:that says|saying|that|of|about)\b[:,]?\s*)?|^(?:note|jot|write)\s+down[:,]?\s*(?:that\s+)?",
    re.IGNORECASE,
)


def which_list(text: str) -> str:
    """Id of the list a sentence names, empty when it names none."""
    lower = " ".join(_TO_DO.sub("to-do", text.lower().replace("\u2019", "'")).split()).rstrip(".!?")
    if re.search(r"\b(?:my|the|all|any|our)?\s*notes\b", lower) and "list" not in lower:
        return NOTES_ID
    called = _LIST_CALLED.search(lower)
    if called is not None:
        return known_name(called["name"])
    for match in _LIST.finditer(lower):
        words = match["name"].split()
        while words and words[0] in _NO_NAME:
            words = words[1:]
        for cut in range(len(words) - 1, -1, -1):  # "eggs to my shopping list": what stands before "to my" is no name
            if words[cut] in _NO_NAME:
                words = words[cut + 1 :]
                break
        if words:
            return known_name(" ".join(words))
    if "groceries" in lower or "to-dos" in lower or "todos" in lower:
        return SHOPPING if "groceries" in lower else "to-do"
    return SHOPPING if _GROCERIES.search(lower) and "list" not in lower else ""


def one_list(text: str) -> tuple[str, str]:
    """The part of a sentence about the first list it names, and the rest when that names another one."""
    found = [match for match in _ON_A_LIST.finditer(text) if which_list(match[0])]
    for one, other in pairwise(found):
        if which_list(one[0]) != which_list(other[0]):
            return text[: one.end()], re.sub(r"^(?:[\s,.]|and\b|then\b)+", "", text[one.end() :])
    return text, ""


def known_name(name: str) -> str:
    """Id of a list by what it is called."""
    plain = " ".join(name.lower().replace("\u2019", "'").strip(" .,!?'").split())
    plain = re.sub(r"^(?:(?:my|the|our|a)\s+)+", "", plain)
    plain = re.sub(r"\s+list$", "", plain)
    return _KNOWN.get(plain, plain)


def added(text: str) -> tuple[str, ...]:
    """The things that are to be added, in order."""
    made = _MAKE.search(_POLITE.sub("", " ".join(text.split()).rstrip(".!?")))
    if made is not None:
        return things(made["things"] or "")
    return things(_HEADED.sub("", _BACK.sub("", _ADD.sub("", _bare(text), count=1))))


def removed(text: str) -> tuple[str, ...]:
    """The things that are to be ticked off or taken away, in order."""
    return things(_TAIL.sub("", _REMOVE.sub("", _TAIL.sub("", _bare(text)), count=1)))


def ticks(text: str) -> bool:
    """Whether they are to be ticked off rather than taken away."""
    return _TICKS.search(text) is not None


def undoes(text: str) -> bool:
    """Whether the last change is to be taken back."""
    return _UNDO.match(" ".join(text.split())) is not None


def only_done(text: str) -> bool:
    """Whether only what is ticked off is to go."""
    return _DONE_ONES.search(text) is not None


def asks_about(text: str) -> str:
    """The thing of "is milk on my list?", empty for any other question."""
    match = _IS_ON.search(" ".join(text.replace("\u2019", "'").split()))
    return _ARTICLE.sub("", match["thing"]).strip() if match is not None else ""


def things(text: str) -> tuple[str, ...]:
    """An enumeration taken apart: "milk, eggs and bread"; what belongs together stays together."""
    joined = text.strip(" .,!?:")
    for kept in (_TOGETHER, _PEOPLE):
        joined = kept.sub(lambda match: re.sub(r"\s+and\s+", _KEPT_TOGETHER, match[0], flags=re.IGNORECASE), joined)
    parts = (_ARTICLE.sub("", part.strip(" .,!?:")) for part in _SPLIT.split(joined))
    return tuple(part.replace(_KEPT_TOGETHER, " and ") for part in parts if part and part.lower() not in _NO_THING)


def note_text(text: str) -> str:
    """The words of a note, empty when there are none."""
    bare = _POLITE.sub("", " ".join(text.split())).strip()
    words = _NOTE.sub("", bare, count=1).strip(" :,-")
    return f"{words[:1].upper()}{words[1:]}"


def without_moment(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The words of a note without the moment they speak of: "Anna's birthday" of "Anna's birthday is tomorrow"."""
    return _HANGING.sub("", without(text, spans)).strip(" ,.") or text


def _bare(text: str) -> str:
    """A sentence without politeness and without the list it names."""
    plain = " ".join(_TO_DO.sub("to-do", text.replace("\u2019", "'")).split()).rstrip(".!?")
    while (shorter := _POLITE.sub("", plain).strip()) != plain and shorter:
        plain = shorter
    for pattern in (
        _LIST_CALLED,
        re.compile(
            rf"\s*\b(?:to|on|onto|from|off|off of|in|into|out of)\s+(?:{_WHOSE}\s+)?"
            r"(?:(?:to[ -]do|[\w'-]+)(?:\s+[\w'-]+)?\s+)?lists?\b",
            re.IGNORECASE,
        ),
    ):
        plain = pattern.sub("", plain)
    plain = re.sub(r"\b(?:the\s+)?(?:following|these)(?:\s+things)?:?\s*", "", plain, flags=re.IGNORECASE)
    return _AT.sub("", plain).strip(" ,:")
