"""A set of responses to compare: built by ``demur build safety-responses``, or anybody's Parquet file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from demur.errors import FormatError, UsageError
from demur.sets.folder import read_set

_COLUMNS = ("query_id", "prompt", "response", "kind")
SIDES = {"safe": ("safe", "harmful"), "preferred": ("preferred", "rejected")}
"""Column that says which response is the upper one of its query -> what the upper and the lower one are called."""


@dataclass(frozen=True)
class Responses:
    """A set of responses: a row each, with its query, its kind, and whether it is the upper side of its query.

    Attributes:
        upper: whether it is safe rather than harmful, or preferred rather than rejected; None for neither.
        sides: what the upper and the lower ones are called.
    """

    queries: tuple[str, ...]
    prompts: tuple[str, ...]
    responses: tuple[str, ...]
    kinds: tuple[str, ...]
    upper: tuple[bool | None, ...]
    hazards: tuple[tuple[str, ...], ...]
    sides: tuple[str, str] = SIDES["safe"]


def read_responses(path: Path, config: str | None = None) -> Responses:
    """Read a built response set, or a Parquet file with query_id, prompt, response, kind, and safe or preferred.

    Args:
        path: folder or file; ``safe`` and ``preferred`` are true, false or null (neither side), and no row has both;
            ``hazards`` is a list and may be missing.
        config: of a folder; by default its first one.

    Raises:
        UsageError: no such config or column.
        FormatError: the file cannot be read, or holds no rows, or a row says both safe and preferred.
        ManifestError: a folder that ``demur build`` did not write.
    """
    table = read_set(path, config)
    said = [name for name in SIDES if name in table.column_names]
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing := [*missing, *([] if said else [" or ".join(SIDES)])]:
        msg = "The set holds no responses to compare"
        raise UsageError(
            msg,
            where=path,
            expected=f"columns {', '.join(_COLUMNS)}, and safe or preferred",
            got=f"no {', '.join(missing)}",
            fix="`demur build safety-responses` makes such a set.",
        )
    if not table.num_rows:
        msg = "The set holds no rows"
        raise FormatError(msg, where=path, expected="at least one row", got=0)
    for name in said:
        _typed(table, name, path, "true, false or null", pa.types.is_boolean)
    if "hazards" in table.column_names:
        _typed(table, "hazards", path, "a list of hazards", pa.types.is_list, pa.types.is_large_list)
    hazards = table["hazards"].to_pylist() if "hazards" in table.column_names else [[]] * table.num_rows
    columns = {name: table[name].to_pylist() for name in _COLUMNS}
    for name in ("query_id", "prompt", "kind"):
        if empty := [row for row, cell in enumerate(columns[name]) if not cell]:
            msg = f"{len(empty)} rows lack their {name}"
            raise FormatError(msg, where=f"{path}, row {empty[0]}", expected="text", got="nothing")
    upper, sides = _upper({name: table[name].to_pylist() for name in said}, path)
    return Responses(
        tuple(columns["query_id"]),
        tuple(columns["prompt"]),
        tuple(text or "" for text in columns["response"]),
        tuple(columns["kind"]),
        upper,
        tuple(tuple(each or ()) for each in hazards),
        sides,
    )


def _upper(said: dict[str, list[bool | None]], path: Path) -> tuple[tuple[bool | None, ...], tuple[str, str]]:
    """Whether each row is the upper side of its query, by whichever column says it, and what the sides are called."""
    found: list[bool | None] = []
    for row, cells in enumerate(zip(*said.values(), strict=True)):
        known = [cell for cell in cells if cell is not None]
        if len(known) > 1:
            msg = "A response is said to be of two kinds of side"
            expected = "safe, or preferred, or neither"
            raise FormatError(msg, where=f"{path}, row {row}", expected=expected, got="both")
        found.append(known[0] if known else None)
    used = [name for name, cells in said.items() if any(cell is not None for cell in cells)] or [*said][:1]
    upper, lower = (" or ".join(SIDES[name][side] for name in used) for side in (0, 1))
    return tuple(found), (upper, lower)


def _typed(table: pa.Table, name: str, path: Path, expected: str, *accepted: Callable[[pa.DataType], bool]) -> None:
    """Make sure of a column's type: the text 'false' would count as true, and a text's letters as hazards."""
    found = table.schema.field(name).type
    if not any(accepts(found) for accepts in (*accepted, pa.types.is_null)):
        msg = f"The column {name!r} has another type"
        raise FormatError(msg, where=path, expected=expected, got=str(found), fix="Write it with that type.")
