"""How routines are spoken of: the ways to ask for them, the name in a request, the sentences said back."""

from __future__ import annotations

import re

from app.assistant.routines.routine import Routine
from app.assistant.skills.skill import Intent
from app.assistant.wording import counted

_NOUN = r"(?:routine|workflow|shortcut|automation)"
_TELLS = r"(?:i (?:say|tell you|type|shout|ask (?:you )?for)|you hear)"
_RUNS = "run|start|do|launch|begin|execute|play|trigger|kick off|go through|time for|it's time for"
_OTHER_VERBS = (
    "what|which|how|show|list|read|open|display|make|create|build|delete|remove|forget|erase|get rid|throw|drop|kill|"
    "i |set up|add|define|record|write|new"
)
INTENTS = (
    Intent(
        "make_routine",
        (
            "when I say good morning, tell me the time, the battery and my list",
            "make a routine called focus that sets a timer for 25 minutes",
            "create a bedtime routine that sets an alarm for seven and reads my reminders",
            "whenever I say lunch, set a timer for half an hour",
            "tell me the date and the temperature every time I say status",
            "set up a new routine",
            "from now on, leaving means show my shopping list",
            "teach yourself tea time: set a timer for four minutes",
            "add a routine for cooking with a timer and my list",
            "build me a workflow that plans my day and reads my notes",
            "if I say wrap up, add a note and tell me what is left today",
            "I'd like a morning routine",
        ),
        patterns=(
            rf"\b(?:when(?:ever)?|if|every ?time|each time) {_TELLS}\b",
            rf"^(?:please |can you |could you )?(?:make|create|build|set up|add|define|record|write)\b.*\b{_NOUN}\b",
            rf"^i(?:'d like| would like| want| need) an? .*\b{_NOUN}\b",
            r"^from now on\b.*\b(?:means?|stands for)\b",
            r"^(?:teach yourself|learn the (?:command|phrase))\b",
        ),
        against=(
            r"^(?:delete|remove|list|show|run|start)\b.*\broutines?$",
            r"^(?:what|which|how many)\b.*\broutines\b",
        ),
        description="Make a routine of several steps",
    ),
    Intent(
        "run_routine",
        (
            "run my morning routine",
            "start the bedtime routine",
            "do the focus routine",
            "run the routine called tea time",
            "launch my shutdown workflow",
            "begin the leaving routine",
            "execute the weekly review routine",
            "please run the lunch routine",
        ),
        patterns=(
            rf"^(?:please )?(?:{_RUNS})\b.*\b{_NOUN}\b",
            rf"^[\w' ]{{2,30}} {_NOUN}(?: please)?$",
        ),
        against=(
            r"\b(?:workout|exercise|training) routine\b",
            rf"^(?:{_OTHER_VERBS})\b.*\b{_NOUN}",
        ),
        description="Run a routine",
    ),
    Intent(
        "show_routines",
        (
            "show my routines",
            "which routines are there",
            "what routines do I have",
            "list all routines",
            "show me the morning routine",
            "what does the bedtime routine do",
            "how many routines did I save",
        ),
        patterns=(
            rf"^(?:please )?(?:show|list|read|open|display)\b.*\b{_NOUN}s?\b",
            rf"^(?:what|which|how many) {_NOUN}s\b",
            rf"^what(?: does| is in| is) (?:the|my)\b.*\b{_NOUN}\b",
        ),
        against=(r"^(?:make|create|build|when)\b",),
        description="Show routines",
    ),
    Intent(
        "delete_routine",
        (
            "delete the morning routine",
            "remove my bedtime routine",
            "forget the routine called focus",
            "get rid of the tea time routine",
            "erase the leaving routine",
            "delete a routine",
            "throw away the lunch workflow",
        ),
        patterns=(
            rf"^(?:please )?(?:delete|remove|forget|erase|get rid of|throw away|throw|drop|kill)\b.*\b{_NOUN}s?\b",
        ),
        description="Delete a routine",
    ),
)
_BEFORE = re.compile(
    rf"\b(?:the|my|a|our)\s+(?:routine|workflow)\s+(?:called|named|for)?\s*[\"']?(?P<a>[\w' -]+?)[\"']?$"
    rf"|\b(?:the|my|our|a)\s+[\"']?(?P<b>[\w' -]+?)[\"']?\s+{_NOUN}s?\b",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(("all", "saved", "new", "other", "first", "last"))


def routine_named(text: str) -> str:
    """The name in "run the tea time routine", empty when there is none."""
    match = _BEFORE.search(text.strip(" .!?"))
    name = "" if match is None else (match["a"] or match["b"] or "").strip(" '\"")
    return "" if name.lower() in _NO_NAMES else name


def saved_sentence(routine: Routine) -> str:
    """What is said when a routine has been saved."""
    return f"Saved. Say “{routine.phrases[0]}” and I'll do its {counted(len(routine.steps), 'step')}."
