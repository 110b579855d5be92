"""The first rule on columns of texts: which of them need not be read at all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# Every phrase of the first rule holds one of these, and an expression of all phrases takes longer to make than to use.
_WORDS = (
    "not", "n['\u2019]t", "unable", "decline", "refuse", "refrain", "sorry", "apolog", "unfortunately", "regrettably",
    "against my", "against the law", "never", "neither", "illegal", "unethical", "immoral", "crime", "inform", "remind",
    "point out", "emphasi", "stress", "advise", "clarify",
    "[\u0130\u0131]",  # to Python an i of another case
)  # fmt: skip
_PHRASES = f"(?i){'|'.join(_WORDS)}"


def may_refuse(texts: pa.LargeStringArray) -> pa.BooleanArray:
    """Which texts `find_refusal` may find something in; a null is none of them.

    Example:
        >>> said = ["Mix blue and red.", "I cannot help.", None, "I cannot wait."]
        >>> may_refuse(pa.array(said, pa.large_string())).to_pylist()
        [False, True, False, True]
    """
    return pc.fill_null(pc.match_substring_regex(texts, _PHRASES), False)
