"""Schema checks of one million rows, 0.1 % of them bad: Demur, pydantic alone, pandera; and the memory of a large file.

    python -m bench.lint --data build/bench --rows 1000000 --repeats 5 --large 2500 --allowed 500

Every run is a process of its own that reads the Parquet file and lists what is wrong. Rounds are interleaved (A B C,
A B C, ...); seconds are from the closed file to the list, after the tool has checked a hundred other rows (imports).
All tools have to find the same cells, and Demur and pydantic the same messages. The large file (MB) is checked by the
whole command, all rules; its peak memory (resident set) has to stay below what is allowed (MB).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from bench.report import RESULTS, markdown

Found = list[tuple[int, str, str]]

BAD = 1000  # one row in so many is bad
KINDS = 6
WORDS = ("kite", "lamp", "harbour", "soup", "letter", "garden", "violin", "bridge", "winter", "cup", "ladder", "river")


class Row(BaseModel):
    """A labelled pair, with the kinds of limit that published sets have."""

    model_config = ConfigDict(strict=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
    response: Annotated[str, StringConstraints(min_length=1)]
    label: Literal["yes", "no", "unknown"]
    score: Annotated[float, Field(ge=0, le=1)]
    turns: Annotated[int, Field(ge=1, le=20)]
    safe: bool
    note: str | None


def write(path: Path, rows: int) -> None:
    """The file: every `BAD`-th row has one fault, of six kinds in turn; the others have none."""
    draw = np.random.default_rng(20)
    picks = draw.integers(0, len(WORDS), (rows, 24))
    texts = [" ".join(WORDS[word] for word in row) for row in picks.tolist()]
    columns: dict[str, list[Any]] = {
        "id": [hashlib.blake2b(str(row).encode(), digest_size=16).hexdigest() for row in range(rows)],
        "prompt": [f"{number}: {text[:60]}" for number, text in enumerate(texts)],
        "response": texts,
        "label": [("yes", "no", "unknown")[value] for value in draw.integers(0, 3, rows).tolist()],
        "score": draw.random(rows).tolist(),
        "turns": draw.integers(1, 21, rows).tolist(),
        "safe": (draw.random(rows) < 0.5).tolist(),
        "note": [None if value else "kept" for value in draw.integers(0, 2, rows).tolist()],
    }
    faults = [("label", "Yes"), ("score", 1.5), ("prompt", " "), ("id", "x" * 32), ("turns", 0), ("safe", None)]
    for number, row in enumerate(range(BAD - 1, rows, BAD)):
        name, cell = faults[number % KINDS]
        columns[name][row] = cell
    pq.write_table(pa.table(columns), path)


def demur(path: Path) -> Found:
    """Whole columns first; pydantic for the rows that they suspect."""
    from demur.checks.columnar import invalid
    from demur.files.reading import read_blocks

    found = []
    for block in read_blocks(path, print):
        found += [(block.first + issue.row, issue.place, issue.message) for issue in invalid(Row, block.rows)]
    return found


def pydantic(path: Path) -> Found:
    """All rows as one list, the fastest that pydantic has for Python objects."""
    try:
        TypeAdapter(list[Row]).validate_python(pq.read_table(path).to_pylist())
    except ValidationError as error:
        each = error.errors(include_input=False, include_url=False, include_context=False)
        return [(int(one["loc"][0]), str(one["loc"][1]), one["msg"]) for one in each]
    return []


def pandera(path: Path) -> Found:
    """The same limits on a pandas frame, all failures at once."""
    import pandera.pandas as pandera

    check = pandera.Check
    schema = pandera.DataFrameSchema(
        {
            "id": pandera.Column(str, check.str_matches(r"^[0-9a-f]{32}$")),
            "prompt": pandera.Column(str, [check.str_length(1, 2000), check.str_contains(r"\S")]),
            "response": pandera.Column(str, check.str_length(min_value=1)),
            "label": pandera.Column(str, check.isin(["yes", "no", "unknown"])),
            "score": pandera.Column(float, check.in_range(0, 1)),
            "turns": pandera.Column(int, check.in_range(1, 20)),
            "safe": pandera.Column("boolean"),
            "note": pandera.Column(str, nullable=True),
        },
        strict=True,
    )
    frame = pq.read_table(path).to_pandas()
    frame["safe"] = frame["safe"].astype("boolean")
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        return [(int(row), str(name), "") for row, name in zip(cases["index"], cases["column"], strict=True)]
    return []


def command(path: Path) -> Found:
    """The whole of `demur check`, all rules; its schema findings are not compared, for the layout declares fewer."""
    from demur.checks.engine import check

    return [(finding.row or 0, finding.code, "") for finding in check(path, license="mit").findings]


TOOLS: dict[str, Callable[[Path], Found]] = {
    "demur": demur, "pydantic": pydantic, "pandera": pandera, "demur check (all rules)": command
}  # fmt: skip


def one(tool: str, path: Path) -> None:
    """Run a tool in this process; print seconds, findings and peak memory as JSON."""
    function = TOOLS[tool]
    function(path.with_name("few.parquet"))
    begun = time.perf_counter()
    found = function(path)
    seconds = time.perf_counter() - begun
    memory = peak()
    cells = sorted({(row, column) for row, column, _ in found})
    messages = sorted(found)
    print(json.dumps({
        "seconds": seconds,
        "findings": len(cells),
        "cells": hashlib.sha256(json.dumps(cells).encode()).hexdigest(),
        "messages": hashlib.sha256(json.dumps(messages).encode()).hexdigest(),
        "memory": memory,
    }))  # fmt: skip


def peak() -> float:
    """Peak resident set in MB of this process alone; ru_maxrss would begin with that of the process it came from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def start(tool: str, path: Path) -> dict[str, Any]:
    """The same in a process of its own."""
    asked = [sys.executable, "-m", "bench.lint", "--one", tool, "--file", str(path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{tool} failed:\n{done.stderr[-2000:]}"
        raise SystemExit(msg)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(path: Path, rows: int, repeats: int) -> dict[str, Any]:
    """All tools in rounds; the same findings, or an end."""
    runs: dict[str, list[dict[str, Any]]] = {tool: [] for tool in TOOLS}
    for tool in TOOLS:
        if tool.startswith("demur"):
            start(tool, path)  # compiles the kernels, once for ever
    for _ in range(repeats):
        for tool, mine in runs.items():
            mine.append(start(tool, path))
    schema = [tool for tool in TOOLS if tool != "demur check (all rules)"]
    assert len({run["cells"] for tool in schema for run in runs[tool]}) == 1, "other cells"
    assert len({run["messages"] for tool in ("demur", "pydantic") for run in runs[tool]}) == 1, "other messages"
    assert runs["demur"][0]["findings"] == rows // BAD
    ratios = [slow["seconds"] / fast["seconds"] for slow, fast in zip(runs["pydantic"], runs["demur"], strict=True)]
    return {"rows": rows, "bad": rows // BAD, "runs": runs, "times pydantic": sorted(ratios)}


def write_large(path: Path, megabytes: int) -> int:
    """An uncompressed file of long responses, without repetition; its rows."""
    draw = np.random.default_rng(5)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz      ", np.uint8)
    schema = pa.schema([("id", pa.string()), ("prompt", pa.string()), ("response", pa.string())])
    rows = 0
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        while path.stat().st_size < megabytes * 2**20:
            text = letters[draw.integers(0, 32, (2048, 4096), dtype=np.uint8)]
            responses = [bytes(row).decode() for row in text]
            part = {
                "id": [str(rows + number) for number in range(2048)],
                "prompt": [response[:120] for response in responses],
                "response": responses,
            }
            writer.write_table(pa.table(part, schema=schema))
            rows += 2048
    return rows


def large(folder: Path, megabytes: int, allowed: int) -> dict[str, Any]:
    """Peak memory of the whole command on a file larger than what it may use."""
    path = folder / "large.parquet"
    rows = write_large(path, megabytes)
    try:
        run = start("demur check (all rules)", path)
        size = path.stat().st_size / 2**20
    finally:
        path.unlink()
    assert size >= 5 * allowed, "the file is not five times as large as the memory"
    assert run["memory"] < allowed, f"peak memory {run['memory']:.0f} MB, allowed {allowed} MB"
    return {"rows": rows, "megabytes": size, "allowed": allowed, **run}


def lines(results: dict[str, Any]) -> Iterator[str]:
    """The results as Markdown."""
    rows = results["schema"]["rows"]
    table = [
        [tool, f"{median(run['seconds'] for run in runs):.2f}",
         f"{rows / median(run['seconds'] for run in runs):,.0f}", f"{max(run['memory'] for run in runs):,.0f}",
         f"{runs[0]['findings']:,}"]
        for tool, runs in results["schema"]["runs"].items()
    ]  # fmt: skip
    yield markdown(("tool", "seconds (median)", "rows a second", "peak memory MB", "findings"), table)
    ratios = results["schema"]["times pydantic"]
    yield f"pydantic / demur, per round: {', '.join(f'{ratio:.1f}' for ratio in ratios)} (median {median(ratios):.1f})"
    if found := results.get("large"):
        yield (
            f"{found['megabytes']:,.0f} MB, {found['rows']:,} rows, all rules: {found['seconds']:.0f} s, peak memory "
            f"{found['memory']:,.0f} MB (allowed {found['allowed']:,})"
        )


def main() -> None:
    """Run what the arguments ask for, keep the results, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/bench"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", type=int, default=2500, help="MB of the large file; 0 leaves it out")
    parser.add_argument("--allowed", type=int, default=500, help="MB of memory for it")
    parser.add_argument("--out", type=Path, default=RESULTS / "lint.json")
    parser.add_argument("--one", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.file)
        return
    asked.data.mkdir(parents=True, exist_ok=True)
    path = asked.data / f"lint-{asked.rows}.parquet"
    write(path, asked.rows)
    write(path.with_name("few.parquet"), 100)
    results: dict[str, Any] = {
        "machine": {"cores": len(os.sched_getaffinity(0)), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("pydantic", "pandera", "pandas", "pyarrow", "numpy")},
        "schema": compare(path, asked.rows, asked.repeats),
    }
    asked.out.write_text(json.dumps(results, indent=1) + "\n")
    if asked.large:
        results["large"] = large(asked.data, asked.large, asked.allowed)
        asked.out.write_text(json.dumps(results, indent=1) + "\n")
    print("\n\n".join(lines(results)))


if __name__ == "__main__":
    main()
