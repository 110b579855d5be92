"""What a set's rows can show, by config, split and side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from demur.audits.power.design import DESIGNS, Question, detectable, effective, half_width, rows_needed
from demur.audits.power.report import Power, Shown
from demur.errors import UsageError, nearest
from demur.sets.folder import BuiltSet

TEST = "test"


def measure(
    asked: Question,
    icc: float = 1.0,
    built: BuiltSet | None = None,
    configs: Sequence[str] = (),
    splits: Sequence[str] = (),
) -> Power:
    """Rows that are needed, and, of a set, what its rows can show.

    Args:
        asked: rates, power, alpha.
        icc: correlation of answers inside a cluster; clusters are rows of one ``group_id``.
        built: a set.
        configs: of it; by default all that hold texts.
        splits: of it; by default test, else all.

    Raises:
        UsageError: no such config or split; a correlation that is none.
    """
    if not 0 <= icc <= 1:
        msg = "The correlation inside a cluster is out of range"
        raise UsageError(msg, expected="0 to 1", got=icc)
    needed = {design: rows_needed(asked, design) for design in DESIGNS}
    return Power(asked, icc, needed, tuple(_shown(asked, icc, built, configs, splits)) if built else ())


def _shown(
    asked: Question, icc: float, built: BuiltSet, configs: Sequence[str], splits: Sequence[str]
) -> Iterator[Shown]:
    entries = {entry.name: entry for entry in built.manifest.configs}
    for name in configs or [each for each, entry in entries.items() if not entry.references]:
        if name not in entries:
            msg = f"No config {name!r}"
            raise UsageError(msg, where=built.path, fix=nearest(name, entries))
        mine = entries[name].rows
        if unknown := [split for split in splits if split not in mine]:
            msg = f"No split {unknown[0]!r} in config {name!r}"
            raise UsageError(msg, where=built.path, fix=nearest(unknown[0], mine))
        rows = built.rows(name)
        for split in splits or ([TEST] if TEST in mine else mine):
            there = rows.filter(pc.equal(rows["split"], split))
            for side, part in _sides(there):
                sizes = list(Counter(part["group_id"].to_pylist()).values())
                worth = effective(sizes, icc)
                yield Shown(
                    name, split, side, len(part), len(sizes), worth, half_width(asked.baseline, worth),
                    {design: detectable(asked, design, worth) for design in DESIGNS},
                )  # fmt: skip


def _sides(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows, by what is expected of a model where the set says so; then the borderline ones of those to answer."""
    if "expected" not in rows.column_names:
        yield "all", rows
        return
    for side in sorted(set(rows["expected"].to_pylist()), reverse=True):
        mine = rows.filter(pc.equal(rows["expected"], side))
        yield side, mine
        if side == "answer" and "borderline" in rows.column_names:
            touchy = mine.filter(mine["borderline"])
            if 0 < len(touchy) < len(mine):
                yield "answer, borderline", touchy
