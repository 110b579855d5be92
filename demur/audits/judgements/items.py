"""The items that judges must have judged: those of a built set, or of a file, for every cell of the judgements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.audits.judgements.verdicts import Cell
from demur.errors import FormatError, UsageError, nearest, shown
from demur.files.reading import SUFFIXES, Fault, kind_of, read_blocks
from demur.kinds.queries import Queries
from demur.sets.folder import BuiltSet

ENDINGS = tuple(each for each in SUFFIXES if each != ".txt")
IDS = ("record_id", "item_id", "id")
"""Columns that may hold the ids; the first that is there does."""


@dataclass(frozen=True)
class Item:
    """One item: its id, where it stands, and, in query sets, its set, its side and the seed of its draw."""

    id: str
    place: str
    set: str | None = None
    side: str | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Items:
    """All items. A cell must have those of its own set, of the side that its subset names, and of its seed.

    Items without a set, a side or a seed belong to every cell, and a cell without a subset or a seed has them all.
    """

    items: tuple[Item, ...]

    def of(self, cell: Cell) -> dict[str, str]:
        """The items of a cell: id -> place."""
        sides = {item.side for item in self.items}
        side = cell.subset if cell.subset in sides else None
        return {
            item.id: item.place
            for item in reversed(self.items)
            if item.set in (None, cell.set)
            and (side is None or item.side == side)
            and (cell.seed is None or item.seed in (None, cell.seed))
        }


def read_items(path: Path, column: str | None = None, config: str | None = None) -> Items:
    """Read the items that must be judged; whole numbers count as their digits.

    Args:
        path: a folder that ``demur build`` wrote, or any table that `demur check` reads.
        column: with the ids; by default record_id, else item_id, else id.
        config: of a folder; by default its first one, and of query sets all of them, each for the cells of its seed.

    Raises:
        UsageError: another kind of file, no such config, or no such column.
        FormatError: the file cannot be read, holds no rows, or a row has no id.
        ManifestError: a folder that ``demur build`` did not write.
    """
    if not path.is_dir():
        return Items(tuple(_of_file(path, column)))
    built = BuiltSet.open(path)
    queries = built.stated if built.kind is Queries else None
    configs = [config] if config or queries is None else [each.name for each in built.manifest.configs]
    found: list[Item] = []
    for name in configs:
        table = built.rows(name)
        seed = queries.seeds.get(name) if queries and name else None
        wanted = _present(column or built.kind.own_id, table.column_names, path)
        sets, sides = (
            table[each].to_pylist() if each in table.column_names else [None] * len(table) for each in ("set", "side")
        )
        for id, set_, side in zip(table[wanted].to_pylist(), sets, sides, strict=True):
            found.append(Item(_id(id, str(path), wanted), str(path), set_, side, seed))
    return Items(tuple(found))


def _of_file(path: Path, column: str | None) -> Iterator[Item]:
    if kind_of(path) not in ENDINGS:
        msg = "Unknown kind of file"
        raise UsageError(msg, where=path, expected=f"a built folder, or a name that ends in {', '.join(ENDINGS)}")
    faults: list[Fault] = []
    blocks = list(read_blocks(path, faults.append))
    names = list(dict.fromkeys(name for block in blocks for name in block.rows.schema.names))
    wanted = _wanted(column, names)
    for fault in faults:
        if fault.column in (None, wanted):
            msg = "The items cannot be read"
            where = path if fault.row is None else f"{path} row {fault.row}"
            raise FormatError(msg, where=where, expected="a table of items", got=fault.message)
    if not blocks:
        msg = "The set of items holds no rows"
        raise FormatError(msg, where=path, expected="at least one row", got=0)
    _present(wanted, names, path)
    for block in blocks:
        there = wanted in block.rows.schema.names
        cells = block.rows[wanted].to_pylist() if there else [None] * len(block.rows)
        for row, cell in enumerate(cells, block.first):
            yield Item(_id(cell, f"{path} row {row}", wanted), f"{path} row {row}")


def _wanted(asked: str | None, names: list[str]) -> str:
    return asked or next((name for name in IDS if name in names), IDS[0])


def _present(wanted: str, names: list[str], path: Path) -> str:
    if wanted not in names:
        msg = f"No column {shown(wanted)}"
        raise UsageError(msg, where=path, fix=f"{nearest(wanted, names)} Name the ids' column with --id.")
    return wanted


def _id(cell: Any, place: str, column: str) -> str:
    if isinstance(cell, bool) or not isinstance(cell, str | int) or not str(cell).strip():
        msg = "An item has no id"
        raise FormatError(msg, where=place, expected=f"text or a whole number in {shown(column)}")
    return str(cell)
