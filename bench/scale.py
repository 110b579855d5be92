"""One process beside Dask with two workers, and the memory of a worker as partitions double.

    python -m bench.scale --data FOLDER --sizes 100000 1000000 3000000 --memory 1000000 3000000 --partitions 8 16 32 64

Without sizes after ``--sizes`` or ``--memory``, what was measured before stays. ``--before`` takes the results of
another checkout (of the same command there).

Needs the ``scale`` extra. Each run is a process of its own; a single run and a Dask run of one size follow each
other, so that their ratio is of one machine in one state. Labels are compared by digest. Figures go to
``results/scale.json``, and to the page on scale between its marks.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.corpus import write
from bench.process import run
from bench.report import RESULTS, between, markdown, target
from bench.scoring import THRESHOLD, digest

WORKERS = 2
PAGE = Path(__file__).parent.parent / "docs" / "scale.md"


def single(path: Path) -> dict[str, Any]:
    """Read, join and label in this process, on all cores."""
    from demur.similarity import components, self_join

    begin = perf_counter()
    texts = pq.read_table(path, columns=["text"])["text"]
    labels = components(len(texts), self_join(texts, view="word3", threshold=THRESHOLD, pairs="forest"))
    return {"seconds": perf_counter() - begin, "digest": digest(labels), "memory": _peak()}


def dask(path: Path, shard_rows: int) -> dict[str, Any]:
    """The same by the workers of a local cluster, labels written; starting the cluster is stated apart."""
    from demur.groups.sharded import open_engine
    from demur.groups.sharded import run as group

    begin = perf_counter()
    with open_engine("dask", workers=WORKERS) as engine, TemporaryDirectory() as folder:
        started = perf_counter()
        client = engine.client  # type: ignore[attr-defined]
        before = max(client.run(_ready).values())
        out = Path(folder) / "out"
        few = Path(folder) / "few.parquet"
        pq.write_table(pa.table({"text": [f"a few words of row {row // 2}" for row in range(64)]}), few)
        group([str(few)], str(out), engine=engine, shard_rows=16, threshold=THRESHOLD)
        warm = max(client.run(_peak).values())
        at = perf_counter()
        done = group([str(path)], str(out), engine=engine, shard_rows=shard_rows, threshold=THRESHOLD)
        seconds = perf_counter() - at
        workers = max(client.run(_peak).values())
        found = pa.concat_tables([pq.read_table(each).replace_schema_metadata() for each in sorted(out.iterdir())])
    labels = np.arange(done.rows)
    labels[found["row"].to_numpy()] = found["group"].to_numpy()
    return {
        "seconds": seconds,
        "start": started - begin,
        "digest": digest(labels),
        "partitions": done.shards,
        "worker": workers,
        "worker before": before,
        "worker warm": warm,
        "driver": _peak(),
    }


def _ready() -> float:
    """Import what tasks need; the memory of a worker that has done nothing."""
    import demur.groups.sharded.matching  # noqa: F401

    return _peak()


def _peak() -> float:
    """The largest resident set of this process so far, in GB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e6
    raise NotImplementedError


def measured(*arguments: str, limit: float = 3600) -> dict[str, Any]:
    """What one run in its own process says of itself, with its cost."""
    cost, printed = run([sys.executable, "-m", "bench.scale", "--one", *arguments], limit=limit)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return {**found, "wall": cost.wall, "cpu": cost.cpu}


