"""Slots of a template that nobody filled, as ``{name}``, ``[Your Name]``, ``<INSERT X>``; those of code are no such."""

from __future__ import annotations

import re
from itertools import chain

BRACKETS = b"{[<"
OPENED = (
    r"\{(?:\{|[a-z]{2}|INSERT|YOUR|Insert|Your)|\[(?i:insert|enter|add|fill|your|recipient|sender|company)\b"
    r"|<\s*(?i:insert|enter|your|no)"
)
LOREM, TODO = "psum dolor", b"TODO"
"""What every text with a slot holds, for a first look at many texts: a bracket before certain words, or a word."""

_ASKED = re.compile(
    r"[\[<{](?:INSERT|ENTER|YOUR|ADD) (?:[A-Z]+ ){0,3}(?:PROMPT|REQUEST|QUESTION|TEXT|NAME|TOPIC|TASK|QUERY|INPUT|HERE"
    r"|INSTRUCTIONS?)(?: HERE)?[\]>}]"
    r"|[\[<{][Ii]nsert (?:\w+ ){0,3}(?:prompt|request|question|query|task)(?: here)?[\]>}]"
)
"""Slots for what is asked; what a prompt has beside them is often the form of the answer that it wants."""

_WRITTEN = re.compile(
    r"\[(?:insert|fill in) [\w' /-]{1,40}\]|\[enter (?:your|the|name|date|text)\b[\w' /-]{0,30}\]"
    r"|\[(?:your|recipient(?:'s)?|sender(?:'s)?|company) (?:[\w'/-]+ ?){1,3}\]"
    r"|<(?:insert|enter|your)[ _-][\w' /-]{1,40}>|\{(?:insert|your)[ _][\w' /-]{1,40}\}",
    re.IGNORECASE,
)
_LOREM = re.compile(r"\blorem ipsum dolor\b", re.IGNORECASE)
_LETTER = re.compile(
    r"^\W*(?:[Dd]ear|Hi|Hello) \[[^\]\n]+\][ ,:*]*\n|\n\W*\[[^\]\n]{2,40}\]\W*$"
    r"|^\W*(?:Subject|To|From|Date)\b\W+[^\n]*\[",
    re.MULTILINE,
)
"""An answer that is a letter for somebody else to sign: its name, place and date are his to fill in."""

_SHAPE = re.compile(r"\bin (?:the|this) (?:following )?format\b|\bwhere \{", re.IGNORECASE)
"""A prompt that says how its answer shall look; braces are names of parts there."""

_TWICE = re.compile(r"\{\{(?<!\{\{\{) ?[a-zA-Z_][\w .-]{0,30} ?\}\}(?!\})")
_ONCE = re.compile(
    r"\{(?<![\w\\$^{}\])%@#&*/(=:'\"`\[-]\{)[a-z][a-z]{1,}(?:_[a-z]+)*\}(?![\w{}\[(.'\"`])"
    r"|\{(?<= \{)[a-z]{3,}\}(?=[.,!?](?:\s|$))"
)
"""Both begin with their braces, which are found at once; what stands before them is looked at then. So do `_SIGNS`."""

_TODO = re.compile(r"\ATODO\b|\bTODO:? *\Z")
_NOTHING = re.compile(r"\A\s*<\s*no\s?(?:in|out)put\s*>\s*\Z", re.IGNORECASE)
_SIGNS = re.compile(
    r"```|\\[a-zA-Z]+|=>|</\w+>|<[a-z]+[ >]|\{%|\{\s*\"|\{(?<=\bset \{)|:\s*\{ |\.format\(|;\s*$|\$\{|\$\$?[^$ ]+\$"
    r"|#include|\(\)(?<=\w\(\))|\"(?<=\b[fr]\")|'(?<=\b[fr]')",
    re.MULTILINE,
)
_WORDS = re.compile(
    r"\b(?:def|import|return|function|const|let|var|class|void|int|public)\b[^.\n]*[({;=]|print\s*\(", re.MULTILINE
)


def unfilled(text: str, *, asked: bool = False) -> bool:
    r"""Whether a text holds a slot that nobody filled; `asked` of a prompt, which may show the form of its answer.

    Example:
        >>> [unfilled(text) for text in ("Dear [Your Name],", "Answer {question} now", "Hello, {{ user }}!")]
        [True, True, True]
        >>> [unfilled(text) for text in ("print(f'{name}')", r"\frac{a}{b} and x_{max}", "Take the set {a, b}.")]
        [False, False, False]
        >>> unfilled("Reply as: [your answer]", asked=True), unfilled("Do this: [INSERT TASK HERE]", asked=True)
        (False, True)
        >>> unfilled('Say "I like [insert a thing]" to them.'), unfilled("Dear Ann,\n\nit rains.\n\n[Your Name]")
        (False, False)
    """
    if (_ASKED.search(text) if asked else _is_written(text)) or ("TODO" in text and _TODO.search(text)):
        return True
    braces = _TWICE.search(text) or _ONCE.search(text)
    return bool(braces and not _is_code(text) and not (asked and _SHAPE.search(text)))


def _is_written(text: str) -> bool:
    """Whether an answer holds a slot, and neither is a letter nor only says how others shall say something."""
    lorem = _LOREM.finditer(text) if "dolor" in text.lower() else ()
    found = any(not _is_quoted(text, slot.start()) for slot in chain(_WRITTEN.finditer(text), lorem))
    return found and not _LETTER.search(text)


def _is_code(text: str) -> bool:
    return bool(_SIGNS.search(text) or _WORDS.search(text))


def _is_quoted(text: str, place: int) -> bool:
    before = text[text.rfind("\n", 0, place) + 1 : place]
    return before.count('"') % 2 == 1 or before.count("\u201c") > before.count("\u201d")


def is_nothing(text: str) -> bool:
    """Whether a text is only the word by which somebody marked that there is none, as ``<noinput>``."""
    return bool(_NOTHING.match(text))
