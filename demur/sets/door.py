"""The door through which a builder's own function gives its columns: what it broke is told with column, step and fix.

The function is anybody's code. What it raises is told by its kind and its line, since a message may quote a row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from demur.errors import BuilderError, DemurError, innermost, shown
from demur.records.schema import arrow_schema
from demur.sets.kind import Kind

Function = Callable[[pa.Table], pa.Table]


def at_the_door(function: Function, kind: Kind, where: str) -> Function:
    """A builder's function, whose answer is looked at before a kind makes rows of it.

    Args:
        function: from records to the same with more columns.
        kind: whose `Kind.asks` names the columns that must be there then.
        where: set and config, for messages.
    """

    def checked(records: pa.Table) -> pa.Table:
        door = _Door(function, where)
        try:
            made = function(records)
        except DemurError:
            raise
        except Exception as error:
            raise door.failed(error) from error
        return door.passed(records, made, kind)

    return checked


class _Door:
    """What messages name: the set, the step, and where the function stands."""

    def __init__(self, function: Function, where: str) -> None:
        code = getattr(inspect.unwrap(function), "__code__", None)
        self.file = code.co_filename if code else None
        name = getattr(function, "__name__", type(function).__name__)
        place = f" ({code.co_filename}, line {code.co_firstlineno})" if code else ""
        self.where = f"{where}, step `{name}`{place}"

    def failed(self, error: Exception) -> BuilderError:
        line = innermost(error, self.file) if self.file else None
        detail = f" for {shown(next(iter(error.args), None))}" if isinstance(error, KeyError) else ""
        return BuilderError(
            f"The builder's function failed ({type(error).__name__}{detail})",
            where=self.where,
            got=f"raised in {line}" if line else None,
            fix="Correct that line; DEMUR_DEBUG=1 shows the whole traceback, which may quote rows.",
        )

    def broken(self, what: str, fix: str, expected: Any = None, got: Any = None) -> BuilderError:
        return BuilderError(what, where=self.where, expected=expected, got=got, fix=fix)

    def passed(self, records: pa.Table, made: Any, kind: Kind) -> pa.Table:
        """The answer, with its columns as the kind's rows hold them.

        Raises:
            BuilderError: it is no table, of other rows, or lacks a column, or one cannot be what rows hold.
        """
        if not isinstance(made, pa.Table):
            msg, fix = "The builder's function gave no table", "Return the records with columns appended to them."
            raise self.broken(msg, fix, "a pyarrow Table", type(made).__name__)
        if len(made) != len(records):
            msg = "The builder's function gave another number of rows"
            fix = "Give every record its row. What is not wanted is left out by the source's row function: a Reject."
            raise self.broken(msg, fix, len(records), len(made))
        missing = [name for name in kind.asks() if name not in made.column_names]
        if missing:
            msg = f"The builder's function gave no column {missing[0]!r}"
            fix = f'Append it: records = records.append_column("{missing[0]}", pa.array(...))'
            had = set(records.column_names)
            added = [name for name in made.column_names if name not in had]
            raise self.broken(msg, fix, ", ".join(missing), f"{', '.join(added) or 'no column'} beside the records'")
        if "record_id" in made.column_names and not made["record_id"].equals(records["record_id"]):
            msg, fix = "The builder's function gave other rows, or another order", "Leave the rows in their order."
            raise self.broken(msg, fix)
        twice = next((name for name in made.column_names if made.column_names.count(name) > 1), None)
        if twice:
            msg, fix = f"The builder's function gave column {twice!r} twice", "Use set_column for one that is there."
            raise self.broken(msg, fix)
        for field in arrow_schema(kind.row):
            if field.name in kind.asks():
                self._fits(made[field.name], field)
        return made

    def _fits(self, column: pa.ChunkedArray, field: pa.Field) -> None:
        try:
            cells = column.cast(field.type)
        except pa.ArrowException:
            msg = f"Column {field.name!r} cannot be what the rows hold"
            raise self.broken(msg, f"Make it {field.type}.", field.type, column.type) from None
        if not field.nullable and cells.null_count:
            row = cells.is_valid().to_pylist().index(False)
            msg = f"Column {field.name!r} is empty in some rows, and may not be"
            raise self.broken(msg, "Fill it in every row.", "no null", f"{cells.null_count}, the first in row {row}")
