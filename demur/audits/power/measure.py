"""What a set's rows can show, by config, split and side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

import pyarrow as pa
import pyarrow.compute as pc

from demur.audits.power.design import DESIGNS, Design, Question, detectable, effective, half_width, rows_needed
from demur.audits.power.report import Place, Power, Shown
from demur.errors import UsageError, nearest
from demur.sets.folder import BuiltSet

TEST = "test"
SIDES = ("refuse", "answer", "borderline")
"""Of an evaluation set: what is expected of a model, and of the rows to answer those that look as if they were not."""


def measure(
    asked: Question,
    icc: float = 1.0,
    built: BuiltSet | None = None,
    configs: Sequence[str] = (),
    splits: Sequence[str] = (),
    sides: Sequence[str] = (),
    designs: Sequence[Design] = (),
) -> Power:
    """Rows that are needed, and, of a set, what its rows can show.

    Args:
        asked: rates, power, alpha.
        icc: correlation of answers inside a cluster; clusters are rows of one ``group_id``.
        built: a set.
        configs: of it; by default all that hold texts.
        splits: of it; by default test, else all.
        sides: of it; by default all.
        designs: of the comparison; by default all.

    Raises:
        UsageError: no such config, split or side; a correlation that is none.
    """
    if not 0 <= icc <= 1:
        msg = "The correlation inside a cluster is out of range"
        raise UsageError(msg, expected="0 to 1", got=icc)
    needed = {design: rows_needed(asked, design) for design in designs or DESIGNS}
    places = clusters(built, configs, splits, sides) if built else ()
    return Power(asked, icc, needed, tuple(_shown(asked, icc, needed, *each) for each in places))


def clusters(
    built: BuiltSet, configs: Sequence[str] = (), splits: Sequence[str] = (), sides: Sequence[str] = ()
) -> Iterator[tuple[Place, list[int]]]:
    """The sizes of the clusters in every part of a set; arguments and errors as of `measure`."""
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
            parts = _sides(rows.filter(pc.equal(rows["split"], split)))
            if missing := [side for side in sides if side not in parts]:
                msg = f"No side {missing[0]!r} in config {name!r}, split {split!r}"
                raise UsageError(msg, where=built.path, expected=" or ".join(parts), got=missing[0])
            for side in sides or parts:
                sizes = sorted(Counter(parts[side]["group_id"].to_pylist()).values())
                yield Place(name, split, side), sizes


def _shown(asked: Question, icc: float, needed: dict[Design, int], place: Place, sizes: list[int]) -> Shown:
    rows, worth = sum(sizes), effective(sizes, icc)
    return Shown(
        place, rows, len(sizes), worth,
        half_width(asked.baseline, worth, len(sizes) if len(sizes) < rows else None),
        {design: detectable(asked, design, worth) for design in needed},
        {design: ceil(each * rows / worth - 1e-9) for design, each in needed.items()},
    )  # fmt: skip


def _sides(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows that there are of each side, where the set says it."""
    if "expected" not in rows.column_names:
        return {"all": rows} if len(rows) else {}
    refuse, answer = (rows.filter(pc.equal(rows["expected"], side)) for side in SIDES[:2])
    borderline = answer.filter(answer["borderline"]) if "borderline" in rows.column_names else answer.slice(0, 0)
    return {side: part for side, part in zip(SIDES, (refuse, answer, borderline), strict=True) if len(part)}
