"""Columns that a mapping reaches into: ``meta.question`` of objects, and ``talk[].text`` of lists of turns.

A path begins at a column; ``.name`` is a field of an object, ``[]`` is every member of a list. Objects and lists may be
nested columns or JSON. What a path reaches becomes a column that is called as the path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import cycle, repeat
from typing import Any

import pyarrow as pa

from demur.checks.layouts import Layout
from demur.errors import nearest, shown

EVERY = "[]"
_STEP = re.compile(r"\[\]|\.[^.\[\]]+")
_TURNS = ("prompt", "messages", "response", "chosen", "rejected")


def around(path: str) -> str:
    """The list that a path reaches into, as a path; empty for none.

    Example:
        >>> around("talk[].text"), around("meta.question")
        ('talk[]', '')
    """
    before, every, _ = path.rpartition(EVERY)
    return before + every


def _steps(path: str, names: Iterable[str]) -> tuple[str, list[str]] | None:
    """The column at which a path begins, and its steps; None if it is no path from any of these columns."""
    for name in sorted(names, key=len, reverse=True):
        rest = path.removeprefix(name)
        if name and rest != path and rest and not _STEP.sub("", rest):
            return name, [step.removeprefix(".") for step in _STEP.findall(rest)]
    return None


class Reached:
    """What the paths of a file's mapping reach.

    Attributes:
        there: paths that reached something.
        near: of the others, a sentence that names what is there instead.
    """

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.near: dict[str, str] = {}

    def add(self, rows: pa.RecordBatch, layout: Layout) -> pa.RecordBatch:
        """Rows with a column for every path that reaches something, here or before."""
        names = rows.schema.names
        columns = {**layout.also, **layout.columns}
        columns = {canonical: path for canonical, path in columns.items() if path not in names}
        walked: dict[str, pa.Array | list[Any]] = {}
        for path in dict.fromkeys(columns.values()):
            if (begin := _steps(path, names)) is None:
                continue
            seen: dict[str, None] = {}
            cells, found = _walked(rows.column(begin[0]), begin[1], seen)
            if found or path in self.there:
                self.there.add(path)
                walked[path] = cells
            else:
                self.near[path] = nearest(begin[1][-1], [name for name in seen if shown(name) == repr(name)])
        role = columns.get("role", "")
        for canonical, path in columns.items():
            if path in walked and path not in rows.schema.names:
                cells = walked[path]
                if EVERY in path and canonical in _TURNS and isinstance(cells, list):
                    given = walked.get(role) if role and around(role) == around(path) else None
                    cells = _turns(cells, given if isinstance(given, list) else None, canonical)
                rows = rows.append_column(path, cells if isinstance(cells, pa.Array) else _column(cells))
        return rows


def _walked(column: pa.Array, steps: Sequence[str], seen: dict[str, None]) -> tuple[pa.Array | list[Any], bool]:
    """What the steps reach in each cell, and whether they do in any; names of fields on the way are taken note of."""
    steps = list(steps)
    while steps and steps[0] != EVERY and pa.types.is_struct(column.type):
        place = column.type.get_field_index(steps[0])
        if place < 0:
            seen.update(dict.fromkeys(column.type.field(each).name for each in range(column.type.num_fields)))
            return [], False
        column = column.flatten()[place]
        steps.pop(0)
    if not steps:
        return column, True
    found = [False]
    return [_step(cell, steps, seen, found) for cell in column.to_pylist()], found[0]


def _step(value: Any, steps: Sequence[str], seen: dict[str, None], found: list[bool]) -> Any:
    if not steps:
        found[0] = True
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if steps[0] == EVERY:
        return [_step(each, steps[1:], seen, found) for each in value] if isinstance(value, list) else None
    if not isinstance(value, dict):
        return None
    if steps[0] not in value:
        seen.update(dict.fromkeys(value))
        return None
    return _step(value[steps[0]], steps[1:], seen, found)


def _turns(cells: Sequence[Any], roles: Sequence[Any] | None, canonical: str) -> list[str | None]:
    """Lists of texts as JSON of turns: with their roles, else those that follow from what they are."""
    made: list[str | None] = []
    for cell, given in zip(cells, roles or repeat(None), strict=False):
        if not isinstance(cell, list):
            made.append(None)
            continue
        plain = {"prompt": ("user",), "response": ("assistant",)}.get(canonical, ("user", "assistant"))
        spoken = given if isinstance(given, list) else cycle(plain)
        made.append(
            json.dumps(
                [
                    each if isinstance(each, dict) else {"role": role, "content": each}
                    for each, role in zip(cell, spoken, strict=False)
                ]
            )
        )
    return made


def _column(cells: Sequence[Any]) -> pa.Array:
    """Cells as a column of texts, numbers or truths; of several kinds, or nested, as JSON."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    try:
        if kinds <= {str}:
            return pa.array(cells, pa.large_string())
        if kinds in ({bool}, {int}, {float}):
            return pa.array(cells)
    except (pa.ArrowException, OverflowError):
        pass
    texts = [
        cell if cell is None or isinstance(cell, str) else json.dumps(cell, ensure_ascii=True, default=str)
        for cell in cells
    ]
    return pa.array(texts, pa.large_string())
