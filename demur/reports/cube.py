"""Counts by several dimensions at once: what heat tables show, and what they are filtered by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

NONE = "none"
"""What a row without a value is counted under."""


@dataclass(frozen=True)
class Cube:
    """Counts of rows by the values that they share.

    Attributes:
        dims: name of a dimension -> its values, in the order shown.
        cells: for each combination that occurs: of every dimension the numbers of its values, and how many rows.
        one: the dimension of which a page shows one value at a time, since rows may stand under several.
    """

    dims: Mapping[str, Sequence[str]]
    cells: Sequence[tuple[tuple[tuple[int, ...], ...], int]]
    one: str | None = None

    @classmethod
    def of(cls, rows: Counter[tuple[tuple[str, ...], ...]], names: Sequence[str], one: str | None = None) -> Cube:
        """Number the values: the most frequent ones first, ``none`` last.

        Example:
            >>> cube = Cube.of(Counter({(("a",), ("x", "y")): 2, (("b",), ("x",)): 1}), ["source", "hazard"])
            >>> cube.dims["hazard"], cube.table("source", "hazard")
            (['x', 'y'], [[2, 2], [1, 0]])
        """
        dims: dict[str, list[str]] = {}
        for place, name in enumerate(names):
            counted: Counter[str] = Counter()
            for values, count in rows.items():
                counted.update(dict.fromkeys(values[place], count))
            dims[name] = sorted(counted, key=lambda value: (value == NONE, -counted[value], value))
        if one:
            first = [values[names.index(one)][0] for values in rows]
            dims[one] = list(dict.fromkeys(first))
        numbers = [{value: number for number, value in enumerate(dims[name])} for name in names]
        cells = [
            (
                tuple(
                    tuple(sorted(known[value] for value in each)) for known, each in zip(numbers, values, strict=True)
                ),
                n,
            )
            for values, n in rows.items()
        ]
        return cls(dims, sorted(cells), one)

    @cached_property
    def places(self) -> dict[str, int]:
        """Dimension -> its place in a cell."""
        return {name: place for place, name in enumerate(self.dims)}

    @cached_property
    def shown(self) -> list[tuple[tuple[tuple[int, ...], ...], int]]:
        """The cells that a page shows at first."""
        return [cell for cell in self.cells if not self.one or cell[0][self.places[self.one]] == (0,)]

    @property
    def total(self) -> int:
        """Rows that a page shows at first."""
        return sum(count for _, count in self.shown)

    def counts(self, name: str) -> list[int]:
        """Rows of every value of a dimension."""
        cells = self.cells if name == self.one else self.shown
        found = [0] * len(self.dims[name])
        for values, count in cells:
            for number in values[self.places[name]]:
                found[number] += count
        return found

    def table(self, down: str, across: str) -> list[list[int]]:
        """Rows by two dimensions; one of several values counts once under each."""
        found = [[0] * len(self.dims[across]) for _ in self.dims[down]]
        for values, count in self.shown:
            for one in values[self.places[down]]:
                for two in values[self.places[across]]:
                    found[one][two] += count
        return found

    def as_dict(self) -> dict[str, Any]:
        """For the page's script, and for programs."""
        return {
            "dims": [[name, list(values)] for name, values in self.dims.items()],
            "cells": [[*map(list, values), count] for values, count in self.cells],
            "one": self.one,
        }


def columns(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Of every row the values of some columns, each as a tuple: one of several for a list, ``none`` for no value."""
    cells = (table[name].to_pylist() if name in table.column_names else [None] * table.num_rows for name in names)
    for row in zip(*cells, strict=True):
        yield tuple(_values(cell) for cell in row)


def _values(cell: Any) -> tuple[str, ...]:
    if isinstance(cell, list):
        return tuple(dict.fromkeys(map(str, cell))) or (NONE,)
    return (NONE if cell is None else str(cell),)
