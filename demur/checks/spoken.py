"""The turns of a column as flat arrays: who speaks in each, what it says, and where the turns of each cell begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


class Turn(NamedTuple):
    """One turn.

    Attributes:
        role: in one spelling; None where the turn has none, and as it stands where nobody knows it.
        text: what is said; parts of a content are joined by line breaks.
        more: what is there beside the text, as JSON: calls of tools, kinds of parts that are no text.
        broken: whether the content is neither text nor a list of parts.
    """

    role: str | None
    text: str
    more: str = ""
    broken: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return not self.more and not self.text.strip()


Turns: TypeAlias = tuple[Turn, ...]


@dataclass(frozen=True)
class Roles:
    """Who speaks in each turn: a number for each of a few names.

    Example:
        >>> roles = Roles.of(["user", None, "user"])
        >>> roles[1], roles.are("user").tolist()
        (None, [True, False, True])
    """

    codes: Ints
    names: tuple[str | None, ...]

    @classmethod
    def of(cls, roles: Iterable[str | None]) -> Roles:
        """Roles one by one."""
        known: dict[str | None, int] = {}
        codes = np.array([known.setdefault(role, len(known)) for role in roles], np.int64)
        return cls(codes, tuple(known))

    def __getitem__(self, place: int) -> str | None:
        return self.names[int(self.codes[place])]

    def __len__(self) -> int:
        return len(self.codes)

    def are(self, *roles: str | None) -> Mask:
        """Which are one of some roles; read-only, as many ask."""
        if roles not in self._known:
            wanted = np.array([name in roles for name in self.names], np.bool_)
            found = wanted[self.codes] if len(wanted) else np.zeros(len(self), np.bool_)
            found.flags.writeable = False
            self._known[roles] = found
        return self._known[roles]

    @cached_property
    def _known(self) -> dict[tuple[str | None, ...], Mask]:
        return {}

    def take(self, places: Ints) -> Roles:
        """Some of them."""
        return Roles(self.codes[places], self.names)


@dataclass(frozen=True)
class Spoken:
    """The turns of each cell of a column; one by one, a tuple of them, or None where a cell holds none.

    Attributes:
        starts: n + 1 numbers; the turns of cell i are ``starts[i]`` to ``starts[i + 1]``.
        there: which cells hold turns.
        roles: of all turns.
        texts: of all turns; none is null.
        more: as in `Turn`, of all turns, or empty where no turn has any.
        broken: turns whose content is neither text nor a list of parts.
    """

    starts: Ints
    there: Mask
    roles: Roles
    texts: pa.LargeStringArray
    more: Sequence[str] = ()
    broken: frozenset[int] = frozenset()

    @classmethod
    def of(cls, cells: Sequence[Turns | None]) -> Spoken:
        """Turns cell by cell."""
        turns = [turn for each in cells for turn in each or ()]
        more = [turn.more for turn in turns]
        return cls(
            np.cumsum([0, *(len(each or ()) for each in cells)], dtype=np.int64),
            np.array([each is not None for each in cells], np.bool_),
            Roles.of(turn.role for turn in turns),
            pa.array([turn.text for turn in turns], pa.large_string()),
            more if any(more) else (),
            frozenset(place for place, turn in enumerate(turns) if turn.broken),
        )

    def __len__(self) -> int:
        return len(self.there)

    def __iter__(self) -> Iterator[Turns | None]:
        return iter(self.some(np.arange(len(self))))

    def some(self, rows: Ints) -> list[Turns | None]:
        """The turns of some cells."""
        lengths = np.diff(self.starts)[rows]
        ends = np.cumsum(lengths)
        places = np.arange(lengths.sum()) + np.repeat(self.starts[rows] - ends + lengths, lengths)
        roles = map(self.roles.names.__getitem__, self.roles.codes[places].tolist())
        turns = [*map(Turn, roles, self.texts.take(pa.array(places)).to_pylist())]
        if self.more or self.broken:
            turns = [
                turn._replace(more=self.more[place] if self.more else "", broken=place in self.broken)
                for turn, place in zip(turns, places.tolist(), strict=True)
            ]
        each = zip((ends - lengths).tolist(), ends.tolist(), self.there[rows].tolist(), strict=True)
        return [tuple(turns[first:last]) if there else None for first, last, there in each]

    def same(self, places: Ints, other: Spoken, others: Ints) -> Mask:
        """Which turns are the same as those of another column, one by one."""
        known = {name: code for code, name in enumerate(self.roles.names)}
        codes = np.array([known.get(name, -1) for name in other.roles.names], np.int64)
        found: Mask = self.roles.codes[places] == codes[other.roles.codes[others]] if len(places) else places > 0
        found &= same_texts(self.texts.take(pa.array(places)), other.texts.take(pa.array(others)))
        if self.more or other.more or self.broken or other.broken:
            each = zip(self._rest(places), other._rest(others), strict=True)
            found &= np.array([one == two for one, two in each], np.bool_)
        return found

    def _rest(self, places: Ints) -> list[tuple[str, bool]]:
        return [(self.more[place] if self.more else "", place in self.broken) for place in places.tolist()]

    @cached_property
    def rows(self) -> Ints:
        """The cell of each turn."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def places(self) -> Ints:
        """The place of each turn in its cell, from 1."""
        return np.arange(1, len(self.texts) + 1) - self.starts[self.rows]

    @cached_property
    def first_asked(self) -> Ints:
        """Which of all turns is the first one of the user in each cell; -1 for none."""
        turns = np.flatnonzero(self.roles.are("user"))[::-1]
        return last_in(self.rows[turns], turns, len(self))

    @cached_property
    def last_answered(self) -> Ints:
        """Which of all turns is the last one of the assistant in each cell; -1 for none."""
        turns = np.flatnonzero(self.roles.are("assistant"))
        return last_in(self.rows[turns], turns, len(self))

    @cached_property
    def asked(self) -> pa.LargeStringArray:
        """The first turn of the user in each cell; null for none."""
        return texts_at(self.texts, self.first_asked)

    @cached_property
    def answered(self) -> pa.LargeStringArray:
        """The last turn of the assistant in each cell; null for none."""
        return texts_at(self.texts, self.last_answered)


def same_texts(one: pa.LargeStringArray, two: pa.LargeStringArray) -> Mask:
    """Which of two columns' texts are the same; null is the same as null."""
    none = pc.and_(pc.is_null(one), pc.is_null(two))
    mask: Mask = pc.fill_null(pc.or_kleene(pc.equal(one, two), none), False).to_numpy(zero_copy_only=False)
    return mask


def last_in(rows: Ints, places: Ints, count: int) -> Ints:
    """For each of so many rows the last of the places that are its own; -1 for none."""
    found = np.full(count, -1, np.int64)
    found[rows] = places
    return found


def texts_at(texts: pa.LargeStringArray, places: Ints) -> pa.LargeStringArray:
    """The text at each place; null for -1."""
    return texts.take(pa.array(places, mask=places < 0))
