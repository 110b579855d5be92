"""What is checked: a folder that Demur built, or anybody's files, as batches whose columns have canonical names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demur.checks import pages
from demur.checks.ahead import ahead, begin
from demur.checks.batch import Batch, File, layout_for
from demur.checks.claimed import Claim
from demur.checks.finding import Finding
from demur.checks.habits import Habits
from demur.checks.layouts import Layout
from demur.checks.lines import Lines
from demur.checks.located import REST
from demur.checks.paths import Reached
from demur.checks.quick import plain_rows
from demur.checks.shapes import opened
from demur.checks.spelt import asked_in_bytes, in_bytes
from demur.checks.state import State
from demur.checks.unread import unread
from demur.checks.variants import Variants, found
from demur.files import reading
from demur.files.reading import Block, Fault
from demur.protected.near import Judge
from demur.sets.folder import BuiltSet
from demur.sets.kind import Kind

_read = partial(reading.read_blocks, quick=plain_rows)


@dataclass
class Subject:
    """What one check is about, and what the pass over it gathered.

    Attributes:
        kind: of the set that Demur built; None of anybody's files.
        folder: the built folder.
        protect: gives the protected prompts to stay away from, indexed; asked only when some row is screened.
        against: whether somebody named them, so that every row counts, not only rows that are trained on.
        read: opening of a text -> the set and the row that hold it as a harmful response, of sets that were named.
        trained: whether rows are presumed to be trained on, where their split does not say otherwise.
        license: as somebody stated it.
        claims: what settings state of files.
        grown: is told the bytes of every batch before it is judged.
        root: the checked folder; of single files, that of the first.
        faults: what readers stumbled on, by file.
        layouts: how each file was read, by file.
        rows: the number of rows, by file.
        names: the columns, by file.
        inside: files whose conversations stand inside an object.
        reached: what the paths of a mapping reach, by file.
        lines: by file, where rows have lines.
        unread: columns that hold sentences and that no rule reads, by file.
        state: of all rows, compactly.
        habits: what rules gathered of each file's texts.
        blocks: reads a file, as `demur.files.reading.read_blocks` does.
    """

    kind: type[Kind] | None
    root: Path
    files: tuple[File, ...]
    folder: BuiltSet | None = None
    protect: Callable[[], tuple[Judge, ...]] = tuple
    against: bool = False
    read: Mapping[int, str] = field(default_factory=dict)
    trained: bool = False
    license: str | None = None
    claims: tuple[Claim, ...] = ()
    threshold: float = 0.8
    grown: Callable[[int], None] = field(default=lambda _: None)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    reached: dict[str, Reached] = field(default_factory=dict)
    lines: dict[str, Lines] = field(default_factory=dict)
    unread: dict[str, tuple[str, ...]] = field(default_factory=dict)
    state: State = field(default_factory=State)
    habits: Habits = field(default_factory=Habits)
    blocks: Callable[..., Iterator[Block]] = _read
    _cards: dict[Path, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Number the files."""
        self.state.gathered.files = {file.name: place for place, file in enumerate(self.files)}

    def batches(self, file: File, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """The rows of a file once more, or some columns of them."""
        inside = {"messages"} if file.name in self.inside else set()
        if columns is not None and {*columns} & (inside | self.reached[file.name].there):
            columns = None
        for block in self.blocks(file.path, lambda _: None, columns, turns=True):
            yield self._batch(file, block)

    def scan(self, file: File) -> Iterator[Batch]:
        """The rows of a file, once for every file: what is learnt on the way is kept."""
        self.faults[file.name], self.rows[file.name], self.lines[file.name] = [], 0, Lines()
        names: dict[str, None] = {}
        for batch, lines in ahead(self._read(file)):
            self.rows[file.name] += batch.rows.num_rows
            if lines is not None:
                self.lines[file.name].parts.append(lines.astype(np.uint32))
            names.update(dict.fromkeys(batch.rows.schema.names))
            self.state.add(batch)
            yield batch
        self.names[file.name] = tuple(names)

    def _read(self, file: File) -> Iterator[tuple[Batch, NDArray[np.int64] | None]]:
        """The rows of a file, with the lines on which they begin."""
        for block in self.blocks(file.path, self.faults[file.name].append, turns=True):
            self.grown(reading.size_of(block.rows))
            batch = self._batch(file, block)
            if file.name not in self.layouts:
                self.unread[file.name] = unread(batch)
            self.layouts[file.name] = batch.layout
            if not batch.first and self.screens(batch):
                _ = self._indexing  # begins
            yield batch, block.lines

    def _batch(self, file: File, block: Block) -> Batch:
        """A block by the layout that follows from the columns of the file's first rows, if none was given."""
        layout, rows = self.layouts.get(file.name), opened(block.rows)
        if rows is not block.rows:
            self.inside.add(file.name)
        rows = in_bytes(rows)
        if layout is None:
            layout = layout_for(rows, file.given)
        rows = asked_in_bytes(self.reached.setdefault(file.name, Reached()).add(rows, layout), layout)
        return Batch(self, file, layout, block.first, rows)

    def place(self, row: int, beside: int | None = None) -> str:
        """A row as findings name theirs, by its number in the state; beside one of the same file, without the file."""
        return self.named(*self.state.place(row), None if beside is None else self.state.place(beside)[0])

    def named(self, file: File, row: int, beside: File | None = None) -> str:
        """As `place`, of a row within a file, and of what is told of a row in a file."""
        if file is beside:
            return self.row_of(file.name, row)
        return Finding(file.name, row, "", "", "", line=self.line(file.name, row)).where

    def row_of(self, file: str, row: int) -> str:
        """A row within its file: by the line on which it begins, else by its number."""
        line = self.line(file, row)
        return f"row {row}" if line is None else f"line {line}"

    def line(self, file: str, row: int) -> int | None:
        """The line on which a row begins, where rows have lines."""
        lines = self.lines.get(file)
        return None if lines is None else lines.of(row)

    @cached_property
    def pages(self) -> list[tuple[str, str]]:
        """Every card beside the files, once: its name, and its text."""
        found: dict[tuple[str, str], None] = {}
        for folder in [self.root] if self.folder else sorted({file.path.parent for file in self.files}):
            if card := pages.card(folder, self.root):
                found[card] = None
        return list(found)

    def states(self, *words: str) -> bool:
        """Whether a paragraph of some card holds all of these words."""
        return any(
            all(re.search(rf"\b{re.escape(word)}", part) for word in words)
            for _, text in self.pages
            for part in re.split(r"\n\s*\n", text)
        )

    def card_near(self, folder: Path) -> str | None:
        """The text of the nearest card; every batch may ask, and files are read once."""
        if folder not in self._cards:
            found = pages.card(folder, self.root)
            self._cards[folder] = found[1] if found else None
        return self._cards[folder]

    def license_near(self, folder: Path) -> str | None:
        """The license that the nearest page states."""
        return pages.license(folder, self.root)

    @cached_property
    def variants(self) -> list[Variants]:
        """Files whose rows are variants of another file's rows."""
        return found(self)

    @property
    def split_rows(self) -> dict[str, int]:
        """Rows by split."""
        codes = np.bincount(self.state.column("split").astype(np.int64), minlength=len(self.state.split_names))
        return {name: int(rows) for name, rows in zip(self.state.split_names, codes, strict=True) if name and rows}

    @property
    def label(self) -> str:
        """What findings about the whole name as their file."""
        return self.files[0].name if len(self.files) == 1 else "."

    @property
    def below(self) -> bool:
        """Whether files are named below the root."""
        return self.folder is not None or any((self.root / file.name) == file.path for file in self.files)

    @property
    def judges(self) -> tuple[Judge, ...]:
        """Protected prompts, indexed."""
        return self._indexing.result()

    @cached_property
    def _indexing(self) -> Future[tuple[Judge, ...]]:
        """Indexes protected prompts, on a thread of its own."""
        return begin(self.protect)

    def screens(self, batch: Batch) -> bool:
        """Whether rows are held against protected prompts: all, if any file of the set is trained on."""
        if self.against or self.kind:
            return self.against or bool(self.kind and self.kind.trains)
        trained = any(file.split == "train" for file in self.files)
        return trained or any(self.trains(batch.file, split) for split in batch.split_codes[0])

    def trains(self, file: File, split: str | None) -> bool:
        """Whether rows are to be trained on, as far as layout, split and kind of set say."""
        if self.kind:
            return self.kind.trains
        layout = self.layouts.get(file.name)
        presumed = self.trained or (layout is not None and layout.training)
        return split == "train" or (split in (None, REST) and presumed)

    def teaches(self, batch: Batch) -> bool:
        """Whether its rows, or other splits of theirs, teach what to answer; labelled pairs are chosen from first.

        Where only the rows say their split, they may, until the whole file has been seen (`demur.checks.settled`).
        """
        layout = batch.layout
        if self.kind or layout.flags or layout.scope != "prompt":
            return bool(self.kind and self.kind.trains)
        return self.trains_whole(layout) or (batch.file.split is None and batch.texts("split") is not None)

    def trains_whole(self, layout: Layout) -> bool:
        """Whether files of a layout are trained on, whatever their rows say."""
        return self.trained or layout.training or any(file.split == "train" for file in self.files)
