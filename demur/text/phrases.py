r"""The phrase rule of `demur.text.refusal` as one regular expression, for programs that take a pattern and no code.

It says the verdict of `judge`: refusal, empty, or else an answer. Two things it cannot say. The rule looks for openings
in the first characters alone; the pattern looks for openings that *begin* there. And JavaScript's ``\w`` and ``\b``
know ASCII letters only. What `grade` says beyond that (partial, unread) is no pattern at all.
"""

from __future__ import annotations

from demur.text.refusal import _OPENINGS, _STATEMENTS, OPENING

REFUSAL = (
    rf"\A(?=[\s\S]*?(?:{_STATEMENTS.pattern})"
    rf"|[\s\S]{{0,{OPENING}}}?(?:{_OPENINGS.pattern}))"
)
r"""Found in a response that refuses, at its beginning, without a character of it; letters of either case."""

EMPTY = r"\A(?![\s\S]*[^\W_])"
r"""Found in a response without any letter or digit."""


def python(pattern: str) -> str:
    """A pattern with its flag inside.

    Example:
        >>> import re
        >>> refuses, empty = re.compile(python(REFUSAL)), re.compile(python(EMPTY))
        >>> [bool(refuses.search(text)) for text in ("Mix blue and red.", "Fences are fun. But i cannot help you.", "")]
        [False, True, False]
        >>> refuses.findall("I'm sorry, but no."), empty.findall("_ ..."), empty.findall("... 1")
        ([''], [''], [])
    """
    return f"(?i){pattern}"


def javascript(pattern: str) -> str:
    r"""A pattern for JavaScript, whose flags are ``iu``.

    Example:
        >>> javascript(r"\A(?![\s\S]*[^\W_])")
        '^(?![\\s\\S]*[\\p{L}\\p{N}])'
    """
    return pattern.replace(r"\A", "^").replace(r"[^\W_]", r"[\p{L}\p{N}]")
