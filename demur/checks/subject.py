"""What is checked: a folder that Demur built, or anybody's files, as batches whose columns have canonical names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks import pages, reading
from demur.checks.finding import Finding, hit
from demur.checks.folder import Folder
from demur.checks.mapping import TEXTS, Layout, detect
from demur.checks.reading import Fault
from demur.checks.rule import Kind
from demur.checks.state import State, texts_of
from demur.errors import UsageError, shown
from demur.manifest import NAME

if TYPE_CHECKING:
    from demur.decontaminate import Judge

BUILT = Layout(
    name="demur",
    columns={"prompt": "prompt", "id": "record_id", "split": "split"},
    also={
        "response": "target", "prefix": "context_prefix", "pair": "pair_id", "group": "group_id", "source": "source",
        "license": "license", "access": "access",
    },
)  # fmt: skip

#: Names of splits as they stand in file names, and the split that each means.
SPLITS = {
    "train": "train", "training": "train", "sft": "train", "finetune": "train", "tuning": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test", "heldout": "test",
}  # fmt: skip

#: Files beside data that are no data.
NOT_DATA = {"package.json", "package-lock.json", "dataset_infos.json", "dataset_info.json", "croissant.json",
            "schema.json", "state.json", "manifest.json", "requirements.txt", "license.txt", "readme.txt",
            "robots.txt"}  # fmt: skip


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


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a file, read by a layout."""

    subject: Subject
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
        """A column of texts; None if there is no such column, or its cells are no texts."""
        column = self.column(canonical)
        return None if column is None else texts_of(column)

    @cached_property
    def prompts(self) -> pa.LargeStringArray | None:
        """What each row asks: the prompt, or the first message of the user."""
        found = self.texts("prompt")
        return self._asked if found is None else found

    @cached_property
    def _asked(self) -> pa.LargeStringArray | None:
        column = self.column("messages")
        if column is None:
            return None
        asked = []
        for turns in messages(column):
            said = [turn.get("content") for turn in turns or () if turn.get("role") in ("user", "human")]
            asked.append(said[0] if said and isinstance(said[0], str) else None)
        return pa.array(asked, pa.large_string())

    @cached_property
    def splits(self) -> list[str | None]:
        """The split of each row: the file's, else what its row says."""
        if self.file.split is not None:
            return [self.file.split] * self.rows.num_rows
        column = self.texts("split")
        if column is None:
            return [None] * self.rows.num_rows
        return [None if cell is None else SPLITS.get(cell.lower(), cell) for cell in column.to_pylist()]

    @cached_property
    def near(self) -> list[dict[str, object]]:
        """The best reason of each row that is near a protected prompt; ``row`` counts from the file's first."""
        from demur.decontaminate import best_reasons, judge_all

        if self.prompts is None or not self.subject.screens(self) or not self.subject.judges:
            return []
        evidence = [judge_all(judge, self.prompts, self.first) for judge in self.subject.judges]
        found: list[dict[str, object]] = best_reasons(pa.concat_tables(evidence)).to_pylist()
        return found

    def where(self, mask: pa.Array) -> Iterator[int]:
        """Row numbers in the file where a mask is true (null is not)."""
        if mask.true_count:
            for row in pc.indices_nonzero(mask).to_pylist():
                yield self.first + row

    def hit(self, row: int, message: str, column: str | None = None, fix: str = "") -> Finding:
        """A finding about a row of this batch, by its number in the file, and perhaps a column by its own name."""
        return hit(message, self.file.name, row, column=None if column is None else bare(column), fix=fix)


@dataclass
class Subject:
    """What one check is about, and what the pass over it gathered.

    Attributes:
        kind: a set that Demur built, or anybody's files.
        folder: the built folder.
        protect: gives the protected prompts to stay away from, indexed; asked only when some row is screened.
        against: whether somebody named them, so that every row counts, not only rows that are trained on.
        license: as somebody stated it.
        root: the checked folder; of single files, that of the first.
        faults: what readers stumbled on, by file.
        layouts: how each file was read, by file.
        rows: the number of rows, by file.
        names: the columns, by file.
        state: of all rows, compactly.
    """

    kind: Kind
    root: Path
    files: tuple[File, ...]
    folder: Folder | None = None
    protect: Callable[[], tuple[Judge, ...]] = tuple
    against: bool = False
    license: str | None = None
    threshold: float = 0.8
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    state: State = field(default_factory=State)

    def batches(self, file: File, note: Callable[[Fault], None] = lambda _: None) -> Iterator[Batch]:
        """The rows of a file; its layout follows from the columns of its first rows, if none was given."""
        layout = self.layouts.get(file.name) or file.given
        for block in reading.read_blocks(file.path, note):
            if layout is None:
                layout = detect(block.rows.schema.names) or Layout(name="unknown", columns={})
            yield Batch(self, file, layout, block.first, block.rows)

    def scan(self, file: File) -> Iterator[Batch]:
        """The same, once for every file: what is learnt on the way is kept."""
        self.faults[file.name], self.rows[file.name] = [], 0
        names: dict[str, None] = {}
        for batch in self.batches(file, self.faults[file.name].append):
            self.layouts[file.name] = batch.layout
            self.rows[file.name] += batch.rows.num_rows
            names.update(dict.fromkeys(batch.rows.schema.names))
            self.state.add(batch)
            yield batch
        self.names[file.name] = tuple(names)

    @cached_property
    def pages(self) -> list[tuple[str, str]]:
        """Every card beside the files, once: its name, and its text."""
        found: dict[tuple[str, str], None] = {}
        for folder in [self.root] if self.folder else sorted({file.path.parent for file in self.files}):
            if card := pages.card(folder, self.root):
                found[card] = None
        return list(found)

    def card_near(self, folder: Path) -> str | None:
        """The text of the nearest card."""
        found = pages.card(folder, self.root)
        return found[1] if found else None

    def license_near(self, folder: Path) -> str | None:
        """The license that the nearest page states."""
        return pages.license(folder, self.root)

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

    @cached_property
    def judges(self) -> tuple[Judge, ...]:
        """Protected prompts, indexed."""
        return self.protect()

    def screens(self, batch: Batch) -> bool:
        """Whether rows are held against protected prompts: all, if any file of the set is trained on."""
        if self.against or self.kind == "training":
            return True
        if self.kind != "files":
            return False
        trained = any(file.split == "train" for file in self.files)
        return trained or any(self.trains(batch.file, split) for split in {*batch.splits})

    def trains(self, file: File, split: str | None) -> bool:
        """Whether rows are to be trained on, as far as layout, split and kind of set say."""
        if self.kind != "files":
            return self.kind == "training"
        layout = self.layouts.get(file.name)
        return split == "train" or (split is None and layout is not None and layout.training)


