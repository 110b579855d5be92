"""`decontaminate`, `check` and `score` in one process beside Dask with two workers: seconds, and memory.

    python -m bench.parts --corpus CORPUS.parquet ... --rows ROWS.parquet ... --items FOLDER --responses 1000000 ...

Needs the ``scale`` extra. Each run is a process of its own; a single run and a Dask run follow each other, so that
their ratio is of one machine in one state. Results are compared by digest. Figures go to ``results/parts.json`` and to
``docs/engines.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.process import run
from bench.report import RESULTS, between, markdown
from bench.scale import WORKERS, _peak

SAID = ("Sorry, but I cannot help with that.", "Of course. Start with the ferns, and water them at noon.")
PROTECTED = 500
PAGE = Path(__file__).parents[1] / "docs" / "engines.md"
WORDS = {
    "decontaminate": f"texts against {PROTECTED} prompts",
    "check": "rows, all rules",
    "score": "responses",
}


def decontaminate(path: str, work: Any | None) -> str:
    """The evidence of the corpus's texts against some of them."""
    from demur.checks.screening import Screening, screen_sharded
    from demur.checks.speech import asked
    from demur.protected.screen import screen

    protected = protected_of(path)
    if work is None:
        found = screen(asked(Path(path), "text"), protected)
    else:
        found = screen_sharded([path], Screening("text", protected=protected), work)
    return screened(found)


