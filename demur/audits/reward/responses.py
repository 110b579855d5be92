"""A set of responses to compare: built by ``demur build safety-responses``, or anybody's Parquet file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from demur.errors import FormatError, UsageError
from demur.sets.folder import read_set

_COLUMNS = ("query_id", "prompt", "response", "kind", "safe")


@dataclass(frozen=True)
class Responses:
    """A set of responses: a row each, with its query, its kind, and whether it is the safe side of its query."""

    queries: tuple[str, ...]
    prompts: tuple[str, ...]
    responses: tuple[str, ...]
    kinds: tuple[str, ...]
    safe: tuple[bool | None, ...]
    hazards: tuple[tuple[str, ...], ...]


def read_responses(path: Path, config: str | None = None) -> Responses:
    """Read a built response set, or a Parquet file with columns query_id, prompt, response, kind and safe.

    Args:
        path: folder or file; ``safe`` is true, false or null (neither side), ``hazards`` a list and may be missing.
        config: of a folder; by default its first one.

    Raises:
        UsageError: no such config or column.
        FormatError: the file cannot be read, or holds no rows.
        ManifestError: a folder that ``demur build`` did not write.
    """
    table = read_set(path, config)
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        msg = "The set holds no responses to compare"
        raise UsageError(
            msg,
            where=path,
            expected=f"columns {', '.join(_COLUMNS)}",
            got=f"no {', '.join(missing)}",
            fix="`demur build safety-responses` makes such a set.",
        )
    if not table.num_rows:
        msg = "The set holds no rows"
        raise FormatError(msg, where=path, expected="at least one row", got=0)
    _typed(table, "safe", path, "true, false or null", pa.types.is_boolean)
    if "hazards" in table.column_names:
        _typed(table, "hazards", path, "a list of hazards", pa.types.is_list, pa.types.is_large_list)
    hazards = table["hazards"].to_pylist() if "hazards" in table.column_names else [[]] * table.num_rows
    columns = {name: table[name].to_pylist() for name in _COLUMNS}
    for name in ("query_id", "prompt", "kind"):
        if empty := [row for row, cell in enumerate(columns[name]) if not cell]:
            msg = f"{len(empty)} rows lack their {name}"
            raise FormatError(msg, where=f"{path}, row {empty[0]}", expected="text", got="nothing")
    return Responses(
        tuple(columns["query_id"]),
        tuple(columns["prompt"]),
        tuple(text or "" for text in columns["response"]),
        tuple(columns["kind"]),
        tuple(columns["safe"]),
        tuple(tuple(each or ()) for each in hazards),
    )


def _typed(table: pa.Table, name: str, path: Path, expected: str, *accepted: Callable[[pa.DataType], bool]) -> None:
    """Make sure of a column's type: the text 'false' would count as true, and a text's letters as hazards."""
    found = table.schema.field(name).type
    if not any(accepts(found) for accepts in (*accepted, pa.types.is_null)):
        msg = f"The column {name!r} has another type"
        raise FormatError(msg, where=path, expected=expected, got=str(found), fix="Write it with that type.")
