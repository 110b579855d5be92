"""Compare tools that group near-duplicates, each in its own process on the same Parquet file.

    python -m bench.near_duplicates --data FOLDER --sizes 200000 1000000 --repeats 3

With ``--before FOLDER`` an older checkout takes part, its own code in processes of its own, as "TOOL, before". What is
compiled is compiled in a run that does not count; rounds are interleaved (A B C, A B C, ...), and every run is kept in
``results/near_duplicates.json`` with its round and a digest of the kernels. Two tools are compared by ratios within
rounds that both ran in, never by medians over other rounds: the machine may be shared, and then seconds of different
rounds do not compare.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.corpus import write
from bench.process import ProcessFailed, run, touch
from bench.report import RESULTS, table
from bench.scoring import canonical, digest, score, score_flags
from bench.tools import TOOLS

PEERS = ("datasketch", "datatrove", "duckdb", "gaoya", "numba", "numpy", "polars", "pyarrow", "rensa", "semhash")
FLAGS = {"rensa deduplicator"}
BEFORE = ", before"
TOUCHED, MOST = 8, 9_000_000_000
"""Before every run memory of so many times the file's size is touched, at most so much (see `bench.process.touch`)."""
SCORED = 3_000_000
"""Rows up to which groups are scored against the planted truth; above, only their digest is taken."""


def main() -> None:
    """Run what the arguments ask for, keep the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/bench"), help="where corpora are kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=[200_000, 1_000_000], help="rows, smallest first")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--before", type=Path, help="an older checkout, to run demur's own tools from too")
    parser.add_argument("--once-above", type=float, default=100, help="a tool that takes longer is run once (seconds)")
    parser.add_argument("--limit", type=float, default=600, help="a tool expected to take longer is left out (seconds)")
    parser.add_argument("--add", action="store_true", help="add runs to those in the results, instead of starting anew")
    parser.add_argument("--out", type=Path, default=RESULTS / "near_duplicates.json")
    asked = parser.parse_args()
    earlier: dict[str, Any] = json.loads(asked.out.read_text()) if asked.add else {}
    results: dict[str, Any] = {
        "machine": {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version()},
        "versions": {name: version(name) for name in PEERS},
        "commits": earlier.get("commits", {}) | {"now": commit(Path())},
        "limit": asked.limit,
        "sizes": earlier.get("sizes", {}),
    }
    if asked.before:
        results["commits"]["before"] = commit(asked.before)
    for size in asked.sizes:
        before = results["sizes"].get(str(size), {})
        smaller = {rows: found for rows, found in results["sizes"].items() if int(rows) < size}
        found = results["sizes"] | {str(size): before | compare(asked, size, smaller, before)}
        results["sizes"] = dict(sorted(found.items(), key=lambda each: int(each[0])))
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=1) + "\n")
        print(table(results, size), flush=True)


def compare(asked: argparse.Namespace, size: int, smaller: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """All tools on one corpus, given what smaller ones showed and the runs there were before."""
    path = aside(write, asked.data, size)
    rounds = {run["round"] for entry in before.values() for run in entry.get("runs", [])}
    first = max(rounds, default=0) + 1
    found: dict[str, Any] = {}
    older = [tool + BEFORE for tool in asked.tools if tool.startswith("demur")] if asked.before else []
    for tool in [*asked.tools, *older]:
        reason = _left_out(tool, size, smaller, asked.limit)
        found[tool] = {"left out": reason} if reason else before.get(tool, {"runs": []})
    for tool in found if size == asked.sizes[0] else ():
        if tool.startswith("demur"):
            one(tool, path, 2 * asked.limit, asked.before)
    for round_ in range(asked.repeats):
        for tool, entry in found.items():
            if "left out" in entry or (entry["runs"] and entry["runs"][0]["wall"] > asked.once_above):
                continue
            try:
                cost, kept = one(tool, path, 2 * asked.limit, asked.before)
            except ProcessFailed as error:
                entry["left out"] = str(error).splitlines()[-1][:200]
                continue
            entry["runs"].append({"round": first + round_, "kernels": kernels(), **cost})
            if kept is not None and ("scores" not in entry or tool.startswith("demur")):
                entry.setdefault("scores", []).append(aside(judged, tool, path, kept))
            print(f"{size:>9,} rows, round {round_ + 1}, {tool}: {cost['work']:.2f} s", file=sys.stderr, flush=True)
    for entry in found.values():
        runs = entry.get("runs")
        if runs:
            entry["median"] = {name: median(run[name] for run in runs) for name in ("work", "wall", "cpu", "memory")}
    return found


def aside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do something in a process of its own: a process that is started begins with the largest memory of this one."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def judged(tool: str, path: Path, kept: np.ndarray) -> dict[str, Any]:
    """Recall, precision and digest; of very many rows the digest alone."""
    if len(kept) > SCORED:
        return {"digest": digest(kept)}
    return score_flags(path, kept.astype(bool)) if tool in FLAGS else score(path, canonical(kept))


def commit(checkout: Path) -> str:
    """Twelve digits of the commit of a checkout."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def kernels() -> str:
    """Eight hex digits that change with the code that is measured."""
    import demur.similarity

    code = b"".join(path.read_bytes() for path in sorted(Path(demur.similarity.__file__).parent.glob("*.py")))
    return hashlib.sha256(code).hexdigest()[:8]


def one(tool: str, path: Path, limit: float, before: Path | None = None) -> tuple[dict[str, Any], np.ndarray | None]:
    """Run one tool in a fresh process, from the older checkout if it is so named: its cost, a label or flag a row."""
    out = path.with_suffix(".labels.npy")
    out.unlink(missing_ok=True)
    environment = dict(os.environ)
    if tool.endswith(BEFORE):
        environment |= {"PYTHONPATH": str(before), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "bench.tools", tool.removesuffix(BEFORE), str(path), str(out)]
    touch(min(MOST, TOUCHED * path.stat().st_size))
    cost, printed = run(command, limit=limit, environment=environment)
    steps = json.loads(printed.splitlines()[-1])
    labels = np.load(out) if out.exists() else None
    return {"work": sum(steps.values()), **vars(cost), "steps": steps}, labels


def _left_out(tool: str, size: int, smaller: dict[str, Any], limit: float) -> str | None:
    """Why a tool is not run at this size, from its time at the last smaller one."""
    for before, found in reversed(smaller.items()):
        entry = found.get(tool, {})
        if "left out" in entry:
            return str(entry["left out"])
        if "median" in entry:
            expected = entry["median"]["wall"] * size / int(before)
            if expected > limit:
                return f"expected {expected:,.0f} s from {int(before):,} rows; the bound is {limit:,.0f} s"
    return None


if __name__ == "__main__":
    main()
