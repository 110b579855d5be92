"""What is kept of every row while files stream by: a few hashes, its split, its labels; never a text.

Two texts are the same here if their normalised words are, in order (`demur.text.normalise`). Hashes have 64 bits, so
two different texts of 10^6 are taken for the same with a probability of about 3 in 10^8.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch, File
from demur.checks.flags import harmful_rows, read_flags, read_states
from demur.checks.gathered import Gathered, targets
from demur.checks.hashes import MIX, Hashes, text_hashes
from demur.checks.learnt import Learnt
from demur.checks.letters import byte_hashes, factor_of, letters, value_codes
from demur.checks.noted import Noted
from demur.checks.said import SPOKEN
from demur.checks.shapes import texts_of
from demur.checks.sides import sides_of
from demur.checks.spoken import Spoken
from demur.similarity.sets import Units, ordered
from demur.text.order import repeated, stable

_KEYS = (
    "prompt", "prefix", "response", "target", "chosen", "rejected", "context", "judge", "verdict", "model", "messages",
)  # fmt: skip
#: Further columns that tell rows apart, where a layout knows only the prompt.
_ANSWERS = {"response", "answer", "output", "completion", "generation", "model_output", "chosen", "rejected", "target"}
#: What a conversation is held with: the same words with other tools are another row.
_GIVEN = {"tools", "functions", "system"}


@dataclass
class State:
    """Facts of all rows so far, in the order of the files and their rows.

    Attributes:
        files: file, and the number of its first row here.
        values: label values by their code, as far as they are short.
        labels: by native column.
        flags: (file, flag) -> refusals that it speaks against, and refusals that it judges at all.
        gaps: file -> rows with a gap, harmful rows, unknown rows, and unknown rows that are called safe.
        unsafe: file -> rows whose response a flag calls harmful.
        gathered: sums by config: form of the sides, lengths of answers, hazards, what is taught.
        learnt: by how they open, texts that are learnt, and texts that are only read.
        noted: values of labels, splits against names, scores, later turns.
        licenses: file -> license of rows -> the first such row.
        source_rows: file -> which row of the source each row is.
        sources: (source, split) -> rows that are near a protected prompt of that source.
    """

    files: list[tuple[File, int]] = field(default_factory=list)
    values: dict[int, object] = field(default_factory=dict)
    split_names: list[str | None] = field(default_factory=lambda: [None])
    licenses: dict[str, dict[str, int]] = field(default_factory=dict)
    source_rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    sources: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    flags: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    gaps: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    unsafe: Counter[str] = field(default_factory=Counter)
    gathered: Gathered = field(default_factory=Gathered)
    learnt: Learnt = field(default_factory=Learnt)
    noted: Noted = field(default_factory=Noted)
    _splits: dict[str | None, int] = field(default_factory=lambda: {None: 0})
    _parts: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)  # rows that each has
    _count: int = 0

    def add(self, batch: Batch) -> None:
        """Take note of a batch's rows."""
        rows = batch.rows.num_rows
        if not self.files or self.files[-1][0] is not batch.file:
            self.files.append((batch.file, self._count))
        turns = {name: _turned(batch, each) for name, each in batch.said.turns.items()}
        prompts = batch.hashes(batch.prompts)
        self._keep("prompt", prompts)
        key, hashes = _key(batch, prompts, turns)
        self._keep("key", key)
        self._keep("context", hashes.get("context", np.zeros(rows, np.uint64)))
        if {"chosen", "rejected"} <= hashes.keys():
            self._keep("preferred", _taught(batch, hashes, "chosen"))
            self._sides(prompts, hashes["chosen"], hashes["rejected"])
        sides = sides_of(batch)
        self._keep("side", np.zeros(rows, np.int8) if sides is None else sides)
        if batch.layout.scope == "prompt+response":
            self._keep("judged", batch.hashes(batch.texts("response")))
        self._keep("answer", _taught(batch, hashes, "response"))
        self.gathered.add(batch, prompts, sides)
        for name, values in chain(self.learnt.add(batch, self._count), self.noted.add(batch, self._count, prompts)):
            self._keep(name, values)
        splits, places = batch.split_codes
        self._keep("split", np.array([*map(self._split, splits)], np.int32)[places])
        for name in ("pair", "group", "id"):
            self._keep(name, value_codes(batch.column(name), rows))
        self._keep("own id", _own_ids(batch))
        if batch.native("id"):  # rows of their own may differ in their letters alone
            self._keep("letters", letters(batch))
        for name in batch.layout.labels:
            column = batch.rows.column(name) if name in batch.rows.schema.names else None
            self._keep(f"label {name}", value_codes(column, rows, self.values))
        self._read_flags(batch)
        self._count += rows

    def add_near(self, batch: Batch) -> None:
        """Take note of a batch's rows that are near protected prompts; it may be judged before."""
        self.sources.update((str(reason["source"]), batch.split_of(reason["row"])) for reason in batch.near)

    def _sides(self, prompts: Hashes, chosen: Hashes, rejected: Hashes) -> None:
        """Both sides of each row with what they answer; 0 where one is missing, or both are one."""
        there = (chosen != 0) & (rejected != 0) & (chosen != rejected)
        with np.errstate(over="ignore"):
            for name, side in (("chosen side", chosen), ("rejected side", rejected)):
                self._keep(name, np.where(there, prompts * MIX + side, np.uint64(0)))

    def _read_flags(self, batch: Batch) -> None:
        name = batch.file.name
        for column, against, refusals in read_flags(batch, batch.first):
            before = self.flags.get((name, column), (0, 0))
            self.flags[name, column] = (before[0] + against, before[1] + refusals)
        if batch.layout.states:
            sums = zip(self.gaps.get(name, (0, 0, 0, 0)), read_states(batch), strict=True)
            gaps, positive, unknown, called = (one + two for one, two in sums)
            self.gaps[name] = (gaps, positive, unknown, called)
        licenses = batch.texts("license")
        for license in licenses.unique().to_pylist() if licenses is not None else ():
            if license:
                first = pc.index(licenses, pa.scalar(license, pa.large_string())).as_py()
                self.licenses.setdefault(name, {}).setdefault(license, batch.first + first)
        numbers = batch.column("source_row")
        if numbers is not None and pa.types.is_integer(numbers.type):
            earlier = self.source_rows.get(name, np.zeros(0, np.int64))
            self.source_rows[name] = np.concatenate([earlier, pc.drop_null(numbers).cast(pa.int64()).to_numpy()])
        if batch.native("response"):
            self.unsafe[name] += harmful_rows(batch)

    def _split(self, name: str | None) -> int:
        if name not in self._splits:
            self._splits[name] = len(self.split_names)
            self.split_names.append(name)
        return self._splits[name]

    def _keep(self, name: str, values: NDArray[Any]) -> None:
        parts = self._parts.setdefault(name, [])
        if (missing := self._count - self._kept.get(name, 0)) > 0:  # earlier files have no such column
            parts.append(_nothing(missing, values.dtype))
        parts.append(values if values.any() else _nothing(len(values), values.dtype))
        self._kept[name] = self._count + len(values)

    def column(self, name: str) -> NDArray[Any]:
        """A fact of every row; 0 is nothing."""
        parts = self._parts.get(name, [])
        if len(parts) != 1 or not parts[0].strides[0]:
            there = any(each.strides[0] for each in parts)
            kind = parts[0].dtype if parts else np.dtype(np.uint64)
            parts = [np.concatenate(parts) if there else np.zeros(sum(map(len, parts)), kind)]
            self._parts[name] = parts
        whole = parts[0]
        if len(whole) < self._count:
            whole = np.concatenate([whole, np.zeros(self._count - len(whole), whole.dtype)])
        return whole

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    @property
    def labels(self) -> list[str]:
        """Label columns, by their own names."""
        return [name.removeprefix("label ") for name in self._parts if name.startswith("label ")]

    def value(self, code: int) -> object:
        """The label value that a code stands for, as far as it is remembered."""
        return self.values.get(code, "another value")

    def __len__(self) -> int:
        return self._count

    def place(self, row: int) -> tuple[File, int]:
        """File, and row in the file, of a row here."""
        several = len(self.files) > 1
        file, first = self.files[bisect_right(self.files, row, key=itemgetter(1)) - 1 if several else 0]
        return file, int(row - first)

    def places(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of some rows here, which of the files they stand in, and their rows there."""
        firsts = np.array([first for _, first in self.files], np.int64)
        files = np.searchsorted(firsts, rows, "right") - 1
        return files, rows - firsts[files]

    @property
    def spans(self) -> list[tuple[File, int, int]]:
        """Each file with the numbers of its first row and of the first that is no longer its own."""
        starts = [first for _, first in self.files] + [self._count]
        return [(file, first, end) for (file, first), end in zip(self.files, starts[1:], strict=True)]

    def configs(self) -> Iterator[NDArray[np.int64]]:
        """The rows of each config, in order."""
        by_config: dict[str, list[NDArray[np.int64]]] = {}
        for file, first, end in self.spans:
            by_config.setdefault(file.config, []).append(np.arange(first, end))
        for parts in by_config.values():
            yield parts[0] if len(parts) == 1 else np.concatenate(parts)


def _nothing(rows: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """A zero for each of some rows, which takes the room of one."""
    return np.broadcast_to(np.zeros((), kind), rows)


def groups(keys: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Places of equal keys, of which there are two or more; 0 is equal to nothing. By the first place of each."""
    places, starts = grouped(keys)
    firsts = np.argsort(places[starts])
    ends = np.append(starts[1:], len(places))
    for start, end in zip(starts[firsts].tolist(), ends[firsts].tolist(), strict=True):
        yield places[start:end]


def grouped(keys: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of equal keys as one array, key behind key and each in order, and where each key's begin in it.

    Example:
        >>> [each.tolist() for each in grouped(np.array([7, 5, 0, 7, 5, 7, 0, 1]))]
        [[1, 4, 0, 3, 5], [0, 2]]
    """
    places = repeated(keys)
    places = places[stable(keys[places])]
    ordered = keys[places]
    same = np.zeros(len(places) + 1, np.bool_)  # as the one before
    same[1:-1] = ordered[1:] == ordered[:-1]
    some = same[1:] | same[:-1]
    return places[some], np.flatnonzero(~same[:-1][some])


def _turned(batch: Batch, turns: Spoken) -> Hashes:
    """A hash of the words of each turn."""
    known = batch.said.known(turns.texts)
    return text_hashes(turns.texts, len(turns.texts)) if known is None else known[0]


def _taught(batch: Batch, hashes: Mapping[str, Hashes], canonical: str) -> Hashes:
    """A hash of the response that each row teaches, or of the side that it prefers; 0 where it teaches none."""
    if not batch.subject.teaches(batch):
        return np.zeros(batch.rows.num_rows, np.uint64)
    if canonical in hashes and canonical not in batch.said.turns:
        return hashes[canonical]
    return batch.hashes(targets(batch) if canonical == "response" else batch.texts(canonical))


def _key(batch: Batch, prompts: Hashes, turns: Mapping[str, Hashes]) -> tuple[Hashes, dict[str, Hashes]]:
    """A hash of all texts of each row: two rows are the same row if it is the same; 0 where a row says nothing.

    Turns count by their role, words and calls of tools, however their objects are spelt. A row that asks nothing is the
    same only under the same id: its question stands elsewhere. The hashes of each text come with it.
    """
    rows = batch.rows.num_rows
    made = prompts
    found: dict[str, Hashes] = {}
    there = prompts != 0
    asks = there.copy()
    with np.errstate(over="ignore"):
        for number, name in enumerate(_KEYS[1:], 2):
            if name in batch.said.turns:
                hashes = _turn_hashes(batch.said.turns[name], turns[name], batch.texts(name))
                asks |= hashes != 0
            elif (texts := batch.texts(name)) is not None:
                hashes = batch.hashes(texts)
            else:
                continue
            found[name] = hashes
            made = _with(made, hashes, np.uint64(2 * number + 1))
            if name in SPOKEN:
                there |= hashes != 0
        mapped = {batch.native(name) for name in _KEYS}
        for name in batch.rows.schema.names:
            if name.lower() in _ANSWERS and name not in mapped and (texts := texts_of(batch.rows.column(name))):
                made = _with(made, text_hashes(texts, rows), factor_of(name))
            elif name.lower() in _GIVEN and name not in mapped:
                made = _with(made, value_codes(batch.rows.column(name), rows), factor_of(name))
        if not asks.all():
            made = np.where(asks, made, made * MIX + value_codes(batch.column("id"), rows))
    return np.where(there, made, np.uint64(0)).astype(np.uint64), found


def _with(made: Hashes, more: Hashes, factor: np.uint64) -> Hashes:
    """Hashes with those of one more column; a cell that says nothing is as good as no column."""
    return np.where(more == 0, made, made * factor + more)


def _turn_hashes(cells: Spoken, words: Hashes, texts: pa.LargeStringArray | None) -> Hashes:
    """A hash of the turns of each row, by those of all turns, or of the text that a cell without any is; 0 for none."""
    roles, codes = cells.roles.names, cells.roles.codes
    if cells.more:
        marks = [f"{roles[code]} {more}" for code, more in zip(codes.tolist(), cells.more, strict=True)]
    else:
        marks = [f"{role} " for role in roles]
    marked = byte_hashes(pa.array(marks, pa.large_string()))
    if not len(words):
        made = np.zeros(len(cells), np.uint64)
    else:
        with np.errstate(over="ignore"):
            made = ordered(Units(words * MIX + (marked if cells.more else marked[codes]), cells.starts))
    return made if cells.there.all() else np.where(cells.there, made, text_hashes(texts, len(cells)))


def _own_ids(batch: Batch) -> Hashes:
    """What has to be unique: the id, and what the layout says beside it, as the model where several answer."""
    rows = batch.rows.num_rows
    ids = value_codes(batch.column("id"), rows)
    made = ids + value_codes(batch.column("model"), rows) * MIX
    with np.errstate(over="ignore"):
        for name in batch.layout.keys:
            if name in batch.rows.schema.names:
                made = made * MIX + value_codes(batch.rows.column(name), rows)
    return np.where(ids == 0, ids, made)
