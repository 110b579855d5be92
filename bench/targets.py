"""The targets that are not a comparison of tools: exactness, one digest, scripts, decontamination, start-up.

    python -m bench.targets --data FOLDER --size 1000000

Figures and bounds go to ``results/targets.json``; a target is met or missed, and nothing is raised for a missed one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.adapters import RULES, decontaminate
from bench.corpus import corpus, write
from bench.process import Cost, run
from bench.report import RESULTS, target, targets
from bench.scoring import THRESHOLD, digest
from bench.scripts import SCRIPTS, translated
from demur.similarity import View, components, grams, self_join

SIZE_OF_SAMPLE = 3_000


def brute_force(path: Path) -> list[dict[str, Any]]:
    """Every pair of a sample that holds whole families of copies, by the definition of each view."""
    table = pq.read_table(path, columns=["text", "source"])
    source = table["source"].to_numpy()
    family = np.where(source < 0, np.arange(len(source)), source)
    bases = np.random.default_rng(1).permutation(np.unique(family[source >= 0]))[: SIZE_OF_SAMPLE // 3]
    texts = table["text"].take(pa.array(np.flatnonzero(np.isin(family, bases))[:SIZE_OF_SAMPLE]))
    found = []
    for view in get_args(View):
        expected = _pairs_of(texts.to_pylist(), view)
        got = self_join(texts, view=view, threshold=THRESHOLD)
        right = components(len(texts), pa.table({"row": [b for _, b in expected], "twin": [a for a, _ in expected]}))
        wrong = int((components(len(texts), got) != right).sum())
        for pair in got.to_pylist():
            wrong += abs(expected.get((pair["twin"], pair["row"]), 2) - pair["similarity"]) > 1e-12
        note = f"{len(texts):,} rows, {len(expected):,} pairs at or above {THRESHOLD}"
        found.append(target(f"brute force, view {view}: wrong pairs, similarities or labels", wrong, 0, note))
    return found


def _pairs_of(texts: list[str], view: View) -> dict[tuple[int, int], float]:
    """All pairs at or above the threshold, from the product of the row-by-gram matrix with itself."""
    from scipy.sparse import csr_matrix

    sets = [grams(text, view) for text in texts]
    numbers: dict[tuple[str, ...], int] = {}
    columns = [numbers.setdefault(gram, len(numbers)) for each in sets for gram in sorted(each)]
    sizes = np.array([len(each) for each in sets])
    matrix = csr_matrix((np.ones(len(columns)), columns, np.append(0, np.cumsum(sizes))), (len(sets), len(numbers)))
    common = (matrix @ matrix.T).tocoo()
    similarity = common.data / (sizes[common.row] + sizes[common.col] - common.data)
    kept = (common.row < common.col) & (similarity >= THRESHOLD)
    return {
        (int(a), int(b)): float(s) for a, b, s in zip(common.row[kept], common.col[kept], similarity[kept], strict=True)
    }


def one_digest(path: Path) -> list[dict[str, Any]]:
    """The grouping with one and two threads, and with the rows in two other orders."""
    texts = pq.read_table(path, columns=["text"])["text"]
    rows = len(texts)

    def grouping(order: np.ndarray | None, threads: int) -> str:
        column = texts if order is None else texts.take(pa.array(order))
        labels = components(rows, self_join(column, view="word3", threshold=THRESHOLD, pairs="forest", threads=threads))
        if order is None:
            return digest(labels)
        back = np.empty(rows, np.int64)
        back[order] = labels
        return digest(back)

    shuffled = np.random.default_rng(1).permutation(rows)
    digests = [grouping(None, 1), grouping(None, 2), grouping(shuffled, 2), grouping(np.arange(rows)[::-1].copy(), 1)]
    note = f"{rows:,} rows; 1 and 2 threads, given, shuffled and reversed order: {', '.join(sorted(set(digests)))}"
    return [target("distinct digests", len(set(digests)), 1, note)]


def interleaved(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, run in turns after one run that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for round_ in range(repeats + 1):
        for name, call in work.items():
            start = perf_counter()
            call()
            if round_:
                times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def scripts(path: Path, repeats: int) -> list[dict[str, Any]]:
    """Seconds per byte of the self-join over other scripts, against ASCII."""
    plain = pq.read_table(path, columns=["text"])["text"].slice(0, 50_000).to_pylist()
    columns = {"ASCII": pa.array(plain)} | {name: pa.array(translated(plain, name)) for name in SCRIPTS}
    columns["ASCII and one emoji"] = pa.array([f"{text} \U0001f642" for text in plain])
    found = []
    for view in get_args(View):
        calls: dict[str, Callable[[], object]] = {
            name: partial(self_join, column, view=view, threshold=THRESHOLD, pairs="forest")
            for name, column in columns.items()
        }
        seconds = interleaved(calls, repeats)
        rates = {name: seconds[name] / columns[name].nbytes for name in columns}
        for name in list(columns)[1:]:
            note = f"{seconds[name]:.2f} s for {columns[name].nbytes / 1e6:.1f} MB; ASCII {seconds['ASCII']:.2f} s for "
            note += f"{columns['ASCII'].nbytes / 1e6:.1f} MB; median of {repeats}"
            found.append(target(f"{name}, view {view}: time per byte of ASCII", rates[name] / rates["ASCII"], 3, note))
    return found


def decontamination(path: Path, repeats: int) -> list[dict[str, Any]]:
    """10,000 protected prompts (another corpus), against the self-join; the view that costs most on fewer rows."""
    texts = pq.read_table(path, columns=["text"])["text"]
    protected = corpus(10_000, seed=7)[0]["text"]
    cases = {
        "word views and containment": (texts, ("token", "word3"), repeats),
        "all views": (texts.slice(0, 30_000), tuple(RULES), 1),
    }
    found = []
    for name, (rows, views, times) in cases.items():
        calls: dict[str, Callable[[], object]] = {
            "views": partial(decontaminate, rows, protected, views),
            "self-join": partial(self_join, rows, view="word3", threshold=THRESHOLD, pairs="forest"),
        }
        seconds = interleaved(calls, times)
        note = (
            f"{len(rows):,} rows: {seconds['views']:.2f} s; self-join {seconds['self-join']:.2f} s; median of {times}"
        )
        ratio = seconds["views"] / seconds["self-join"]
        found.append(target(f"decontamination against 10,000 prompts, {name}: times the self-join", ratio, 1, note))
    return found


def start_up(repeats: int) -> list[dict[str, Any]]:
    """A fresh process that groups 1,000 rows, against one that imports numpy and pyarrow only."""
    group = (
        "import sys, pyarrow.parquet as pq; from demur.similarity import components, self_join;"
        "t = pq.read_table(sys.argv[1], columns=['text'])['text'];"
        "components(len(t), self_join(t, view='word3', threshold=0.8))"
    )
    with TemporaryDirectory() as folder:
        path = str(write(Path(folder), 1_000))
        costs: dict[str, list[Cost]] = {"import": [], "group": []}
        run([sys.executable, "-c", group, path], limit=600)  # fills the kernel cache
        for _ in range(repeats):
            for name, code in (("import", "import numpy, pyarrow"), ("group", group)):
                costs[name].append(run([sys.executable, "-c", code, path], limit=600)[0])
    found = []
    for kind in ("wall", "cpu"):
        base, whole = (median(vars(cost)[kind] for cost in costs[name]) for name in ("import", "group"))
        note = f"{whole:.2f} s; importing numpy and pyarrow {base:.2f} s; median of {repeats}; kernels cached on disk"
        found.append(target(f"1,000 rows in a fresh process: {kind} s more than the imports", whole - base, 1.5, note))
    return found


def main() -> None:
    """Measure all, keep and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/bench"))
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=["brute", "digest", "scripts", "decontamination", "start"])
    parser.add_argument("--out", type=Path, default=RESULTS / "targets.json")
    asked = parser.parse_args()
    path = write(asked.data, asked.size)
    parts: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "brute": lambda: brute_force(path),
        "digest": lambda: one_digest(path),
        "scripts": lambda: scripts(path, asked.repeats),
        "decontamination": lambda: decontamination(path, asked.repeats),
        "start": lambda: start_up(2 * asked.repeats + 1),
    }
    results = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    for name in asked.only:
        results[name] = parts[name]()
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=1) + "\n")
        print(targets(results[name]), flush=True)


if __name__ == "__main__":
    main()
