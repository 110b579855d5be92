"""Rules about labels (DMR2xx and DMR009): flags that say the reverse, contradictions, unknown read as no, scope."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from demur.checks.batch import bare
from demur.checks.finding import Finding, hit
from demur.checks.noted import LABEL
from demur.checks.rule import rule
from demur.checks.state import groups
from demur.checks.subject import Subject
from demur.errors import shown
from demur.rates import Rate

_LEAST = 10  # refusals, below which a flag is not judged


@rule(
    "DMR009",
    "inverted-flag",
    invariants=(1,),
    summary="A flag's name does not mean the reverse of its value: refusals are safe, and are refusals.",
    why='In DeRTa\'s released training rows "safe": "true" marks the harmful responses (it selects the loss), and '
    'every refusal carries "safe": "false". Whoever filters by the name keeps the harmful half.',
    fix="Rename the column after what it says, or turn its values around.",
)
def inverted_flag(subject: Subject) -> Iterator[Finding]:
    """Flags that most refusals carry the wrong way round, by the lower end of the interval."""
    for (name, column), (against, refusals) in subject.state.flags.items():
        rate = Rate.of(against, refusals)
        if refusals >= _LEAST and rate.low > 0.5:
            meaning = subject.layouts[name].flags[column]
            message = f"the flag says that most refusals are not {_SAID[meaning]}: {rate}"
            yield hit(message, name, column=bare(column))


_SAID = {"safe": "safe", "refusal": "refusals", "harmful": "harmless"}


@rule(
    "DMR201",
    "label-contradiction",
    invariants=(1,),
    summary="The same text has the same label wherever it stands.",
    why="A contradiction is noise for whoever trains, and a coin toss for whoever scores. Two rows of one prompt, "
    "one called safe and one unsafe, cannot both be right.",
    fix="Ask upstream which label is meant, or set the label to unknown and say so; do not keep the first.",
)
def label_contradiction(subject: Subject) -> Iterator[Finding]:
    """Rows whose label is another than that of the first row with the same text."""
    state = subject.state
    for name in state.labels:
        values = state.column(f"label {name}")
        scoped = np.where(_by_prompt(subject), state.column("prompt"), state.column("key"))
        for places in groups(np.where(values == 0, np.uint64(0), scoped)):
            first = int(places[0])
            for other in places[1:].tolist():
                if values[other] == values[first]:
                    continue
                file, row = state.place(other)
                one, two = (state.value(int(values[place])) for place in (other, first))
                message = f"is labelled {shown(one)}, the same text in {subject.place(first, other)} {shown(two)}"
                yield hit(message, file.name, row, column=bare(name))


def _by_prompt(subject: Subject) -> NDArray[np.bool_]:
    """For each row, whether its labels are about the prompt alone."""
    state = subject.state
    found = np.zeros(len(state), np.bool_)
    for file, first, end in state.spans:
        found[first:end] = subject.layouts[file.name].scope == "prompt"
    return found


@rule(
    "DMR202",
    "two-state",
    invariants=(12,),
    summary="A row is called safe only if every category is labelled 0, and every row has its label: nothing is not "
    "no.",
    why="In OpenAI's moderation set 925 of 1,680 rows lack some label. Of the 1,158 rows without a 1 only 337 have a "
    "0 in every category; read as two states, 821 unknown rows become safe ones.",
    fix="Read three states: harmful if any category is 1, safe if all are 0, else unknown; write unknown as a word.",
    severity="warning",
)
def two_state(subject: Subject) -> Iterator[Finding]:
    """Files whose categories have gaps, and rows that a reader of two states would call safe."""
    for name, (gaps, positives, unknown, called) in subject.state.gaps.items():
        rows = subject.rows[name]
        if called:
            message = f"{called} rows are called safe although a category is not labelled"
            yield hit(message, name)
        elif gaps:
            message = (
                f"{gaps:,} of {rows:,} rows lack the label of some category: {positives:,} rows are harmful, "
                f"{rows - positives - unknown:,} safe, {unknown:,} unknown; read as two states, unknown becomes safe"
            )
            yield hit(message, name)
    for (name, column), values in subject.state.noted.labels.items():
        if values is None or not LABEL.fullmatch(column) or name in subject.state.gaps:
            continue
        missing = values.missing
        if 0 < missing < values.rows:
            message = f"{missing:,} of {values.rows:,} rows have no label here; read as two states, nothing becomes no"
            yield hit(message, name, column=bare(column))


@rule(
    "DMR203",
    "label-scope",
    invariants=(13,),
    summary="A label that was given to a prompt with its response is not the prompt's.",
    why="BeaverTails labels pairs: the same question is safe with one answer and unsafe with another. Copied to the "
    "prompt, the label says which answers were drawn, not what was asked.",
    fix='Say that the label is about the pair (scope = "prompt+response" in the mapping), or drop it from the prompt.',
    severity="warning",
)
def label_scope(subject: Subject) -> Iterator[Finding]:
    """Labels of prompts that change with the response."""
    state = subject.state
    prompts, keys, by_prompt = state.column("prompt"), state.column("key"), _by_prompt(subject)
    for name in state.labels:
        values = state.column(f"label {name}")
        count, first = 0, -1
        for places in groups(np.where(by_prompt & (values != 0), prompts, np.uint64(0))):
            if len(set(values[places].tolist())) > 1 and len(set(keys[places].tolist())) > 1:
                count += 1
                first = int(places[0]) if first < 0 else first
        if count:
            file, row = state.place(first)
            message = f"the label of {count:,} prompts changes with the response, so it is not about the prompt"
            yield hit(message, file.name, row, column=bare(name))
