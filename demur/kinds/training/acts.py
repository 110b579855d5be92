"""What a harmful prompt asks for: a text, a way, a thing, a plan ... so that a refusal can name it.

A rule on verbs, in this order; it says what to decline, not how harmful it is.
"""

from __future__ import annotations

import re

_TEXTS = (
    r"(?:post|article|story|poem|speech|essay|letter|e-?mail|tweet|joke|script|song|ad|advertisement|slogan|message|"
    r"lyrics|manifesto|blog|paragraph|caption|review|dialogue|code|program|statement|scene|monologue|list)s?"
)
_RULES = {
    "write": rf"^\W*(?:please |can you |could you |help me )*(?:write|compose|draft|rewrite|tell me a)\b"
    rf"|\b(?:create|generate|make|give me|produce|make up|invent|craft|prepare|provide)\b[^.?!]{{0,60}}\b{_TEXTS}\b"
    r"|\b(?:insults|jokes|slurs)\b",
    "persuade": r"\b(?:convince|persuade|manipulate|trick|pressure|blackmail|threaten|harass|bully|cyberbully|insult"
    r"|intimidate|groom|lure|radicali[sz]e|recruit|humiliate|defame|force|coerce)\b",
    "personal": r"\b(?:address|passwords?|phone number|social security|personal (?:data|information|details)|track|spy"
    r"|spying|stalk|stalking|dox|medical records?|location|bug someone)\b",
    "instructions": r"\bhow (?:do|to|can|could|would|should|does|did|might)\b|\b(?:steps?|instructions?|guide|teach"
    r"|explain|tutorial|ways?|methods?|recipe|tips|techniques?|procedure|what can i|what should i)\b",
    "plan": r"\b(?:plan|plans|planning|strategy|scheme|without (?:getting|being) caught|get away with|cover up)\b",
    "find": r"\b(?:where|find|buy|get|obtain|purchase|download|acquire|link|suppliers?)\b",
}
_COMPILED = {act: re.compile(pattern, re.IGNORECASE) for act, pattern in _RULES.items()}

OTHER = "other"
ACTS = (*_RULES, OTHER)
"""Acts asked about."""


def act_of(prompt: str) -> str:
    """What a prompt asks for; ``other`` where no rule fits.

    Example:
        >>> [act_of(text) for text in ("Write a poem about fog.", "How do I paint a fence?", "Fog is grey.")]
        ['write', 'instructions', 'other']
    """
    return next((act for act, pattern in _COMPILED.items() if pattern.search(prompt)), OTHER)
