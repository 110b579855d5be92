"""Rules about the words of labels and scores: spellings (DMR207), constants (DMR208), unscaled scores (DMR607)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from demur.checks.batch import bare
from demur.checks.finding import Finding, hit
from demur.checks.noted import LABEL, is_missing
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.errors import shown

_LEAST = 8  # rows, below which a constant says nothing


@rule(
    "DMR207",
    "label-spelling",
    summary="A label is spelt one way in a column: no other case, no spaces at its edges.",
    why='Whoever counts, filters or scores by the label compares bytes: rows called "Safe" or "unsafe " are neither '
    '"safe" nor "unsafe", and fall out of both classes without a word.',
    fix="Write every label one way (lower case, no spaces at the edges).",
    severity="warning",
)
def label_spelling(subject: Subject) -> Iterator[Finding]:
    """Each word of a column that is spelt in several ways, at the first row of each rarer spelling."""
    for (name, column), values in subject.state.noted.labels.items():
        words: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for value, (count, first) in (values.seen if values else {}).items():
            if isinstance(value, str) and not is_missing(value) and len(value.strip()) > 1:
                words[re.sub(r"[\s_-]+", " ", value.strip().casefold())].append((-count, first, value))
        for spelt in words.values():
            (_, _, usual), *others = sorted(spelt)
            for count, row, value in others:
                rows = "1 row" if count == -1 else f"{-count:,} rows"
                edges = "" if value == value.strip() else ", with white space at its edge,"
                told = f"label {_quoted(value)}{edges} ({rows} of {values.rows if values else 0:,})"
                message = f"{told} is {_quoted(usual)} in others"
                yield hit(message, name, row, column=bare(column))


def _quoted(label: str) -> str:
    """A label as a message shows it."""
    told = str(shown(label.strip()))
    return told if told.startswith("'") else f"'{told}'"


@rule(
    "DMR208",
    "constant-label",
    summary="A column of labels has more than one value in the files of a check.",
    why="A label that never changes separates nothing: a classifier that always says it is right each time, and "
    "agreement with it is 100 %. A join that failed or a filter that came too early leaves such a column.",
    fix="Look where the other class went; else leave the column out and say the value in the card.",
    severity="advice",
)
def constant_label(subject: Subject) -> Iterator[Finding]:
    """Columns of labels with one value in every row of every file that has them."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    rows: Counter[str] = Counter()
    files: defaultdict[str, list[str]] = defaultdict(list)
    for (name, column), found in subject.state.noted.labels.items():
        if LABEL.fullmatch(column):
            values[column] |= {str(each) for each in found.seen} if found else {"", "many"}
            rows[column] += subject.rows[name]
            files[column].append(name)
    for column, seen in values.items():
        value = next(iter(seen)) if len(seen) == 1 else None
        if value is None or value == "None" or is_missing(value) or rows[column] < _LEAST:
            continue
        if any(value.lower() in name.lower() for name in files[column]):
            continue  # a file of one class, that says so
        yield hit(f"label {_quoted(value)} in all {rows[column]:,} rows", files[column][0], column=bare(column))


@rule(
    "DMR607",
    "unscaled-score",
    summary="A judge's score is a number that the judge's own answer holds.",
    why="Where no number can be read from the answer (the judge declines, rambles or says nothing), a parser that "
    "falls back on the end of the scale makes scores out of nothing, most where the responses are worst.",
    fix="Store null where the answer holds no score, print their number, and keep the scale that the judge was given.",
    severity="warning",
)
def unscaled_score(subject: Subject) -> Iterator[Finding]:
    """Rows whose score is not among the numbers of the answer, in files where it mostly is."""
    for (name, column), found in subject.state.noted.scores.items():
        if 2 * found.held >= max(1, found.numbered):
            for row in found.lacking:
                yield hit("has a score that the judge's answer does not hold", name, row, column=bare(column))
