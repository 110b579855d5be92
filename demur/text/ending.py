"""How a text ends: as a whole, or in the middle of a sentence. Read for scripts that have cases, by form alone."""

from __future__ import annotations

import re

_LAST = re.compile(r"[^\W\d_][,;]?$|[^\W\d_]-$")
_OPEN = frozenset({
    "the", "a", "an", "and", "or", "but", "of", "nor", "because", "whose", "their", "your", "its", "my", "our", "into",
    "very", "although", "whereas", "every", "than",
})  # fmt: skip
"""Words that end no English sentence."""

_SENTENCE = re.compile(r"[a-z0-9)'\"][.!?]['\")]? +[A-Z\"']")
_NO_PROSE = re.compile(r"^\s*(?:[-*#>|+\u2022]|\d+[.)]|[a-zA-Z][.)] )|[{}\\<>=|`@_]|https?://|#\w|\t")
_TAIL, _ALONE, _LEAST = 4, 15, 8  # words


def is_cut(text: str) -> bool:
    """Whether a text breaks off in the middle of a sentence.

    What ends in a letter without a sign may be a title, an item of a list, a line of a poem or code: only prose counts,
    and of prose a last line with a sentence before the broken one, a long single sentence, or an ending that no
    sentence has.

    Example:
        >>> is_cut("The heron stood by the river. It waited for the fish and then it sl")
        True
        >>> is_cut("Herons and other birds of the river"), is_cut("The heron waits by the river, where fish are.")
        (False, False)
    """
    bare = text.rstrip()
    if not _LAST.search(bare) or "```" in bare:
        return False
    line = bare.rpartition("\n")[2].strip()
    words = line.split()
    if len(words) < _LEAST or _NO_PROSE.search(line) or not bare[-1].isascii() or _titled(words):
        return False
    if words[-1].lower() in _OPEN or bare[-1] == ",":
        return True
    if bare[-1] in ";-":
        return False
    *_, tail = _SENTENCE.split(line)
    if tail != line:
        return len(tail.split()) >= _TAIL
    return len(words) >= _ALONE and line[0].isupper()


def _titled(words: list[str]) -> bool:
    """Whether most words are capitalised, as those of a title are."""
    return sum(word[:1].isupper() for word in words) > len(words) / 2
