"""What a person wants of a routine: the words that start it, its name, and what it has to do, as one text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEAD = r"(?:when(?:ever)?|if|every ?time(?: that)?|each time(?: that)?|once|as soon as)"
_SAY = r"(?:i (?:say|tell you|type|shout|call out|ask (?:you )?for)|you hear(?: me say)?)"
_VERBS = (
    "tell|show|set|start|add|read|give|what|what's|which|who|how|run|remind|say|open|list|turn|ask|plan|calculate|check|"
    "wish|greet|summari[sz]e|create|log|do|take|make|look|find|search|write|clear|remove|count|convert|explain|describe|"
    "note|remember|forget|suggest|wake|play|translate|put|cancel|stop|use|announce|let|is|please|also|when"
)
VERB = re.compile(rf"(?:{_VERBS})\b", re.IGNORECASE)
_THIRD_PERSON = re.compile(
    r"(tells|shows|sets|starts|adds|reads|gives|runs|reminds|says|opens|lists|asks|plans|checks|wishes|greets|"
    r"summari[sz]es|creates|takes|looks|finds|searches|writes|clears|removes|converts|explains|describes|suggests|"
    r"wakes|puts|calculates|counts|translates)\b",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^(?:(?:hey |ok |okay )?(?:sotto)[,:]? |please |could you |can you |would you |will you |"
    r"i(?: would|'d) like you to |i want you to |(?:from|for) now on,? )+",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"^{_LEAD} {_SAY}[,:]? (?P<rest>.+)$", re.IGNORECASE | re.DOTALL)
_TRAILING = re.compile(rf"^(?P<body>.+?),? {_LEAD} {_SAY}[,:]? (?P<phrase>.+)$", re.IGNORECASE | re.DOTALL)
_NOUN = r"(?:routine|workflow|shortcut|automation)"
_MAKE = re.compile(
    rf"^(?:make|create|build|set up|add|save|define|write|record|new|let's (?:make|create)|"
    rf"i(?: want| need| would like|'d like)(?: to (?:make|have|create))?)(?: me| us| yourself)? ?"
    rf"(?:a |an |the |my |another )?(?:new |little |short )?"
    rf"(?P<name>(?:(?!\b{_NOUN}\b).)*?)\s*\b{_NOUN}\b(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_CALLED = re.compile(
    r"^[,:]? ?(?:called|named|titled|for|that i call|by the name of) (?P<name>\"[^\"]+\"|'[^']+'|.+?)"
    r"(?=[,:.;]|\s+(?:that|which|to|where|and|so|in which|it should|with)\b|$)(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_FOR_ME = re.compile(r"^ for (?:me|us|myself)\b", re.IGNORECASE)
_JOIN = re.compile(
    r"^[\s,:.;-]*(?:that (?:should |will |can )?|which (?:should |will )?|to |where you |in which you |so that you |"
    r"it should |should |and (?:then )?|then |with (?:the steps |these steps )?[:,]? ?|please |you should |you )*",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"^(?:let |make )?(?P<phrase>\"[^\"]+\"|'[^']+'|(?:[\w']+ ){1,5}?)\s*"
    r"(?:should mean|means?|stands for)[:,]? (?P<body>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LEARN = re.compile(
    r"^(?:learn|teach (?:you|yourself)|remember) (?:the (?:command|phrase|words?) )?"
    r"(?P<phrase>\"[^\"]+\"|'[^']+'|[^:]+?): (?P<body>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_TAUGHT = re.compile(
    r"^teach (?:you|yourself)(?: (?:the|a new) (?:command|phrase|words?))? (?P<rest>.+)$", re.IGNORECASE | re.DOTALL
)
_BURIED = re.compile(rf"\b{_LEAD} {_SAY}[,:]? (?P<rest>.+)$", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r"^[\"'\u201c\u2018](?P<phrase>[^\"\u201d]+?)[\"'\u201d\u2019],? *(?P<body>.*)$", re.DOTALL)
_EARLY = re.compile(
    r"(?<=\w)\s+(?=(?:please |then |you (?:should )?|i want you to )?"
    r"(?:(?:set|start) (?:an?|my|the) |tell me |show (?:me|my) |read (?:me|my|out) |give me |remind me |"
    r"plan (?:my|an?) |add \w+ |what(?:'s| is| are) |run (?:the|my) |how (?:many|much|long|is) |take a |convert |"
    r"clear my ))",
    re.IGNORECASE,
)
"""Where something to do begins without a mark before it: "when I say coding set a timer"."""
_MARKS = "\"'\u201c\u201d\u2018\u2019.,:;!? "


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a text asks of a routine.

    Attributes:
        text: The words.
        body: What it has to do, empty when that is not said.
        phrases: What starts it, empty when that is not said.
        name: What it is called, empty when that is not said.
    """

    text: str
    body: str = ""
    phrases: tuple[str, ...] = ()
    name: str = ""


