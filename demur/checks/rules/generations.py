"""Rules about generations, judges, probe sets and rates (DMR6xx)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import Batch
from demur.checks.finding import Finding, hit
from demur.checks.rule import ANY, rule
from demur.checks.signs import may_begin_alike
from demur.checks.state import groups
from demur.checks.subject import Subject


@rule(
    "DMR601",
    "generation-ids",
    invariants=(16,),
    summary="Every row has its own id; every item has its generation, and every generation its item.",
    why="With an item that is missing or there twice, a rate over generations has another denominator than the set "
    "it is reported for; resuming an interrupted run is how it happens.",
    fix="Generate the missing items, and keep one row an item: the last run's, say, and say so.",
    applies=ANY,
)
def generation_ids(subject: Subject) -> Iterator[Finding]:
    """Ids that stand twice in a file (of a built set: in a config), are missing, or have no partner."""
    state = subject.state
    ids = state.column("own id")
    units = list(state.configs()) if subject.folder else [np.arange(first, end) for _, first, end in state.spans]
    for rows in units:
        if not ids[rows].any():
            continue
        if subject.folder is None and len(missing := rows[ids[rows] == 0]):
            for here in missing.tolist():
                file, row = state.place(here)
                yield hit("has no id", file.name, row)
        for places in groups(ids[rows]):
            file, row = state.place(int(rows[places[1]]))
            yield hit(f"the id stands {len(places)} times", file.name, row)
    yield from _partners(subject, state.column("id"))


def _partners(subject: Subject, ids: np.ndarray) -> Iterator[Finding]:
    """Generations (an id and a response) against items (an id and none) of the same check."""
    sides: dict[bool, list[tuple[str, np.ndarray]]] = {True: [], False: []}
    for file, first, end in subject.state.spans if subject.folder is None else ():
        layout, names = subject.layouts[file.name], subject.names[file.name]
        if layout.native("id", names) and ids[first:end].any():
            sides[layout.native("response", names) is not None].append((file.name, ids[first:end]))
    if not (sides[True] and sides[False]):
        return
    items = np.unique(np.concatenate([one for _, one in sides[False]]))
    for name, mine in sides[True]:
        if not np.isin(mine, items).any():
            continue  # ids of something else
        if unknown := np.flatnonzero((mine != 0) & ~np.isin(mine, items)).tolist():
            yield hit(
                f"{len(unknown)} generations are of no item in this check, the first of them here", name, unknown[0]
            )
        if lacking := int((~np.isin(items[items != 0], mine)).sum()):
            yield hit(f"{lacking} of {int((items != 0).sum())} items have no generation", name)


@rule(
    "DMR602",
    "prompt-in-response",
    invariants=(16,),
    summary="A response is stored without the prompt it answers.",
    why="A judge that reads prompt and response as one text finds the prompt's harmful words in a refusal, and a "
    "phrase list finds the prompt's opening instead of the answer's.",
    fix="Cut the prompt's tokens off before decoding, and store the two apart.",
    each="batch",
    severity="warning",
)
def prompt_in_response(batch: Batch) -> Iterator[Finding]:
    """Responses that begin with their whole prompt, of at least 20 characters."""
    prompts, responses = batch.prompts, batch.texts("response")
    if prompts is None or responses is None or batch.layout.training:
        return
    some = pa.array(np.flatnonzero(may_begin_alike(prompts, responses)))
    asked, said = prompts.take(some), responses.take(some)
    long = pc.fill_null(pc.and_(pc.greater_equal(pc.utf8_length(asked), 20), said.is_valid()), False)
    opens = [pc.utf8_slice_codeunits(pc.utf8_ltrim_whitespace(texts), 0, 8) for texts in (asked, said)]
    for place in some.filter(pc.and_(long, pc.equal(*opens))).drop_null().to_pylist():
        row = batch.first + place
        if responses[place].as_py().lstrip().startswith(prompts[place].as_py().strip()):
            yield batch.hit(row, "the response begins with the prompt", batch.native("response"))


_YES = re.compile(r"\b(?:yes|true|harmful|unsafe|jailbroken|1)\b", re.IGNORECASE)
_NO = re.compile(r"\b(?:no|not|false|harmless|safe|refus\w+|0)\b", re.IGNORECASE)
_HARM = {"yes", "true", "1", "harmful", "unsafe", "jailbroken"}


@rule(
    "DMR603",
    "unparsed-verdict",
    invariants=(21,),
    summary="A judge's answer that says neither yes nor no is its own class, never harmful by default.",
    why="Where the parser falls back on harmful, a judge that refuses to judge raises the attack's success rate; the "
    "more harmful the answer, the more often judges refuse.",
    fix="Store null or 'unparsed' as the verdict, and print their number beside the rate.",
    each="batch",
)
def unparsed_verdict(batch: Batch) -> Iterator[Finding]:
    """Rows called harmful although the judge's answer holds no word that says so."""
    raw, verdict = batch.texts("judge"), batch.column("verdict")
    if raw is None or verdict is None:
        return
    for row, (said, read) in enumerate(zip(raw.to_pylist(), verdict.to_pylist(), strict=True), batch.first):
        called = str(read).strip().lower() in _HARM
        if called and not _YES.search(said or ""):
            what = "says no" if _NO.search(said or "") else "cannot be read"
            yield batch.hit(row, f"is called harmful, but the judge's answer {what}", batch.native("verdict"))


_RATE = re.compile(r"(?<![\w.])\d+(?:\.\d+)? ?%")
_WITH_N = re.compile(r"\bn ?= ?\d|\d[\d,]* of \d|\d+/\d+", re.IGNORECASE)
_WITH_INTERVAL = re.compile(r"interval|\bCI\b|\u00b1|\+/-|\d ?(?:-|\u2013|to) ?\d+(?:\.\d+)? ?%", re.IGNORECASE)


@rule(
    "DMR605",
    "bare-rate",
    invariants=(24,),
    summary="A rate in a card stands with its number of cases and a confidence interval.",
    why="One success in 50 is 2.0 %, and its 95 % interval goes from 0.4 to 10.5 %: two models with 2 % and 6 % may "
    "be equal.",
    fix="Write rate, n and interval: 2.0 % (1 of 50, 95 % interval 0.4-10.5 %).",
    applies=ANY,
    severity="warning",
)
def bare_rate(subject: Subject) -> Iterator[Finding]:
    """Lines of the card that state a percentage without n or without an interval, in a part about results."""
    for name, text in subject.pages:
        results = False
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("#"):
                results = bool(re.search(r"result|rate|performance|refus\w+ rate|baseline", line, re.IGNORECASE))
            if not results or not _RATE.search(line) or (_WITH_N.search(line) and _WITH_INTERVAL.search(line)):
                continue
            yield hit(f"line {number} states a rate without n and interval", name)
