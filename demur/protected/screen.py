"""Screening anybody's rows against protected prompts: judge what users ask, count. No text is kept or shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from demur.errors import FormatError
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


@dataclass(frozen=True)
class Asked:
    """What users ask in consecutive rows.

    Attributes:
        rows: how many rows.
        texts: of each column, or of its turns, the texts, and the row of each, counted from the first of these rows.
    """

    rows: int
    texts: tuple[tuple[pa.Array, NDArray[np.int64]], ...]


def screen(asked: Iterable[Asked], protected: Protected, rules: Rules | None = None, where: object = None) -> Screened:
    """Judge every text of some rows; only some of them are in memory at a time.

    Args:
        asked: the rows, in order.
        protected: what they must not resemble.
        rules: thresholds.
        where: what an error calls the file.

    Raises:
        FormatError: there are no rows.
    """
    rows, evidence = evidence_of(asked, Judge.of(protected, rules or Rules()))
    return screened(rows, evidence, where)


def evidence_of(asked: Iterable[Asked], judge: Judge) -> tuple[int, pa.Table]:
    """How many rows there are, and the evidence against some of them, row by row, by prompts that are indexed."""
    rows, found = 0, [EVIDENCE.empty_table()]
    for part in asked:
        for texts, places in part.texts:
            evidence = judge_all(judge, texts)
            here = pa.array(places[evidence["row"].to_numpy()] + rows, pa.int64())
            found.append(evidence.set_column(0, EVIDENCE.field("row"), here))
        rows += part.rows
    return rows, by_row(pa.concat_tables(found))


def by_row(evidence: pa.Table) -> pa.Table:
    """The same in the order of the rows; of one row, in the order in which it was found."""
    return evidence.take(pc.sort_indices(evidence["row"])).combine_chunks()


def screened(rows: int, evidence: pa.Table, where: object = None) -> Screened:
    """The result of so many rows.

    Raises:
        FormatError: there are none.
    """
    if not rows:  # a check of nothing must not pass as clean
        msg = "The file holds no rows"
        raise FormatError(msg, where=where, expected="at least one row", got=0)
    return Screened(rows, evidence)


def protected_of(against: str, texts: Callable[[Path], Sequence[str]], project: Project, places: Places) -> Protected:
    """What ``--against`` names: ``sketch``, a sketch file, a file of prompts, or sources, with commas.

    Args:
        against: the name or file.
        texts: reads the prompts of a file.
        project: declares the sources.
        places: where their files are.

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
        return Protected.from_texts(texts(file), file.name, background=whole.background)
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
