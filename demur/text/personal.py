"""Strings that look like somebody's personal data: numbers, addresses. A rule by form, which knows no names.

It reads what is written as such data is written in English; made-up data looks the same and counts as well.
"""

from __future__ import annotations

import re

PATTERNS = {
    "e-mail": re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"),
    "social-security": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "phone": re.compile(r"(?<![\w-])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"),
    "card": re.compile(r"(?<![\d-])(?:\d{4}[- ]?){3}\d{4}(?![\d-])"),
    "address": re.compile(
        r"\b\d{1,5} (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}"
        r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Terrace)\b\.?"
    ),
}
"""Kind of data -> how it is written."""


def personal(text: str) -> list[str]:
    """Kinds of personal data that a text seems to hold.

    Example:
        >>> personal("Write to ann@example.org, or call 555-010-9999."), personal("In 1984, 12 eggs on the road.")
        (['e-mail', 'phone'], [])
    """
    return [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]
