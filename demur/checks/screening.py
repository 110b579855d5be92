"""``demur decontaminate`` of one table at a time, by whatever engine holds the tables, and of files in parts.

A row's evidence depends on that row and on the protected prompts alone, so any cut of the rows gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.checks.layouts import Layout
from demur.checks.shapes import opened
from demur.checks.speech import Blocks, asked, layout_found
from demur.checks.tabled import Rows, blocks_of, numbered
from demur.files.remote import fetched
from demur.files.spans import Span, head, read_span, spans_of
from demur.protected.near import EVIDENCE, Judge, Rules
from demur.protected.prompts import Protected, bundled, sketch_bytes
from demur.protected.screen import Screened, by_row, evidence_of, screened
from demur.shards import Work

_ROWS = b"rows"


@dataclass(frozen=True)
class Screening:
    """Holds rows against protected prompts, a table at a time. It can be sent to other machines.

    Attributes:
        column: with texts or turns, or a path to them; by default found by the columns' names.
        mapping: as `demur check --map` has it, instead.
        row: a column with the number of each row; without it, rows are numbered as they come.
        protected: prompts to stay away from; by default those of the bundled sketch.
        rules: thresholds.

    Example:
        >>> from demur.protected.prompts import Background
        >>> prompts = Protected.from_texts(["Name the tallest lighthouse in Portugal"], background=Background())
        >>> screening = Screening("text", row="number", protected=prompts)
        >>> one = pa.table({"text": ["Name the tallest lighthouse in Portugal, please"], "number": [7]})
        >>> evidence = screening.map(one)
        >>> evidence["row"].to_pylist(), screening.combine([evidence], rows=8).summary()["contaminated"]["rows"]
        ([7, 7, 7, 7], 1)
    """

    column: str | None = None
    mapping: str | None = None
    row: str | None = None
    protected: Protected | None = field(default=None, repr=False)
    rules: Rules = Rules()  # noqa: RUF009
    sketch: str = field(default="", kw_only=True)
    found: Layout | None = field(default=None, kw_only=True)

    schema = EVIDENCE
    """Of what `map` gives."""

    def map(self, rows: Rows, first: int = 0) -> pa.Table:
        """The evidence against some rows, a table of `demur.protected.near.EVIDENCE`.

        Args:
            rows: a table or a record batch.
            first: the number of the first row, where no column says it.

        Raises:
            FormatError: a cell is neither text, turns nor missing.
            UsageError: no such column.
        """
        table, numbers = numbered(rows, self.row, first)
        _, evidence = self._evidence(lambda _: blocks_of(table), "the table")
        return by_row(evidence.set_column(0, EVIDENCE.field("row"), numbers.take(evidence["row"])))

    def combine(self, evidence: Iterable[pa.Table | pa.RecordBatch], rows: int) -> Screened:
        """The result of all rows, in whatever order their evidence comes.

        Args:
            evidence: of every table.
            rows: how many rows there are in all.

        Raises:
            FormatError: there are none.
        """
        return screened(rows, by_row(pa.concat_tables([EVIDENCE.empty_table(), *map(_table, evidence)])))

    def read(self, span: Span) -> pa.Table:
        """The evidence against a part of a file, by its rows; how many rows it has stands in its metadata."""
        rows, evidence = self._evidence(lambda note: read_span(span, note), span.path)
        evidence = evidence.set_column(
            0, EVIDENCE.field("row"), pa.array(evidence["row"].to_numpy() + span.first, pa.int64())
        )
        return evidence.replace_schema_metadata({_ROWS: str(rows)})

    def _evidence(self, blocks: Blocks, where: str) -> tuple[int, pa.Table]:
        parts = asked(Path(where), self.column, self.mapping, where, blocks, self.found)
        return evidence_of(parts, self._judge)

    @property
    def _judge(self) -> Judge:
        return _indexed(self.sketch, self.rules) if self.protected is None else self._own

    @cached_property
    def _own(self) -> Judge:
        return Judge.of(self.protected or bundled(), self.rules)

    def __getstate__(self) -> dict[str, Any]:
        """Without the index, which every process makes for itself."""
        return {name: value for name, value in vars(self).items() if name != "_own"}


@cache
def _indexed(sketch: str, rules: Rules) -> Judge:
    """Prompts of a sketch, indexed once for each process."""
    if not sketch:
        return Judge.of(bundled(), rules)
    with fetched([sketch]) as ((place,), _):
        return Judge.of(Protected.read(place), rules)


def _table(evidence: pa.Table | pa.RecordBatch) -> pa.Table:
    table = pa.Table.from_batches([evidence]) if isinstance(evidence, pa.RecordBatch) else evidence
    return table.select(EVIDENCE.names).cast(EVIDENCE)


def screen_sharded(paths: Sequence[str], screening: Screening, work: Work) -> Screened:
    """Screen files in parts; rows are counted through all files, in their order.

    Args:
        paths: files that `demur check` reads, which all workers see under these names, or URLs.
        screening: how.
        work: where tasks run, and where what they give is kept.

    Raises:
        FormatError: a file cannot be read, or there are no rows.
        UsageError: no such file or column.
    """
    if screening.protected is not None:
        kept = work.keep("protected.parquet", sketch_bytes(screening.protected))
        screening = replace(screening, protected=None, sketch=kept)
    tasks = [task for path in paths for task in _tasks(path, screening, work.rows)]
    found, rows, first, before = [], 0, 0, ""
    for (_, span), evidence in zip(tasks, work.map(tasks), strict=True):
        if span.path != before or span.rows is None:
            first, before = rows, span.path
        mine = int((evidence.schema.metadata or {})[_ROWS])
        here = pa.array(evidence["row"].to_numpy() + first, pa.int64())
        found.append(evidence.set_column(0, EVIDENCE.field("row"), here).replace_schema_metadata())
        rows += mine
    return screened(rows, pa.concat_tables([EVIDENCE.empty_table(), *found]), ", ".join(paths))


def _tasks(path: str, screening: Screening, most: int) -> list[tuple[Screening, Span]]:
    spans = spans_of(path, most)
    if len(spans) > 1 and screening.column is None and screening.mapping is None:
        begins = head(spans[0], lambda _: None)
        if begins is not None:  # what its columns are follows from the first rows
            screening = replace(screening, found=layout_found(opened(begins.rows)))
    return [(screening, span) for span in spans]
