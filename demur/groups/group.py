"""Groups of records with reasons: what is together, why, how tightly, and what a large group has in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.similarity import View, components, self_join
from demur.similarity.sets import GramSets, build
from demur.text.arrays import Texts, as_array

LINKS = pa.schema([("row", pa.int64()), ("twin", pa.int64())])
"""What evidence has to say for two rows to be of one group."""

LARGE = 50
"""Members from which a group is reported with the words that nearly all of them share: its template."""

MEMBERS = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("group", pa.int64(), nullable=False),
        pa.field("twin", pa.int64(), nullable=False),
        pa.field("view", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
    ]
)
"""Columns of `members`: every row that shares its group with another, its most similar row, and which view found it."""

GROUPS = pa.schema(
    [
        pa.field("group", pa.int64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("lowest", pa.float64(), nullable=False),
        pa.field("chained", pa.bool_(), nullable=False),
        pa.field("template_words", pa.int64()),
        pa.field("median_words", pa.float64()),
    ]
)
"""Columns of `describe`: one row for every group of two or more."""


def members(rows: int, evidence: pa.Table) -> pa.Table:
    """Every row that shares its group with another, with its reason.

    Args:
        rows: number of rows of the input.
        evidence: columns row, twin, view, similarity, of one join or several.

    Returns:
        The columns of `MEMBERS`, by row. The twin is the most similar row that evidence names; ties go to the smallest.

    Example:
        >>> from demur.similarity import self_join
        >>> texts = ["a b c d", "x", "a b c d!", "a b c e"]
        >>> members(4, self_join(texts, view="token", threshold=0.6)).select(["row", "group", "twin"]).to_pylist()
        [{'row': 0, 'group': 0, 'twin': 2}, {'row': 2, 'group': 0, 'twin': 0}, {'row': 3, 'group': 0, 'twin': 0}]
    """
    labels = components(rows, evidence)
    one, two, similarity = (evidence[name].to_numpy() for name in ("row", "twin", "similarity"))
    ends, others = np.concatenate([one, two]), np.concatenate([two, one])
    both = np.concatenate([similarity, similarity])
    order = np.lexsort((others, -both, ends))
    first = order[np.flatnonzero(np.diff(ends[order], prepend=-1))]
    row = ends[first]
    views = evidence["view"].take(pa.array(first % len(one))) if len(one) else pa.array([], pa.string())
    return pa.table([row, labels[row], others[first], views, both[first]], schema=MEMBERS)


def describe(texts: Texts, evidence: pa.Table, view: View, threshold: float) -> pa.Table:
    """What holds every group of two or more together.

    Args:
        texts: the rows that the evidence is about.
        evidence: of one join or several.
        view: the view in which tightness is measured.
        threshold: a group whose ``lowest`` is under it holds together by a chain only.

    Returns:
        The columns of `GROUPS`: the label (smallest row); the size; the lowest similarity of a member to that row;
        whether this is a chain; and for groups of `LARGE` members or more, how many distinct words nine members in ten
        share (their template) beside the median number of distinct words of a member.

    Example:
        >>> from demur.similarity import self_join
        >>> texts = ["a b c d e", "a b c d f", "a b c g f"]
        >>> chain = self_join(texts, view="token", threshold=0.6)
        >>> describe(texts, chain, "token", 0.6).select(["group", "size", "lowest", "chained"]).to_pylist()
        [{'group': 0, 'size': 3, 'lowest': 0.42857142857142855, 'chained': True}]
    """
    array = as_array(texts)
    labels = components(len(array), evidence)
    sizes = np.bincount(labels, minlength=len(array))
    rows = np.flatnonzero(sizes[labels] > 1)
    label, group = np.unique(labels[rows], return_inverse=True)
    similarity = _to_first(build(array.take(pa.array(rows)), view), group, rows == labels[rows])
    lowest = np.ones(len(label))
    np.minimum.at(lowest, group, similarity)
    template = np.full(len(label), np.nan)
    median = np.full(len(label), np.nan)
    for number in np.flatnonzero(sizes[label] >= LARGE):
        template[number], median[number] = _template(build(array.take(pa.array(rows[group == number])), "token"))
    nothing = np.isnan(template)
    columns = [
        pa.array(label),
        pa.array(sizes[label]),
        pa.array(lowest),
        pa.array(lowest < threshold),
        pa.array(np.where(nothing, 0, template).astype(np.int64), mask=nothing),
        pa.array(median, mask=nothing),
    ]
    return pa.table(columns, schema=GROUPS)


def _to_first(sets: GramSets, group: NDArray[np.int64], is_first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Jaccard similarity of every set to the first of its group."""
    grams, owners = sets.flat()
    # One key for a gram within a group: equal keys of different grams or groups are as rare as 64-bit collisions.
    keys = grams ^ (group[owners].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    common = np.bincount(owners, np.isin(keys, keys[is_first[owners]]), len(sets))
    first_size = np.zeros(group.max(initial=-1) + 1, np.int64)
    first_size[group[is_first]] = sets.sizes[is_first]
    whole = sets.sizes + first_size[group] - common
    similarity: NDArray[np.float64] = np.divide(common, whole, out=np.ones(len(sets)), where=whole > 0)
    return similarity


def _template(sets: GramSets) -> tuple[int, float]:
    counts = np.unique(sets.flat()[0], return_counts=True)[1]
    return int(np.count_nonzero(counts >= 0.9 * len(sets))), float(np.median(sets.sizes))


def group(
    records: pa.Table, threshold: float, links: pa.Table | None = None, apart: Collection[frozenset[str]] = ()
) -> tuple[list[str], pa.Table]:
    """Groups of records that never straddle splits: near-duplicates and members of one pair, transitively.

    Args:
        records: their prompts are compared.
        threshold: token-set Jaccard.
        links: further evidence (columns row and twin), such as pairs by meaning.
        apart: pairs of record ids that are not the same, whatever their words say.

    Returns:
        A group id for every row: the smallest record id of its group. And what holds every set of near-duplicates
        together (`describe`), its ``group`` being the record id of its first row.
    """
    ids = records["record_id"].to_pylist()
    near = without(self_join(records["prompt"], view="token", threshold=threshold), ids, apart)
    evidence = [near.select(LINKS.names), _pair_links(records).select(LINKS.names)]
    if links is not None:
        evidence.append(links.select(LINKS.names).cast(LINKS))
    labels = components(records.num_rows, pa.concat_tables([each.cast(LINKS) for each in evidence])).tolist()
    smallest: dict[int, str] = {}
    for label, id in zip(labels, ids, strict=True):
        smallest[label] = min(id, smallest.get(label, id))
    reasons = describe(records["prompt"], near, "token", threshold)
    named = reasons.set_column(0, "group", records["record_id"].take(reasons["group"]))
    return [smallest[label] for label in labels], named.sort_by("group")


def _pair_links(records: pa.Table) -> pa.Table:
    first: dict[str, int] = {}
    links = [
        (row, first.setdefault(pair, row))
        for row, pair in enumerate(records["pair_id"].to_pylist())
        if pair is not None
    ]
    rows = [{"row": row, "twin": twin, "view": "pair", "similarity": 1.0} for row, twin in links if row != twin]
    return pa.Table.from_pylist(
        rows,
        schema=pa.schema(
            [("row", pa.int64()), ("twin", pa.int64()), ("view", pa.string()), ("similarity", pa.float64())]
        ),
    )


def without(evidence: pa.Table, ids: Sequence[str], apart: Collection[frozenset[str]]) -> pa.Table:
    """Evidence without the pairs of these record ids."""
    if not apart:
        return evidence
    pairs = zip(evidence["row"].to_pylist(), evidence["twin"].to_pylist(), strict=True)
    return evidence.filter(pa.array([frozenset((ids[one], ids[two])) not in apart for one, two in pairs], pa.bool_()))
