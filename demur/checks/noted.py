"""Facts of all rows for rules that compare rows, labels and files: values of labels, splits, scores, later turns."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.gathered import targets
from demur.checks.hashes import Hashes, text_hashes
from demur.checks.scores import Scores, number_of, numbers_in
from demur.checks.shapes import texts_of
from demur.checks.signs import may_open
from demur.files.splits import SPLITS

LABEL = re.compile(
    r"labels?|\w+_label|label_\w+|(?:is_)?(?:un)?safe|(?:is_)?(?:harmful|harmless|toxic|benign|malicious|hateful"
    r"|flagged)",
    re.IGNORECASE,
)
"""Columns that hold a label of every row; whether an attack worked is a result."""

NAMED = re.compile(r"category|categories|type|class|hazard|verdict|severity|harm_\w+|risk_\w+|topic", re.IGNORECASE)
"""Further columns that hold one of a few words."""

MOST_VALUES = 200
_LONGEST = 60  # characters of a label

_ABOUT_ANSWERS = re.compile(r"response|answer|completion|output", re.IGNORECASE)
_SCORE = re.compile(r"(?:\w+_)?(?:score|rating)", re.IGNORECASE)
_RAW = re.compile(
    r"raw(?:_\w+)?|judg(?:e?ment|e_(?:raw|output|response|answer|text))s?|(?:gpt|llm)_judge?ment", re.IGNORECASE
)

LONG_TURN = (30, 6)
"""Bytes and words from which a turn of the user is a question of its own, and no chit-chat."""

LONG_ANSWER = 100
"""Bytes from which the same answer is no accident."""

_SORRY = (
    r"(?i)\b(?:sorry|apolog|unfortunately|regrettably|as an ai|an? (?:ai|language model|assistant)\b|decline|refuse"
    r"|unable|(?:can|won)(?:'|\xe2\x80\x99)?t\b|cannot|(?:can|will|must|am) not|not (?:able|comfortable|allowed))"
)
"""What a refusal holds where it opens, in bytes; `demur.text.refusal.grade` then reads it."""

_THREES = (
    b"sor", b"apo", b"unf", b"reg", b" ai", b"lan", b"ass", b"dec", b"ref", b"una", b"can", b"won", b"not",
)  # fmt: skip
"""By one of these some word begins in whatever that finds."""

OPENS = 120
"""Bytes in which a refusal opens."""


@dataclass
class Values:
    """The values of a column of labels: of each its rows and the first of them; and the rows that have none."""

    seen: dict[object, list[int]] = field(default_factory=dict)
    rows: int = 0

    def add(self, column: pa.Array, first: int) -> bool:
        """Count some cells; whether they still are labels."""
        self.rows += len(column)
        for each in pc.value_counts(column):
            value = each["values"].as_py()
            if isinstance(value, float) and value != value:
                value = None
            if value not in self.seen:
                if len(self.seen) > MOST_VALUES or (isinstance(value, str) and len(value) > _LONGEST):
                    return False
                place = pc.index(column, each["values"]).as_py() if value is not None else 0
                self.seen[value] = [0, first + max(0, place)]
            self.seen[value][0] += each["counts"].as_py()
        return True

    def join(self, more: Values) -> bool:
        """Add the cells of further rows; whether all of them still are labels."""
        self.rows += more.rows
        for value, (count, first) in more.seen.items():
            if value not in self.seen and len(self.seen) > MOST_VALUES:
                return False
            self.seen.setdefault(value, [0, first])[0] += count
        return True

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return sum(count for value, (count, _) in self.seen.items() if is_missing(value))


def is_missing(value: object) -> bool:
    """Whether a cell says nothing: null, or as CSV has it.

    Example:
        >>> [is_missing(value) for value in (None, " ", "NaN", False, "none")]
        [True, True, True, False, False]
    """
    return value is None or (isinstance(value, str) and value.strip().lower() in ("", "nan", "null"))


@dataclass
class Noted:
    """What was seen so far.

    Attributes:
        labels: (file, column) -> values; None where they are no labels.
        splits: (file, split that rows say against the file's name) -> rows, and the first of them.
        scores: (file, column of scores) -> what the judge's own answers say of them.
        licenses: file -> what a column called license says, where no layout knows it -> the first such row.
        later: turns of the user after the first one: row among all, hash of the text, and place.
    """

    labels: dict[tuple[str, str], Values | None] = field(default_factory=dict)
    splits: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    scores: defaultdict[tuple[str, str], Scores] = field(default_factory=lambda: defaultdict(Scores))
    licenses: dict[str, dict[str, int]] = field(default_factory=dict)
    later: list[tuple[NDArray[np.int64], Hashes, NDArray[np.int64]]] = field(default_factory=list)
    _rows: Counter[tuple[str, bool]] = field(default_factory=Counter)  # of each file: all, and those with an answer

    def add(self, batch: Batch, start: int, prompts: Hashes) -> Iterator[tuple[str, NDArray[Any]]]:
        """Take note of a batch's rows, whose first one has a number among all.

        Yields:
            Facts of its rows: ``sorry``, 1 where an answer that is taught may open as a refusal; ``long``, 1 where it
            is so long that its like elsewhere is no accident.
        """
        self._later(batch, start, prompts)
        texts = taught(batch)
        if texts is not None:
            if not _compares(batch):
                yield "sorry", _sorry(texts).astype(np.uint8)
            long = pc.fill_null(pc.greater_equal(pc.binary_length(texts), LONG_ANSWER), False)
            yield "long", long.to_numpy(zero_copy_only=False).astype(np.uint8)
        if batch.subject.kind is None:
            self._label(batch)
            self._split(batch)
            self._score(batch)
            self._license(batch)

    def _license(self, batch: Batch) -> None:
        name = next((each for each in batch.rows.schema.names if each.lower() in ("license", "licence")), None)
        texts = None if name is None or batch.native("license") else texts_of(batch.rows.column(name))
        for said in texts.unique().drop_null() if texts is not None else ():
            kept = self.licenses.setdefault(batch.file.name, {})
            if len(kept) < MOST_VALUES:
                kept.setdefault(said.as_py(), batch.first + pc.index(texts, said).as_py())

    def _label(self, batch: Batch) -> None:
        for name in batch.rows.schema.names:
            key = (batch.file.name, name)
            if not (LABEL.fullmatch(name) or NAMED.fullmatch(name) or name in batch.layout.labels):
                continue
            column = batch.rows.column(name)
            plain = texts_of(column)
            kind = column.type
            if plain is None and not (
                pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
            ):
                continue
            column = column if plain is None else plain
            answers = batch.texts("response") if _ABOUT_ANSWERS.search(name) else None
            if answers is not None:
                column = column.filter(answers.is_valid())  # without an answer there is nothing to label
            before = self._rows[batch.file.name, answers is not None]  # of which none had the column
            unsaid = Values({None: [before, batch.first - self._rows[batch.file.name, False]]}, before)
            values = self.labels.setdefault(key, unsaid if before else Values())
            if values is not None and not values.add(column, batch.first):
                self.labels[key] = None
        answers = batch.texts("response")
        self._rows[batch.file.name, False] += batch.rows.num_rows
        self._rows[batch.file.name, True] += 0 if answers is None else len(answers) - answers.null_count

    def _split(self, batch: Batch) -> None:
        name = next((each for each in batch.rows.schema.names if each.lower() == "split"), None)
        texts = None if name is None else texts_of(batch.rows.column(name))
        if texts is None or batch.file.split not in SPLITS.values():
            return
        for each in pc.value_counts(texts):
            split = SPLITS.get((each["values"].as_py() or "").strip().lower())
            if split and (split == "train") != (batch.file.split == "train"):
                first = batch.first + pc.index(texts, each["values"]).as_py()
                count, before = self.splits.get((batch.file.name, split), (0, first))
                self.splits[batch.file.name, split] = (count + each["counts"].as_py(), min(before, first))

    def _score(self, batch: Batch) -> None:
        names = batch.rows.schema.names
        raw = next((name for name in names if _RAW.fullmatch(name) and texts_of(batch.rows.column(name))), None)
        score = next((name for name in names if _SCORE.fullmatch(name) and name != raw), None)
        if raw is None or score is None:
            return
        texts, found = texts_of(batch.rows.column(raw)), self.scores[batch.file.name, score]
        cells = batch.rows.column(score).to_pylist()
        for row, (text, cell) in enumerate(zip(texts or (), cells, strict=True), batch.first):
            value, said = number_of(cell), text.as_py()
            if value is None or said is None:
                continue
            numbers = numbers_in(said)
            found.numbered += bool(numbers)
            if value in numbers:
                found.held += 1
            else:
                found.lacking.append(row)

    def _later(self, batch: Batch, start: int, prompts: Hashes) -> None:
        for part in batch.said.asked if batch.said.turns else ():
            if part.turns is None or not len(part.rows):
                continue
            there = pc.greater_equal(pc.binary_length(part.texts), LONG_TURN[0]).to_numpy(zero_copy_only=False)
            if part.column == "messages":
                there = there & np.concatenate([[False], part.rows[1:] == part.rows[:-1]])
            if not there.any():
                continue
            mine = part.of(there)
            words = pc.greater_equal(pc.count_substring_regex(mine.texts, r"\S+"), LONG_TURN[1])
            mine = mine.of(words.to_numpy(zero_copy_only=False))
            if len(mine.rows):
                hashes = text_hashes(mine.texts, len(mine.rows))
                later = (hashes != prompts[mine.rows]) & (hashes != 0)
                places = np.asarray(mine.turns, np.int64)
                self.later.append((start + mine.rows[later], hashes[later], places[later]))


def _sorry(texts: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Which texts may open as a refusal."""
    found = may_open(texts, OPENS, _THREES)
    opening = pc.binary_slice(texts.filter(pa.array(found)).cast(pa.large_binary()), 0, OPENS)
    said = pc.fill_null(pc.match_substring_regex(opening, _SORRY), False)
    found[found] = said.to_numpy(zero_copy_only=False)
    return found


def taught(batch: Batch) -> pa.LargeStringArray | None:
    """What each row teaches to write, or prefers, where it teaches anything."""
    if not batch.subject.teaches(batch):
        return None
    chosen = batch.texts("chosen")
    return targets(batch) if chosen is None else chosen


def _compares(batch: Batch) -> bool:
    """Whether rows prefer one answer, or say of each whether it is wanted."""
    names = batch.rows.schema.names
    return batch.texts("chosen") is not None or (
        "label" in names and pa.types.is_boolean(batch.rows.column("label").type)
    )
