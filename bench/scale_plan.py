"""What grouping 10^9 rows would shuffle, read and hold, from the grams of the texts at hand.

    python -m bench.scale_plan --data FOLDER --mirror FOLDER --rows 1000000000

Nothing of that size is run. Each corpus is grouped as it is, in many partitions, and the files between the stages are
weighed; its postings are counted at a quarter, a half and all of its rows. From there:

- *bytes a row* and *postings a row* follow from the sizes of rows, so they stay; the interval is that of a mean.
- a key's share of the postings stays as well, as long as rows are of one kind and the order of grams is the same. The
  order gets better with the number of sampled rows, so what is said of heavy keys, and of pairs that are looked at, is
  an upper bound. Keys that were seen once are alone (low) or as frequent as one in all rows at hand (high).
- files, reads, tasks and the table are computed by the code that makes them.

Real rows are few (tens of thousands), and other texts are others: take the spread between corpora as the uncertainty.
Figures go to ``results/scale_plan.json``, and to the page on scale between its marks.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.corpus import write
from bench.report import RESULTS, between
from bench.scale_page import PAGE, page
from bench.scoring import THRESHOLD
from demur.files.scratch import Scratch
from demur.groups.sharded import SerialEngine, run
from demur.groups.sharded._kernels import meet_runs, post_rows
from demur.groups.sharded.exchange import Exchange
from demur.groups.sharded.grouping import SHARD_ROWS, TABLE_BITS
from demur.groups.sharded.posting import CROWD, SHARE
from demur.groups.sharded.sampling import LEVELS, STRIDE, sampling, slots_of
from demur.groups.sharded.store import Store
from demur.rates import wilson
from demur.similarity.onepass import hashed

SHARES = (4, 2, 1)
PARTS = 64
DRAWS = 20
EXCHANGES = ("postings", "repeats", "pairs", "crowds", "wants", "copies", "sets", "claims")


def real(mirror: Path) -> dict[str, list[str]]:
    """Instructions of one file, and every text of all files, in some fixed order."""
    alpaca: list[str] = []
    everything: list[str] = []
    for path in sorted(each for each in mirror.rglob("*") if each.is_file()):
        texts = [text for text in _texts(path) if " " in text.strip()]
        everything += texts
        if path.name == "alpaca.json":
            alpaca += texts
    return {"instructions": alpaca, "all files": everything}


def _texts(path: Path) -> Iterator[str]:
    """All strings of a JSON, JSON Lines or CSV file."""
    name = path.name.removesuffix(".gz")
    data = gzip.decompress(path.read_bytes()) if name != path.name else path.read_bytes()
    text = data.decode("utf-8", "replace")
    if name.endswith(".csv"):
        csv.field_size_limit(1 << 30)
        for row in csv.reader(text.splitlines(keepends=True)):
            yield from row
    elif name.endswith((".json", ".jsonl")):
        try:
            yield from _strings(json.loads(text))
        except ValueError:
            for line in text.splitlines():
                try:
                    yield from _strings(json.loads(line))
                except ValueError:
                    continue


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def posted(texts: pa.LargeStringArray) -> dict[str, Any]:
    """What the rows of a corpus post, and what meets: in one process, in one bucket."""
    bits, _ = sampling("word3", texts.nbytes, TABLE_BITS)
    scratch, parts = Scratch(), []
    for at in range(0, len(texts), 8192):
        found, each = hashed(texts.slice(at, 8192), 3, scratch)
        parts.append((found.copy(), each))  # the next ones lie in the same place
    grams, sizes = (np.concatenate(part) for part in zip(*parts, strict=True))
    sampled = np.repeat(np.arange(len(sizes)) % STRIDE == 0, sizes)
    counts = np.bincount(slots_of(grams[sampled], bits), minlength=1 << bits)
    table = LEVELS[np.minimum(counts, 255)]
    keys, sketches = np.empty(len(grams), np.uint64), np.empty(len(grams), np.uint64)
    tails, lengths = np.empty(len(grams), np.uint32), np.empty(len(sizes), np.int32)
    prints = np.empty(len(sizes), np.uint64)
    used = post_rows(grams, sizes, THRESHOLD, table, 64 - bits, keys, tails, sketches, lengths, prints)
    first = np.zeros(len(sizes), bool)
    first[np.unique(prints, return_index=True)[1]] = True
    # As in a shard, of equal rows the first is posted: among few rows more of them are equal than in a shard of many.
    mine = np.repeat(first, lengths)
    keys, tails, sketches = (each[:used][mine] for each in (keys, tails, sketches))
    order = np.argsort(keys, kind="stable")
    rows = np.repeat(np.arange(len(sizes)), lengths)[mine][order]
    looked = np.zeros(1, np.int64)
    pairs, _, crowd = meet_runs(
        keys[order], rows, tails[order], sketches[order], THRESHOLD, CROWD, SHARE, looked
    )  # fmt: skip
    runs = np.unique(keys >> np.uint64(24), return_counts=True)[1]
    heaviest = int(runs.argmax())
    first_of = int(runs[:heaviest].sum())
    several = float(np.sum(runs.astype(float) * (runs - 1)))
    return {
        "rows": len(sizes),
        "grams a row": float(sizes.mean()),
        "postings": len(keys),
        "postings a row": float(lengths.mean()),
        "postings error": float(1.96 * lengths.std() / np.sqrt(len(lengths))),
        "heaviest key": int(runs.max()),
        "keys": len(runs),
        "looks a row": int(looked[0]) / len(sizes),
        "pairs with a key a row": several / 2 / len(sizes),
        "candidates a row": len(pairs) / 3 / len(sizes),
        "repeats": 1 - float(first.mean()),
        "crowded": len(np.unique(crowd[::2])) / len(sizes),
        "largest crowd": _largest(crowd.reshape(-1, 2), sizes),
        "heaviest run": [int(runs[heaviest]), float(sizes[rows[first_of : first_of + runs[heaviest]]].mean())],
        "runs": runs,
    }


def _largest(crowd: NDArray[np.int64], sizes: NDArray[np.int32]) -> list[float]:
    """Distinct rows of the largest crowd, and their mean number of grams."""
    if not len(crowd):
        return [0, 0.0]
    crowd = np.unique(crowd, axis=0)
    rows = crowd[crowd[:, 1] == np.bincount(crowd[:, 1]).argmax(), 0]
    return [len(rows), float(sizes[rows].mean())]


def look_seconds(rows: int = 6000) -> float:
    """CPU seconds of looking at one pair: rows of one size that share one gram, and nothing else."""
    rng = np.random.default_rng(0)
    keys = np.arange(rows, dtype=np.uint64)
    given = (keys, np.arange(rows), np.full(rows, 40 << 12, np.uint32), rng.integers(0, 1 << 63, rows, np.uint64))
    looked = np.zeros(1, np.int64)
    begin = process_time()
    meet_runs(*given, THRESHOLD, CROWD, SHARE, looked)
    return (process_time() - begin) / int(looked[0])


class Weighing(SerialEngine):
    """Weighs what the tasks of a run sent, and counts what its driver is given."""

    def __init__(self) -> None:
        self.bytes: Counter[str] = Counter()
        self.edges = 0

    def map(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Iterator[None]:
        """As in one process."""
        yield from super().map(function, arguments)
        if function.__name__ == "link":
            (job, *_) = arguments[0]
            for name in EXCHANGES:
                exchange = getattr(job, name)
                for source in range(exchange.sources):
                    self.bytes[name] += sum(batch.nbytes for batch in job.store.batches(f"{name}-{source}"))
            self.edges = sum(len(job.store.load(f"edges-{bucket}", 0)) for bucket in range(job.buckets))


def weighed(texts: pa.LargeStringArray) -> dict[str, float]:
    """Bytes of each exchange and pairs for the driver, for each row, of a run in many partitions."""
    engine = Weighing()
    with TemporaryDirectory() as folder:
        rows = -(-len(texts) // PARTS)
        pq.write_table(pa.table({"text": texts}), f"{folder}/in.parquet", row_group_size=rows)
        done = run([f"{folder}/in.parquet"], f"{folder}/out", engine=engine, shard_rows=rows, threshold=THRESHOLD)
    found = {name: engine.bytes[name] / len(texts) for name in EXCHANGES}
    return {**found, "edges": engine.edges / len(texts), "in groups": (done.duplicates + done.groups) / len(texts)}


def buckets(runs: NDArray[np.int64], rows: int, size: int, count: int, alone: bool) -> float:
    """The largest of so many buckets beside the mean one, at `size` rows, from the postings of `rows`: a median."""
    rng = np.random.default_rng(0)
    scale = size / rows
    heavy = runs[runs > 1].astype(float) * scale
    single = np.count_nonzero(runs == 1)
    if not alone:
        heavy = np.concatenate([heavy, np.full(single, scale)])
    even = (runs.sum() * scale - heavy.sum()) / count
    largest = [
        np.bincount(rng.integers(0, count, len(heavy)), heavy, count).max(initial=0) + even for _ in range(DRAWS)
    ]
    return float(np.median(largest) / (runs.sum() * scale / count))


def traffic(tasks: int) -> dict[str, int]:
    """Exchanges, files and reads among so many shards and buckets; and as every target from every source."""
    files = reads = 0
    for name in EXCHANGES:
        exchange = Exchange.among(Store("memory://plan"), name, tasks, tasks)
        groups = -(-tasks // exchange.width)
        files += tasks + exchange.routes
        reads += tasks * tasks if exchange.width == 1 else 2 * tasks * groups
    counts = {"exchanges": len(EXCHANGES), "files": files, "reads": reads}
    return {**counts, "reads without routes": len(EXCHANGES) * tasks * tasks}


def planned(name: str, texts: list[str] | pa.Array, size: int) -> dict[str, Any]:
    """All of one corpus."""
    array = pa.array(texts, pa.large_string()) if isinstance(texts, list) else texts.cast(pa.large_string())
    mixed = array.take(pa.array(np.random.default_rng(0).permutation(len(array))))
    steps = [posted(mixed.slice(0, len(mixed) // share)) for share in SHARES]
    runs = steps[-1].pop("runs")
    for step in steps[:-1]:
        del step["runs"]
    whole = steps[-1]
    cost = weighed(mixed)
    tasks = -(-size // SHARD_ROWS)
    text_bytes = int(array.nbytes / len(array) * size)
    bits, stride = sampling("word3", text_bytes, TABLE_BITS)
    low, high = (share * size for share in wilson(whole["heaviest key"], whole["rows"]))
    rounds = [buckets(runs, whole["rows"], size, tasks, alone) for alone in (True, False)]
    mean = whole["postings"] / whole["rows"] * size / tasks
    sampled_rows = size // stride
    scaled = [(count / whole["rows"] * size, grams) for count, grams in (whole["largest crowd"], whole["heaviest run"])]
    # A run that is short enough is looked at pair by pair, if it does not crowd at hand.
    crowd, grams = max(scaled[:1] if scaled[1][0] <= CROWD else scaled, key=lambda each: each[0] * each[1])
    made: dict[str, Any] = {
        "corpus": name,
        "measured": steps,
        "bytes a row": cost,
        "plan": {
            "rows": size,
            "text bytes": text_bytes,
            "tasks": tasks,
            "shuffled bytes a row": sum(cost[each] for each in EXCHANGES),
            "of which postings": cost["postings"],
            "postings a row": whole["postings a row"],
            "postings a row, error": whole["postings error"],
            "mean bucket": mean,
            "largest bucket": [mean * each for each in rounds],
            "largest bucket, bytes": [mean * each * 24 for each in rounds],
            "heaviest key, rows": [low, high],
            "largest crowd": crowd,
            "largest crowd, bytes": crowd * grams * 8,
            "looks a row, at most": whole["pairs with a key a row"] * size / whole["rows"],
            "nanoseconds a look": look_seconds() * 1e9,
            "sampled rows": sampled_rows,
            "hours of looking, at most": 0.0,
            "sampled bytes": sampled_rows * whole["grams a row"] * 5,
            "table bytes": 1 << bits,
            "driver bytes": cost["edges"] * size * 16,
            "evidence of all rows in groups, bytes": cost["in groups"] * size * 32,
            **traffic(tasks),
        },
    }
    plan = made["plan"]
    plan["hours of looking, at most"] = plan["looks a row, at most"] * plan["nanoseconds a look"] * size / 3.6e12
    return made


def main() -> None:
    """Plan, print, and write the results and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--mirror", type=Path, default=os.environ.get("DEMUR_MIRROR"))
    parser.add_argument("--rows", type=int, default=10**9)
    parser.add_argument("--made", type=int, default=1_000_000, help="rows of the synthetic corpus")
    asked = parser.parse_args()
    if asked.mirror is None:
        parser.error("say where the real files are: --mirror, or DEMUR_MIRROR")
    made = pq.read_table(write(asked.data, asked.made), columns=["text"])["text"].combine_chunks()
    results = [planned(name, texts, asked.rows) for name, texts in {**real(asked.mirror), "synthetic": made}.items()]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "scale_plan.json").write_text(json.dumps(results, indent=1) + "\n")
    print(page(results))
    between(PAGE, "plan", page(results))


if __name__ == "__main__":
    main()
