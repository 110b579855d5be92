"""Screening anybody's file against protected prompts: read a column, judge, count. No text is kept or shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.errors import FormatError
from demur.files.strict import read_column
from demur.project import Project
from demur.protected import sketch
from demur.protected.near import EVIDENCE, Judge, Rules, judge_all
from demur.protected.prompts import SCHEMA, Protected, bundled
from demur.rates import wilson
from demur.sources.fetch import Places


@dataclass(frozen=True)
class Screened:
    """How many rows a file has, and the evidence against some of them."""

    rows: int
    evidence: pa.Table

    def summary(self) -> dict[str, Any]:
        """Contaminated rows in all, by rule and by source, each with its share of the rows and the 95 % interval."""
        return {
            "rows": self.rows,
            "contaminated": self._rate(self.evidence),
            "by_rule": self._by("rule"),
            "by_source": self._by("source"),
        }

    def table(self) -> str:
        """The summary for people."""
        made = self.summary()
        lines = [f"{self.rows} rows, {made['contaminated']['rows']} contaminated: {_percent(made['contaminated'])}"]
        for part in ("by_rule", "by_source"):
            lines += [f"  {name}: {rate['rows']} rows, {_percent(rate)}" for name, rate in made[part].items()]
        return "\n".join(lines)

    def _by(self, column: str) -> dict[str, dict[str, Any]]:
        values = sorted(self.evidence[column].unique().to_pylist())
        return {value: self._rate(self.evidence.filter(pc.equal(self.evidence[column], value))) for value in values}

    def _rate(self, evidence: pa.Table) -> dict[str, Any]:
        rows = pc.count_distinct(evidence["row"]).as_py()
        low, high = wilson(rows, self.rows)
        return {"rows": rows, "n": self.rows, "rate": rows / self.rows if self.rows else None, "interval": [low, high]}


def screen(path: Path, column: str, protected: Protected, rules: Rules | None = None) -> Screened:
    """Judge a column of a Parquet, JSON Lines or CSV file; only some rows are in memory at a time.

    Raises:
        FormatError: the file cannot be read, holds no rows, or a cell of the column is neither text nor missing.
        UsageError: another kind of file, or no such column.
    """
    judge = Judge.of(protected, rules or Rules())
    rows, found = 0, [EVIDENCE.empty_table()]
    for texts in read_column(path, column):
        found.append(judge_all(judge, texts, rows))
        rows += len(texts)
    if not rows:  # a check of nothing must not pass as clean
        msg = "The file holds no rows"
        raise FormatError(msg, where=path, expected="at least one row", got=0)
    return Screened(rows, pa.concat_tables(found))


def protected_of(against: str, column: str, project: Project, places: Places) -> Protected:
    """What ``--against`` names: ``sketch``, a sketch file, a file of prompts (same column), or sources, with commas.

    Raises:
        UsageError: a source that is not declared.
    """
    path = sketch.sketch_path(project)
    whole = Protected.read(path) if path.is_file() else bundled()
    if against == "sketch":
        return whole
    file = Path(against)
    if file.is_file():
        if file.suffix == ".parquet" and pq.read_schema(file).names == SCHEMA.names:
            return Protected.read(file)
        texts = [text for part in read_column(file, column) for text in part.to_pylist() if text]
        return Protected.from_texts(texts, file.name, background=whole.background)
    names = [name for name in against.split(",") if name]
    return Protected.joined(
        [
            whole.of_sources([name])
            if name in whole.sources
            else sketch.of_source(project, name, places, whole.background)
            for name in names
        ],
        whole.background,
    )


def _percent(rate: dict[str, Any]) -> str:
    low, high = rate["interval"]
    return f"{100 * (rate['rate'] or 0):.3f} % (95 % interval {100 * low:.3f}-{100 * high:.3f} %, n = {rate['n']})"
