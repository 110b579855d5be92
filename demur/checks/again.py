"""A second reading, of those rows alone that the first one named: for rules that see two texts beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.subject import Subject
from demur.similarity.joins import Index
from demur.similarity.sets import GramSets, from_units, hashed_units
from demur.similarity.views import GRAM_SIZE

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def marked(subject: Subject, mask: Mask) -> Iterator[tuple[Batch, Ints, int]]:
    """The batches with rows in a mask: the batch, those rows of it, and the number its first row has in the state.

    A file is read as far as rows of it are in the mask, which may be cleared on the way.
    """
    for file, first, end in subject.state.spans:
        if not mask[first:end].any():
            continue
        for batch in subject.batches(file):
            start = first + batch.first
            mine = np.flatnonzero(mask[start : start + batch.rows.num_rows])
            if len(mine):
                yield batch, mine, start
            if not mask[start + batch.rows.num_rows : end].any():
                break


def twins(
    subject: Subject, guarded: Mask, others: Mask, threshold: float, pairs: Hashes | None = None
) -> dict[int, tuple[float, int]]:
    """Each of the other rows that is a near-duplicate of a guarded one: its most similar twin, the first of equals.

    The same instruction about two texts (the input, or the context, of both is given) is no duplicate.

    Args:
        subject: whose prompts are read again; those of the guarded rows stay in memory, as hashes of words.
        guarded: rows to compare with.
        others: rows that are compared.
        threshold: token-set Jaccard.
        pairs: keys of rows; two rows with one key are not compared (0 is no key).

    Returns:
        Row -> similarity and twin, both by their number in the state, in order.
    """
    contexts = subject.state.column("context")
    pairs = np.zeros_like(contexts) if pairs is None else pairs
    asked, held = contexts[others] != 0, _Prompts.of(subject, guarded)
    told = contexts[held.numbers] != 0
    # Prompts without a context are compared with all; those with one, with those without, and with those of the same.
    against = [] if asked.all() else [(False, held, False)]
    against += [(True, held.those(~told), False), (True, held.those(told), True)] if asked.any() else []
    indexes = [
        (about, theirs.numbers, within, Index.of(theirs.sets(contexts, within), threshold, apart=pairs[theirs.numbers]))
        for about, theirs, within in against
    ]
    best: dict[int, tuple[float, int]] = {}
    for batch, mine, start in marked(subject, others):
        if batch.prompts is None:
            continue
        every = _Prompts(batch.prompts.take(pa.array(mine)), start + mine)
        for about, numbers, within, index in indexes:
            some = every.those((contexts[every.numbers] != 0) == about)
            rows, near, similarity = index.probe(0, some.sets(contexts, within), apart=pairs[some.numbers], best=True)
            here, there = some.numbers[rows], numbers[near]
            for row, share, twin in zip(here.tolist(), similarity.tolist(), there.tolist(), strict=True):
                best[row] = max(best.get(row, (0.0, 0)), (share, -twin))
    return {row: (share, -twin) for row, (share, twin) in sorted(best.items())}


@dataclass(frozen=True, slots=True)
class _Prompts:
    """Prompts and the numbers of their rows in the state."""

    texts: pa.LargeStringArray
    numbers: Ints

    @classmethod
    def of(cls, subject: Subject, mask: Mask) -> _Prompts:
        """Those of the rows in a mask."""
        texts, numbers = [pa.array([], pa.large_string())], [np.zeros(0, np.int64)]
        for batch, mine, start in marked(subject, mask):
            if batch.prompts is not None:
                texts.append(batch.prompts.take(pa.array(mine)))
                numbers.append(start + mine)
        return cls(pa.concat_arrays(texts), np.concatenate(numbers))

    def those(self, mask: Mask) -> _Prompts:
        return _Prompts(self.texts.filter(pa.array(mask)), self.numbers[mask])

    def sets(self, contexts: Hashes, within: bool) -> GramSets:
        """Sets of their words; `within` contexts, words about one are others than the same ones about another."""
        units = hashed_units(self.texts, "token")
        if within:
            np.bitwise_xor(units.hashes, np.repeat(contexts[self.numbers], np.diff(units.starts)), out=units.hashes)
        return from_units(units, GRAM_SIZE["token"])
