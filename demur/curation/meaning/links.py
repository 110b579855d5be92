"""What pairs say of the rows of one set: links for its groups, and the pairs that lie across its splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.meaning.pairs import Pairs
from demur.rates import Rate
from demur.similarity.evidence import SCHEMA

VIEW = "meaning"
DECISION = "decision"


def meaning_links(
    ids: Sequence[str],
    pairs: Pairs,
    not_same: Collection[frozenset[str]] = (),
    same: Collection[frozenset[str]] = (),
    threshold: float | None = None,
) -> pa.Table:
    """Which rows belong together by meaning, as evidence beside that of words.

    Args:
        ids: of every row, the record id of its prompt; rows may share one.
        pairs: the committed pairs.
        not_same: pairs of ids that a decision took apart.
        same: pairs of ids that a decision put together.
        threshold: of `Pairs.joins`.

    Returns:
        Columns row, twin, view, similarity, every row with every row of the twin's id: the view is ``meaning`` and the
        similarity the cosine, or, of pairs that only a decision joins, ``decision`` and 1.

    Example:
        >>> from demur.curation.meaning.pairs import SCHEMA as columns
        >>> table = pa.table([["a"], ["b"], [0.9], ["all-minilm-l6-v2"], [None]], schema=columns)
        >>> meaning_links(["b", "x", "a"], Pairs(table)).to_pylist()
        [{'row': 0, 'twin': 2, 'view': 'meaning', 'similarity': 0.9}]
    """
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, id in enumerate(ids):
        rows[id].append(row)
    apart = {*not_same}
    joined = {pair: (VIEW, cosine) for pair, cosine in _joined(pairs, threshold, rows).items() if pair not in apart}
    joined |= dict.fromkeys({*same} - joined.keys(), (DECISION, 1.0))
    found = []
    for pair, (view, cosine) in joined.items():
        one, two = pair
        found += [(min(a, b), max(a, b), view, cosine) for a in rows.get(one, ()) for b in rows.get(two, ())]
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, cells, strict=True)) for cells in sorted(found)], schema=SCHEMA)


@dataclass(frozen=True)
class Leaks:
    """Pairs across splits.

    Attributes:
        pairs: every pair of ids with its splits and cosine: id, split, twin, the twin's split, cosine; sorted.
        sizes: distinct ids in every split.
    """

    pairs: tuple[tuple[str, str, str, str, float], ...]
    sizes: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.pairs)

    def of(self, split: str, other: str) -> Rate:
        """How many prompts of a split have a twin in another.

        Example:
            >>> from demur.curation.meaning.pairs import SCHEMA as columns
            >>> table = pa.table([["a"], ["b"], [0.9], ["all-minilm-l6-v2"], [None]], schema=columns)
            >>> print(leaks({"validation": ["a", "x"], "test": ["b"]}, Pairs(table)).of("validation", "test"))
            50.0 % (1 of 2, 95 % interval 9.5-90.5 %)
        """
        ends = {(one, a, b) for one, a, two, b, _ in self.pairs} | {(two, b, a) for one, a, two, b, _ in self.pairs}
        return Rate.of(len({id for id, here, there in ends if (here, there) == (split, other)}), self.sizes[split])


def leaks(
    ids_by_split: Mapping[str, Iterable[str]],
    pairs: Pairs,
    not_same: Collection[frozenset[str]] = (),
    threshold: float | None = None,
) -> Leaks:
    """Pairs whose two prompts lie in two splits.

    Args:
        ids_by_split: record ids of the prompts in every split.
        pairs: the committed pairs.
        not_same: pairs of ids that a decision took apart.
        threshold: of `Pairs.joins`.
    """
    splits: defaultdict[str, set[str]] = defaultdict(set)
    sizes = {}
    for split, ids in ids_by_split.items():
        here = {*ids}
        sizes[split] = len(here)
        for id in here:
            splits[id].add(split)
    apart = {*not_same}
    found = []
    for pair, cosine in _joined(pairs, threshold, splits).items():
        one, two = sorted(pair)
        between = [(a, b) for a in splits.get(one, ()) for b in splits.get(two, ()) if a != b and pair not in apart]
        found += [(one, a, two, b, cosine) for a, b in between]
    return Leaks(tuple(sorted(found)), sizes)


def _joined(pairs: Pairs, threshold: float | None, among: Iterable[str]) -> dict[frozenset[str], float]:
    """The pairs that belong together, both of these ids, with their cosines."""
    known, joined = pa.array([*among], pa.string()), pairs.joins(threshold)
    joined = joined.filter(pc.and_(pc.is_in(joined["record_id"], known), pc.is_in(joined["twin"], known)))
    columns = (joined[name].to_pylist() for name in ("record_id", "twin", "cosine"))
    return {frozenset((one, two)): cosine for one, two, cosine in zip(*columns, strict=True)}
