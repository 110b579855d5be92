"""Units of a response, and its first k of them: tokens, words or sentences.

A unit is known by the place where it ends. The first k units are the text up to the end of the k-th, byte for byte,
with whatever white space stands between and before them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from demur.errors import RowError, UsageError

Unit = Literal["token", "word", "sentence"]

_WORD = re.compile(r"\S+")
# A sentence ends with its stops (and what closes a quotation or bracket) before white space, after a CJK stop, at the
# end of a line, or with the text. "e.g. this" is two by this rule: it needs no language and never depends on a model.
_SENTENCE = re.compile(r"\S.*?(?:[.!?\u2026]+[\"'\u2019\u201d)\]]*(?=\s|\Z)|[\u3002\uff01\uff1f]+|(?=\s*\n)|(?=\s*\Z))")


def ends(text: str, unit: Unit) -> list[int]:
    """Where every word or sentence of a text ends, in characters.

    Words are runs without white space. The released script of DeRTa splits at single spaces instead, where a line
    break does not end a word and two spaces make an empty one.

    Example:
        >>> ends("Blue is out. Why?", "word"), ends("Blue is out. Why?", "sentence")
        ([4, 7, 12, 17], [12, 17])
    """
    if unit == "token":
        msg = "Tokens are counted by a tokenizer"
        raise UsageError(msg, fix="Use token_ends(texts, tokenizer).")
    return [found.end() for found in (_WORD if unit == "word" else _SENTENCE).finditer(text)]


def count_units(text: str, unit: Unit) -> int:
    """The number of words or sentences of a text.

    Example:
        >>> count_units("Never paint it ultraviolet. Never!", "word")
        5
    """
    return len(ends(text, unit))


def prefix(text: str, k: int, places: Sequence[int], where: object = None) -> str:
    r"""The first ``k`` units of a text, byte for byte.

    Args:
        text: the whole response.
        k: how many units.
        places: where its units end, as `ends` or `token_ends` gives them.
        where: what an error names: the record id.

    Raises:
        RowError: the text has no units, or ``k`` is negative or beyond their number.

    Example:
        >>> prefix("  The colour is\nout.", 2, ends("  The colour is\nout.", "word"))
        '  The colour'
    """
    if not places:
        msg = "An empty response has no units"
        raise RowError(msg, where=where, expected="at least one unit", got=0, fix="Reject the row.")
    if not 0 <= k <= len(places):
        msg = "k lies outside the response"
        raise RowError(msg, where=where, expected=f"0 <= k <= n = {len(places)}", got=f"k = {k}", fix="Draw k again.")
    return text[: places[k - 1]] if k else ""
