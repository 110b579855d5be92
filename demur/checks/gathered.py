"""What is counted of all rows while files stream by, beside `demur.checks.state`: sums by config, never a row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.batch import Batch
from demur.checks.sides import HARMFUL, SAFE, Codes, Counts, Forms, coded, flag_codes, length_codes
from demur.checks.signs import look_at
from demur.text.refusal import OPENING, find_refusal
from demur.text.refusal.columns import may_refuse

SHORT = 8
"""Words below which an answer is short."""

SAMPLED = 500
"""Targets of anybody's files that are read to see whether they refuse: the first ones, then fewer as it goes on."""

_FILE = 1000  # rows that a file before counts as, whatever it has

_MOST_VALUES = 500  # hazards that are told apart
_HAZARDS = ("hazards", "hazard", "harm_area", "risk_area", "harm_category", "category")


@dataclass
class Taught:
    """Targets that refuse, or answer: rows, words, and rows below `SHORT` words."""

    rows: int = 0
    words: int = 0
    short: int = 0

    def add(self, words: NDArray[np.int64]) -> None:
        """Count some targets by their words."""
        self.join(Taught(len(words), int(words.sum()), int((words < SHORT).sum())))

    def join(self, more: Taught) -> None:
        """Count what was counted elsewhere."""
        self.rows, self.words, self.short = self.rows + more.rows, self.words + more.words, self.short + more.short


@dataclass
class Gathered:
    """Sums of the rows so far, by config (of anybody's files there is one).

    Attributes:
        forms: cells of form by side.
        lengths: (config, what is compared) -> answers by side and step of length, in words.
        hazards: config -> (side, hazard) -> rows.
        unnamed: config -> (side, whether called borderline) -> rows, and those without a hazard.
        taught: (config, file) -> refusals (and transitions to one) and answers that are trained on.
        files: the place of each file among all.
        most: hazards that are told apart.
    """

    forms: dict[str, Forms] = field(default_factory=dict)
    lengths: dict[tuple[str, str], Counts] = field(default_factory=dict)
    hazards: dict[str, Counter[tuple[int, str]]] = field(default_factory=dict)
    unnamed: dict[str, Counter[tuple[int, bool, bool]]] = field(default_factory=dict)
    taught: dict[tuple[str, str], tuple[Taught, Taught]] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    most: int = _MOST_VALUES

    def add(self, batch: Batch, prompts: NDArray[np.uint64], sides: Codes | None) -> None:
        """Take note of a batch's rows."""
        config = batch.file.config
        if sides is not None and batch.prompts is not None and sides.any():
            self.forms.setdefault(config, Forms()).add(batch.prompts, sides, prompts)
        self._compare(batch, config)
        self._name(batch, config, sides)
        if batch.subject.teaches(batch) and (texts := targets(batch)) is not None:
            self._teach(batch, config, texts, said_words(batch, texts), sides)

    def _compare(self, batch: Batch, config: str) -> None:
        chosen, rejected, answers = (batch.texts(name) for name in ("chosen", "rejected", "response"))
        if chosen is not None and rejected is not None:
            self._measure(config, "chosen and rejected answers", chosen, np.full(len(chosen), SAFE, np.int8))
            self._measure(config, "chosen and rejected answers", rejected, np.full(len(rejected), HARMFUL, np.int8))
        if answers is not None and (codes := _answer_sides(batch)) is not None:
            self._measure(config, "harmful and safe answers", answers, codes)

    def _measure(self, config: str, what: str, texts: pa.LargeStringArray, codes: Codes) -> None:
        steps = length_codes(words_of(texts))
        counts = self.lengths.setdefault((config, what), np.zeros((2, 64), np.int64))
        np.add.at(counts, (codes[codes > 0].astype(np.int64) - 1, steps[codes > 0]), 1)

    def _name(self, batch: Batch, config: str, sides: Codes | None) -> None:
        names = {name.lower(): name for name in batch.rows.schema.names}
        name = next((names[each] for each in _HAZARDS if each in names), None)
        column = None if name is None else batch.rows.column(name)
        if column is None or not _named(column.type):
            return
        rows = batch.rows.num_rows
        side = np.zeros(rows, np.int8) if sides is None else sides
        lists = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        places = pc.list_parent_indices(column).to_numpy() if lists else np.arange(rows)
        values = (pc.list_flatten(column) if lists else column).to_pylist()
        found = Counter[tuple[int, str]]()
        there = np.zeros(rows, np.bool_)
        for place, value in (
            (place, each) for place, cell in zip(places.tolist(), values, strict=True) for each in _names(cell)
        ):
            if value:
                there[place] = True
                found[int(side[place]), value] += 1
        self.add_hazards(config, found)
        borderline = np.zeros(rows, np.bool_)
        if "borderline" in names and pa.types.is_boolean(batch.rows.column(names["borderline"]).type):
            borderline = pc.fill_null(batch.rows.column(names["borderline"]), False).to_numpy(zero_copy_only=False)
        counted = self.unnamed.setdefault(config, Counter())
        counted.update(zip(side.tolist(), borderline.tolist(), there.tolist(), strict=True))

    def add_hazards(self, config: str, rows: Mapping[tuple[int, str], int]) -> None:
        """Count rows by side and hazard; of very many hazards, those that came first."""
        kept = self.hazards.setdefault(config, Counter())
        for key, count in rows.items():
            if key in kept or len(kept) < self.most:
                kept[key] += count

    def _teach(
        self, batch: Batch, config: str, texts: pa.LargeStringArray, words: NDArray[np.int64], sides: Codes | None
    ) -> None:
        codes = sides if batch.subject.kind else None
        if codes is None:
            codes = np.zeros(len(texts), np.int8)
            rows = sampled(_FILE * self.files.get(batch.file.name, 0) + batch.first, len(texts))
            codes[rows] = verdicts(texts.take(pa.array(rows)))
        refusals, answers = self.taught.setdefault((config, batch.file.name), (Taught(), Taught()))
        refusals.add(words[codes == HARMFUL])
        answers.add(words[codes == SAFE])

    @property
    def by_config(self) -> dict[str, tuple[Taught, Taught]]:
        """What is taught in all files of each config."""
        found: dict[str, tuple[Taught, Taught]] = {}
        for (config, _), taught in sorted(self.taught.items()):
            for mine, more in zip(found.setdefault(config, (Taught(), Taught())), taught, strict=True):
                mine.join(more)
        return found


