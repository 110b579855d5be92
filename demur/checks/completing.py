"""The last step of a check: findings get the line and the id of their row, and, where asked for, its text or a mark."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from demur.checks.batch import Batch, File, bare
from demur.checks.finding import Finding
from demur.checks.shapes import without_nulls
from demur.checks.subject import Subject
from demur.files.numeric import cells_of, with_numbers


@dataclass
class Said:
    """What the rows of findings say of themselves.

    Attributes:
        show_text: whether texts are kept beside ids.
        marked: whether marks of whole rows are.
        rows: file and row -> id, text and mark.
    """

    show_text: bool
    marked: bool = False
    rows: dict[tuple[str, int], tuple[str | None, str | None, str | None]] = field(default_factory=dict)

    def learn(self, batch: Batch, row: int) -> None:
        """Take note of a row of a batch, by its number in the file."""
        if (batch.file.name, row) in self.rows:
            return
        ids, texts = batch.column("id"), batch.prompts if self.show_text else None
        at = row - batch.first
        id, text = (None if each is None else cells_of(each.slice(at, 1))[0] for each in (ids, texts))
        mark = _mark(batch.rows.slice(row - batch.first, 1)) if self.marked else None
        self.rows[batch.file.name, row] = _shown(id), text, mark

    def look_up(self, file: File, rows: Iterable[int], subject: Subject) -> None:
        """Take note of rows from another reading of the columns that say something."""
        layout = subject.layouts.get(file.name)
        if layout is None:
            return
        canonical = ("id", "prompt", "messages", "chosen", "rejected") if self.show_text else ("id",)
        names = [layout.native(name, subject.names[file.name]) for name in canonical]
        columns = list(dict.fromkeys(name for name in names if name is not None))
        left = sorted(rows, reverse=True)
        for batch in subject.batches(file, None if self.marked else columns) if columns or self.marked else ():
            while left and left[-1] < batch.first + batch.rows.num_rows:
                self.learn(batch, left.pop())
            if not left:
                return


def completed(findings: Iterable[Finding], subject: Subject, said: Said) -> Iterator[Finding]:
    """The same findings, with the lines of the first reading, and with ids and texts.

    Args:
        findings: their rows are numbers in files that were scanned.
        subject: what was scanned.
        said: what was learnt of their rows on the way; the files of other rows are read once more.
    """
    findings = list(findings)
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for each in findings:
        if each.row is not None and (each.record_id is None or said.show_text or said.marked):
            wanted[each.file].add(each.row)
    for file in subject.files:
        if unknown := {row for row in wanted.get(file.name, ()) if (file.name, row) not in said.rows}:
            said.look_up(file, unknown, subject)
    for each in findings:
        if each.row is None:
            yield each
            continue
        id, text, mark = said.rows.get((each.file, each.row), (None, None, None))
        line = subject.line(each.file, each.row)
        yield each.of_row(id, text, each.line if line is None else line, mark)


def _mark(row: pa.RecordBatch) -> str:
    """What tells one row from others: a digest, from which no text can be read.

    The order of columns and keys does not count, nor whether a reader spelt a list or an object as JSON.
    """
    counted = with_numbers(pa.Table.from_batches([row]))
    cells = {name: cell for name, column in zip(row.schema.names, counted.columns, strict=True)
             if (cell := cells_of(column.chunk(0))[0]) is not None}  # fmt: skip
    try:
        said = json.dumps({name: _plain(cell) for name, cell in cells.items()}, sort_keys=True, default=repr)
    except RecursionError:  # a text that nests deeply
        said = json.dumps(cells, sort_keys=True, default=repr)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(cell: Any) -> Any:
    """A cell as its JSON says it, without keys that hold nothing."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            cell = json.loads(cell)
    return without_nulls(cell)


def _shown(cell: object) -> str | None:
    """An id, if it can be shown: one short word or a number."""
    cell = json.dumps(cell, default=repr) if isinstance(cell, list) else cell  # as most readers spell it
    shown = bare(cell) if isinstance(cell, str | int) and not isinstance(cell, bool) else "<"
    return None if shown.startswith("<") else shown
