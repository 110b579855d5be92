r"""The first rule of `demur.text.refusal` as one regular expression, for programs that take a pattern and no code.

It says the verdict of `judge`: refusal, empty, or else an answer. What `grade` says beyond that (partial, unread, other
languages) is no pattern: `docs/refusal-judge.md` says how often each is right. The rule looks for openings in the first
characters alone, and the pattern for openings that *begin* there: on longer texts the two may differ.
"""

from __future__ import annotations

from demur.text.refusal.first import OPENING, OPENINGS, STATEMENTS

REFUSAL = rf"\A(?=[\s\S]*?(?:{STATEMENTS})|[\s\S]{{0,{OPENING}}}?(?:{OPENINGS}))"
"""Found in a response that refuses, at its beginning, without a character of it; letters of either case."""

EMPTY = r"\A(?![\s\S]*[^\W_])"
"""Found in a response without any letter or digit."""


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
    r"""A pattern for JavaScript, whose flags are ``iu``; its own ``\w`` and ``\b`` know ASCII letters only.

    Example:
        >>> javascript(r"\A(?![\s\S]*[^\W_])"), javascript(r"\W*no")
        ('^(?![\\s\\S]*[\\p{L}\\p{N}])', '[^\\p{L}\\p{N}_]*no')
    """
    word = r"[\p{L}\p{N}_]"
    edge = rf"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"
    replaced = {r"\A": "^", r"[^\W_]": r"[\p{L}\p{N}]", r"\W": r"[^\p{L}\p{N}_]", r"\w": word, r"\b": edge}
    for one, other in replaced.items():
        pattern = pattern.replace(one, other)
    return pattern