def sampled(first: int, count: int) -> NDArray[np.int64]:
    """Which of some consecutive rows are read, by their places alone: those before `SAMPLED`, then one of every n.

    Of the rows up to r, that are `SAMPLED` (1 + log(r / `SAMPLED`)): 4,300 of a million, however they are cut.

    Example:
        >>> len(sampled(0, 400)), len(sampled(0, 100_000)), len(sampled(0, 60_000)) + len(sampled(60_000, 40_000))
        (400, 3149, 3149)
    """
    places = np.arange(first, first + count + 1, dtype=np.float64)
    read = np.where(places <= SAMPLED, places, SAMPLED * (1 + np.log(np.maximum(places, 1) / SAMPLED)))
    chosen: NDArray[np.int64] = np.flatnonzero(np.diff(np.floor(read)))
    return chosen


def verdicts(texts: pa.LargeStringArray) -> Codes:
    """The codes of targets: that of a refusal, if it opens with one; of an answer; or 0 where there is nothing.

    Further on in a long answer the words of a refusal are mostly somebody else's.

    Example:
        >>> said = ["I cannot help with that.", "Mix blue and red.", " ... ", None]
        >>> verdicts(pa.array(said, pa.large_string())).tolist() == [HARMFUL, SAFE, 0, 0]
        True
    """
    openings = pc.fill_null(pc.utf8_slice_codeunits(texts, 0, 2 * OPENING), "")
    codes = np.zeros(len(texts), np.int8)
    codes[[any(map(str.isalnum, opening)) for opening in openings.to_pylist()]] = SAFE
    for row in pc.indices_nonzero(may_refuse(openings)).to_pylist():
        place = find_refusal(openings[row].as_py())
        if place is not None and place < OPENING:
            codes[row] = HARMFUL
    return codes


def taught_codes(batch: Batch) -> Codes | None:
    """What each row teaches, where the kind of set says so; a target that is only read is neither."""
    said = batch.subject.kind.teaches(batch.rows) if batch.subject.kind else None
    return None if said is None else coded(said, {HARMFUL: ("refusal",), SAFE: ("answer",)})


def targets(batch: Batch) -> pa.LargeStringArray | None:
    """What each row teaches to write: the response, or the last turn of the assistant."""
    if (found := batch.texts("response")) is not None:
        return found
    turns = batch.said.turns.get("messages")
    return None if turns is None else turns.answered


def said_words(batch: Batch, texts: pa.LargeStringArray) -> NDArray[np.int64]:
    """Words that each row teaches to write: those of its target, or of all turns of the assistant."""
    for part in batch.said.parts:
        if part.column == "messages" and part.turns is not None:
            mine = part.roles.are("assistant")
            ends = np.cumsum(np.bincount(part.rows, minlength=batch.rows.num_rows))
            sums = np.concatenate([[0], np.cumsum(part.looked.words * mine, dtype=np.int64)])
            return np.diff(sums[ends], prepend=0)
    own = next((part.looked for part in batch.said.parts if part.texts is texts), None) or look_at(texts)
    return own.words.astype(np.int64)


def words_of(texts: pa.LargeStringArray) -> pa.Array:
    """Words of each text, as blanks part them."""
    return pa.array(look_at(texts).words, mask=texts.is_null().to_numpy(zero_copy_only=False))


def _answer_sides(batch: Batch) -> Codes | None:
    """The side of each answer, by a flag about it."""
    if batch.subject.kind is None:
        flags = {name: said for name, said in batch.layout.flags.items() if said in ("safe", "harmful")}
    else:
        flags = {"safe": "safe"}
    for name, said in flags.items():
        if name in batch.rows.schema.names:
            return flag_codes(batch.rows.column(name), harmful=said == "harmful")
    return None


def _names(cell: str | None) -> list[str | None]:
    """What a cell names: itself, or the texts of the list that it spells in JSON, as lists of JSON Lines are read."""
    if cell is None or not cell.startswith("["):
        return [cell]
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return [cell]
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else [cell]


def _named(kind: pa.DataType) -> bool:
    """Whether cells are names, or lists of names."""
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))
