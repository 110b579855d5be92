"""`decontaminate`, `check` and `score` on Ray Data, Spark and datatrove beside one process: seconds, and memory.

    python -m bench.engines --corpus CORPUS.parquet ... --rows ROWS.parquet ... --items FOLDER --responses 1000000 ...

What runs is the code of ``docs/engines.md``, read out of the page. Each run is a process of its own with two workers on
the cores that one process has alone; in a round, all follow each other. An engine that is not installed is told and
left out; ``--pythons`` names interpreters that may have it (`bench.parts` measures Dask). Results are compared by
digest. Figures go to ``results/engines.json``, where those of other engines, commands and sizes stay, and to the page.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.parts import (
    PAGE,
    WORDS,
    compiled,
    digest_of,
    items_of,
    options,
    protected_of,
    rated,
    reported,
    responses,
    screened,
)
from bench.parts import one as one_process
from bench.process import ProcessFailed, Watch, clear, run, touch
from bench.report import RESULTS, between, markdown
from bench.scale import WORKERS, _peak

ONE = "one process"
ROOT = Path(__file__).parents[1]
HEADINGS = {"ray": "Ray Data", "spark": "Spark", "datatrove": "datatrove"}
MODULES = {"ray": "ray", "spark": "pyspark", "datatrove": "datatrove"}
WORKER = {ONE: (), "ray": ("ray::",), "spark": ("pyspark.daemon",), "datatrove": ("forkserver",)}
"""What command lines of an engine's workers hold."""
TOUCHED = 4 << 30
BATCH = 10_000
FILES = 4 * WORKERS
STORE = 1 << 30
"""Bytes of Ray's object store."""

Engine = Callable[[Any], list[pa.Table]]
Mapped = tuple[Any, Callable[[list[pa.Table]], str]]


