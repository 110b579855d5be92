"""Consecutive rows of a file, whose columns have canonical names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.exchanges import Answers, exchanges
from demur.checks.finding import Finding, hit
from demur.checks.habits import Habits
from demur.checks.hashes import Hashes, text_hashes
from demur.checks.layouts import Layout, detect, layouts
from demur.checks.said import SPOKEN, Part, Said, said
from demur.checks.shapes import shaped, texts_of
from demur.checks.signs import matching
from demur.errors import shown
from demur.files.splits import SPLITS
from demur.protected.near import Judge, best_reasons, judge_all
from demur.sets.kind import Kind


@dataclass(frozen=True)
class File:
    """One file of rows.

    Attributes:
        name: as findings name it.
        split: by its name, or as it was said; None if only the rows say, or nothing does.
        config: rows are compared within a config where a folder has several.
        given: the layout that was asked for; else it is found by the columns.
    """

    path: Path
    name: str
    split: str | None = None
    config: str = ""
    given: Layout | None = None


class About(Protocol):
    """What a batch has to know of the whole that it is a part of (see `demur.checks.subject.Subject`)."""

    kind: type[Kind] | None
    against: bool
    habits: Habits

    @property
    def judges(self) -> tuple[Judge, ...]:
        """Protected prompts, indexed."""

    def screens(self, batch: Batch) -> bool:
        """Whether rows are held against protected prompts."""

    def trains(self, file: File, split: str | None) -> bool:
        """Whether rows are to be trained on."""

    def teaches(self, batch: Batch) -> bool:
        """Whether its rows, or other splits of theirs, teach what to answer."""


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a file, read by a layout."""

    subject: About
    file: File
    layout: Layout
    first: int
    rows: pa.RecordBatch

    def native(self, canonical: str) -> str | None:
        """The file's own name of a column; None if it has none."""
        return self.layout.native(canonical, self.rows.schema.names)

    def column(self, canonical: str) -> pa.Array | None:
        """A column by its canonical name."""
        name = self.native(canonical)
        return None if name is None else self.rows.column(name)

    def texts(self, canonical: str) -> pa.LargeStringArray | None:
        """A column of texts, or of turns the one that stands for them; None if there is none of either."""
        if canonical in self.said.texts:
            return self.said.texts[canonical]
        for part in self.said.parts:
            if part.column == canonical and part.turns is None:
                return part.texts
        column = self.column(canonical)
        if column is None or (canonical in self.said.turns and pa.types.is_nested(column.type)):
            return None
        return texts_of(column)

    @cached_property
    def said(self) -> Said:
        """Everything that the rows say, turn by turn."""
        columns = {name: column for name in SPOKEN if (column := self.column(name)) is not None}
        return said(columns)

    def read(self) -> None:
        """Read every text, once for all that ask for its bytes and words."""
        screened = self.subject.screens(self)
        for part in self.said.parts:
            if screened:
                part.read_words()
            else:
                _ = part.read

    @cached_property
    def answers(self) -> tuple[Answers, ...]:
        """Every answer, beside what it answers."""
        return exchanges(self.said, self.prompts, self.rows.num_rows)

    @property
    def prompts(self) -> pa.LargeStringArray | None:
        """What each row asks: the prompt, or the first turn of the user."""
        return self.texts("prompt")

    def hashes(self, texts: pa.LargeStringArray | None) -> Hashes:
        """A hash of each row's text (see `demur.checks.hashes`)."""
        known = None if texts is None else self.said.known(texts)
        return text_hashes(texts, self.rows.num_rows) if known is None else known[0]

    def split_of(self, row: int) -> str | None:
        """The split of a row, by its number in the file."""
        names, places = self.split_codes
        return names[int(places[row - self.first])]

    @cached_property
    def split_codes(self) -> tuple[list[str | None], NDArray[np.int64]]:
        """The splits of the rows, in the order of their first ones, and which is each row's: the file's or its own."""
        column = None if self.file.split is not None else self.texts("split")
        if column is None:
            return [self.file.split], np.zeros(self.rows.num_rows, np.int64)
        found = column.dictionary_encode(null_encoding="encode")
        names = [None if cell is None else SPLITS.get(cell.lower(), cell) for cell in found.dictionary.to_pylist()]
        return names, found.indices.to_numpy(zero_copy_only=False).astype(np.int64)

    @cached_property
    def near(self) -> list[dict[str, Any]]:
        """The best reason of each row that is near a protected prompt, whichever of its texts and turns is.

        ``row`` counts from the file's first; ``said`` is what the row says there, and ``text`` its own words.
        """
        if not self.subject.screens(self) or not self.subject.judges:
            return []
        best: dict[int, dict[str, Any]] = {}
        for part in self.said.asked:
            judged = [judge_all(judge, part.texts, units=part.units, best=True) for judge in self.subject.judges]
            for reason in best_reasons(pa.concat_tables(judged)).to_pylist():
                place = reason["row"]
                row = int(part.rows[place])
                if row not in best or reason["similarity"] > best[row]["similarity"]:
                    told = {"said": part.what(place), "column": self.native(part.column)}
                    best[row] = {**reason, **told, "row": self.first + row, "text": part.texts[place].as_py()}
        return [best[row] for row in sorted(best)]

    def holding(self, pattern: str, signs: bytes = b"") -> Iterator[tuple[int, str, str]]:
        """Every text and turn in which a regular expression is found: its row, what it is, and its column.

        Args:
            pattern: in RE2's syntax.
            signs: bytes of which a text has to hold one (`demur.checks.signs.Looked`) before the expression is tried.
        """
        for part in self.said.parts:
            for place in _found(part, pattern, signs):
                yield self.first + int(part.rows[place]), part.what(place), part.column

    def where(self, mask: pa.Array) -> Iterator[int]:
        """Row numbers in the file where a mask is true (null is not)."""
        if mask.true_count:
            for row in pc.indices_nonzero(mask).to_pylist():
                yield self.first + row

    def hit(self, row: int, message: str, column: str | None = None, fix: str = "") -> Finding:
        """A finding about a row of this batch, by its number in the file, and perhaps a column by its own name."""
        return hit(message, self.file.name, row, column=None if column is None else bare(column), fix=fix)


def _found(part: Part, pattern: str, signs: bytes) -> list[int]:
    """Places of the texts in which an expression is found."""
    if not signs:
        places = pc.indices_nonzero(pc.match_substring_regex(part.texts, pattern))
        return cast(list[int], places.to_pylist())
    return np.flatnonzero(matching(part.texts, part.looked.hold(signs), pattern)).tolist()


def layout_for(rows: pa.RecordBatch, given: Layout | None) -> Layout:
    """The layout of a file by its first rows: the one that is given, or the one that its columns tell.

    Which columns are what does not say what they are for: whether rows are trained on follows from the columns too,
    unless who gives the layout says it.
    """
    names = rows.schema.names
    said = {name for name in names if _speaks(rows.column(name))}
    found = detect(names, said)
    if given is None:
        return found or Layout(name="unknown", columns={})
    if "training" in given.model_fields_set or given.name in layouts():
        return given
    trained = bool(found and found.training) or bool({"messages", "chosen"} & given.columns.keys())
    return given.model_copy(update={"training": trained})


def _speaks(column: pa.Array) -> bool:
    """Whether cells are texts or turns."""
    return (not pa.types.is_nested(column.type) and texts_of(column) is not None) or shaped(column)


def bare(name: object) -> str:
    """A column name or an id as a finding may show it."""
    text = shown(name)
    return text[1:-1] if text.startswith("'") else text
