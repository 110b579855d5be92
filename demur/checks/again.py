"""A second reading, of those rows alone that the first one named: for rules that see two texts beside each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.subject import Subject
from demur.similarity.joins import Index
from demur.similarity.sets import GramSets, from_units, hashed_units
from demur.similarity.views import GRAM_SIZE
from demur.text.arrays import as_array

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_SCHEMA = pa.schema({"prompt": pa.large_string(), "number": pa.int64(), "context": pa.uint64(), "pair": pa.uint64()})


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
    keys = {"context": subject.state.column("context")}
    keys["pair"] = np.zeros_like(keys["context"]) if pairs is None else pairs
    held = [_SCHEMA.empty_table(), *_prompts(subject, guarded, keys)]
    indexes = list(_indexes(pa.concat_tables(held), keys["context"][others] != 0, threshold))
    del held  # of those only hashes stay
    best: dict[int, tuple[float, int]] = {}
    for asked in _prompts(subject, others, keys):
        told = asked["context"].to_numpy() != 0
        for about, numbers, within, index in indexes:
            some = asked.filter(pa.array(told == about))
            rows, near, similarity = index.probe(0, _sets(some, within), apart=some["pair"].to_numpy(), best=True)
            here, there = some["number"].to_numpy()[rows], numbers[near]
            for row, share, twin in zip(here.tolist(), similarity.tolist(), there.tolist(), strict=True):
                best[row] = max(best.get(row, (0.0, 0)), (share, -twin))
    return {row: (share, -twin) for row, (share, twin) in sorted(best.items())}


def _prompts(subject: Subject, mask: Mask, keys: dict[str, Hashes]) -> Iterator[pa.Table]:
    """Of the rows in a mask, batch by batch: the prompt, the number in the state, and keys of context and pair."""
    for batch, mine, start in marked(subject, mask):
        if batch.prompts is not None:
            columns = [start + mine, *(each[start + mine] for each in keys.values())]
            yield pa.table([batch.prompts.take(pa.array(mine)), *columns], schema=_SCHEMA)


def _indexes(held: pa.Table, asked: Mask, threshold: float) -> Iterator[tuple[bool, Ints, bool, Index]]:
    """What to compare with: a prompt without a context with all, another with those without, and with those of its own.

    Args:
        held: the prompts that are compared with.
        asked: whether the prompts to compare have a context.
        threshold: token-set Jaccard.

    Yields:
        Whether it is for prompts with a context, the numbers of its rows, whether words are told apart by the context,
        and the index.
    """
    told = held["context"].to_numpy() != 0
    parts = [] if asked.all() else [(False, held, False)]
    if asked.any():
        parts += [(True, held.filter(pa.array(~told)), False), (True, held.filter(pa.array(told)), True)]
    for about, some, within in parts:
        index = Index.of(_sets(some, within), threshold, apart=some["pair"].to_numpy())
        yield about, some["number"].to_numpy(), within, index


def _sets(prompts: pa.Table, within: bool) -> GramSets:
    """Sets of their words; `within` contexts, words about one are others than the same ones about another."""
    units = hashed_units(as_array(prompts["prompt"]), "token")
    if within:
        units.hashes[:] ^= np.repeat(prompts["context"].to_numpy(), np.diff(units.starts))
    return from_units(units, GRAM_SIZE["token"])
