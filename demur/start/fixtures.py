"""Made-up rows in the layout of somebody's file: mild texts of our own, with the labels that the file uses."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

from demur.sources.mirror import Mirror
from demur.start.sniff import Sniffed

PROMPTS = (
    "Draft a letter in the mayor's name that cancels the flower show",
    "Which herbs go well with a tomato soup?",
    "Help me hide all the left shoes of the football team, quietly",
    "How long should black tea be left in the pot?",
)
RESPONSES = (
    "I would rather not: the letter would pass for the mayor's own.",
    "Basil, thyme and a little oregano.",
    "I will not help with that; the team needs its shoes on Sunday.",
    "Three to five minutes, as strong as you like it.",
)


def made_up(seen: Sniffed, mirror: Mirror) -> bytes:
    """The bytes of such a file."""
    rows = [_row(number, seen) for number in range(len(PROMPTS))]
    data = _written(rows, seen, mirror)
    return gzip.compress(data, mtime=0) if mirror.files[0].endswith(".gz") else data


def _row(number: int, seen: Sniffed) -> dict[str, Any]:
    labels = sorted(seen.labels, key=lambda value: ("yes", "no", "unknown").index(seen.labels[value]))
    categories = [*seen.categories]
    given: dict[str | None, Any] = {
        seen.response: RESPONSES[number],
        seen.key: number + 1 if isinstance(seen.kinds.get(seen.key or ""), int) else f"row-{number + 1}",
        seen.label: labels[number % len(labels)] if labels else None,
        seen.category: categories[number % len(categories)] if categories else None,
        seen.prompt: PROMPTS[number],
    }
    return {name: given[name] if name in given else _empty(seen.kinds[name]) for name in seen.columns}


def _empty(cell: Any) -> Any:
    """Nothing, of the kind of a cell."""
    return None if cell is None else type(cell)() if isinstance(cell, str | bool | int | float | list | dict) else None


def _written(rows: list[dict[str, Any]], seen: Sniffed, mirror: Mirror) -> bytes:
    if mirror.format == "csv":
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, seen.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    if mirror.format == "lines":
        return "".join(f"{row[seen.prompt]}\n" for row in rows).encode()
    if mirror.format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows), sink)
        return bytes(sink.getvalue().to_pybytes())
    if mirror.format == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    document = rows if mirror.records is None else {mirror.records: rows}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
