"""One view of what rows say, whatever their shape: every text and every turn, with its row, column, turn and role.

Rules about texts go through it, so that none of them reads the first turn alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from demur.checks.shapes import Turns, apart, shaped, shared, turns_of

SPOKEN = ("prompt", "context", "prefix", "messages", "response", "target", "chosen", "rejected")
"""Canonical columns that hold what somebody says."""

_ASKED = ("prompt", "context")
_TURNS = ("prompt", "messages", "response", "chosen", "rejected")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """The texts of one column, or the turns of its rows.

    Attributes:
        column: by its canonical name.
        texts: each text.
        rows: the row of each, counted from the batch's first.
        turns: the place of each turn in its row, from 1; None for plain texts.
        roles: of each turn.
    """

    column: str
    texts: pa.LargeStringArray
    rows: Ints
    turns: Sequence[int] | None = None
    roles: Sequence[str | None] = ()

    def what(self, place: int) -> str:
        """What a finding calls a text."""
        if self.turns is None:
            return f"the {self.column}"
        inside = "" if self.column == "messages" else f" of the {self.column}"
        return f"turn {self.turns[place]} ({self.roles[place] or 'no role'}){inside}"

    def of(self, mask: NDArray[np.bool_]) -> Part:
        """Some of the texts."""
        places = np.flatnonzero(mask).tolist()
        turns = None if self.turns is None else [self.turns[place] for place in places]
        roles = [self.roles[place] for place in places] if self.turns is not None else ()
        return Part(self.column, self.texts.take(pa.array(places, pa.int64())), self.rows[places], turns, roles)


@dataclass(frozen=True)
class Said:
    """What the rows of a batch say.

    Attributes:
        turns: of each column that holds turns, those of each row.
        texts: of each such column, the text that stands for it: what is asked first, or what is answered last.
        parts: every text there is, once.
        apart: rows whose two sides answer different words of the user.
    """

    turns: Mapping[str, list[Turns | None]] = field(default_factory=dict)
    texts: Mapping[str, pa.LargeStringArray] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    apart: tuple[int, ...] = ()

    @cached_property
    def asked(self) -> tuple[Part, ...]:
        """The parts that a user says."""
        found = []
        for part in self.parts:
            if part.turns is not None:
                # beside turns, a plain cell of prompts has no role
                roles = ("user", None) if part.column in _ASKED else ("user",)
                part = part.of(np.array([role in roles for role in part.roles], np.bool_))
            elif part.column not in _ASKED:
                continue
            found.append(part)
        return tuple(found)


def said(columns: Mapping[str, pa.Array], plain: Mapping[str, pa.LargeStringArray]) -> Said:
    """The view of a batch.

    Args:
        columns: by canonical name, as they are in the file.
        plain: those of them that hold texts.
    """
    turns = {
        name: turns_of(columns[name])
        for name in _TURNS
        if name in columns and (name == "messages" or shaped(columns[name]))
    }
    turns = {name: cells for name, cells in turns.items() if name == "messages" or any(_spoken(name, c) for c in cells)}
    texts = {name: plain[name] for name in SPOKEN if name in plain and name not in turns}
    stands: dict[str, pa.LargeStringArray] = {}
    asked: list[str | None] = []
    for name in ("prompt", "response"):
        if name in turns:
            role = "user" if name == "prompt" else "assistant"
            stands[name] = _standing(name, turns[name], plain, role)
    different: list[int] = []
    skipped: dict[str, list[int]] = {}
    if {"chosen", "rejected"} <= turns.keys():
        given = texts["prompt"].to_pylist() if "prompt" in texts else []
        contexts, different, asked = _pairs(turns)
        for name in ("chosen", "rejected"):
            stands[name] = _sides(name, turns[name], contexts, plain)
        told = [int(bool(given) and given[row] == text) for row, text in enumerate(asked)]
        skipped = {"chosen": told, "rejected": contexts}  # what stands twice is told once
    if "messages" in turns:
        asked = [_first(cell, "user") for cell in turns["messages"]]
    if asked and "prompt" not in plain and "prompt" not in turns:
        stands["prompt"] = pa.array(asked, pa.large_string())
    parts = [Part(name, cells, np.arange(len(cells))) for name, cells in texts.items()]
    parts += [_exploded(name, cells, plain.get(name), skipped.get(name)) for name, cells in turns.items()]
    return Said(turns, stands, tuple(parts), tuple(different))


def _spoken(name: str, turns: Turns | None) -> bool:
    """Whether a list is one of turns: somebody speaks in it, and in an answer the assistant does."""
    roles = {turn.role for turn in turns or ()}
    return "assistant" in roles or (name != "response" and bool(roles - {None}))


def _first(turns: Turns | None, role: str) -> str | None:
    return next((turn.text for turn in turns or () if turn.role == role), None)


def _standing(
    name: str, cells: Sequence[Turns | None], plain: Mapping[str, pa.LargeStringArray], role: str
) -> pa.LargeStringArray:
    """The text that stands for each cell: the first of the user, the last of the assistant, or the text that it is."""
    texts = plain[name].to_pylist() if name in plain else [None] * len(cells)
    order = 1 if role == "user" else -1
    found = [text if turns is None else _first(turns[::order], role) for turns, text in zip(cells, texts, strict=True)]
    return pa.array(found, pa.large_string())


def _pairs(turns: Mapping[str, list[Turns | None]]) -> tuple[list[int], list[int], list[str | None]]:
    """How many turns of each row are the context of both sides, rows whose contexts differ, and what is asked first."""
    skipped, different, asked = [], [], []
    for row, (one, two) in enumerate(zip(turns["chosen"], turns["rejected"], strict=True)):
        one, two = one or (), two or ()
        skipped.append(shared(one, two))
        asked.append(_first(one or two, "user"))
        if one and two and apart(one, two):
            different.append(row)
    return skipped, different, asked


def _sides(
    name: str, cells: Sequence[Turns | None], skipped: Sequence[int], plain: Mapping[str, pa.LargeStringArray]
) -> pa.LargeStringArray:
    """What each side says after the context: its turns of the assistant, or the text that it is."""
    texts = plain[name].to_pylist() if name in plain else [None] * len(cells)
    found = []
    for turns, start, text in zip(cells, skipped, texts, strict=True):
        own = [turn for turn in (turns or ())[start:] if turn.role != "user"]
        found.append(text if turns is None else "\n\n".join(turn.text or turn.more for turn in own))
    return pa.array(found, pa.large_string())


def _exploded(
    name: str, cells: Sequence[Turns | None], plain: pa.LargeStringArray | None, skipped: Sequence[int] | None
) -> Part:
    """A row for each turn; a cell that holds none is a turn without a role."""
    rows, turns, roles, texts = [], [], [], list[str]()
    others = plain.to_pylist() if plain is not None else [None] * len(cells)
    for row, (cell, other) in enumerate(zip(cells, others, strict=True)):
        for place, turn in enumerate(cell or (), 1):
            if skipped is None or place > skipped[row]:
                rows.append(row)
                turns.append(place)
                roles.append(turn.role)
                texts.append(turn.text)
        if cell is None and other:
            rows.append(row)
            turns.append(1)
            roles.append(None)
            texts.append(other)
    return Part(name, pa.array(texts, pa.large_string()), np.array(rows, np.int64), turns, roles)
