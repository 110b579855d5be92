"""What two texts have in common, word by word, with or without showing a word."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

_MARKS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


@dataclass(frozen=True)
class WordDiff:
    """A word diff of two texts.

    Attributes:
        shared: words that stand in both, in order.
        removed: words of the first alone.
        added: words of the second alone.
        marked: the whole, with ``[-...-]`` around words of the first alone and ``{+...+}`` around those of the second.
        parts: the whole as runs of words, each "same", "removed" (of the first alone) or "added" (of the second alone).

    Example:
        >>> found = WordDiff.of("Paint the old fence", "Paint the fence blue")
        >>> found.masked, found.marked
        ('3 words shared, 1 only in the first, 1 only in the second', 'Paint the [-old-] fence {+blue+}')
    """

    shared: int
    removed: int
    added: int
    marked: str
    parts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, one: str, two: str) -> WordDiff:
        """Compare two texts."""
        left, right = one.split(), two.split()
        parts: list[tuple[str, str]] = []
        shared, removed, added = 0, 0, 0
        for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if tag == "equal":
                shared += b - a
                parts.append(("same", " ".join(left[a:b])))
                continue
            removed, added = removed + b - a, added + d - c
            if b > a:
                parts.append(("removed", " ".join(left[a:b])))
            if d > c:
                parts.append(("added", " ".join(right[c:d])))
        marked = " ".join(_MARKS[tag].format(words) for tag, words in parts)
        return cls(shared, removed, added, marked, tuple(parts))

    @property
    def masked(self) -> str:
        """The numbers alone."""
        return f"{self.shared} words shared, {self.removed} only in the first, {self.added} only in the second"
