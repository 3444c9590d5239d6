"""What lists and notes are asked for with."""

from __future__ import annotations

from app.assistant.skills.skill import Intent, SkillSpec

ADD, REMOVE, SHOW, CLEAR, NOTE = "add_to_list", "remove_from_list", "show_list", "clear_list", "take_note"
_OF_MINE = "my|the|our|whole|entire|all|all of"
_TAKES = "take|make|write|create|add|leave|save|record|new|quick|another"
_ASKS = "what|what's|is|are|show|read|how|which|who|check|tell|do|see|open|view|make|create|start"
_ROUTINE = r"\bi say\b|\broutines?\b"
"""It is about what happens when the person says something."""

SPEC = SkillSpec(
    "lists",
    "Lists and notes",
    "Keeps lists and notes, ticks things off.",
    (
        Intent(
            ADD,
            (
                "add milk to my shopping list",
                "put eggs and bread on the shopping list",
                "add call the plumber to my to-do list",
                "we need toilet paper",
                "put batteries on the list",
                "write cheese on my grocery list",
                "add sunscreen and a towel to the packing list",
                "we're out of coffee",
                "make a new list called camping with a tent and a torch",
                "include onions in the shopping list",
                "add something to my list",
                "stick bananas on the shopping list please",
            ),
            patterns=(
                r"\b(?:add|put|write|stick|include|append|place)\b.*\b(?:to|on|onto|in|into)\b.*\blist\b",
                r"\b(?:create|make|start)\b.*\blist\b.*\b(?:with|called|named)\b",
                r"^(?:add|put) [\w' ,-]+ (?:to|on) (?:it|groceries|my groceries)$",
                r"^buy (?:some |more |a |an )?[\w ]{2,30}$",
                r"^(?:for )?(?:the |my )?[\w-]* ?(?:shopping|list|groceries): ?\w|^(?:on|onto) the list \w+",
                r"^(?:remember|get) [\w ,]+ for the (?:shopping|list|shopping list|groceries)$",
                r"\bwe(?:'re| are) out of\b|\bwe ran out of\b|\blist plus\b",
                r"\bextend (?:my|the|our) [\w -]*list (?:by|with)\b",
                r"^(?:to[ -]?do|groceries): ?\w|\b(?:on|onto) there(?: too| as well)?$",
                r"^(?:i|we) (?:also |still |just )*need to (?:buy|get|pick up) ",
                rf"^(?!(?:{_ASKS})\b)[\w' ,-]+ (?:on|to|onto|for) (?:the|my|our) [\w -]*list(?: please)?$",
            ),
            against=(
                r"^(?:what|how|why|who|when|show|read|put on)\b|\blist of\b",
                r"\bto (?:that|this|your (?:answer|reply)|the (?:story|text|poem|answer|e-?mail|joke|recipe))$",
                r"^(?:yesterday|last (?:week|night))\b|\bi (?:added|put|bought)\b|^write (?:me )?an? ",
                r"\b(?:remove|delete|clear|timer|alarm|take|cross|tick|check|empty|erase|wipe|throw|reset)\b",
                r"\b(?:seconds?|minutes?|mins?|hours?)(?: more)?$",
                r"^(?:we|i) (?:really )?need to (?!buy\b|get\b)",
                r"^(?:we|i) (?:really )?need (?:some |a |more )?(?:rain|help|hug|break|love|time|sleep)\b",
                r"\bto (?:this|the|that|your) (?:text|story|answer|e-?mail|letter|poem|code|table|sentence)\b|\bsell\b",
                _ROUTINE,
            ),
            description="Add things to a list",
        ),
        Intent(
            REMOVE,
            (
                "remove milk from my shopping list",
                "take the eggs off the list",
                "check off bread",
                "tick off call the plumber",
                "I bought the milk",
                "delete batteries from the list",
                "cross cheese off my shopping list",
                "mark the laundry as done",
                "I've got the bread already",
                "scratch onions off the grocery list",
                "take coffee off my list",
            ),
            patterns=(
                r"\b(?:remove|delete|take|erase|drop|strike|scratch|cross)\b.*\b(?:from|off|out of)\b.*\blist\b",
                r"\b(?:check|tick|cross) (?:off )?.+\b(?:off|list)\b|\b(?:check|tick|cross) off\b",
                r"\bmark\b.*\b(?:as )?(?:done|bought|finished|complete)\b",
                r"^i(?:'ve| have)? (?:already )?(?:bought|got) (?:the |some )",
                r"^i(?:'ve| have)? (?:already |just )?bought (?!an?\b)[\w ]+$",
            ),
            against=(
                r"\bgot the (?:job|point|idea|message|feeling|flu|hang|blues|picture|answer)\b|\bjoke\b",
                r"^(?:what|how|why|who|when)\b",
                r"\b(?:timer|alarm|reminder|everything|all items)\b",
                _ROUTINE,
            ),
            description="Tick things off a list, or take them away",
        ),
        Intent(
            SHOW,
            (
                "what's on my shopping list",
                "show my shopping list",
                "read me the to-do list",
                "what do I need to buy",
                "which lists do I have",
                "open the packing list",
                "show my notes",
                "read my notes",
                "is milk on the shopping list",
                "what is on the list",
                "tell me what is left on my to-do list",
                "what notes have I taken",
                "how many things are on my list",
            ),
            patterns=(
                r"\b(?:what|what's|whats|show|read|open|see|view|tell|check|is|are|how many|which)\b.* lists?\b",
                r"\b(?:show|read|open|list|what|which|see)\b.*\b(?:my|the|all) notes\b|\bwhat notes\b",
                r"\b(?:go over|go through|name|how does)\b.*\b(?:my|the|our)\b.*\blist\b",
                r"\bwhat (?:do|should|did) (?:i|we) (?:still )?(?:need|have|want) to (?:buy|get)\b",
                r"\bwhat (?:groceries do (?:i|we)|do (?:i|we) (?:still )?need (?:from|at) the) ",
                r"^what (?:should|shall|must) (?:i|we) (?:still )?(?:buy|get)(?: at the (?:shop|store|supermarket))?$",
            ),
            against=(
                r"\b(?:add|put|remove|delete|clear|empty|erase|wipe|take|countries|create|make)\b",
                r"\b(?:price list|bucket list (?:of|for)|list of|listed|a list|linked list|python)\b",
                r"\bcheck off\b|\b(?:extend|reset|throw|fresh|plus)\b|^get\b",
                r"^what(?:'s| is) an?\b|\bneed (?:for\b|to (?!buy\b|get\b))|^open\b(?!.*\b(?:lists?|notes)\b)",
                _ROUTINE,
            ),
            description="Show a list or the notes",
        ),
        Intent(
            CLEAR,
            (
                "clear my shopping list",
                "empty the list",
                "delete everything on my to-do list",
                "erase the packing list",
                "remove all items from the shopping list",
                "wipe my list",
                "delete the camping list",
                "delete all my notes",
                "clear the ticked items from my list",
                "start my shopping list over",
            ),
            patterns=(
                rf"\b(?:clear|empty|wipe|erase|delete)\b (?:out )?(?:{_OF_MINE} )*[\w -]{{0,24}}\b(?:lists?|notes)$",
                r"\b(?:remove|delete|clear|erase|take)\b (?:all|everything|every)\b.*\b(?:lists?|notes)\b",
                r"\b(?:throw|reset)\b (?:away |out )?(?:my |the |our )[\w -]*list\b",
                r"\bstart (?:a|my|the) [\w -]*list (?:over|afresh)\b",
                r"\b(?:clear|remove|delete)\b.*\b(?:ticked|checked|done|finished|bought|completed)\b.*\blist\b",
            ),
            against=(
                r"\b(?:timers?|alarms?|reminders?|history|cache|screen|account|chat|conversation)\b|^start over$",
                r"^(?:what|how|why|who|add|put)\b",
                _ROUTINE,
            ),
            description="Empty a list; asks first",
        ),
        Intent(
            NOTE,
            (
                "take a note: the plumber comes on Friday at three",
                "make a note that the key is under the mat",
                "note to self, buy a birthday present",
                "write this down: the code is 4711",
                "note down that the car is on level two",
                "take a note",
                "jot down an idea for the garden",
                "new note the wifi password is on the router",
                "create a note about the meeting",
                "save a note saying call the bank",
            ),
            patterns=(
                rf"\b(?:{_TAKES}) (?:me )?(?:a |another |this )?(?:new |quick )?(?:note|memo)\b",
                r"^(?:please )?note(?: (?:down|to self|that)\b|:)",
                r"^(?:please )?(?:write|jot|note) (?:this |that |it )?down\b",
                r"^(?:please )?jot down\b|\bnote to self\b",
            ),
            against=(
                r"^(?:what|how|why|who|when|show|read|delete|clear)\b",
                r"\bmusical note\b|\bmy notes\b|\blist\b|\breminder\b|^note the \w+$",
            ),
            description="Keep a note",
        ),
    ),
)
