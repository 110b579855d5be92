"""One view of what rows say, whatever their shape: every text and every turn, with its row, column, turn and role.

Rules about texts go through it, so that none of them reads the first turn alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.hashes import Hashes, Read, read
from demur.checks.shapes import shaped, texts_of, turns_of
from demur.checks.signs import Looked, Mask
from demur.checks.spoken import Ints, Roles, Spoken, last_in, same_texts, texts_at
from demur.similarity.sets import Units
from demur.text.arrays import buffers

SPOKEN = ("prompt", "context", "prefix", "messages", "response", "target", "chosen", "rejected")
"""Canonical columns that hold what somebody says."""

_ASKED = ("prompt", "context")
_STANDING = (("asked", "first_asked"), ("answered", "last_answered"))
"""Texts of turns that stand for rows, and which turns these are."""

_SIDES = {"chosen", "rejected"}

_TURNS = ("prompt", "messages", "response", "chosen", "rejected")


@dataclass(frozen=True)
class Part:
    """The texts of one column, or the turns of its rows.

    Attributes:
        column: by its canonical name.
        texts: each text.
        rows: the row of each, counted from the batch's first.
        turns: the place of each turn in its row, from 1; None for plain texts.
        roles: of each turn.
        units: the hashes of their words, where somebody kept them (see `demur.checks.hashes.read`).
    """

    column: str
    texts: pa.LargeStringArray
    rows: Ints
    turns: Ints | None = None
    roles: Roles = field(default_factory=lambda: Roles.of(()))
    units: Units | None = None

    @cached_property
    def read(self) -> Read:
        """What one reading of all texts gives."""
        return read(self.texts)

    def read_words(self) -> None:
        """Read all texts, and keep the hash of every word that a user says."""
        self.__dict__["read"] = read(self.texts, self.asked)

    @cached_property
    def asked(self) -> Mask:
        """Which of the texts a user says."""
        if self.turns is None:
            return np.full(len(self.texts), self.column in _ASKED)
        # beside turns, a plain cell of prompts has no role
        return self.roles.are("user", None) if self.column in _ASKED else self.roles.are("user")

    @cached_property
    def looked(self) -> Looked:
        """What one look at the bytes of all texts gives."""
        return self.read.looked

    def what(self, place: int) -> str:
        """What a finding calls a text."""
        if self.turns is None:
            return f"the {self.column}"
        inside = "" if self.column == "messages" else f" of the {self.column}"
        return f"turn {self.turns[place]} ({self.roles[place] or 'no role'}){inside}"

    def of(self, mask: NDArray[np.bool_], at: Callable[[Ints], pa.LargeStringArray] | None = None) -> Part:
        """Some of the texts; `at` gives those at some places."""
        if mask.all():
            return self
        places = np.flatnonzero(mask)
        turns = None if self.turns is None else self.turns[places]
        roles = self.roles if self.turns is None else self.roles.take(places)
        texts = self.texts.take(pa.array(places)) if at is None else at(places)
        made = Part(self.column, texts, self.rows[places], turns, roles)
        if "read" in self.__dict__ or "looked" in self.__dict__:  # once is enough
            made.__dict__["looked"] = self.looked.take(places)
        return made


@dataclass(frozen=True)
class Said:
    """What the rows of a batch say.

    Attributes:
        turns: of each column that holds turns, those of each row.
        texts: of each such column, the text that stands for it: what is asked first, or what is answered last.
        parts: every text there is, once.
        apart: rows whose two sides answer different words of the user.
    """

    turns: Mapping[str, Spoken] = field(default_factory=dict)
    texts: Mapping[str, pa.LargeStringArray] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    apart: tuple[int, ...] = ()

    def part_of(self, texts: pa.LargeStringArray) -> Part | None:
        """The part that has these very texts."""
        return next((part for part in self.parts if part.texts is texts), None)

    def at(self, part: Part, places: Ints) -> pa.LargeStringArray:
        """The texts at some places of a part, null for -1; those that stand for rows are there already."""
        turns = self.turns.get(part.column)
        for standing, own in _STANDING if turns is not None and part.texts is turns.texts else ():
            if np.array_equal(getattr(turns, own), places):
                texts: pa.LargeStringArray = getattr(turns, standing)
                return texts
        return texts_at(part.texts, places)

    def some(self, part: Part, mask: NDArray[np.bool_]) -> Part:
        """Some of the texts of a part."""
        return part.of(mask, lambda places: self.at(part, places))

    def known(self, texts: pa.LargeStringArray) -> tuple[Hashes, Hashes] | None:
        """The hashes, and those of the openings, of texts that are those of a part, or stand for its rows."""
        for part in self.parts:
            if part.texts is texts:
                return part.read.hashes, part.read.heads
            turns = self.turns.get(part.column)
            if turns is None or part.texts is not turns.texts:
                continue
            for standing, places in _STANDING:
                if texts is turns.__dict__.get(standing):
                    at = getattr(turns, places)
                    there = len(at) and at.min() >= 0
                    hashes, heads = (  # -1 is the last
                        (each if there else np.append(each, np.uint64(0)))[at] for each in part.read[1:3]
                    )
                    return hashes, heads
        return None

    @cached_property
    def asked(self) -> tuple[Part, ...]:
        """The parts that a user says."""
        found = []
        for part in self.parts:
            if part.turns is None and part.column not in _ASKED:
                continue
            mine = self.some(part, part.asked)
            if "read" in part.__dict__:
                hashes, starts = part.read.units.hashes, part.read.units.starts
                mine = replace(mine, units=Units(hashes, np.append(starts[:-1][part.asked], starts[-1])))
            found.append(mine)
        return tuple(found)


def said(columns: Mapping[str, pa.Array]) -> Said:
    """The view of a batch, of columns by canonical name, as they are in the file."""
    turns = {
        name: turns_of(columns[name])
        for name in _TURNS
        if name in columns and (name == "messages" or shaped(columns[name]))
    }
    spoken = {name for name, cells in turns.items() if name == "messages" or _spoken(name, cells)}
    sides: dict[str, Spoken] = {}
    if spoken & _SIDES and columns.keys() >= _SIDES:  # of two sides, one may be missing in all rows
        spoken |= {name for name in _SIDES if columns[name].null_count == len(columns[name])}
    if spoken >= _SIDES:
        sides = {name: turns.get(name) or Spoken.of([None] * len(columns[name])) for name in sorted(_SIDES)}
        turns |= sides
    turns = {name: cells for name, cells in turns.items() if name in spoken}
    plain = {
        name: texts for name, column in columns.items()
        if not (name in turns and pa.types.is_nested(column.type)) and (texts := texts_of(column)) is not None
    }  # fmt: skip
    texts = {name: plain[name] for name in SPOKEN if name in plain and name not in turns}
    stands: dict[str, pa.LargeStringArray] = {}
    asked: pa.LargeStringArray | None = None
    for name in ("prompt", "response"):
        if name in turns:
            one = turns[name].asked if name == "prompt" else turns[name].answered
            stands[name] = pc.if_else(pa.array(turns[name].there), one, plain.get(name, pa.scalar(None, one.type)))
    different: list[int] = []
    skipped: dict[str, Ints] = {}
    if sides:
        contexts, different, asked = _pairs(sides["chosen"], sides["rejected"])
        for name in sorted(_SIDES & turns.keys()):
            stands[name] = _side(turns[name], contexts, plain.get(name))
        told = np.zeros(len(contexts), np.int64)
        if "prompt" in texts:
            told += same_texts(texts["prompt"], asked)
        skipped = {"chosen": told, "rejected": contexts}  # what stands twice is told once
    if "messages" in turns:
        asked = turns["messages"].asked
    if asked and "prompt" not in plain and "prompt" not in turns:
        stands["prompt"] = asked
    parts = [Part(name, cells, np.arange(len(cells))) for name, cells in texts.items()]
    parts += [_exploded(name, cells, plain.get(name), skipped.get(name)) for name, cells in turns.items()]
    return Said(turns, stands, tuple(parts), tuple(different))


def _spoken(name: str, turns: Spoken) -> bool:
    """Whether some list is one of turns: somebody speaks in it, and in an answer the assistant does."""
    roles = {*turns.roles.names}
    return "assistant" in roles or (name != "response" and bool(roles - {None}))


def _pairs(one: Spoken, two: Spoken) -> tuple[Ints, list[int], pa.LargeStringArray]:
    """How many turns of each row are the context of both sides, rows whose contexts differ, and what is asked first.

    The context is what both begin with alike; the last turn of each is its own. Contexts differ where the sides answer
    different words of the user.
    """
    sizes = np.diff(one.starts), np.diff(two.starts)
    contexts = np.maximum(np.minimum(*sizes) - 1, 0)
    rows = np.repeat(np.arange(len(contexts)), contexts)
    steps = np.arange(len(rows)) - np.repeat(np.cumsum(contexts) - contexts, contexts)
    other = np.flatnonzero(~one.same(one.starts[rows] + steps, two, two.starts[rows] + steps))[::-1]
    contexts[rows[other]] = steps[other]
    both = np.flatnonzero((sizes[0] > 0) & (sizes[1] > 0))
    heads = [cells.starts[both] + contexts[both] for cells in (one, two)]
    asks = [cells.roles.are("user")[head] for cells, head in zip((one, two), heads, strict=True)]
    words = [
        texts_at(cells.texts, np.where(ask, head, -1)) for cells, ask, head in zip((one, two), asks, heads, strict=True)
    ]
    different: list[int] = both[~same_texts(*words)].tolist()
    return contexts, different, pc.if_else(pa.array(sizes[0] > 0), one.asked, two.asked)


def _side(cells: Spoken, contexts: Ints, plain: pa.LargeStringArray | None) -> pa.LargeStringArray:
    """What a side says after the context: its turns of others than the user, or the text that it is."""
    own = np.flatnonzero((cells.places > contexts[cells.rows]) & ~cells.roles.are("user"))
    found = pc.fill_null(texts_at(cells.texts, last_in(cells.rows[own], own, len(cells))), "")
    several = np.bincount(cells.rows[own], minlength=len(cells)) > (0 if cells.more else 1)
    some = np.flatnonzero(several)
    if len(some):
        each = zip(cells.some(some), contexts[some].tolist(), strict=True)
        turns = ([turn for turn in (said or ())[start:] if turn.role != "user"] for said, start in each)
        joined = ["\n\n".join(turn.text or turn.more for turn in said) for said in turns]
        found = pc.replace_with_mask(found, pa.array(several), pa.array(joined, pa.large_string()))
    return pc.if_else(pa.array(cells.there), found, pa.scalar(None, found.type) if plain is None else plain)


def _exploded(name: str, cells: Spoken, plain: pa.LargeStringArray | None, skipped: Ints | None) -> Part:
    """A row for each turn; a cell that holds none is a turn without a role."""
    kept = np.arange(len(cells.rows))
    if skipped is not None:
        kept = np.flatnonzero(cells.places > skipped[cells.rows])
    alone = np.zeros(0, np.int64)
    if plain is not None:
        alone = np.flatnonzero((np.diff(buffers(plain)[1]) > 0) & ~cells.there)
    rows, turns, roles = cells.rows[kept], cells.places[kept], cells.roles.take(kept)
    texts = cells.texts if skipped is None else cells.texts.take(pa.array(kept))
    if plain is None or not len(alone):
        return Part(name, texts, rows, turns, roles)
    order = np.argsort(np.concatenate([rows, alone]), kind="stable")
    codes = np.concatenate([roles.codes, np.full(len(alone), len(roles.names))])
    return Part(
        name,
        pa.concat_arrays([texts, plain.take(pa.array(alone))]).take(pa.array(order)),
        np.concatenate([rows, alone])[order],
        np.concatenate([turns, np.ones(len(alone), np.int64)])[order],
        Roles(codes[order], (*roles.names, None)),
    )
