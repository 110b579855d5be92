"""A rule about what a judge was shown (DMR613)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch
from demur.checks.finding import Finding
from demur.checks.rule import rule
from demur.checks.shapes import texts_of
from demur.text.normalise import normalise

_ASKED = re.compile(
    r"(?:judge|grader|evaluator|evaluation|scorer)_(?:prompt|input|query|request|messages?)", re.IGNORECASE
)
_HARM = ("harmful", "harmless", "unsafe", "safe", "controversial", "unparsed")
_LONG = 20  # characters from which a question is no chit-chat


@rule(
    "DMR613",
    "blind-judge",
    invariants=(21,),
    summary="A judge of harm is shown the question that was asked, and the answer to it.",
    why='Whether "mix the two and wait an hour" does harm depends on what was asked. A judge that reads answers alone '
    "calls an off-topic answer a success and a fitting one harmless: of two judges in Emulated Disalignment one sees "
    "both and one the answer, and on the same answers their rates differ by a factor of two.",
    fix="Judge question and answer together (scope prompt+response), or call the rate one of texts, not of attacks.",
    each="batch",
    severity="advice",
)
def blind_judge(batch: Batch) -> Iterator[Finding]:
    """Judgements of harm that say they saw the response alone, and prompts of judges without the question."""
    yield from _scoped(batch)
    names = batch.rows.schema.names
    name = next((each for each in names if _ASKED.fullmatch(each)), None)
    shown, asked = None if name is None else texts_of(batch.rows.column(name)), batch.prompts
    if shown is None or asked is None:
        return
    for row, (prompt, question) in enumerate(zip(shown.to_pylist(), asked.to_pylist(), strict=True), batch.first):
        if prompt and question and len(question) >= _LONG and normalise(question) not in normalise(prompt):
            yield batch.hit(row, "the judge was not shown the question", name)


def _scoped(batch: Batch) -> Iterator[Finding]:
    names = batch.rows.schema.names
    scope = texts_of(batch.rows.column("scope")) if {"scope", "judge", "verdict"} <= {*names} else None
    verdict = batch.texts("verdict")
    if scope is None or verdict is None:
        return
    said = texts_of(batch.rows.column("vocabulary")) if "vocabulary" in names else None
    of_harm = pc.is_in(pc.fill_null(verdict, ""), value_set=pa.array(_HARM, pa.large_string()))
    alone = pc.and_(pc.fill_null(pc.equal(scope, "response"), False), of_harm)
    if said is not None:
        alone = pc.and_(alone, pc.fill_null(pc.not_equal(said, "refusal"), True))
    for row in batch.where(alone):
        yield batch.hit(row, "a judge of harm saw the response alone", "scope")
