"""The first rule on columns of texts: which of them need not be read at all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.text.refusal.first import OPENINGS, STATEMENTS

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
