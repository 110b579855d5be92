"""Rules about files, their names and the pages beside them: DMR021, DMR108, DMR109, DMR411 and DMR508."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from demur.checks import stated
from demur.checks.batch import File, bare
from demur.checks.finding import Finding, hit
from demur.checks.letters import value_codes
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.errors import shown
from demur.files.packed import unpacked_name

_LEAST = 5  # rows, below which two files are alike by accident
_SKETCH = 64
_ALIKE = 0.95


@rule(
    "DMR021",
    "duplicate-key",
    summary="No object of JSON holds one key twice.",
    why="JSON does not say which of the two counts. Python and Arrow keep the last, other readers the first or stop: "
    "the same file is two data sets, and half of what was written is read by nobody.",
    fix="Write each key once; where both values are meant, make them a list or give them two names.",
)
def duplicate_key(subject: Subject) -> Iterator[Finding]:
    """Rows, or documents, with such an object."""
    for name, faults in subject.faults.items():
        for fault in faults:
            if fault.kind == "doubled":
                column = None if fault.column is None else bare(fault.column)
                yield hit(fault.message, name, fault.row, column=column, line=fault.line)


@rule(
    "DMR108",
    "same-content",
    summary="No two files of a check hold the same rows under two names.",
    why="Two configs with one content give two results that agree by construction, and the one that was meant is "
    "lost: a wrong copy, or a build that read one input twice.",
    fix="Put back the file that was meant, or drop one of the two.",
    severity="warning",
)
def same_content(subject: Subject) -> Iterator[Finding]:
    """Files whose rows, or nearly all of them, stand in an earlier file; a whole and its splits are not such files."""
    sets = _by_file(subject) if len(subject.files) > 1 else []
    by_key: defaultdict[int, list[int]] = defaultdict(list)
    told: set[int] = set()
    for place, (file, keys) in enumerate(sets):
        near = Counter(other for key in keys[:_SKETCH].tolist() for other in by_key[key])
        for other, shared in sorted(near.items()):
            twin, theirs = sets[other]
            if place in told or 2 * shared < min(_SKETCH, len(keys)) or not _named_apart(file, twin):
                continue
            one, two = len(keys), len(theirs)
            if min(one, two) < _ALIKE * max(one, two) or subject.names[file.name] != subject.names[twin.name]:
                continue
            common = len(np.intersect1d(_rows(subject, file), _rows(subject, twin)))
            inside = common == min(one, two) < max(one, two) and (file.split is None) != (twin.split is None)
            if common >= _ALIKE * max(one, two) and not inside:
                told.add(place)
                all_of = common == max(one, two)
                what = "holds the same rows as" if all_of else f"{common:,} of its {one:,} different rows stand in"
                yield hit(f"{what} {twin.name}", file.name)
        for key in keys[:_SKETCH].tolist():
            by_key[key].append(place)


def _by_file(subject: Subject) -> list[tuple[File, np.ndarray]]:
    """The different rows of each file by their texts, in order of their keys."""
    keys = subject.state.column("key")
    found = [(file, np.unique(keys[first:end])) for file, first, end in subject.state.spans]
    return [(file, mine[mine != 0]) for file, mine in found if np.count_nonzero(mine) >= _LEAST]


def _named_apart(one: File, two: File) -> bool:
    """Whether two files are not one in two formats."""
    stems = {each.path.with_name(unpacked_name(each.path.name)).with_suffix("") for each in (one, two)}
    return len(stems) > 1


def _rows(subject: Subject, file: File) -> np.ndarray:
    """The different rows of a file by all of their cells but ids and splits, by a second reading."""
    parts = [np.zeros(0, np.uint64)]
    for batch in subject.batches(file):
        made = np.zeros(batch.rows.num_rows, np.uint64)
        with np.errstate(over="ignore"):
            for name in sorted(batch.rows.schema.names):
                if name.lower() not in ("split", "id", "idx", "index", "") and name != batch.native("id"):
                    made = made * np.uint64(31) + value_codes(batch.rows.column(name), batch.rows.num_rows)
        parts.append(made)
    found: np.ndarray = np.unique(np.concatenate(parts))
    return found


@rule(
    "DMR109",
    "split-against-name",
    summary="The rows of a file belong to the split that its name says.",
    why="A loader goes by the name, whoever reads the column goes by the column: the rows in between are trained on "
    "by the one and tested on by the other.",
    fix="Move the rows to the file of their split, or correct the column.",
)
def split_against_name(subject: Subject) -> Iterator[Finding]:
    """Files with rows that say the other side of training and testing."""
    for (name, said), (count, first) in subject.state.noted.splits.items():
        split = next(file.split for file in subject.files if file.name == name)
        rows = f"{count:,} of {subject.rows[name]:,} rows say {shown(said)}"
        yield hit(f"{rows}, the first of them here; the file's name says {shown(split)}", name, first)


@rule(
    "DMR411",
    "license-contradiction",
    summary="The license in a card's header is that of the LICENSE file beside it, or the card says why there are two.",
    why="Hubs and tools read the header, lawyers read the file. Under MIT by the one and non-commercial by the other, "
    "the rows are copied into products that their makers forbid.",
    fix="State one license in both places; if code and data have one each, say in the card which is which.",
)
def license_contradiction(subject: Subject) -> Iterator[Finding]:
    """Cards against license files."""
    yield from stated.contradictions(subject)


@rule(
    "DMR508",
    "stated-count",
    summary="A count that a card states of its set, or of a file by name, is the number of rows.",
    why="The number in the card is what papers cite. A row more or less means that the files changed after it was "
    "written, or that rows were lost on the way, and no reader can say which.",
    fix="Count again and correct the card, or find the rows that are missing.",
)
def stated_count(subject: Subject) -> Iterator[Finding]:
    """Sentences such as "The set has 300 prompts." beside files of another number of rows."""
    yield from stated.miscounts(subject)
