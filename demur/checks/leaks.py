"""Leaks that no first prompt shows: one long answer in two splits, a later turn that is a prompt of another split."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.again import marked
from demur.checks.finding import Finding, hit
from demur.checks.gathered import verdicts
from demur.checks.noted import taught
from demur.checks.sides import HARMFUL
from demur.checks.subject import Subject
from demur.errors import shown
from demur.rates import Rate

Mask = NDArray[np.bool_]

_FORMULA = 3
"""Rows of one text from which it is a formula, and not the answer or the question of a row."""


def judged(subject: Subject, guarded: Mask, others: Mask, split: str | None) -> Iterator[Finding]:
    """Of a split, labelled responses that stand in another one word for word: there the response is what is learnt."""
    texts = subject.state.column("judged")
    mine = np.flatnonzero(guarded & (texts != 0))
    again = np.isin(texts[mine], texts[others & (texts != 0)])
    yield from _told(subject, mine, again, f"labelled responses of {shown(split)}")


def answered(subject: Subject, guarded: Mask, others: Mask, split: str | None) -> Iterator[Finding]:
    """Of a split, long answers that other prompts of another one have word for word; formulas and refusals are none."""
    state = subject.state
    answers, preferred, prompts = (state.column(name) for name in ("answer", "preferred", "prompt"))
    texts = np.where(preferred != 0, preferred, answers)
    there = state.column("long").astype(np.bool_) & (texts != 0)
    if subject.kind or not there.any():
        return  # what Demur builds is grouped by its prompts, and says which answers it repeats
    known, counts = np.unique(texts[others & there], return_counts=True)
    mine = np.flatnonzero(guarded & there)
    again = np.isin(texts[mine], known[counts < _FORMULA]) & ~np.isin(prompts[mine], prompts[others & (prompts != 0)])
    if not again.any():
        return
    mask = np.zeros(len(texts), np.bool_)
    mask[mine[again]] = True
    for batch, rows, start in marked(subject, mask):
        said = taught(batch)
        if said is not None:
            mask[start + rows] = verdicts(said.take(pa.array(rows))) != HARMFUL
    yield from _told(subject, mine, mask[mine], f"long responses of {shown(split)}")


def _told(subject: Subject, mine: NDArray[np.int64], again: Mask, what: str) -> Iterator[Finding]:
    rate = Rate.of(int(again.sum()), len(mine))
    if rate.count:
        file, row = subject.state.place(int(mine[again][0]))
        yield hit(f"{what} that stand in another split, the first of them here: {rate}", file.name, row)


def later(subject: Subject, guarded: Mask, others: Mask, split: str | None) -> Iterator[Finding]:
    """Rows of other splits of which a later turn is a prompt of a split, or whose prompt is a later turn there."""
    state = subject.state
    if not state.noted.later:
        return
    rows, hashes, places = (np.concatenate(each) for each in zip(*state.noted.later, strict=True))
    texts, counts = np.unique(hashes, return_counts=True)
    own = ~np.isin(hashes, texts[counts >= _FORMULA])
    rows, hashes, places = rows[own], hashes[own], places[own]
    prompts = state.column("prompt")
    for mine, theirs, turned in ((others, guarded, True), (guarded, others, False)):
        asked = np.flatnonzero(theirs & (prompts != 0))
        first = {int(prompts[row]): row for row in asked[::-1].tolist()} if mine[rows].any() else {}
        for row, text, place in zip(*(each[mine[rows]].tolist() for each in (rows, hashes, places)), strict=True):
            if text not in first:
                continue
            here, there = (row, first[text]) if turned else (first[text], row)
            file, number = state.place(here)
            twin = f"{subject.place(there)} in {shown(split)}"
            what = f"turn {place} (user) is the prompt of {twin}" if turned else f"its prompt is turn {place} of {twin}"
            yield hit(what, file.name, number)
