"""Rules on columns of texts: which of them need not be read at all."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.text.refusal.first import OPENING, OPENINGS, STATEMENTS

# Every phrase of the first rule holds one of these.
_WORDS = (
    "not", "n['\u2019]t", "unable", "decline", "refuse", "refrain", "sorry", "apolog", "unfortunately", "regrettably",
    "against my", "against the law", "never", "neither", "illegal", "unethical", "immoral", "crime", "inform", "remind",
    "point out", "emphasi", "stress", "advise", "clarify",
    "[\u0130\u0131]",  # to Python an i of another case
)  # fmt: skip
_HOLDS = f"(?i){'|'.join(_WORDS)}"
# The phrases themselves, as far as Arrow's expressions go: they never look ahead, and their letters are those of ASCII.
_PHRASES = f"(?i){STATEMENTS}|{OPENINGS}".replace(r"(?=['\u2019])", "").replace(r"\u2019", "\u2019")
_MANY = 500
"""Texts from which it pays to make the longer expression, which takes as long as to read some hundreds in Python."""


def may_refuse(texts: pa.LargeStringArray) -> pa.BooleanArray:
    """Which texts `find_refusal` may find something in; a null is none of them.

    Example:
        >>> said = ["Mix blue and red.", "I cannot help.", None, "I cannot wait."]
        >>> may_refuse(pa.array(said, pa.large_string())).to_pylist()
        [False, True, False, True]
    """
    found = pc.fill_null(pc.match_substring_regex(texts, _HOLDS), False)
    plain = pc.and_(found, pc.fill_null(pc.string_is_ascii(texts), False))
    if plain.true_count < _MANY:
        return found
    return pc.replace_with_mask(found, plain, pc.match_substring_regex(texts.filter(plain), _PHRASES))


_QUOTED = re.compile("[\u2018\u201c-\u201f\u2010-\u2015\u2022\u2026]")  # to every phrase they are what a quote is
_FOREIGN = "\u00e9"
_STRANGE = "[^\t\n\r -~]"  # what Arrow's expressions may take for another kind of character than Python's do


def may_be_heard(texts: Sequence[str]) -> list[Set[str]]:
    """Which families of English phrases `demur.text.refusal.voice.hear` may find in each text.

    Of few texts, and of texts with characters that Arrow's expressions read in their own way, nothing is known: any may
    be in them.

    Example:
        >>> said = ["Mix blue and red.", "I cannot help."] * 500
        >>> [sorted(each) for each in may_be_heard(said)[:2]], [len(each) for each in may_be_heard(said[:2])]
        ([[], ['refuses']], [9, 9])
    """
    from demur.text.refusal.voice import ALL, ANYWHERE, EARLY

    if len(texts) < _MANY:
        return [ALL] * len(texts)
    straight = (text.replace("\u2019", "'").replace("\u02bc", "'") for text in texts)
    quoted = (text if text.isascii() else _QUOTED.sub('"', text) for text in straight)
    read = pa.array([text if text.isascii() else _FOREIGN for text in quoted], pa.large_string())
    opening = pc.utf8_slice_codeunits(read, 0, OPENING)
    places = {name: 1 << place for place, name in enumerate(sorted(ALL))}
    bits = np.zeros(len(texts), np.int64)
    for families, column in ((ANYWHERE, read), (EARLY, opening)):
        for name, rule in families.items():
            found = pc.match_substring_regex(column, _loose(rule))
            bits += places[name] * found.to_numpy(zero_copy_only=False)
    strange = pc.match_substring_regex(read, _STRANGE).to_numpy(zero_copy_only=False)
    bits[strange] = -1  # all of them
    known = {each: frozenset(name for name in ALL if each & places[name]) for each in np.unique(bits).tolist()}
    return [known[each] for each in bits.tolist()]


@cache
def _loose(rule: re.Pattern[str]) -> str:
    r"""An expression for Arrow that finds whatever a rule finds, and more: nothing is looked ahead for, or counted.

    Example:
        >>> _loose(re.compile(r"I (?!can (?:see|hear))\w{1,9}", re.IGNORECASE))
        '(?i)I \\w+'
    """
    found = rule.pattern.replace("*+", "*")
    while (at := _AHEAD.search(found)) is not None:
        found = found[: at.start()] + found[_end(found, at.start()) :]
    flags = "im" if rule.flags & re.MULTILINE else "i"
    return f"(?{flags})" + _COUNTED.sub(lambda few: "*" if few[1] == "0" else "+", found)


_AHEAD = re.compile(r"\(\?[=!]")
_COUNTED = re.compile(r"\{(\d+),\d+\}\??")


def _end(pattern: str, start: int) -> int:
    """Behind the group of a pattern that begins at a place; no bracket of ours is escaped, or one of a class."""
    depth = 0
    for place in range(start, len(pattern)):
        depth += {"(": 1, ")": -1}.get(pattern[place], 0)
        if depth == 0:
            return place + 1
    msg = "a group without an end"
    raise ValueError(msg)
