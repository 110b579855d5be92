"""The form of a prompt: what stays when one looks away from what it asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from demur.text.normalise import normalise

QUESTION = frozenset({
    "what", "why", "how", "who", "whom", "whose", "when", "where", "which", "is", "are", "am", "was", "were", "do",
    "does", "did", "can", "could", "should", "would", "will", "may", "might", "has", "have", "had", "shall",
})  # fmt: skip
"""Words that open a question, with or without its mark."""

STATEMENT = frozenset({
    "i", "i'm", "i've", "we", "you", "he", "she", "it", "they", "the", "a", "an", "this", "that", "these", "those",
    "my", "our", "your", "his", "her", "their", "there", "if", "in", "on", "at", "as", "for", "to", "with", "some",
})  # fmt: skip
"""Words that open a statement; whatever opens with neither is read as an imperative."""

_WORD = re.compile("[^\\W_]+(?:['\u2019][^\\W_]+)*")
_SIGNS = ".,;:!?'\"()-"


def form(text: str) -> str:
    """Question, statement or imperative.

    Example:
        >>> form("how tall is a heron"), form("The heron stands."), form("Draw a heron"), form("Herons, really?")
        ('question', 'statement', 'imperative', 'question')
    """
    first = next(iter(opening(text)), "")
    if text.rstrip().endswith("?") or first in QUESTION:
        return "question"
    return "statement" if first in STATEMENT else "imperative"


def is_prose(text: str) -> bool:
    r"""Whether a text begins and ends as a sentence does: a capital, a digit or a mark first, a sign last.

    Example:
        >>> is_prose("Herons stand still."), is_prose("stand still"), is_prose("- Stand\n- Fish!")
        (True, False, True)
    """
    bare = text.strip()
    return bool(bare) and not bare[0].islower() and bare[-1] in ".!?:)\"'\u2019\u201d`*|"


def opening(text: str) -> list[str]:
    """The first word, and the first two together; lower case.

    Example:
        >>> opening("Draw me a heron")
        ['draw', 'draw me']
    """
    words = [match.group().lower() for match, _ in zip(_WORD.finditer(text), range(2), strict=False)]
    return [" ".join(words[:length]) for length in range(1, len(words) + 1)]


def ending(text: str) -> str:
    """The sign that ends a prompt, or nothing."""
    last = text.rstrip()[-1:]
    return "" if last.isalnum() else last


def describe(texts: Sequence[str]) -> list[dict[str, float]]:
    """Numbers of the form of every prompt: lengths, signs, letters, form and ending.

    Example:
        >>> found = describe(["Draw a heron."])[0]
        >>> found["form=imperative"], found["words"] == math.log(4), found["sign=."]
        (1.0, True, 1.0)
    """
    return [_describe(text) for text in texts]


def _describe(text: str) -> dict[str, float]:
    words = text.split()
    letters = [letter for letter in text if letter.isalpha()]
    return {
        "characters": math.log(1 + len(text)),
        "words": math.log(1 + len(words)),
        "letters a word": sum(map(len, words)) / max(1, len(words)),
        "capitals": sum(letter.isupper() for letter in letters) / max(1, len(letters)),
        "capital first": float(text[:1].isupper()),
        "digits": sum(letter.isdigit() for letter in text) / max(1, len(text)),
        "lines": float(text.count("\n")),
        f"form={form(text)}": 1.0,
        f"ending={ending(text)}": 1.0,
        **{f"sign={sign}": float(text.count(sign)) for sign in _SIGNS},
    }


def shares_words(prompt: str, response: str) -> bool:
    """Invariant 19: a prompt and its target share a word of four letters or more.

    Example:
        >>> shares_words("Paint the fence", "The fence is blue"), shares_words("Paint the fence", "No way")
        (True, False)
    """
    one, two = ({word[:6] for word in normalise(text).split() if len(word) > 3} for text in (prompt, response))
    return bool(one & two)