def of_files(paths: Sequence[Path], layout: Layout | None, splits: dict[str, str]) -> tuple[Path, tuple[File, ...]]:
    """The files below some paths, in order, with the splits that names (or ``--split``) say; and their common folder.

    Raises:
        UsageError: a path that is not there, no file of rows at all, or a split for a file that is not among them.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            msg = "There is no such file or folder"
            raise UsageError(msg, where=path)
        if path.is_dir():
            found.update(dict.fromkeys(sorted(each for each in path.rglob("*") if _is_data(each, path))))
        elif reading.kind_of(path) is None:
            msg = "Unknown kind of file"
            raise UsageError(msg, where=path, expected=", ".join(reading.SUFFIXES), got=path.suffix or "no ending")
        else:
            found[path] = None
    if not found:
        msg = "There is nothing to check"
        raise UsageError(msg, where=paths[0], expected=f"files that end in {', '.join(reading.SUFFIXES)}")
    said = dict(splits)
    files = []
    for path in found:
        split = said.pop(str(path), None) or said.pop(path.name, None)
        top = next((each for each in paths if each.is_dir() and path.is_relative_to(each)), None)
        name = path if top is None else path.relative_to(top) if len(paths) == 1 else path
        files.append(File(path, name.as_posix(), split or split_of(path.name), given=layout))
    if said:
        msg = "A split is given for a file that is not checked"
        raise UsageError(msg, where="--split", got=", ".join(map(shown, said)))
    return paths[0] if paths[0].is_dir() else paths[0].parent, tuple(files)


def of_folder(folder: Folder) -> tuple[File, ...]:
    """The files of a built folder."""
    layout = BUILT
    if folder.manifest.parameters.comparisons:
        layout = BUILT.model_copy(update={"also": {**BUILT.also, "response": "response"}})
    return tuple(
        File(path, path.relative_to(folder.path).as_posix(), split_of(path.name), config.name, layout)
        for config in folder.manifest.configs
        for path in folder.shards(config.name)
    )


def split_of(name: str) -> str | None:
    """The split that a file's name speaks of, if it speaks of one only.

    Example:
        >>> [split_of(name) for name in ("test-00000-of-00001.parquet", "harmful_val.json", "contest.csv")]
        ['test', 'validation', None]
    """
    words = re.findall(r"[a-z]+", name.lower().partition(".")[0])
    found = {SPLITS[word] for word in words if word in SPLITS}
    return found.pop() if len(found) == 1 else None


def _is_data(path: Path, top: Path) -> bool:
    inner = path.relative_to(top).parts
    if any(part.startswith(".") for part in inner) or path.name.lower() in NOT_DATA or not path.is_file():
        return False
    return reading.kind_of(path) is not None


def is_built(path: Path) -> bool:
    """Whether Demur built a folder (or the file is its manifest)."""
    return (path / NAME).is_file() if path.is_dir() else path.name == NAME


def messages(column: pa.Array) -> Iterator[list[dict[str, object]] | None]:
    """The turns of each row; None where the cell is no list of turns."""
    import json

    for cell in column.to_pylist():
        value = cell
        if isinstance(cell, str):
            try:
                value = json.loads(cell)
            except (ValueError, RecursionError):
                value = None
        good = isinstance(value, list) and all(isinstance(turn, dict) for turn in value)
        yield [_turn(turn) for turn in value] if good else None


def _turn(turn: dict[str, object]) -> dict[str, object]:
    """A turn as ``role`` and ``content``; ShareGPT's spelling is ``from`` and ``value``."""
    return {"role": turn.get("role", turn.get("from")), "content": turn.get("content", turn.get("value"))}


def bare(name: object) -> str:
    """A column name or an id as a finding may show it."""
    text = shown(name)
    return text[1:-1] if text.startswith("'") else text


__all__ = ["BUILT", "SPLITS", "TEXTS", "Batch", "File", "Subject", "bare", "is_built", "messages", "of_files"]
