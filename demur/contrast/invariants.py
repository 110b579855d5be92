"""What a config of contrast pairs must keep to: pure functions from its rows or its manifest entry to messages.

No message holds a text: it names pairs, splits and numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pyarrow as pa

from demur.kinds import BaselineEntry

SIDES = ("harmful", "safe")
_SHOWN = 5


def unpaired(table: pa.Table) -> list[str]:
    """Pairs that do not have exactly one row of each side.

    Example:
        >>> unpaired(pa.table({"pair_id": ["a", "a", "b"], "side": ["harmful", "safe", "safe"]}))
        ["pair 'b' has 0 harmful and 1 safe rows, not one of each"]
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for pair, side in zip(table["pair_id"].to_pylist(), table["side"].to_pylist(), strict=True):
        counts[pair][side] += 1
    return _first(
        f"pair {pair!r} has {sides['harmful']} harmful and {sides['safe']} safe rows, not one of each"
        for pair, sides in sorted(counts.items(), key=lambda item: str(item[0]))
        if sides != Counter(SIDES)
    )


def straddling(table: pa.Table) -> list[str]:
    """Pairs, or groups of near-duplicates of their sides, that stand in more than one split.

    Example:
        >>> rows = {"pair_id": ["a", "a"], "group_id": ["0", "1"], "split": ["train", "test"]}
        >>> straddling(pa.table(rows))
        ["pair 'a' is in the splits test and train"]
    """
    found = []
    for column, name in (("pair_id", "pair"), ("group_id", "group")):
        splits: defaultdict[str, set[str]] = defaultdict(set)
        for key, split in zip(table[column].to_pylist(), table["split"].to_pylist(), strict=True):
            splits[key].add(split)
        found += [
            f"{name} {key!r} is in the splits {' and '.join(sorted(places))}"
            for key, places in sorted(splits.items(), key=lambda item: str(item[0]))
            if len(places) > 1
        ]
    return _first(found)


def above_ceiling(entry: BaselineEntry | None, table: pa.Table | None = None) -> list[str]:
    """What is wrong with the text-only baseline of a config: missing, of another set, or above its declared ceiling.

    The ceiling holds for both AUROCs: the nested one, which is the headline, and the naive one.

    Args:
        entry: the baseline in the manifest.
        table: the config's rows, to compare its number of pairs.
    """
    if entry is None:
        return ["a config of contrast pairs states no text-only baseline"]
    found = []
    pairs = None if table is None else len(set(table["pair_id"].to_pylist()))
    if pairs is not None and pairs != entry.pairs:
        found.append(f"the text-only baseline was measured on {entry.pairs} pairs, and there are {pairs}")
    for name, families in (("nested", entry.nested), ("naive", entry.naive)):
        if families is None:
            continue
        if "combined" not in families:
            found.append(f"the {name} baseline does not say what all text features give together")
        elif (score := families["combined"].auroc).value > entry.ceiling:
            found.append(
                f"text alone tells the sides apart: {name} AUROC {score.value:.3f} (95 % interval "
                f"{score.low:.3f}-{score.high:.3f}, {entry.pairs} pairs) is above the ceiling of {entry.ceiling:g}"
            )
    return found


def _first(messages: Iterable[str]) -> list[str]:
    """The first few messages, and how many more there are."""
    every = list(messages)
    return [*every[:_SHOWN], *([f"and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else [])]