def protected_of(path: str) -> Any:
    """Some texts of a corpus, to stay away from."""
    from demur.protected.prompts import Protected, bundled

    texts = pq.ParquetFile(path).read_row_group(0, ["text"])["text"]
    some = texts.take(pa.array(range(0, len(texts), max(1, len(texts) // PROTECTED)))).to_pylist()
    return Protected.from_texts(some, "corpus", background=bundled().background)


def screened(found: Any) -> str:
    """What the evidence of all rows is."""
    from demur.files.digest import content_digest

    return f"{found.rows} {found.evidence.num_rows} {content_digest(found.evidence)}"


def check(path: str, work: Any | None) -> str:
    """The findings of all rules."""
    from demur.checks.engine import check
    from demur.checks.sharded import check_sharded

    return reported(check(path) if work is None else check_sharded([path], work))


def reported(found: Any) -> str:
    """What a report says; not of the folder that the file lies in, which an engine does not know."""
    return repr(replace(found, root=""))


def score(path: str, work: Any | None) -> str:
    """The rates of responses; PATH is their file, a comma, and the folder of the set."""
    from demur.audits.score.answers import Wanted
    from demur.audits.score.grading import by_phrases, of_phrases
    from demur.audits.score.joining import join
    from demur.audits.score.mapped import Scoring, score_sharded
    from demur.audits.score.measure import measure
    from demur.audits.score.reading import read_answers

    responses, _, folder = path.partition(",")
    items = items_of(Path(folder))
    if work is None:
        found = measure(join(read_answers([Path(responses)], Wanted()), items), items, by_phrases, of_phrases())
    else:
        found = Scoring().combine(score_sharded({responses: responses}, Scoring(), work), items)
    return rated(found, responses)


def rated(found: Any, responses: str) -> str:
    """What the rates are; not of the folder that the file of responses lies in, which differs from run to run."""
    return json.dumps(found.as_dict()).replace(json.dumps(responses)[1:-1], Path(responses).name)


def items_of(folder: Path) -> Any:
    """All rows of a built set."""
    from demur.audits.score.items import read_items
    from demur.sets.folder import BuiltSet

    built = BuiltSet.open(folder)
    return read_items(built, splits=tuple(next(iter(built.manifest.configs)).rows))


COMMANDS: dict[str, Callable[[str, Any | None], str]] = {"decontaminate": decontaminate, "check": check, "score": score}


def one(command: str, path: str, engine: str) -> dict[str, Any]:
    """One run in this process; with Dask, starting the cluster is stated apart."""
    from demur.shards import opened_work

    begin = perf_counter()
    if engine == "single":
        found = COMMANDS[command](path, None)
        return {"seconds": perf_counter() - begin, "digest": digest_of(found), "memory": _peak()}
    with TemporaryDirectory() as folder, opened_work("dask", workers=WORKERS, work=folder) as work:
        started = perf_counter()
        client = work.engine.client  # type: ignore[attr-defined]
        found = COMMANDS[command](path, work)
        seconds = perf_counter() - started
        workers = max(client.run(_peak).values())
    return {
        "seconds": seconds,
        "start": started - begin,
        "digest": digest_of(found),
        "parts": work.tasks,
        "worker": workers,
        "driver": _peak(),
    }


def digest_of(found: str) -> str:
    """Sixteen digits."""
    return hashlib.sha256(found.encode()).hexdigest()[:16]


def responses(folder: Path, set_: Path, count: int) -> Path:
    """Responses to every row of a set, as many a row as make so many."""
    ids = [item.id for item in items_of(set_).rows]
    seeds = -(-count // len(ids))
    table = pa.table(
        {
            "record_id": ids * seeds,
            "seed": [seed for seed in range(seeds) for _ in ids],
            "response": [SAID[(place * 7 + seed) % 3 > 0] for seed in range(seeds) for place in range(len(ids))],
        }
    )
    pq.write_table(
        table, folder / "responses.parquet", row_group_size=100_000, compression="none", use_dictionary=False
    )
    return folder / "responses.parquet"


def compiled(command: str, paths: list[Path]) -> None:
    """Run once on the first file, so that no run that is measured compiles kernels."""
    for path in paths[:1]:
        run([sys.executable, "-m", "bench.parts", "--one", command, str(path), "single"], limit=3600)


def measured(command: str, path: str, rows: int, repeats: int) -> dict[str, Any]:
    """Single and Dask by turns; medians, and the ratio of each turn."""
    turns = []
    for _ in range(repeats):
        turn = []
        for engine in ("single", "dask"):
            cost, printed = run([sys.executable, "-m", "bench.parts", "--one", command, path, engine], limit=3600)
            turn.append({**json.loads(printed.splitlines()[-1]), "cpu": cost.cpu})
        turns.append(turn)
    if len({each["digest"] for turn in turns for each in turn}) != 1:
        msg = f"Dask finds something else: {command} of {rows:,}"
        raise AssertionError(msg)
    found = {
        "command": command,
        "rows": rows,
        "runs": repeats,
        "single": median(one["seconds"] for one, _ in turns),
        "dask": median(two["seconds"] for _, two in turns),
        "start": median(two["start"] for _, two in turns),
        "ratio": median(two["seconds"] / one["seconds"] for one, two in turns),
        "cpu ratio": median(two["cpu"] / one["cpu"] for one, two in turns),
        "single memory": max(one["memory"] for one, _ in turns),
        "worker": max(two["worker"] for _, two in turns),
        "driver": max(two["driver"] for _, two in turns),
        "parts": turns[0][1]["parts"],
        "digest": turns[0][0]["digest"],
    }
    print(json.dumps(found), flush=True)
    return found


def options(about: str | None) -> argparse.ArgumentParser:
    """What is measured, and how often; `about` says by what."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], help="Parquet of texts, to hold against some.")
    parser.add_argument("--rows", type=Path, nargs="*", default=[], help="Parquet of rows to check.")
    parser.add_argument("--items", type=Path, help="A built evaluation set, whose responses are scored.")
    parser.add_argument("--responses", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    return parser


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(*sys.argv[2:])))
        return
    asked = options(__doc__).parse_args()
    found: list[dict[str, Any]] = []
    for command, paths in (("decontaminate", asked.corpus), ("check", asked.rows)):
        compiled(command, paths)
        for path in paths:
            found.append(measured(command, str(path), pq.ParquetFile(path).metadata.num_rows, asked.repeats))
            keep(found)
    for count in asked.responses if asked.items else []:
        with TemporaryDirectory() as folder:
            said = responses(Path(folder), asked.items, count)
            found.append(measured("score", f"{said},{asked.items}", count, asked.repeats))
            keep(found)


def keep(found: list[dict[str, Any]]) -> None:
    """Write what was measured so far."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "parts.json").write_text(json.dumps(found, indent=1) + "\n")
    between(PAGE, "measured", table(found))


def table(found: list[dict[str, Any]]) -> str:
    """What was measured, as Markdown."""
    header = [
        "", "one process s", "Dask s", "times (CPU)", "one process GB", "worker GB", "driver GB", "parts", "runs",
        "digest of both",
    ]  # fmt: skip
    rows = [
        [
            f"`{row['command']}`, {row['rows']:,} {WORDS[row['command']]}",
            f"{row['single']:.1f}",
            f"{row['dask']:.1f}",
            f"{row['ratio']:.2f} ({row['cpu ratio']:.1f})",
            *(f"{row[name]:.2f}" for name in ("single memory", "worker", "driver")),
            str(row["parts"]),
            str(row["runs"]),
            row["digest"],
        ]
        for row in found
    ]
    return markdown(header, rows)


if __name__ == "__main__":
    main()
