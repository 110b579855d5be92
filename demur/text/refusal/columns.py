"""The first rule on columns of texts: which of them need not be read at all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from demur.text.refusal.first import OPENINGS, STATEMENTS

# Arrow's expressions never look ahead; without that they find the same and more.
_PHRASES = f"(?i){STATEMENTS}|{OPENINGS}".replace(r"(?=['\u2019])", "").replace(r"\u2019", "\u2019")


def may_refuse(texts: pa.LargeStringArray) -> pa.BooleanArray:
    """Which texts `find_refusal` may find something in; a null is none of them.

    What is a letter differs outside ASCII, so any other text may be one.

    Example:
        >>> said = ["Mix blue and red.", "I cannot wait. But I cannot help.", None, chr(0xE9), "I cannot wait."]
        >>> may_refuse(pa.array(said, pa.large_string())).to_pylist()
        [False, True, False, True, False]
    """
    plain = pc.string_is_ascii(texts)
    found = pc.or_(pc.invert(plain), pc.match_substring_regex(texts, _PHRASES))
    return pc.fill_null(found, False)
