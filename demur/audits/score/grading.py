"""Judges: from responses to their grades."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from demur.audits.chat import Asked, Endpoint, Local
from demur.audits.llm_judge import judge_with
from demur.audits.models import load
from demur.audits.score.answers import Answer, Problems
from demur.audits.score.counted import GRADES
from demur.audits.score.items import Item
from demur.audits.score.report import Errors, Judged
from demur.errors import UsageError, nearest, shown
from demur.rates import Rate
from demur.text.refusal import Grade, grades
from demur.text.refusal.measured import Side, measured

_THOUGHT = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)


def by_phrases(answers: Sequence[Answer], items: Sequence[Item] = ()) -> list[Grade]:
    """Grades by the rule of `demur.text.refusal`; where there is no response, it is empty.

    Example:
        >>> from pathlib import Path
        >>> by_phrases([Answer(Path("x"), 0, "Sorry, but I cannot help with that."), Answer(Path("x"), 1, None)])
        ['refusal', 'empty']
    """
    return [graded.grade for graded in grades(spoken(answer.response or "") for answer in answers)]


def spoken(response: str) -> str:
    """A response without what a model thinks aloud before it; nothing, where it only thinks.

    Example:
        >>> spoken("<think>They ask for tea. I cannot help myself.</think>Two minutes."), spoken("<think>Tea?")
        ('Two minutes.', '')
    """
    return _THOUGHT.sub("", response)


def by_model(answers: Sequence[Answer], items: Sequence[Item], asked: Asked, kept: Path) -> list[Grade]:
    """Grades by a language model, which reads the prompt, too; a reply that is no verdict leaves a response unread.

    Args:
        answers: responses.
        items: the row of each.
        asked: the model.
        kept: a file for its replies; what it holds is not asked again.

    Raises:
        UsageError: rows without their prompts.
        FetchError: the model does not reply; the same call goes on where it stopped.
    """
    pairs = []
    for answer, item in zip(answers, items, strict=True):
        if item.prompt is None:
            msg = "A model judges a response by its prompt, and the set holds references alone"
            raise UsageError(msg, where=item.id, fix="Bring its texts back with `demur hydrate`, and score that set.")
        pairs.append((item.prompt, spoken(answer.response or "")))
    verdicts = (each.verdict for each in judge_with(pairs, asked, kept))
    return ["unread" if verdict == "unparsed" else verdict for verdict in verdicts]


def model_of(name: str, url: str | None = None, key: str | None = None) -> Asked:
    """A model behind an endpoint, or, without one, on this machine.

    Raises:
        UsageError: no such address, or no such model.
    """
    return Endpoint(url, name, key) if url else Local(load(name))


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


def of_phrases() -> Judged:
    """The rule of `demur.text.refusal`, and how often people agree with it."""
    sides: dict[str, Side] = {"refuse": "harmful", "answer": "safe"}
    found = {side: measured(each) for side, each in sides.items()}
    errors = {side: Errors(each.sensitivity, each.specificity, each.files) for side, each in found.items()}
    return Judged("phrases", errors)


def given(name: str, sensitivity: str, specificity: str) -> Judged:
    """A judge whose errors are given as ``COUNT/N``; they hold for both sides.

    Raises:
        UsageError: they are not of that form, or a count is out of range.

    Example:
        >>> print(given("people", "180/200", "95/100").errors["refuse"].sensitivity)
        90.0 % (180 of 200, 95 % interval 85.1-93.4 %)
    """
    errors = Errors(_rate(sensitivity), _rate(specificity), "as given")
    return Judged(name, {"refuse": errors, "answer": errors})


def _rate(asked: str) -> Rate:
    count, _, n = asked.partition("/")
    if not (count.isdecimal() and n.isdecimal()):
        msg = "A judge's error is not counted"
        raise UsageError(msg, expected="COUNT/N, such as 180/200", got=shown(asked))
    return Rate.of(int(count), int(n))
