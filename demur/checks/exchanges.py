"""Every answer beside what it answers: the last words of the user before it, and the system's; in every shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.checks.said import Part, Said
from demur.checks.spoken import last_in, texts_at

ANSWERS = ("response", "chosen", "rejected")
"""Canonical columns whose texts are answers. A `target` is often only the beginning of one."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """The answers of one column.

    Attributes:
        part: the answers.
        asked: what each answers; null where nobody knows.
        system: the system's words before each; null for none.
    """

    part: Part
    asked: pa.LargeStringArray
    system: pa.LargeStringArray


def exchanges(said: Said, prompts: pa.LargeStringArray | None, rows: int) -> tuple[Answers, ...]:
    """The answers of a batch of so many rows, whose prompts stand for the rows where no turn asks."""
    users, systems = _around(said, prompts, rows)
    return tuple(_answers(said, part, users, systems) for part in said.parts if part.column in (*ANSWERS, "messages"))


def _around(
    said: Said, prompts: pa.LargeStringArray | None, rows: int
) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
    """For each row, what is asked last, and what the system says, before its answers begin."""
    nothing = pa.nulls(rows, pa.large_string())
    asked, system = nothing if prompts is None else prompts, nothing
    for part in said.parts:
        if part.turns is not None and part.column in ("prompt", "chosen"):
            asked, system = _last(part, "user", asked), _last(part, "system", system)
    return asked, system


def _last(part: Part, role: str, before: pa.LargeStringArray) -> pa.LargeStringArray:
    """The last turn of a role in each row; what was there before where there is none."""
    places = np.flatnonzero(part.roles.are(role))
    found = last_in(part.rows[places], places, len(before))
    return pc.if_else(pa.array(found >= 0), texts_at(part.texts, found), before) if len(places) else before


def _answers(said: Said, part: Part, users: pa.LargeStringArray, systems: pa.LargeStringArray) -> Answers:
    if part.turns is None:  # a text a row
        return Answers(part, users, systems)
    mine = part.roles.are("assistant")
    if part.column != "messages":
        mine = mine | part.roles.are(None, "")  # a cell that is a text and no turns
    places = np.flatnonzero(mine)
    asked, system = (
        _before(said, part, part.roles.are(role), places, rest) for role, rest in (("user", users), ("system", systems))
    )
    return Answers(said.some(part, mine), asked, system)


def _before(
    said: Said, part: Part, speaking: NDArray[np.bool_], places: Ints, rest: pa.LargeStringArray
) -> pa.LargeStringArray:
    """The last turn of a speaker before each place in the same row; the row's own words where there is none."""
    if speaking.any():
        found = np.maximum.accumulate(np.where(speaking, np.arange(len(speaking)), -1))[places]
        same = (found >= 0) & (part.rows[found] == part.rows[places])
        texts = said.at(part, np.where(same, found, -1))
    else:
        same, texts = np.zeros(len(places), np.bool_), pa.nulls(len(places), pa.large_string())
    if part.column == "messages":
        return texts
    return pc.if_else(pa.array(same), texts, rest.take(pa.array(part.rows[places])))


def told(answers: Answers, mask: NDArray[np.bool_]) -> Iterator[tuple[int, str, str, str]]:
    """Of some answers: the place, the answer, what it answers and the system's words; empty for nothing."""
    places = np.flatnonzero(mask)
    if not len(places):
        return
    columns = (answers.part.texts, answers.asked, answers.system)
    texts = (each.take(pa.array(places)).to_pylist() for each in columns)
    for place, answer, asked, system in zip(places.tolist(), *texts, strict=True):
        yield place, answer or "", asked or "", system or ""