def requirements_of(text: str) -> Requirements:
    """What a text asks for; words that name neither phrase nor routine are all of them the body."""
    said = _POLITE.sub("", " ".join(text.split()))
    said = said.rstrip(" .!")
    for reading in (_by_lead, _by_making, _by_buried_lead, _by_trail, _by_meaning):
        found = reading(said)
        if found is not None:
            phrases, name, body = found
            return Requirements(text, plain_body(body), phrases, name)
    return Requirements(text, plain_body(said))


def plain_body(body: str) -> str:
    """What has to be done, as it would be said to somebody: "that tells me the time" is "tell me the time"."""
    body = _JOIN.sub("", body.strip(), count=1).strip()
    match = _THIRD_PERSON.match(body)
    return body if match is None else first_person(body)


def first_person(text: str) -> str:
    """Words that begin with a verb in the third person, with that verb as one says it to somebody."""
    match = _THIRD_PERSON.match(text)
    if match is None:
        return text
    verb = match[1]
    bare = verb[:-2] if verb.lower() in ("wishes", "searches") else verb[:-1]
    return bare + text[match.end() :]


def begins(text: str) -> bool:
    """Words that begin with something to do, or with a question."""
    return VERB.match(text) is not None or _THIRD_PERSON.match(text) is not None


def _by_lead(said: str) -> tuple[tuple[str, ...], str, str] | None:
    match = _LEADING.match(said)
    if match is None:
        return None
    phrase, body = _phrase_and_body(match["rest"])
    return _phrases(phrase), "", body


def _by_making(said: str) -> tuple[tuple[str, ...], str, str] | None:
    match = _MAKE.match(said)
    if match is None:
        return None
    name, rest = _clean(match["name"]), _FOR_ME.sub("", match["rest"])
    called = _CALLED.match(rest)
    if called is not None:
        name, rest = _clean(called["name"]), called["rest"]
    joined = _JOIN.sub("", rest, count=1)
    leading, trailing = _LEADING.match(joined), _TRAILING.match(joined)
    if leading is not None:
        phrase, body = _phrase_and_body(leading["rest"])
        return _phrases(phrase), name, body
    if trailing is not None:
        return _phrases(trailing["phrase"]), name, trailing["body"]
    return _phrases(name), name, joined


def _by_buried_lead(said: str) -> tuple[tuple[str, ...], str, str] | None:
    """What stands before the lead is nothing to do, misheard politeness for instance; what stands behind it is."""
    match = _BURIED.search(said)
    if match is None or begins(said):
        return None
    phrase, body = _phrase_and_body(match["rest"])
    return (_phrases(phrase), "", body) if begins(_JOIN.sub("", body, count=1)) else None


def _by_trail(said: str) -> tuple[tuple[str, ...], str, str] | None:
    match = _TRAILING.match(said)
    return None if match is None else (_phrases(match["phrase"]), "", match["body"])


def _by_meaning(said: str) -> tuple[tuple[str, ...], str, str] | None:
    match = _LEARN.match(said) or _MEANS.match(said)
    taught = _TAUGHT.match(said)
    if match is None and taught is not None:  # spoken, there is no colon
        phrase, body = _phrase_and_body(taught["rest"])
        return (_phrases(phrase), "", body) if begins(_JOIN.sub("", body, count=1)) else None
    if match is None or not VERB.match(_JOIN.sub("", match["body"], count=1)):
        return None
    return _phrases(match["phrase"]), "", match["body"]


def _phrase_and_body(rest: str) -> tuple[str, str]:
    """The phrase and what follows it: by quotes, by a comma before something to do, by the first word to do with."""
    quoted = _QUOTED.match(rest)
    if quoted is not None:
        return quoted["phrase"], quoted["body"]
    early = _EARLY.search(re.split(r"[,:;]", rest, maxsplit=1)[0] + " ")
    if early is not None:
        return rest[: early.start()], rest[early.start() :]
    for mark in re.finditer(r"[,:;]\s*", rest):
        body = _JOIN.sub("", rest[mark.end() :], count=1)
        alternative = re.match(r"or\s", rest[mark.end() :], re.IGNORECASE)
        if not alternative and (VERB.match(body) or _THIRD_PERSON.match(body)):
            return rest[: mark.start()], body
    for word in re.finditer(r"\s+", rest) if "," not in rest else ():
        behind = rest[word.end() :]
        joined = _JOIN.match(behind)
        body = behind[joined.end() :] if joined else behind
        if VERB.match(body) and (word.start() >= 3):
            return rest[: word.start()], body
    phrase, _, body = rest.partition(",")
    return phrase, body


def _phrases(said: str) -> tuple[str, ...]:
    """The phrases: "good morning or wake up" are two."""
    parts = re.split(r",?\s+or\s+", said)
    return tuple(dict.fromkeys(part for part in map(_clean, parts) if part))


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(_MARKS)
