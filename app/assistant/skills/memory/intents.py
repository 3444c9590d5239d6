"""What memory is asked for with."""

from __future__ import annotations

from app.assistant.skills.skill import Intent, SkillSpec

REMEMBER, RECALL, FORGET = "remember_fact", "recall_facts", "forget_fact"
_REMEMBERS = "remember|memori[sz]e|keep in mind|bear in mind|store that"

SPEC = SkillSpec(
    "memory",
    "Memory",
    "Remembers what you ask it to, and forgets it when you say so.",
    (
        Intent(
            REMEMBER,
            (
                "remember that my sister's name is Anna",
                "please remember I am allergic to nuts",
                "keep in mind that I live in Leeds",
                "remember my wifi password is blue horse",
                "remember that I like my coffee black",
                "don't forget that my birthday is on the third of May",
                "for the record, I work night shifts",
                "remember this: the spare key is at the neighbour's",
                "you should know that I am vegetarian",
                "memorize that my car is in row seven",
            ),
            patterns=(
                rf"^(?:please |can you |could you |also )*(?:{_REMEMBERS})\b(?! (?:when|how|the time|who|what|to)\b)",
                r"^(?:please )?(?:don't|do not|never) forget (?:that|i am|i'm|my)\b",
                r"^my name is \w+(?: \w+)?$",
                r"^(?!(?:do|did|can|could|will|would|what|who|how) ).+[, ]remember(?: (?:that|this|it))?$",
                r"^(?!(?:do|did|can|could|will|would|what|who|how) ).+[, ](?:keep|bear) (?:that|this|it) in mind$",
                r"^(?:for the record|for future reference|you should know)\b",
            ),
            against=(
                r"\b(?:do|did|can|will) you (?:still )?remember\b|^(?:please )?remember (?:to|when|how|the time)\b",
                r"^(?:what|who|when|where|why|how)\b|^(?:please )?remember the \w+$|\bwhat \w+$",
                r"\bremind me\b",
            ),
            description="Remember something about you",
        ),
        Intent(
            RECALL,
            (
                "what do you know about me",
                "what did I ask you to remember",
                "what do you remember",
                "show what you know about me",
                "do you remember my sister's name",
                "what do you know about my car",
                "list everything you remember",
                "tell me what you know about me",
                "what have I told you about myself",
                "which facts do you have about me",
            ),
            patterns=(
                r"\bwhat (?:do|did) you (?:know|remember|learn)\b(?:.*\b(?:me|my|i)\b|$)",
                r"\b(?:do|can) you (?:still )?remember (?:my|what i|where i|when i|who i)\b",
                r"\bremind me (?:what|who|where|when) (?:my|i)\b",
                r"\bdo you (?:still )?know (?:my|where i|who i|what i|when i)\b",
                r"\bwhat (?:did|have) i (?:tell|told|ask|asked) you\b",
                r"\b(?:show|list|tell)\b.*\b(?:you know|you remember|facts)\b.*\b(?:me|my)\b",
                r"\b(?:list|show) (?:all )?(?:my )?facts\b",
            ),
            against=(
                r"\b(?:forget|delete|erase)\b|^you know what$|\byou do\b|\bremember the \w+$",
                r"\byou know (?:about|of) (?!me\b|my\b|myself\b|us\b|our\b|mine\b)",
            ),
            description="Tell what it remembers",
        ),
        Intent(
            FORGET,
            (
                "forget that my sister's name is Anna",
                "forget what I told you about my car",
                "forget everything you know about me",
                "delete what you know about me",
                "forget my wifi password",
                "forget that I am vegetarian",
                "erase your memory of me",
                "please forget about my birthday",
                "delete the fact about my job",
                "remove everything you remember about me",
            ),
            patterns=(
                r"^(?:please |can you |could you )*forget\b(?! it$)",
                r"\b(?:delete|erase|remove|clear)\b.*\b(?:you know|you remember|i told you|your memory|memories)\b",
                r"\b(?:delete|erase|remove|clear)\b.*\bfacts?\b.*\b(?:about|me|my)\b",
            ),
            against=(
                r"\b(?:don't|do not|never|let me) forget\b|^forget (?:about )?(?:it|that)$|\broutines?\b",
                r"^(?:what|who|when|where|why|how)\b",
            ),
            description="Forget something; asks first when it is more than one thing",
        ),
    ),
)
