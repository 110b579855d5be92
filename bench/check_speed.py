"""`demur check` with all rules, an older checkout against this one: CPU seconds by rule, rows a second, memory.

    python -m bench.check_speed --before OLDER-CHECKOUT --rows 1000000 --rounds 5 --write

Four files of so many rows: a benchmark file (Parquet, one column of texts), prompts with responses as Parquet and as
JSON Lines, and chats (JSON Lines of messages). Every thousandth row of the last three has a fault. Then a folder of two
splits, of an eighth and a sixteenth of the rows, with a leak for every hundredth row of the test. Every run is a
process of its own that first checks a small file of the same kind (imports, kernels); rounds are interleaved (before,
after, before, ...). CPU seconds are user and system, of the whole process; those of a rule are of its thread. Both
checkouts have to find the same: finding by finding, with messages, or this ends.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

FILES = ("benchmark.parquet", "responses.parquet", "responses.jsonl", "chats.jsonl", "splits")
VERSIONS = ("before", "after")
FEW = 60_000
_FAULTS: tuple[Callable[[str, str], tuple[str, str]], ...] = (
    lambda asked, answer: (" ", answer),
    lambda asked, answer: (asked, f"{answer} <|im_end|>"),
    lambda asked, answer: (asked.replace("a", "\ufffd", 1), answer),
    lambda asked, answer: (asked, f"{answer} &quot;"),
    lambda asked, answer: (f"{asked} ", answer),
    lambda asked, answer: (asked, "N/A"),
    lambda asked, answer: (asked, f"Dear [Your Name], {answer}"),
    lambda asked, answer: (asked, f"{asked} {answer}"),
    lambda asked, answer: (asked, f"{answer}\x08"),
)


def write(folder: Path, rows: int) -> None:
    """The four files and the folder, the same bytes for the same number of rows; those that are there stay."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bench.corpus import corpus

    if all((folder / name).exists() for name in FILES):
        return
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(corpus(rows)[0].select(["id", "text"]).rename_columns(["id", "prompt"]), folder / FILES[0])
    draw = np.random.default_rng(5)
    letters = draw.integers(97, 123, (50_000, 10), dtype=np.uint8)
    words = [bytes(word[:size]).decode() for word, size in zip(letters, draw.integers(2, 10, 50_000), strict=True)]
    asked, answers = [], []
    for number in range(rows):
        texts = [words[word] for word in np.minimum(49_999, draw.pareto(0.9, 48) * 20).astype(int)]
        one = " ".join(texts[:16]).capitalize() + ("?" if number % 3 else ".")
        two = " ".join(texts[16:]).capitalize() + "."
        if number % 1000 == 999:
            one, two = _FAULTS[number // 1000 % len(_FAULTS)](one, two)
        asked.append(one)
        answers.append(two)
    labels = [("harmful", "harmless")[side] for side in draw.integers(0, 2, rows).tolist()]
    pq.write_table(pa.table({"prompt": asked, "response": answers, "label": labels}), folder / FILES[1])
    (folder / FILES[4]).mkdir(exist_ok=True)
    cut = rows // 8
    leaks = [one.replace(" ", " very ", 1) for one in asked[: cut // 2 : 100]]
    splits = {"train": asked[:cut], "test": asked[cut : cut + cut // 2] + leaks}
    for name, prompts in splits.items():
        pq.write_table(pa.table({"prompt": prompts}), folder / FILES[4] / f"{name}.parquet")
    with (folder / FILES[2]).open("w", encoding="utf-8") as lines:
        for one, two, label in zip(asked, answers, labels, strict=True):
            lines.write(json.dumps({"prompt": one, "response": two, "label": label}) + "\n")
    with (folder / FILES[3]).open("w", encoding="utf-8") as lines:
        for one, two in zip(asked, answers, strict=True):
            turns = [{"role": "user", "content": one}, {"role": "assistant", "content": two}]
            lines.write(json.dumps({"messages": turns}) + "\n")


def one(path: Path, few: Path) -> None:
    """Check a file in this process, by whichever demur is imported; print what it cost and a digest as JSON."""
    from demur.checks import batch, engine, state, subject

    seconds: defaultdict[str, float] = defaultdict(float)
    running = threading.local()  # seconds of steps inside the one that runs, which are their own

    def timed(function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def call(*arguments: Any, **others: Any) -> Any:
            begun, around, running.inside = time.thread_time(), getattr(running, "inside", 0.0), 0.0
            try:
                return function(*arguments, **others)
            finally:
                whole = time.thread_time() - begun
                seconds[name(*arguments)] += whole - running.inside
                running.inside = around + whole

        return call

    for owner, name, said in (
        (engine, "_judge", lambda rule, judged: rule.code),
        (state.State, "add", lambda *_: "facts of every row"),
        (subject.Subject, "_batch", lambda *_: "columns by name"),
        (engine, "_judges", lambda *_: "protected prompts, indexed"),
    ):
        setattr(owner, name, timed(getattr(owner, name), said))
    near: Any = batch.Batch.__dict__["near"]
    near.func = timed(near.func, lambda *_: "near protected prompts")
    engine.check(few, license="mit")
    seconds.clear()
    begun, used = time.perf_counter(), time.process_time()
    report = engine.check(path, license="mit")
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    seconds["other threads, reading and the rest"] = cpu - sum(seconds.values())
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    found = [(each.row, each.code, each.severity, each.message, each.column, each.fix) for each in report.findings]
    told = json.dumps([found, sorted(report.more.items()), report.rows], default=str)
    print(json.dumps({
        "wall": wall, "cpu": cpu, "memory": peak / 1024, "rows": report.rows, "findings": report.total,
        "digest": hashlib.sha256(told.encode()).hexdigest()[:12], "seconds": dict(seconds),
    }))  # fmt: skip


def start(checkout: Path, path: Path, few: Path) -> dict[str, Any]:
    """The same by the demur of a checkout, in a process of its own."""
    asked = [sys.executable, "-P", str(Path(__file__)), "--one", str(path.resolve()), "--few", str(few.resolve())]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        msg = f"{checkout.name} failed:\n{done.stderr[-2000:]}"
        raise SystemExit(msg)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def commit(checkout: Path) -> str:
    """Which commit the code of a checkout is of; results and pages that are written on the way are none of it."""

    def told(*asked: str) -> str:
        done = subprocess.run(["git", "-C", str(checkout), *asked], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = told("status", "--porcelain", "--", "demur", "bench/*.py")
    return f"{told('rev-parse', '--short', 'HEAD')}{'-dirty' if changed else ''}" or "no git"


def compare(before: Path, folder: Path, few: Path, rounds: int) -> dict[str, Any]:
    """All files in rounds; the same findings, or an end."""
    checkouts = dict(zip(VERSIONS, (before, Path(__file__).parent.parent), strict=True))
    found: dict[str, dict[str, list[dict[str, Any]]]] = {name: {each: [] for each in VERSIONS} for name in FILES}
    for name in FILES:
        for checkout in checkouts.values():
            start(checkout, few / name, few / name)  # compiles the kernels, once for ever
    for _ in range(rounds):
        for name, runs in found.items():
            for version, checkout in checkouts.items():
                runs[version].append(start(checkout, folder / name, few / name))
    for name, runs in found.items():
        digests = {run["digest"] for each in runs.values() for run in each}
        assert len(digests) == 1, f"other findings in {name}"
    return {"commits": {version: commit(path) for version, path in checkouts.items()}, "files": found}


def lines(results: dict[str, Any]) -> Iterator[str]:
    """The results as Markdown."""
    from bench.report import markdown

    def middle(runs: list[dict[str, Any]], figure: str) -> float:
        return float(median(run[figure] for run in runs))

    files: dict[str, dict[str, list[dict[str, Any]]]] = results["files"]
    table = []
    for name, runs in files.items():
        old, new = (runs[version] for version in VERSIONS)
        ratios = [slow["cpu"] / fast["cpu"] for slow, fast in zip(old, new, strict=True)]
        table.append([
            name, f"{middle(old, 'cpu'):.2f}", f"{middle(new, 'cpu'):.2f}", f"{median(ratios):.1f}",
            f"{middle(old, 'wall'):.2f}", f"{middle(new, 'wall'):.2f}", f"{new[0]['rows'] / middle(new, 'wall'):,.0f}",
            f"{max(run['memory'] for run in old):,.0f}", f"{max(run['memory'] for run in new):,.0f}",
            f"{new[0]['findings']:,}", new[0]["digest"],
        ])  # fmt: skip
    rounds = len(files[FILES[0]]["after"])
    of = f"{results['rows']:,} rows, {rounds} rounds, {results['cores']} cores"
    yield f"{results['commits']['before']} (before) and {results['commits']['after']} (after); {of}; medians."
    header = ("file", "CPU s before", "after", "times (rounds)", "wall s before", "after", "rows a second", "MB before",
              "after", "findings", "digest of both")  # fmt: skip
    yield markdown(header, table)
    every = [run for runs in files.values() for each in runs.values() for run in each]
    names = sorted({step for run in every for step in run["seconds"]})
    steps = []
    for step in names:
        cells = [
            [median(run["seconds"].get(step, 0.0) for run in runs[version]) for version in VERSIONS]
            for runs in files.values()
        ]
        if max(max(cell) for cell in cells) >= _LEAST:
            steps.append([step, *(f"{old:.2f} -> {new:.2f}" for old, new in cells)])
    yield markdown(("CPU seconds, before -> after", *FILES), steps)


_LEAST = 0.02  # CPU seconds of a rule that is listed


def main() -> None:
    """Run what the arguments ask for, keep the results, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="an older checkout")
    parser.add_argument("--data", type=Path, default=Path("build/bench"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md, too")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--few", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.few)
        return
    from bench.report import keep

    if asked.before is None:
        parser.error("--before is missing: git worktree add ../before COMMIT")
    folder, few = (asked.data / f"check-{size}" for size in (asked.rows, FEW))
    write(folder, asked.rows)
    write(few, FEW)
    found = compare(asked.before, folder, few, asked.rounds)
    results = {"rows": asked.rows, "cores": len(os.sched_getaffinity(0)), **found}
    keep("check_speed", results, "\n\n".join(lines(results)), write=asked.write)


if __name__ == "__main__":
    main()
