"""A second reading, of those rows alone that the first one named: for rules that see two texts beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    indexes = list(_indexes(_joined(_read(subject, guarded, contexts, pairs)), contexts[others] != 0, threshold))
    best: dict[int, tuple[float, int]] = {}
    for every in _read(subject, others, contexts, pairs):
        for about, numbers, within, index in indexes:
            some = every.those((every.contexts != 0) == about)
            rows, near, similarity = index.probe(0, some.sets(within), apart=some.pairs, best=True)
            here, there = some.numbers[rows], numbers[near]
            for row, share, twin in zip(here.tolist(), similarity.tolist(), there.tolist(), strict=True):
                best[row] = max(best.get(row, (0.0, 0)), (share, -twin))
    return {row: (share, -twin) for row, (share, twin) in sorted(best.items())}


def _indexes(guarded: _Prompts, asked: Mask, threshold: float) -> Iterator[tuple[bool, Ints, bool, Index]]:
    """What to compare with: a prompt without a context with all, another with those without, and with those of its own.

    Args:
        guarded: what is compared with.
        asked: whether the prompts to compare have a context.
        threshold: token-set Jaccard.

    Yields:
        Whether it is for prompts with a context, the numbers of its rows, whether words are told apart by the context,
        and the index.
    """
    told = guarded.contexts != 0
    parts = [] if asked.all() else [(False, guarded, False)]
    parts += [(True, guarded.those(~told), False), (True, guarded.those(told), True)] if asked.any() else []
    for about, some, within in parts:
        yield about, some.numbers, within, Index.of(some.sets(within), threshold, apart=some.pairs)


@dataclass(frozen=True, slots=True)
class _Prompts:
    """Prompts; the numbers of their rows in the state, and keys of their contexts and pairs (0: none)."""

    texts: pa.LargeStringArray
    numbers: Ints
    contexts: Hashes
    pairs: Hashes

    def those(self, mask: Mask) -> _Prompts:
        return _Prompts(self.texts.filter(pa.array(mask)), self.numbers[mask], self.contexts[mask], self.pairs[mask])

    def sets(self, within: bool) -> GramSets:
        """Sets of their words; `within` contexts, words about one are others than the same ones about another."""
        units = hashed_units(self.texts, "token")
        if within:
            np.bitwise_xor(units.hashes, np.repeat(self.contexts, np.diff(units.starts)), out=units.hashes)
        return from_units(units, GRAM_SIZE["token"])


def _read(subject: Subject, mask: Mask, contexts: Hashes, pairs: Hashes) -> Iterator[_Prompts]:
    """Those of the rows in a mask, batch by batch."""
    for batch, mine, start in marked(subject, mask):
        if batch.prompts is not None:
            numbers = start + mine
            yield _Prompts(batch.prompts.take(pa.array(mine)), numbers, contexts[numbers], pairs[numbers])


def _joined(parts: Iterable[_Prompts]) -> _Prompts:
    none = np.zeros(0, np.uint64)
    every = [_Prompts(pa.array([], pa.large_string()), np.zeros(0, np.int64), none, none), *parts]
    return _Prompts(
        pa.concat_arrays([each.texts for each in every]),
        np.concatenate([each.numbers for each in every]),
        np.concatenate([each.contexts for each in every]),
        np.concatenate([each.pairs for each in every]),
    )
