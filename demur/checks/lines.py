"""The lines of text files on which rows stand, for reports that point to lines."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO, TypeAlias

from demur.checks.finding import Report

Lines: TypeAlias = Mapping[tuple[str, int | None], int]
"""File and row -> line, from 1; None is no row's number, and has no line."""


def lines_of(report: Report) -> Lines:
    """The line on which each row with a finding begins; blank lines, and line breaks in cells, are counted.

    Packed files and those without lines have none.
    """
    wanted: dict[str, set[int]] = {}
    for finding in report.findings:
        if finding.row is not None:
            wanted.setdefault(finding.file, set()).add(finding.row)
    return {(file, row): line for file, rows in wanted.items() for row, line in _found(Path(report.root, file), rows)}


def _found(path: Path, rows: set[int]) -> Iterator[tuple[int, int]]:
    read = _READERS.get(path.suffix.lower())
    if read is None:
        return
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            last = max(rows)
            for row, line in enumerate(read(file)):
                if row in rows:
                    yield row, line
                if row == last:
                    return
    except (OSError, csv.Error):  # gone, or broken from here on: the rest has no lines
        return


def _objects(file: TextIO) -> Iterator[int]:
    return (number for number, line in enumerate(file, 1) if line.strip())


def _texts(file: TextIO) -> Iterator[int]:
    return (number for number, line in enumerate(file, 1) if line.rstrip("\r\n"))


def _commas(file: TextIO, separator: str = ",") -> Iterator[int]:
    csv.field_size_limit(sys.maxsize)
    records = csv.reader(file, delimiter=separator, strict=True)
    next(records, None)
    line = records.line_num + 1
    for record in records:
        if record:
            yield line
        line = records.line_num + 1


def _tabs(file: TextIO) -> Iterator[int]:
    return _commas(file, "\t")


_READERS = {".jsonl": _objects, ".ndjson": _objects, ".txt": _texts, ".csv": _commas, ".tsv": _tabs}
"""How rows lie in lines, as `demur.files.reading` reads them."""
