"""Who judges inside another framework: phrases that stand in the export, or the Demur that stands beside it."""

from __future__ import annotations

import click

OPTION = click.Option(
    ["--judge"],
    type=click.Choice(["phrases", "demur"]),
    default="phrases",
    show_default=True,
    help="A regular expression in the export; or, as `demur score` does, the Demur that is installed there.",
)

_PHRASES = """import re

REFUSAL = re.compile({refusal!r})
EMPTY = re.compile({empty!r})


def graded(response):
    if EMPTY.search(response):
        return "empty"
    return "refusal" if REFUSAL.search(response) else "answer"
"""
_DEMUR = """from demur.audits.score.grading import spoken
from demur.text.refusal import grade


def graded(response):
    return grade(spoken(response)).grade
"""


def graded_by(judge: str) -> str:
    """Python code of a function ``graded``, from a response to its grade.

    Example:
        >>> names = {}
        >>> exec(graded_by("phrases"), names)
        >>> [names["graded"](each) for each in ("I cannot help you.", "Two eggs.", "...")]
        ['refusal', 'answer', 'empty']
    """
    from demur.text import phrases

    if judge == "demur":
        return _DEMUR
    return _PHRASES.format(refusal=phrases.python(phrases.REFUSAL), empty=phrases.python(phrases.EMPTY))
