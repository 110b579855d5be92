"""What is checked: a folder that Demur built, or anybody's files, as batches whose columns have canonical names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demur.checks import pages
from demur.checks.ahead import ahead, begin
from demur.checks.batch import Batch, File, layout_for
from demur.checks.claimed import Claim
from demur.checks.data import is_data
from demur.checks.finding import Finding
from demur.checks.habits import Habits
from demur.checks.layouts import Layout
from demur.checks.lines import Lines
from demur.checks.paths import Reached
from demur.checks.quick import plain_rows
from demur.checks.saved import split_by_folder
from demur.checks.shapes import opened
from demur.checks.state import State
from demur.checks.unread import unread
from demur.checks.variants import Variants, found
from demur.errors import UsageError, shown
from demur.files import reading
from demur.files.bounds import bounds
from demur.files.reading import Block, Fault
from demur.files.splits import split_of
from demur.protected.near import Judge
from demur.records.row import TextOf, columns_with
from demur.sets.folder import BuiltSet
from demur.sets.kind import Kind

REST = "rest"
"""The split of a file beside one that was held out from it."""


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
        if layout is None:
            layout = layout_for(rows, file.given)
        rows = self.reached.setdefault(file.name, Reached()).add(rows, layout)
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
        """Whether its rows, or other splits of theirs, teach what to answer; labelled pairs are chosen from first."""
        if self.kind:
            return self.kind.trains
        layout = batch.layout
        if layout.flags or layout.scope != "prompt":
            return False
        return (
            self.trained
            or layout.training
            or any(file.split == "train" for file in self.files)
            or "train" in batch.split_codes[0]
        )


def of_files(
    paths: Sequence[Path], layout: Layout | None, splits: dict[str, str], called: Mapping[Path, str] | None = None
) -> tuple[Path, tuple[File, ...]]:
    """The files below some paths, in order, with the splits that names (or ``--split``) say; and their common folder.

    Args:
        paths: files and folders.
        layout: of all, if one was given.
        splits: file -> split.
        called: what findings call a file, where that is not its path.

    Raises:
        UsageError: a path that is not there, no file of rows at all, or a split for a file that is not among them.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            msg = "There is no such file or folder"
            raise UsageError(msg, where=path)
        if path.is_dir():
            data = (each for each in path.rglob("*") if is_data(each, path))
            found.update(dict.fromkeys(sorted(islice(data, bounds().files + 1))))
        elif reading.kind_of(path) is None:
            msg = "Unknown kind of file"
            raise UsageError(msg, where=path, expected=", ".join(reading.SUFFIXES), got=path.suffix or "no ending")
        else:
            found[path] = None
    if not found:
        msg = "There is nothing to check"
        raise UsageError(msg, where=paths[0], expected=f"files that end in {', '.join(reading.SUFFIXES)}")
    if len(found) > bounds().files:
        msg = "There are too many files"
        fix = "Check some folders, or --limit files=N."
        raise UsageError(msg, where=paths[0], expected=f"at most {bounds().files:,}", fix=fix)
    said, called = dict(splits), called or {}
    files = []
    parts: dict[tuple[Path, str], set[str]] = {}
    for path in found:
        stem, part = _stem(path)
        parts.setdefault((path.parent, stem), set()).update({part} - {""})
    kept = {place for place, names in parts.items() if names and "train" not in names}
    shared = paths[0] if len(paths) == 1 and paths[0].is_dir() else _common(paths)
    for path in found:
        split = said.pop(called.get(path, str(path)), None) or said.pop(path.name, None)
        top = next((each for each in paths if each.is_dir() and path.is_relative_to(each)), None)
        name = path if top is None else path.relative_to(top) if len(paths) == 1 else path
        split = split or split_of(path.name) or split_by_folder(path, shared) or _split(path, kept)
        files.append(File(path, called.get(path, name.as_posix()), split, given=layout))
    if said:
        msg = "A split is given for a file that is not checked"
        raise UsageError(msg, where="--split", got=", ".join(map(shown, said)))
    return paths[0] if paths[0].is_dir() else paths[0].parent, tuple(files)


def _common(paths: Sequence[Path]) -> Path:
    """The folder below which all paths lie; of one file, its own."""
    shared = Path(os.path.commonpath([path.absolute() for path in paths]))
    return shared if shared.is_dir() else shared.parent


def _split(path: Path, kept: set[tuple[Path, str]]) -> str | None:
    """The split of a file: as its name says, or what is left beside a file that was held out from it."""
    found = split_of(path.name)
    return REST if found is None and (path.parent, _stem(path)[0]) in kept else found


def _stem(path: Path) -> tuple[str, str]:
    """A file's name without a last word that says which split it is; and that split, empty for none.

    What is called ``eval`` is often a judge's reading of the same rows, so it leaves no rest.

    Example:
        >>> _stem(Path("Lakes_heldout.csv")), _stem(Path("Lakes.csv")), _stem(Path("lakes_eval.csv"))
        (('lakes', 'test'), ('lakes', ''), ('lakes_eval', ''))
    """
    stem = path.name.lower().partition(".")[0]
    word = re.search(r"[-_ ]((?:held|hold)[-_ ]?out|[a-z]+)$", stem)
    split = split_of(word[1]) if word and not word[1].startswith("eval") else None
    return (stem[: word.start()], split) if word and split else (stem, "")


def of_folder(folder: BuiltSet) -> tuple[File, ...]:
    """The files of a built folder."""
    texts = {role.name: name for name, role in columns_with(folder.model, TextOf).items()}
    also = {name: name for name in ("source", "license", "access")} | {"pair": "pair_id", "group": "group_id"}
    columns = {"prompt": "prompt", "id": folder.kind.own_id, "split": "split"}
    layout = Layout(name="demur", columns=columns, also={**also, **texts} | {"prompt": "prompt"})
    return tuple(
        File(path, path.relative_to(folder.path).as_posix(), split_of(path.name), config.name, layout)
        for config in folder.manifest.configs
        for path in folder.shards(config.name)
    )
