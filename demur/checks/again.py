"""A second reading, of those rows alone that the first one named: for rules that see two texts beside each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.subject import Subject
from demur.similarity.joins import Index
from demur.similarity.postings import equal_rows
from demur.similarity.sets import GramSets, build

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

_PAIRS = 1 << 22
"""Pairs that are in memory at a time, about, however alike the texts are."""


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
    subject: Subject, guarded: Mask, others: Mask, threshold: float, pairs: NDArray[np.uint64] | None = None
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
    numbers, texts = [np.zeros(0, np.int64)], [pa.array([], pa.large_string())]
    for batch, mine, start in marked(subject, guarded):
        if batch.prompts is not None:
            numbers.append(start + mine)
            texts.append(batch.prompts.take(pa.array(mine)))
    places = np.concatenate(numbers)
    sets = build(pa.concat_arrays(texts), "token")
    index, contexts = Index.of(sets, threshold), subject.state.column("context")
    alike = _by_context(sets, places, contexts)
    plain = not contexts.any() and (pairs is None or not pairs.any())
    best: dict[int, tuple[float, int]] = {}
    for batch, mine, start in marked(subject, others):
        if batch.prompts is None:
            continue
        # Few rows at a time where a row may have many pairs: texts of one template are near all others.
        step = len(mine) if plain else max(1, _PAIRS // max(1, len(places)))
        for at in range(0, len(mine), step):
            some = start + mine[at : at + step]
            asked = build(batch.prompts.take(pa.array(mine[at : at + step])), "token")
            for row, twin, share in zip(*(each.tolist() for each in index.probe(0, asked, best=plain)), strict=True):
                here, same = int(some[row]), alike[twin]
                about = int(contexts[here])
                fits = same.values() if not about else sorted(same[each] for each in (0, about) if each in same)
                there = next(iter(fits), None)  # they are in the order of their rows
                if there is not None and (pairs is None or not pairs[here] or pairs[here] != pairs[there]):
                    best[here] = max(best.get(here, (0.0, 0)), (share, -there))
    return {here: (similarity, -there) for here, (similarity, there) in sorted(best.items())}


def _by_context(sets: GramSets, places: Ints, contexts: NDArray[np.uint64]) -> dict[int, dict[int, int]]:
    """Of the first of equal sets, and for each context that they are asked in, the first such row."""
    first = np.arange(len(places))
    again, smallest, _ = equal_rows(sets)
    first[again] = smallest
    made: dict[int, dict[int, int]] = {}
    for set_, place in zip(first.tolist(), places.tolist(), strict=True):
        made.setdefault(set_, {}).setdefault(int(contexts[place]), place)
    return made
