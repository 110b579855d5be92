"""Texts with planted copies, the same texts cut into files in different ways, and what one process says of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from demur.similarity import View, components, self_join

ROWS = 3_000


def texts(rows: int = ROWS, seed: int = 11) -> list[str | None]:
    """Mild sentences: some are copies, some nearly so, some fill a template's slot; a few null, empty or not ASCII."""
    rng = random.Random(seed)  # noqa: S311
    words = [f"w{number}" for number in range(1200)]
    found: list[str | None] = []
    for row in range(rows):
        kind = rng.random()
        if row and kind < 0.12:
            found.append(rng.choice(found))
        elif row and kind < 0.4:
            near = (rng.choice(found) or "nothing at all").split()
            near[rng.randrange(len(near))] = rng.choice(words)
            found.append(" ".join(near).upper() if kind < 0.2 else "  ".join(near) + "!")
        elif kind < 0.5:
            found.append(f"please write a short friendly poem about the {rng.choice(words)} and the sea in winter time")
        elif kind < 0.52:
            found.append(rng.choice([None, "", "?!", "東京都の天気はどうですか", "🙂", "Crème brûlée für drei"]))
        else:
            found.append(" ".join(rng.choices(words, k=rng.randint(1, 60))))
    return found


def write(folder: Path, rows: Sequence[str | None], cuts: Sequence[int], group: int = 500) -> list[str]:
    """Write rows as files cut at the given places; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (first, last) in enumerate(pairwise([0, *cuts, len(rows)])):
        path = folder / f"part-{number:03d}.parquet"
        pq.write_table(pa.table({"text": pa.array(rows[first:last], pa.string())}), path, row_group_size=group)
        paths.append(str(path))
    return paths


def expected(rows: Sequence[str | None], view: View = "word3", threshold: float = 0.8) -> list[int]:
    """The labels of one process."""
    pairs = self_join(list(rows), view=view, threshold=threshold, pairs="forest")
    groups: list[int] = components(len(rows), pairs).tolist()
    return groups


def written(out: Path) -> pa.Table:
    """All labels of a finished run, in the order of shards; nothing else may be in the folder."""
    names = sorted(path.name for path in out.iterdir())
    assert names
    assert all(name.startswith("labels-") and name.endswith(".parquet") for name in names)
    return pa.concat_tables([pq.read_table(out / name).replace_schema_metadata() for name in names])


def labels(table: pa.Table, rows: int) -> list[int]:
    """A label for every row, as `components` gives them."""
    found = np.arange(rows)
    found[table["row"].to_numpy()] = table["group"].to_numpy()
    groups: list[int] = found.tolist()
    return groups


def marks(work: Path, stage: str) -> dict[str, int]:
    """The finished tasks of a stage under a work folder, with their inodes: a task done again has another."""
    found: dict[str, Any] = {}
    for path in work.glob(f"**/{stage}-*.done"):
        found[path.name] = path.stat().st_ino
    return found
