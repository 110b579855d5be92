"""How a text ends: as a whole, or in the middle of a sentence. Read for scripts that have cases, by form alone."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Literal

_LAST = re.compile(r"(?<![:;=])(?<![:;=]-)[^\W\d_][,;]?$|[^\W\d_]-$")  # no smiley
_OPEN = frozenset({
    "the", "a", "an", "and", "or", "but", "of", "nor", "because", "whose", "their", "your", "its", "my", "our", "into",
    "very", "although", "whereas", "every", "than",
})  # fmt: skip
"""Words that end no English sentence."""

_SENTENCE = re.compile(r"[a-z0-9)'\"][.!?]['\")]? +[A-Z\"']")
_STOP = re.compile(r"[.!?]['\")]? +[A-Z\"']")
"""Its end alone, which is searched for sooner, as few signs begin it."""

_ITEM = re.compile(r"[-*#>|+\u2022]|\d+[.)]|[a-zA-Z][.)] ")
_SIGN, _LINK, _TAG = re.compile(r"[{}\\<>=|`@_\t]"), re.compile(r"https?://"), re.compile(r"#\w")
"""What no prose holds."""

_SAID_BY = re.compile(r"[\"'\u201d)] ?[-~\u2013\u2014] ?[A-Z][\w.' ]{1,40}$")
_TAIL, _ALONE, _LEAST = 4, 15, 8  # words


def ending(text: str) -> Literal["cut", "bare"] | None:
    """How a text ends that does not end as a sentence: cut off by its last word, or bare of its last sign.

    What ends in a letter without a sign may be a title, an item of a list, a line of a poem or code: only prose counts,
    and of prose a last line with a sentence before the broken one, a long single sentence, or an ending that no
    sentence has. A bare ending may be a cut, or a sign that somebody forgot.

    Example:
        >>> ending("The heron stood by the river, and waited for the"), ending("Herons and other birds of the river")
        ('cut', None)
        >>> ending("The heron stood by the river. It waited for the fish and then it sl")
        'bare'
    """
    bare = text.rstrip()
    if not _LAST.search(bare[-4:]) or "```" in bare:  # it looks at no more
        return None
    line = bare.rpartition("\n")[2].strip()
    words = line.split()
    if len(words) < _LEAST or _ITEM.match(line) or not _is_prose(line) or not bare[-1].isascii() or _titled(words):
        return None
    if words[-1].lower() in _OPEN or bare[-1] == ",":
        return "cut"
    if bare[-1] in ";-" or _SAID_BY.search(line):
        return None
    *_, tail = _SENTENCE.split(line) if _STOP.search(line) else [line]
    whole = len(tail.split()) >= _TAIL if tail != line else len(words) >= _ALONE and line[0].isupper()
    return "bare" if whole else None


def _is_prose(line: str) -> bool:
    if _SIGN.search(line) or ("#" in line and _TAG.search(line)):
        return False
    return not ("://" in line and _LINK.search(line))


def _titled(words: list[str]) -> bool:
    """Whether most words are capitalised, as those of a title are."""
    return sum(map(str.isupper, map(itemgetter(0), words))) > len(words) / 2
