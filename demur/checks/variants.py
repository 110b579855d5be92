"""Files whose rows are variants of another file's rows: found by the words that both hold, row by row.

An attack wraps a base question, hides its words in code, or puts it in other words; what stays are its rarer words. So
the share of a base question's words that a variant holds, weighted by how rare they are in the base, tells which
question it is, and one variant goes to one question. No text is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.batch import Batch, File
from demur.checks.layouts import Layout
from demur.checks.state import State
from demur.sets.kind import Kind
from demur.text.normalise import normalise

ROWS = (20, 2000)
"""Rows of files that are looked at: fewer match by chance, and more are no set of attacks."""

HELD, LINKED = 0.5, 0.75
"""The share of a question's words from which a variant is one of it; and the share of such rows that makes a file one
of variants, whose mean share is then more than `MEAN`. Two sets of unlike questions reach a mean of some 0.25."""

MEAN, CLEARLY = 0.6, 0.25
"""`CLEARLY`: by so much another row has to hold more than the one at the same place, to be said to stand elsewhere."""

_FILES = 50  # of one number of rows, that are compared
_ANSWERS = ("response", "answer", "output", "completion", "generation", "model_output", "chosen", "rejected")

Scores = NDArray[np.float64]


class Checked(Protocol):
    """What is asked of the whole that is checked (see `demur.checks.subject.Subject`)."""

    kind: type[Kind] | None
    state: State
    layouts: dict[str, Layout]
    names: dict[str, tuple[str, ...]]

    def trains(self, file: File, split: str | None) -> bool:
        """Whether rows are to be trained on."""

    def batches(self, file: File) -> Iterator[Batch]:
        """The rows of a file once more."""


@dataclass(frozen=True)
class Variants:
    """A file of variants, and the file of their base questions.

    Attributes:
        links: the row of the base that each row is a variant of; -1 where none is.
        moved: rows whose base clearly stands at another place than they do.
        wrapped: rows that hold the whole base question, word by word.
        templates: what these are without it: how many different ones.
    """

    base: File
    file: File
    links: NDArray[np.int64]
    moved: NDArray[np.int64]
    wrapped: int
    templates: int

    @property
    def rows(self) -> int:
        """Rows of either file."""
        return len(self.links)


def answers(subject: Checked, file: File) -> bool:
    """Whether a file holds answers beside its prompts."""
    names = subject.names.get(file.name, ())
    layout = subject.layouts.get(file.name)
    known = layout is not None and any(layout.native(name, names) for name in ("response", "chosen", "messages"))
    return known or any(name.lower() in _ANSWERS for name in names)


def found(subject: Checked) -> list[Variants]:
    """Every file of variants, once: beside the shortest questions that its rows are variants of."""
    made = []
    for files in _alike(subject):
        texts = {file: _texts(subject, file) for file in files}
        order = sorted(files, key=lambda file: (sum(map(len, texts[file])), file.name))
        for place, file in enumerate(order):
            for base in order[:place]:
                if (linked := _linked(base, file, texts[base], texts[file])) is not None:
                    made.append(linked)
                    break
    return sorted(made, key=lambda each: each.file.name)


def _alike(subject: Checked) -> Iterator[list[File]]:
    """Files of prompts alone that have as many rows, two or more, each set of prompts once."""
    by_rows: defaultdict[int, dict[bytes, File]] = defaultdict(dict)
    prompts = subject.state.column("prompt")
    for file, first, end in subject.state.spans if subject.kind is None else ():
        layout = subject.layouts[file.name]
        asks = layout.native("prompt", subject.names[file.name]) and not answers(subject, file)
        if asks and ROWS[0] <= end - first <= ROWS[1] and not subject.trains(file, file.split):
            by_rows[end - first].setdefault(np.sort(prompts[first:end]).tobytes(), file)
    for files in by_rows.values():
        if 1 < len(files) <= _FILES:
            yield list(files.values())


def _texts(subject: Checked, file: File) -> list[str]:
    """The normalised prompts of a file, by a second reading."""
    said: list[str] = []
    for batch in subject.batches(file):
        texts = batch.prompts
        said += [normalise(text or "") for text in ([] if texts is None else texts.to_pylist())]
    return said


def _linked(base: File, file: File, asked: Sequence[str], said: Sequence[str]) -> Variants | None:
    """Two files as base and variants; None where too few rows are."""
    from scipy.optimize import linear_sum_assignment

    if len(asked) != len(said):
        return None
    held = _held(asked, said)
    _, best = linear_sum_assignment(held, maximize=True)
    rows = np.arange(len(said))
    scores = held[rows, best]
    if scores.mean() < MEAN or (scores >= HELD).mean() < LINKED:
        return None
    links = np.where(scores >= HELD, best, -1)
    moved = np.flatnonzero((links >= 0) & (links != rows) & (scores - held[rows, rows] >= CLEARLY))
    bare = [
        f" {text} ".replace(f" {asked[link]} ", " \0 ", 1)
        for text, link in zip(said, links.tolist(), strict=True)
        if link >= 0 and asked[link] and f" {asked[link]} " in f" {text} "
    ]
    return Variants(base, file, links, moved, len(bare), len(set(bare)))


def _held(asked: Sequence[str], said: Sequence[str]) -> Scores:
    """For every text (rows) the share of every question's words (columns) that it holds, rare words counting more."""
    from scipy.sparse import csr_array

    questions = [set(text.split()) for text in asked]
    known = {word: place for place, word in enumerate(sorted(set().union(*questions)))}
    shape = len(asked), max(1, len(known))

    def table(rows: Sequence[set[str]]) -> csr_array:
        cells = [(row, known[word]) for row, words in enumerate(rows) for word in sorted(words & known.keys())]
        places = np.array(cells, np.int64).reshape(-1, 2).T
        return csr_array((np.ones(places.shape[1]), (places[0], places[1])), shape=shape)

    there = table(questions)
    weights = np.log((len(asked) + 1) / np.maximum(1, there.sum(axis=0)))
    whole = np.maximum(there @ weights, 1e-9)
    shared: Scores = (table([set(text.split()) for text in said]) @ (there * weights).T).toarray()
    shares: Scores = shared / whole
    return shares


def prompts_of(subject: Checked, most: int = ROWS[1]) -> Iterator[tuple[File, pa.Array]]:
    """Files of prompts alone or with answers, with the hashes of their prompts; none that is trained on, or large."""
    prompts = subject.state.column("prompt")
    for file, first, end in subject.state.spans if subject.kind is None else ():
        if ROWS[0] <= end - first <= most and not subject.trains(file, file.split) and prompts[first:end].any():
            yield file, prompts[first:end]
