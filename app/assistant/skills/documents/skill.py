"""The skill for the person's own documents.

Two things are asked of documents. "Find the invoice" wants places: the passages are shown and nothing is generated.
"What do my notes say about the boiler" wants an answer: the pipeline `rag` writes one from the passages and cites them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import (
    Asked,
    Clarification,
    Data,
    Fetch,
    Intent,
    ModelAsk,
    Plan,
    Skill,
    SkillSpec,
)
from app.assistant.understanding.meaning import Values
from app.assistant.wording import joined
from app.contracts.skill_cards import Source, SourcesCard

SEARCH = "search_documents"
PIPELINE = "rag"
MOST = 4
"""Passages looked for: as many as the pipeline reads."""
MOST_WORDS = 8
"""Longer wishes are not said back."""
PATIENCE_S = 3.0
HOW_TO_ADD = "Add a folder to ask about with: sotto documents add FOLDER"
_DOCUMENTS = (
    r"(?:(?:all |any of )?(?:the|my|our|these|those) )?(?:own |indexed |saved |personal )?"
    r"(?:documents?|files?|folders?|pdfs?|papers|manuals?|contracts?|letters?|scans?|docs|paperwork)"
)
_PAPERS = "(?:letter|contract|lease|agreement|report|manual|invoice|policy|minutes)"
_FIND = re.compile(
    r"^(?:please |can you |could you |would you )*"
    r"(?:search|find|look|show|locate|which|where|list|open|check|scan|dig|browse|go)\b"
)
_ABOUT = r"(?:about|on|of|for|regarding|with)"
_WITH = r"(?:about|on|with|that mentions?|mentioning|containing|for)"
_MENTIONS = r"(?:mentions?|says?|talks? about|contains?|(?:is|are) about|has|have)"
_ANYTHING = r"\b(?:is|are) there (?:anything|something)"
_REST = r"(?P<query>.+)$"
_UP_TO = r"(?P<query>.+?)"
_QUERY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:search|look|check|go|browse)(?: (?:in|through|inside|into|at))? {_DOCUMENTS} {_ABOUT} {_REST}",
        rf"\b(?:search|look|find|check)(?: for| up)? {_UP_TO} (?:in|inside|among|within|from|through) {_DOCUMENTS}$",
        rf"\bwhat (?:do|does|did) {_DOCUMENTS} (?:say|tell(?: me)?|mention|state|contain|know) {_ABOUT} {_REST}",
        rf"\b(?:according to|based on|from|as per) {_DOCUMENTS},? {_REST}",
        rf"^{_UP_TO},? (?:according to|based on|in|from) {_DOCUMENTS}$",
        rf"\b(?:find|show|get|locate|open|list)(?: me)? {_DOCUMENTS} {_WITH} {_REST}",
        rf"\b(?:which|what) (?:of )?{_DOCUMENTS} {_MENTIONS} {_REST}",
        rf"{_ANYTHING} in {_DOCUMENTS} (?:about|on) {_REST}",
        rf"\bsearch {_DOCUMENTS}[:,]? {_REST}",
        rf"^in {_DOCUMENTS},? {_REST}",
    )
)
_QUESTION = re.compile(
    r"(?:what|when|where|which|who|whose|why|how|is|are|was|were|do|does|did|can|has|have)\b", re.IGNORECASE
)
_LEFT_OVER = re.compile(
    rf"^(?:me )?(?:{_ANYTHING} |something |anything |information )?(?:the (?:page|part|place|passage|word)s? )?"
    r"(?:about |on )?(?=.)"
)
_FOR = re.compile(r"^(?:please )?(?:search|look|check|scan|dig|browse|go|open)\b.*?\b(?:for|find|about) (?P<query>.+)$")
_GENERIC = frozenset(
    (
        *(
            "search",
            "find",
            "look",
            "check",
            "scan",
            "open",
            "browse",
            "show",
            "go",
            "through",
            "in",
            "into",
            "up",
            "at",
        ),
        *("my", "our", "the", "all", "please", "documents", "document", "files", "file", "folders", "folder", "papers"),
        *("docs", "pdfs", "paperwork", "can", "could", "you", "something", "ask", "for", "me"),
    )
)

SPEC = SkillSpec(
    "documents",
    "Your documents",
    "Finds passages in your indexed folders, and answers questions from them with sources.",
    (
        Intent(
            SEARCH,
            (
                "search my documents for the warranty",
                "what do my documents say about the rent",
                "find the insurance number in my files",
                "look through my files for the recipe",
                "according to my documents when does the lease end",
                "which document mentions the boiler",
                "find documents about the car",
                "is there anything about holidays in my documents",
                "show me the files about taxes",
                "search the manual for the error code",
                "what does my contract say about notice periods",
                "look up the address in my documents",
                "search my files",
                "when does my passport expire according to my papers",
            ),
            (
                rf"\b(?:search|look through|look in|check|go through|browse|scan) {_DOCUMENTS}\b",
                rf"\b(?:search|find|look|look up|look for|check) .+ (?:in|inside|among|through|within) {_DOCUMENTS}\b",
                rf"\bwhat (?:do|does|did) {_DOCUMENTS} (?:say|tell|mention|state|contain)",
                rf"\b(?:according to|based on) {_DOCUMENTS}\b",
                rf"\b(?:which|what) (?:of )?{_DOCUMENTS} (?:mention|say|talk|contain|is about|are about)",
                rf"\b(?:find|show|get|locate)(?: me)? {_DOCUMENTS} (?:about|on|with|that|mentioning|containing)\b",
                rf"\bwhat (?:does|do|did) (?:the|my) {_PAPERS}\b.* say\b",
                rf"\b(?:which|what) (?:of )?{_DOCUMENTS} (?:has|have)\b",
                r"\bin (?:my|our) (?:own |saved )?(?:documents?|files?|folders?|pdfs?|papers|docs|paperwork)\b",
                r"\bwhat (?:does|did) the (?:letter|contract|lease|report|invoice|agreement|manual|offer)\b.* say\b",
                r"\b(?:who|what) (?:is|was) (?:mentioned|named|agreed|written|said) in (?:the|my|our) \w+",
                r"\bwhich (?:file|document|folder|letter|paper) (?:has|contains|holds|mentions|says)\b",
            ),
            (
                r"\broutine\b|\bi say\b|\btimer\b|\balarm\b|\bremind|\bshopping list\b|\bnote:",
                r"\bhow (?:do|can|to)\b.*\b(?:file|document)",
                r"\b(?:synonym|antonym|rhyme)s?\b|\bdocuments (?:do|does|would) \w+ need\b",
            ),
            "Search your documents",
        ),
    ),
)


class DocumentsSkill(Skill):
    """Finds what the person has written down or been sent.

    Args:
        parts: The search over documents is used, where there is one.
    """

    spec = SPEC

    def __init__(self, parts: SkillParts) -> None:
        self._search = parts.search

    def values(self, intent: str, text: str, now: datetime) -> Values:  # noqa: ARG002
        """``query``: what is looked for; ``wants`` is ``places`` or ``answer``."""
        rest = " ".join(text.strip().rstrip("?.! ").split())
        lower = rest.lower()
        wants = "places" if _FIND.search(lower) else "answer"
        for pattern in _QUERY:
            if match := pattern.search(lower):
                start, end = match.span("query")
                query = rest[start:end] if len(lower) == len(rest) else match["query"]
                return {"query": _LEFT_OVER.sub("", query.strip()), "wants": wants}
        if match := _FOR.search(lower):
            return {"query": match["query"], "wants": wants}
        if any(word not in _GENERIC for word in re.findall(r"\w+", lower)):
            return {"query": rest, "wants": "answer"}
        return {"wants": wants}

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        """The passages, as soon as it is known what is looked for."""
        search, query = self._search, str(asked.values.get("query", ""))
        if search is None or not query:
            return ()
        missing = "Your documents could not be searched."
        return (Fetch("sources", lambda: search.find(query, MOST), None, missing, PATIENCE_S, key=(query,)),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:  # noqa: ARG002
        """What to look for."""
        if self._search is None or asked.values.get("query"):
            return None
        return Clarification("query", "What shall I look for in your documents?", ())

    async def plan(self, asked: Asked, data: Data) -> Plan:
        """The places, or a question for the pipeline that cites them."""
        if self._search is None:
            return Plan(speech=f"There are no documents I can look into yet. {HOW_TO_ADD}")
        query = str(asked.values.get("query", "")) or asked.text
        found = data.found.get("sources")
        if found is None:  # the search failed, and that has been said
            return Plan(speech="I cannot tell what your documents say right now.")
        assert isinstance(found, tuple)
        if not found:
            what = "that" if _QUESTION.match(query) or len(query.split()) > MOST_WORDS else query
            return Plan(speech=f"I found nothing about {what} in your documents. {HOW_TO_ADD}")
        card = SourcesCard(card_id=f"sources-{asked.now:%Y%m%d%H%M%S%f}", sources=found)
        if asked.values.get("wants") == "places":
            return Plan(speech=_told(query, found), cards=(card,))
        question = query if _QUESTION.match(query) else asked.text
        return Plan(cards=(card,), ask=ModelAsk(question, pipeline=PIPELINE))


def _told(query: str, found: Sequence[Source]) -> str:
    """Where it was found, in one sentence."""
    titles = list(dict.fromkeys(re.split(r"[\\/]", source.title)[-1] for source in found))
    count = "one passage" if len(found) == 1 else f"{len(found)} passages"
    return f"I found {count} about {query}, in {joined(titles)}."
