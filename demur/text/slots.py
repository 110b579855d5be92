"""Slots of a template that nobody filled, as ``{name}``, ``[Your Name]``, ``<INSERT X>``; those of code are no such."""

from __future__ import annotations

import re

SIGNS = (
    r"\{\{|\{[a-z]{2}|\{(?:INSERT|YOUR)|\[(?i:insert|enter|add|fill|your|recipient|sender|company)\b"
    r"|<\s*(?i:insert|enter|your|no)\b|<\s*(?i:no(?:in|out)put)|TODO|(?i:lorem ipsum)"
)
"""What every text with a slot holds, for a first look at many texts (RE2)."""

_ALWAYS = re.compile(
    r"\[(?:INSERT|ENTER|ADD|FILL IN|YOUR) [A-Z][A-Z' /_-]*\]"
    r"|\[(?:Insert|insert|Your|your|Recipient's|Recipient|Sender's|Company) (?:[A-Z'][\w'/-]* ?){1,3}\]"
    r"|\[(?:insert|enter|fill in) [\w' /-]{2,40}\]"
    r"|<(?:INSERT|ENTER|insert|enter|YOUR|your)[ _-][\w' /-]{1,40}>"
    r"|\{(?:INSERT|YOUR|insert|your)[ _][\w' /-]{1,40}\}"
    r"|\blorem ipsum dolor\b",
    re.IGNORECASE,
)
_TWICE = re.compile(r"(?<!\{)\{\{ ?[a-zA-Z_][\w .-]{0,30} ?\}\}(?!\})")
_ONCE = re.compile(
    r"(?<![\w\\$^{}\])%@#&*/(=:'\"`\[-])\{[a-z][a-z]{1,}(?:_[a-z]+)*\}(?![\w{}\[(.'\"`])"
    r"|(?<= )\{[a-z]{3,}\}(?=[.,!?](?:\s|$))"
)
_TODO = re.compile(r"\ATODO\b|\bTODO:? *\Z")
_NOTHING = re.compile(r"\A\s*<\s*no\s?(?:in|out)put\s*>\s*\Z", re.IGNORECASE)
_CODE = re.compile(
    r"```|\\[a-zA-Z]+|\b(?:def|import|return|function|const|let|var|class|void|int|public)\b[^.\n]*[({;=]|=>|</\w+>"
    r"|\{%|print\s*\(|\.format\(|\b[fr][\"']|;\s*$|\$\{|\{\s*\"|:\s*\{ |\w\(\)|<[a-z]+[ >]|#include|\$\$?[^$ ]+\$|\bset \{",
    re.MULTILINE,
)


def unfilled(text: str) -> bool:
    r"""Whether a text holds a slot that nobody filled.

    Example:
        >>> [unfilled(text) for text in ("Dear [Your Name],", "Answer {question} now", "Hello, {{ user }}!")]
        [True, True, True]
        >>> [unfilled(text) for text in ("print(f'{name}')", r"\frac{a}{b} and x_{max}", "Take the set {a, b}.")]
        [False, False, False]
    """
    if _ALWAYS.search(text) or _TODO.search(text):
        return True
    return bool((_TWICE.search(text) or _ONCE.search(text)) and not _CODE.search(text))


def is_nothing(text: str) -> bool:
    """Whether a text is only the word by which somebody marked that there is none, as ``<noinput>``."""
    return bool(_NOTHING.match(text))