def documented(engine: str) -> dict[str, Any]:
    """What the code on the page defines for an engine."""
    page = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(rf"^### {HEADINGS[engine]}\n.*?^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "docs/engines.md", "exec"), names)  # noqa: S102 - our own page
    return names


@contextmanager
def ray(rows: Path, _: str, work: Path) -> Iterator[Engine]:
    """Two tasks at a time."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = import_module("ray")
    data = import_module("ray.data")
    on_ray = documented("ray")["on_ray"]
    ray.init(
        num_cpus=WORKERS, include_dashboard=False, configure_logging=False, log_to_driver=False,
        object_store_memory=STORE,
    )  # fmt: skip
    data.DataContext.get_current().enable_progress_bars = False
    yield lambda command: on_ray(data.read_parquet(str(rows)), command)
    ray.shutdown()


@contextmanager
def spark(rows: Path, _: str, work: Path) -> Iterator[Engine]:
    """Two threads of one Java process, each with a Python process."""
    os.environ |= dict.fromkeys(["PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"], sys.executable)
    options = {
        "spark.driver.memory": "2g",
        "spark.driver.maxResultSize": "2g",
        "spark.local.dir": str(work),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
        "spark.ui.enabled": "false",
    }
    on_spark = documented("spark")["on_spark"]
    session = (
        import_module("pyspark.sql").SparkSession.builder.master(f"local[{WORKERS}]").config(map=options).getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield lambda command: on_spark(session.read.parquet(str(rows)), command)
    session.stop()


@contextmanager
def datatrove(rows: Path, text: str, work: Path) -> Iterator[Engine]:
    """Two processes of its local executor."""
    LocalPipelineExecutor = import_module("datatrove.executor").LocalPipelineExecutor
    ParquetReader = import_module("datatrove.pipeline.readers").ParquetReader
    step, evidence = documented("datatrove")["Mapped"], work / "evidence"
    evidence.mkdir()

    def found(command: Any) -> list[pa.Table]:
        reader = ParquetReader(str(rows), text_key=text, id_key="key", glob_pattern="*.parquet")
        steps = [reader, step(command, evidence, text)]
        LocalPipelineExecutor(steps, tasks=FILES, workers=WORKERS, logging_dir=str(work / "logs")).run()
        return [pq.read_table(path) for path in sorted(evidence.glob("*.parquet"))]

    yield found


ENGINES = {"ray": ray, "spark": spark, "datatrove": datatrove}


def decontaminate(path: str, rows: Path) -> Mapped:
    """The command, and its result as `bench.parts` has it."""
    from demur.checks.screening import Screening

    command, count = Screening("prompt", row="n", protected=protected_of(path)), pq.read_metadata(path).num_rows

    return command, lambda evidence: screened(command.combine(evidence, count))


def check(path: str, rows: Path) -> Mapped:
    """The same with what all rules find."""
    from demur.checks.mapped import Checking

    command = Checking.of(next(_again(rows)), path, row="n")
    return command, lambda evidence: reported(command.combine(evidence, lambda: _again(rows)))


def score(path: str, rows: Path) -> Mapped:
    """The same with rates; PATH is the file of responses, a comma, and the folder of the set."""
    from demur.audits.score.mapped import Scoring

    said, _, folder = path.partition(",")
    command, items = Scoring(row="n", file=said), items_of(Path(folder))
    return command, lambda evidence: rated(command.combine(evidence, items), said)


COMMANDS = {"decontaminate": decontaminate, "check": check, "score": score}
TEXTS = {"decontaminate": "prompt", "check": "prompt", "score": "response"}


def _again(rows: Path) -> Iterator[pa.RecordBatch]:
    """The rows once more, a batch at a time, in the order of their numbers."""
    for path in sorted(rows.glob("*.parquet")):
        yield from pq.ParquetFile(path).iter_batches(BATCH)


def numbered(command: str, path: str, folder: Path) -> Path:
    """The same rows in some files with their numbers, as engines read them."""
    source, rows = pq.ParquetFile(path.partition(",")[0]), folder / "rows"
    rows.mkdir()
    size, first = -(-source.metadata.num_rows // FILES), 0
    with ExitStack() as writers:
        writer: Any = None
        for batch in source.iter_batches(columns=["text"] if command == "decontaminate" else None):
            table = pa.Table.from_batches([batch])
            if command == "decontaminate":
                table = table.rename_columns(["prompt"])
            table = table.append_column("n", pa.array(range(first, first + len(table)), pa.int64()))
            while len(table):
                if first % size == 0:
                    writers.close()
                    place = rows / f"{first // size:05d}.parquet"
                    writer = writers.enter_context(pq.ParquetWriter(place, table.schema))
                some = table.slice(0, size - first % size)
                writer.write_table(some)
                table, first = table.slice(len(some)), first + len(some)
    return rows


def one(command: str, engine: str, path: str, rows: str) -> dict[str, Any]:
    """One run in this process; starting an engine is stated apart."""
    begin = perf_counter()
    if engine == ONE:
        return one_process(command, path, "single")
    with TemporaryDirectory() as work:
        mapped, combined = COMMANDS[command](path, Path(rows))
        with ENGINES[engine](Path(rows), TEXTS[command], Path(work)) as found_by:
            started = perf_counter()
            evidence = found_by(mapped)
            told = perf_counter()
            result = combined(evidence)
            seconds = perf_counter() - started
            return {
                "seconds": seconds,
                "start": started - begin,
                "combine": seconds - (told - started),
                "digest": digest_of(result),
                "driver": _peak(),
                "version": version(MODULES[engine]),
            }


def watched(python: str, command: str, engine: str, path: str, rows: Path) -> dict[str, Any]:
    """What a run says of itself, with CPU seconds, the largest worker, and the most that all processes had at once."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    if engine != ONE:  # two processes share what one has alone
        environment |= dict.fromkeys(["OMP_NUM_THREADS", "NUMBA_NUM_THREADS"], "1")
    touch(TOUCHED)
    watch = Watch(WORKER[engine])
    try:
        arguments = ["-m", "bench.engines", "--one", command, engine, path, str(rows)]
        _, printed = run([python, *arguments], limit=3600, environment=environment)
    finally:
        clear()
        seen = watch.stop()
    return {**json.loads(printed.splitlines()[-1]), **seen}


def installed(engine: str, pythons: Sequence[str]) -> str | None:
    """The first interpreter that has an engine."""
    look = f"import importlib.util as u, sys; sys.exit(u.find_spec({MODULES[engine]!r}) is None)"
    return next((each for each in pythons if not subprocess.run([each, "-c", look], check=False).returncode), None)


def measured(command: str, path: str, rows: int, repeats: int, engines: dict[str, str]) -> list[dict[str, Any]]:
    """One process and all engines by turns; medians, and the ratio of each turn."""
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in (ONE, *engines)}
    failed: dict[str, str] = {}
    with TemporaryDirectory() as folder:
        cut = numbered(command, path, Path(folder))
        for _ in range(repeats):
            for name in [each for each in turns if each not in failed]:
                try:
                    turns[name].append(watched(engines.get(name, sys.executable), command, name, path, cut))
                except ProcessFailed as error:
                    failed[name] = str(error)
                    print(f"{command}, {rows:,} rows, {name}: {error}", file=sys.stderr, flush=True)
    if ONE in failed:
        raise ProcessFailed(failed[ONE])
    found = []
    for name in [each for each in engines if each not in failed]:
        pairs = list(zip(turns[ONE], turns[name], strict=True))
        found.append(
            {
                "command": command,
                "rows": rows,
                "engine": name,
                "version": turns[name][0]["version"],
                "runs": repeats,
                "single": median(one["seconds"] for one, _ in pairs),
                **{each: median(two[each] for _, two in pairs) for each in ("seconds", "start", "combine")},
                "ratio": median(two["seconds"] / one["seconds"] for one, two in pairs),
                "cpu ratio": median(two["cpu"] / one["cpu"] for one, two in pairs),
                "single memory": max(one["memory"] for one, _ in pairs),
                **{each: max(two[each] for _, two in pairs) for each in ("worker", "driver", "together")},
                "digest": turns[ONE][0]["digest"],
                "equal": len({each["digest"] for pair in pairs for each in pair}) == 1,
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def keep(found: list[dict[str, Any]]) -> None:
    """Write what was measured so far, beside what else was."""
    place = RESULTS / "engines.json"
    there = {_key(each): each for each in (json.loads(place.read_text()) if place.exists() else [])}
    there |= {_key(each): each for each in found}
    kept = [there[each] for each in sorted(there)]
    place.write_text(json.dumps(kept, indent=1) + "\n")
    between(PAGE, "measured engines", table(kept))


def _key(row: dict[str, Any]) -> tuple[int, int, int]:
    return [*WORDS].index(row["command"]), row["rows"], [*ENGINES].index(row["engine"])


def table(found: list[dict[str, Any]]) -> str:
    """What was measured, as Markdown."""
    header = [
        "", "engine", "one process s", "engine s", "times (CPU)", "of these, here s", "worker GB", "driver GB",
        "all processes GB", "runs", "digest of both",
    ]  # fmt: skip
    rows = [
        [
            f"`{row['command']}`, {row['rows']:,} {WORDS[row['command']]}",
            f"{HEADINGS[row['engine']]} {row['version']}",
            f"{row['single']:.1f}",
            f"{row['seconds']:.1f}",
            f"{row['ratio']:.2f} ({row['cpu ratio']:.1f})",
            f"{row['combine']:.1f}",
            *(f"{row[name]:.2f}" for name in ("worker", "driver", "together")),
            str(row["runs"]),
            row["digest"] if row["equal"] else "**not equal**",
        ]
        for row in found
    ]
    return markdown(header, rows)


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(*sys.argv[2:])))
        return
    parser = options(__doc__)
    parser.add_argument("--engines", nargs="*", choices=[*ENGINES], default=[*ENGINES])
    parser.add_argument("--pythons", nargs="*", default=[], help="Other interpreters, to look for engines in.")
    asked = parser.parse_args()
    engines = {name: installed(name, [sys.executable, *asked.pythons]) for name in asked.engines}
    for name in (name for name, python in engines.items() if python is None):
        print(f"{HEADINGS[name]} is not installed: left out", file=sys.stderr)
    there = {name: python for name, python in engines.items() if python is not None}
    found: list[dict[str, Any]] = []
    wanted: list[str] = []

    def add(command: str, path: str, rows: int) -> None:
        wanted.extend(there)
        found.extend(measured(command, path, rows, asked.repeats, there))
        keep(found)

    for command, paths in (("decontaminate", asked.corpus), ("check", asked.rows)):
        compiled(command, paths)
        for path in paths:
            add(command, str(path), pq.read_metadata(path).num_rows)
    for count in asked.responses if asked.items else []:
        with TemporaryDirectory() as folder:
            add("score", f"{responses(Path(folder), asked.items, count)},{asked.items}", count)
    sys.exit(len(found) < len(wanted) or not all(each["equal"] for each in found))


if __name__ == "__main__":
    main()
