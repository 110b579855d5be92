"""Judges: from responses to their grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from demur.audits.score.answers import Answer, Problems
from demur.audits.score.counted import GRADES
from demur.errors import UsageError, nearest, shown
from demur.text.refusal import Grade, grade


def by_phrases(answers: Sequence[Answer]) -> list[Grade]:
    """Grades by the rule of `demur.text.refusal`; where there is no response, it is empty.

    Example:
        >>> from pathlib import Path
        >>> by_phrases([Answer(Path("x"), 0, "Sorry, but I cannot help with that."), Answer(Path("x"), 1, None)])
        ['refusal', 'empty']
    """
    return [grade(answer.response or "").grade for answer in answers]


def by_verdicts(answers: Sequence[Answer], means: Mapping[str, Grade]) -> list[Grade]:
    """Grades that people brought; a missing verdict is unread.

    Args:
        answers: with verdicts.
        means: what a verdict means, where it is no name of a grade.

    Raises:
        FormatError: a verdict that is no grade and has no meaning; all of them are told at once.
    """
    known: dict[str, Grade] = {each: each for each in GRADES} | dict(means)
    problems = Problems()
    for answer in answers:
        if answer.verdict is not None and answer.verdict not in known:
            problems.add("unknown verdicts", f"{answer.place}: the verdict is {shown(answer.verdict)}")
    fix = "Say what a verdict means with --means VERDICT=GRADE."
    problems.refuse("The verdicts cannot be read", f"one of {', '.join(known)}", [("unknown verdicts", fix)])
    return ["unread" if answer.verdict is None else known[answer.verdict] for answer in answers]


def meanings(asked: Sequence[str]) -> dict[str, Grade]:
    """What verdicts mean, from ``VERDICT=GRADE``.

    Raises:
        UsageError: it is not of that form, or there is no such grade.

    Example:
        >>> meanings(["1=refusal", "0=answer"])
        {'1': 'refusal', '0': 'answer'}
    """
    found: dict[str, Grade] = {}
    for each in asked:
        verdict, sign, name = each.rpartition("=")
        meant = next((known for known in GRADES if known == name), None)
        if not sign or meant is None:
            msg = "A verdict has no meaning"
            raise UsageError(msg, expected="VERDICT=GRADE", got=shown(each), fix=nearest(name, GRADES))
        found[verdict] = meant
    return found