def speed(data: Path, sizes: list[int], repeats: int, shard_rows: int) -> list[dict[str, Any]]:
    """Single and Dask by turns, at each size; medians, and the ratio of each turn."""
    found = []
    for size in sizes:
        path = str(write(data, size))
        turns = [(measured("single", path), measured("dask", path, str(shard_rows))) for _ in range(repeats)]
        if len({each["digest"] for turn in turns for each in turn}) != 1:
            msg = f"Dask gives other labels at {size} rows"
            raise AssertionError(msg)
        found.append(
            {
                "rows": size,
                "runs": repeats,
                "single": median(one["seconds"] for one, _ in turns),
                "dask": median(two["seconds"] for _, two in turns),
                "start": median(two["start"] for _, two in turns),
                "ratio": median(two["seconds"] / one["seconds"] for one, two in turns),
                "ratio with start": median((two["seconds"] + two["start"]) / one["seconds"] for one, two in turns),
                "cpu ratio": median(two["cpu"] / one["cpu"] for one, two in turns),
                "single memory": max(one["memory"] for one, _ in turns),
                "worker": max(two["worker"] for _, two in turns),
                "driver": max(two["driver"] for _, two in turns),
                "partitions": turns[0][1]["partitions"],
                "digest": turns[0][0]["digest"],
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def finer(path: Path, rows: int) -> Path:
    """The same rows in smaller row groups: a shard is a row group at least."""
    cut = path.with_name(f"{path.stem}-by-{rows}.parquet")
    if not cut.exists():
        part = cut.with_suffix(".part")
        pq.write_table(pq.read_table(path, columns=["text"]), part, compression="zstd", row_group_size=rows)
        part.rename(cut)
    return cut


def memory(data: Path, size: int, partitions: list[int]) -> list[dict[str, Any]]:
    """The peak of a worker by the number of partitions; the file is the same, and so are its row groups."""
    path = str(finer(write(data, size), -(-size // max(partitions))))
    found = []
    for count in partitions:
        one = measured("dask", path, str(-(-size // count)))
        found.append({"rows": size, **one})
        print(json.dumps(found[-1]), flush=True)
    return found


def tables(results: dict[str, Any]) -> str:
    """Both tables as Markdown."""
    speeds = markdown(
        ["rows", "one process s", "Dask s", "ratio", "with start", "CPU ratio", "one process GB", "worker GB",
         "driver GB"],
        [
            [f"{row['rows']:,}", *(f"{row[name]:.2f}" for name in (
                "single", "dask", "ratio", "ratio with start", "cpu ratio", "single memory", "worker", "driver",
            ))]
            for row in results["speed"]
        ],
    )  # fmt: skip
    header = ["rows", "partitions", "worker MB", "less the warm worker", "share left", "CPU s", "the same, before",
              "CPU s, before"]  # fmt: skip
    before = {(row["rows"], row["partitions"]): row for row in results.get("before", [])}
    rows = []
    last: dict[str, Any] = {}
    for row in results["memory"]:
        old = before.get((row["rows"], row["partitions"]))
        rows.append(
            [
                f"{row['rows']:,}",
                str(row["partitions"]),
                f"{1000 * row['worker']:.0f}",
                f"{1000 * _net(row):.0f}",
                f"{_net(row) / _net(last):.2f}" if last and last["rows"] == row["rows"] else "",
                f"{row['cpu']:.0f}",
                f"{1000 * _net(old):.0f}" if old else "",
                f"{old['cpu']:.0f}" if old else "",
            ]
        )
        last = row
    return f"{speeds}\n\n{markdown(header, rows)}\n"


def _net(row: dict[str, Any]) -> float:
    """What a worker needs beyond what it needs for a few rows: libraries, and kernels."""
    return float(row["worker"] - row["worker warm"])


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """What is aimed at: at most twice the time of one process at the largest size, and memory that halves."""
    found = []
    if results["speed"]:
        last = results["speed"][-1]
        note = f"{last['rows']:,} rows, {WORKERS} workers, cluster running"
        found.append(target("Dask: times the single process", last["ratio"], 2, note))
    for one, two in pairwise(results["memory"]):
        if two["partitions"] != 2 * one["partitions"] or two["rows"] != one["rows"]:
            continue
        note = f"{one['rows']:,} rows, {one['partitions']} to {two['partitions']} partitions"
        net = _net(two) / _net(one)
        found.append(target("peak of a worker less the warm one, share left when partitions double", net, 0.55, note))
    return found


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["--one"]:
        what, path, *rest = sys.argv[2:]
        print(json.dumps(single(Path(path)) if what == "single" else dask(Path(path), int(rest[0]))))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000, 3_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--shard-rows", type=int, default=250_000)
    parser.add_argument("--memory", type=int, nargs="*", default=[1_000_000, 3_000_000])
    parser.add_argument("--partitions", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--before", type=Path, help="scale.json of another checkout, to stand beside")
    asked = parser.parse_args()
    kept = RESULTS / "scale.json"
    results: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {"speed": [], "memory": []}
    if asked.sizes:
        results["speed"] = speed(asked.data, asked.sizes, asked.repeats, asked.shard_rows)
    if asked.memory:
        results["memory"] = [row for size in asked.memory for row in memory(asked.data, size, asked.partitions)]
    if asked.before:
        results["before"] = json.loads(asked.before.read_text())["memory"]
    results["targets"] = targets(results)
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(results, indent=1) + "\n")
    between(PAGE, "measured", tables(results))
    print(tables(results))
    for each in results["targets"]:
        print("met   " if each["met"] else "missed", each["target"], f"{each['value']:.2f}", each["note"])


if __name__ == "__main__":
    main()
