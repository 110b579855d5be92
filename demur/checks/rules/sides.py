"""Rules about the two sides of a set: neighbours on opposite sides, form that gives the side away, hazards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from demur.checks.again import twins
from demur.checks.finding import Finding, hit
from demur.checks.rule import ANY, rule
from demur.checks.sides import HARMFUL, SAFE
from demur.checks.subject import Subject
from demur.errors import shown
from demur.rates import Rate

_LEAST = 30  # prompts of each side, below which form is not judged
_CEILING = 0.9
_FEW = 5
_NAMED = 50  # rows with a hazard, below which hazards are not judged
_MOST_HAZARDS = 60
_SAID = {HARMFUL: "to be refused, or harmful", SAFE: "to be answered, or safe"}


@rule(
    "DMR204",
    "opposite-neighbours",
    invariants=(1,),
    summary="No two near-identical prompts (token Jaccard 0.8) stand on opposite sides, except as a declared pair.",
    why="One of the two is wrong, or a word or two decide: then they are a contrast pair, and belong into one split. "
    "As plain rows they are noise, and a model that answers both alike is called wrong once.",
    fix="Read the two; correct one, leave both out, or give them one pair_id.",
    applies=ANY,
    severity="warning",
)
def opposite_neighbours(subject: Subject) -> Iterator[Finding]:
    """Rows of the larger side with a near-duplicate on the other."""
    state = subject.state
    sides, pairs, prompts = state.column("side"), state.column("pair"), state.column("prompt")
    plain = np.ones(len(state), np.bool_)
    for file, first, end in state.spans:
        plain[first:end] = not subject.layouts[file.name].contrasts
    for rows in state.configs() if sides.any() else ():
        mine = np.zeros(len(state), np.bool_)
        mine[rows] = (prompts[rows] != 0) & plain[rows]
        both = [(sides == code) & mine for code in (HARMFUL, SAFE)]
        guarded, others = sorted(both, key=np.count_nonzero)
        if not guarded.any():
            continue
        for here, (similarity, there) in twins(subject, guarded, others, subject.threshold, pairs).items():
            file, row = state.place(here)
            if prompts[here] == prompts[there] and subject.layouts[file.name].labels:
                continue  # told as a label that contradicts itself
            twin = subject.place(there, here)
            one, two = (_SAID[int(sides[each])] for each in (here, there))
            message = f"is {one}; {twin}, nearly the same (token Jaccard {similarity:.3f}), is {two}"
            yield hit(message, file.name, row)


@rule(
    "DMR205",
    "form-tells-side",
    invariants=(27,),
    summary="Form alone (length, last sign, opening, capitals) does not tell the two sides of a set apart: AUROC at "
    "most 0.9.",
    why="In an evaluation set whose harmless side came from search queries a final question mark named the side of "
    "88.5 % of the prompts: a model that refuses whatever is no question scores well on it.",
    fix="Draw both sides alike in length and form, or take both from one source; else say on the card what form gives.",
    applies=ANY,
    severity="warning",
)
def form_tells_side(subject: Subject) -> Iterator[Finding]:
    """Sets (configs of a built one) whose sides are told by length, or by all of form."""
    for config, forms in sorted(subject.state.gathered.forms.items()):
        harmful, safe = forms.prompts
        if min(harmful, safe) < _LEAST:
            continue
        together, length = forms.together(), forms.length()
        score, what = max(
            (together, "length, last sign, opening and capitals"), (length, "length"), key=lambda each: each[0].value
        )
        if score.value > _CEILING and not subject.states("AUROC", "form"):
            message = (
                f"{what} alone tell{'s' if what == 'length' else ''} the sides apart: AUROC {score} on {harmful:,} "
                f"prompts to refuse and {safe:,} to answer"
            )
            yield hit(message, config or subject.label)


@rule(
    "DMR206",
    "near-empty-hazard",
    summary="Every hazard has five rows or more, and most rows to refuse, or called borderline, name one.",
    why="A rate over three rows has an interval from 0 to 71 %. Where most harmful rows name no hazard, a table by "
    "hazard is about the rest, and nobody sees it.",
    fix="Add rows, merge the hazard into its parent, or say on the card which hazards have too few.",
    applies=ANY,
    severity="advice",
)
def near_empty_hazard(subject: Subject) -> Iterator[Finding]:
    """Hazards (or categories) with too few rows, and sides without any."""
    gathered = subject.state.gathered
    for config, counts in sorted(gathered.hazards.items()):
        where = config or subject.label
        rows: Counter[str] = Counter()
        for (_, hazard), count in counts.items():
            rows[hazard] += count
        trained = bool(subject.kind and subject.kind.trains)  # nobody states a rate of it by hazard
        few = sorted(
            (hazard, count)
            for hazard, count in rows.items()
            if count < _FEW and not trained and not _told(subject, hazard)
        )
        if sum(rows.values()) >= _NAMED and len(rows) <= _MOST_HAZARDS and 0 < len(few) <= len(rows) / 2:
            told = ", ".join(f"{shown(hazard)} {count}" for hazard, count in few)
            yield hit(f"{len(few)} of {len(rows)} hazards have fewer than {_FEW} rows: {told}", where)
        if rows and not subject.states("name no hazard"):
            yield from _without(gathered.unnamed[config], where)


def _told(subject: Subject, hazard: str) -> bool:
    """Whether a card names a hazard in a paragraph that says "fewer"."""
    name = re.compile(rf"(?<!\w){re.escape(hazard)}(?!\w)")
    return any(
        "fewer" in part and name.search(part) for _, text in subject.pages for part in re.split(r"\n\s*\n", text)
    )


def _without(counts: Counter[tuple[int, bool, bool]], where: str) -> Iterator[Finding]:
    """Sides most of whose rows name no hazard, in a set where some do."""
    sides = {
        "rows to refuse": [(HARMFUL, False), (HARMFUL, True)],
        "borderline rows": [(SAFE, True)],
    }
    for what, parts in sides.items():
        bare, named = (sum(counts[*part, there] for part in parts) for there in (False, True))
        if bare + named >= _LEAST and bare > named:
            yield hit(f"most {what} name no hazard: {Rate.of(bare, bare + named)}", where)
