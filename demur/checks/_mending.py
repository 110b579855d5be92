"""The hand that mends rows one after another, and counts what it does."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_AS_IT_IS = re.compile(r'\s*(?:Human:|\[\s*[{"]|\{\s*")')
"""Transcripts, whose first line is empty by their form, and JSON in a text."""

_SAID = ("content", "value", "text")
"""Keys of a turn, or of a part of one, under which its words stand."""


class Hand:
    """Mends rows of one file.

    Args:
        texts: columns whose cells are texts or turns.
        exact: those of them whose edges stay.
    """

    def __init__(self, texts: Collection[str], exact: Collection[str] = ()) -> None:
        self.texts, self.exact = texts, exact
        self.rows = self.spacing = self.controls = self.order = self.duplicates = 0
        self._orders: dict[tuple[str, ...], dict[str, None]] = {}
        self._seen: set[bytes] = set()

    @property
    def changed(self) -> bool:
        """Whether anything was mended."""
        return bool(self.spacing or self.controls or self.order or self.duplicates)

    def row(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The row as it should be; None if it stood before."""
        self.rows += 1
        made = {name: self.cell(name, value) for name, value in row.items()}
        ordered = self._ordered(made, ())
        if _keys(ordered) != _keys(made):
            self.order += 1
        return None if self.stood(ordered) else ordered

    def cell(self, column: str, value: Any) -> Any:
        """A cell; only those of texts change."""
        return self._turns(value, column in self.exact) if column in self.texts else value

    def stood(self, row: Any) -> bool:
        """Whether the same row was seen before, in whatever order of keys."""
        said = json.dumps(row, sort_keys=True, default=repr).encode()
        digest = hashlib.sha256(said).digest()[:16]
        if digest in self._seen:
            self.duplicates += 1
            return True
        self._seen.add(digest)
        return False

    def text(self, text: str, *, exact: bool = False) -> str:
        """A text without control characters, and without space at its edges.

        Example:
            >>> Hand(()).text(" Turn it" + chr(8) + " off. ")
            'Turn it off.'
        """
        plain = _CONTROL.sub("", text)
        self.controls += plain != text
        bare = plain if exact or _AS_IT_IS.match(plain) else plain.strip()
        self.spacing += bare != plain
        return bare

    def _turns(self, value: Any, exact: bool) -> Any:
        if isinstance(value, str):
            return self.text(value, exact=exact)
        if isinstance(value, list):
            return [self._turns(each, exact) for each in value]
        if isinstance(value, dict):
            return {name: self._turns(each, exact) if name in _SAID else each for name, each in value.items()}
        return value

    def _ordered(self, value: Any, path: tuple[str, ...]) -> Any:
        """Objects with their keys in the order in which they first stood at this place."""
        if isinstance(value, list):
            return [self._ordered(each, (*path, "[]")) for each in value]
        if not isinstance(value, dict):
            return value
        order = self._orders.setdefault(path, {})
        order.update(dict.fromkeys(name for name in value if name not in order))
        return {name: self._ordered(value[name], (*path, name)) for name in order if name in value}


def _keys(value: Any) -> Any:
    """All keys of a value, in their order."""
    if isinstance(value, dict):
        return [(name, _keys(each)) for name, each in value.items()]
    return [_keys(each) for each in value] if isinstance(value, list) else None
