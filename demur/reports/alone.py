"""What the text alone tells of a set's sides: as its manifest states it, or measured now where it states nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from demur.errors import DemurError
from demur.records.row import Side, TextOf, columns_with
from demur.sets.folder import BuiltSet
from demur.sets.kind import Alone
from demur.sets.manifest import ConfigEntry
from demur.text.surface import baseline

FOLDS = 5

LEAST = 20
"""Groups of a side below which nothing is measured: an interval would say nothing."""


def alone(built: BuiltSet) -> tuple[Alone, ...]:
    """What the manifest states; of configs for which it states nothing, the two most frequent sides are measured."""
    stated = list(built.kind.alone(built.manifest))
    known = {each.config for each in stated}
    measured = [each for entry in built.manifest.configs if entry.name not in known for each in _measured(built, entry)]
    return (*stated, *measured)


def _measured(built: BuiltSet, entry: ConfigEntry) -> Iterator[Alone]:
    model, table = built.model_of(entry), built.rows(entry.name)
    side = next(iter(columns_with(model, Side)), None)
    texts = {role.name: name for name, role in columns_with(model, TextOf).items() if name in table.column_names}
    what = next((name for name in ("response", "prompt") if name in texts), None)
    if side is None or what is None:
        return
    counts = Counter(table[side].to_pylist())
    sides = sorted(counts, key=lambda name: (-counts[name], str(name)))[:2]
    columns = (table[name].to_pylist() for name in (texts[what], side, "group_id"))
    rows = [row for row in zip(*columns, strict=True) if row[1] in sides and row[0]]
    groups = [len({row[2] for row in rows if row[1] == name}) for name in sides]
    if len(sides) < 2 or min(groups) < LEAST:
        return
    try:
        found = baseline(
            [row[0] for row in rows], [row[1] == sides[0] for row in rows], [row[2] for row in rows], FOLDS,
            built.manifest.parameters.seed,
        )  # fmt: skip
    except DemurError:  # texts without a word, say
        return
    n = f"{counts[sides[0]]:,} and {counts[sides[1]]:,}, {found.pairs:,} groups"
    for family, score in found.families.items():
        yield Alone(entry.name, f"{sides[0]} against {sides[1]}, by the {what}s, measured now", family, score.auroc, n)
