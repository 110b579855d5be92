"""The tools that are compared; one process runs one of them.

    python -m bench.tools TOOL CORPUS OUT

Every tool reads the texts of the same Parquet file and is asked for the rows whose word 3-grams have a Jaccard index of
0.8 or more. Its clock starts once its imports are done and stops when every row has a label (or a flag).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench import peers
from bench.clock import Clock, read_texts
from bench.scoring import THRESHOLD


def read_only(path: Path, clock: Clock) -> None:
    """The baseline: the file's ids and texts as an Arrow table, nothing else."""

    clock.start()
    pq.read_table(path, columns=["id", "text"])
    clock.mark("read")


def demur(path: Path, clock: Clock) -> np.ndarray:
    """The exact self-join; of a group's evidence only what connects it."""
    from demur.files.parquet import read_columns
    from demur.similarity import components, prepare, self_join

    clock.start()
    prepare()
    texts = read_columns(path, ["text"])["text"]
    clock.mark("read")
    evidence = self_join(texts, view="word3", threshold=THRESHOLD, pairs="forest")
    labels = components(len(texts), evidence)
    clock.mark("group")
    return labels


def demur_all(path: Path, clock: Clock) -> np.ndarray:
    """The exact self-join with all evidence."""
    from demur.similarity import components, self_join

    texts = read_texts(path, clock)
    labels = components(len(texts), self_join(texts, view="word3", threshold=THRESHOLD))
    clock.mark("group")
    return labels


def demur_release(path: Path, clock: Clock) -> np.ndarray:
    """Groups, splits, and every row written to the Parquet file of its split."""
    from bench.adapters import FRACTIONS, splits
    from demur.files.numeric import to_arrow
    from demur.files.parquet import read_columns, write_splits
    from demur.similarity import components, prepare, self_join

    clock.start()
    prepare()
    table = read_columns(path, ["id", "text"])
    clock.mark("read")
    labels = components(len(table), self_join(table["text"], view="word3", threshold=THRESHOLD, pairs="forest"))
    clock.mark("group")
    codes = splits(table["id"], labels)
    clock.mark("split")
    write_splits(table.append_column("group", to_arrow(labels)), codes, [*FRACTIONS], path.parent / "out")
    clock.mark("write")
    return labels


Tool = Callable[[Path, Clock], "np.ndarray | None"]
TOOLS: dict[str, Tool] = {
    "read only": read_only,
    "demur": demur,
    "demur, all pairs": demur_all,
    "demur, groups + splits + write": demur_release,
    "duckdb": peers.duckdb,
    "polars": peers.polars,
    "rensa": peers.rensa,
    "rensa deduplicator": peers.rensa_dedup,
    "gaoya": peers.gaoya,
    "datatrove": peers.datatrove,
    "datasketch": peers.datasketch,
    "datasketch 32x4": peers.datasketch_tuned,
    "semhash": peers.semhash,
}


def main(name: str, path: Path, out: Path) -> None:
    """Run one tool, keep its labels, print its steps."""
    clock = Clock()
    labels = TOOLS[name](path, clock)
    if labels is not None:
        np.save(out, labels)
    print(json.dumps(clock.steps))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
