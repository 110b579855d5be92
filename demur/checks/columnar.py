r"""A pydantic model compiled to checks of whole Arrow columns; pydantic itself sees only the rows that they suspect.

A check may suspect a good row, never pass a bad one: what Arrow cannot judge as pydantic does (a validator in Python, a
union, a pattern with ``\w`` on other than ASCII text) makes every such row suspect. So findings and their messages are
pydantic's own.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import annotated_types as at
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, Strict, StringConstraints, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from demur.records.row import Role

Mask: TypeAlias = NDArray[np.bool_]

_SPACE = r"[^\p{Z}\t\n\x0B\f\r\x{85}]"  # what the Rust engine of pydantic means by \S; RE2 means ASCII
_BY_SCRIPT = ("\\w", "\\W", "\\d", "\\D", "\\s", "\\b", "\\B", "(?i")


@dataclass(frozen=True)
class Issue:
    """One thing that pydantic found: the row of the batch, the place in the row, and its message."""

    row: int
    place: str
    message: str


def invalid(model: type[BaseModel], rows: pa.RecordBatch | pa.Table) -> Iterator[Issue]:
    """What pydantic finds wrong with rows, row by row.

    Example:
        >>> from demur.records.record import Label
        >>> row = {"name": "harmful", "value": "maybe", "scope": "prompt", "labeller": "human"}
        >>> [(issue.row, issue.place) for issue in invalid(Label, pa.Table.from_pylist([row]))]
        [(0, 'value')]
    """
    columns = _columns(model, rows)
    places = np.flatnonzero(_fields(model, columns, rows.num_rows))
    if not len(places):
        return
    judged = pa.table(columns)
    adapter = _adapter(model)
    for start in range(0, len(places), 1024):
        part = places[start : start + 1024]
        cells_of = judged.take(pa.array(part)).to_pylist() if columns else [{}] * len(part)
        for row, cells in zip(part.tolist(), cells_of, strict=True):
            try:
                adapter.validate_json(json.dumps(cells, default=str))
            except ValidationError as error:
                for each in error.errors(include_input=False, include_url=False):
                    yield Issue(row, ".".join(map(str, each["loc"])), each["msg"])


@cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[BaseModel]:
    return TypeAdapter(model)


def _columns(model: type[BaseModel], rows: pa.RecordBatch | pa.Table) -> dict[str, pa.Array]:
    """The columns that a model looks at: all, unless it ignores those that it does not know."""
    known = {info.alias or name for name, info in model.model_fields.items()}
    ignores = model.model_config.get("extra", "ignore") == "ignore"
    return {name: _plain(rows.column(name)) for name in rows.schema.names if name in known or not ignores}


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _fields(model: type[BaseModel], columns: dict[str, pa.Array], rows: int) -> Mask:
    """Rows of a model's columns that are suspect."""
    every = np.ones(rows, np.bool_)
    decorators = model.__pydantic_decorators__
    if decorators.model_validators or decorators.field_validators or decorators.root_validators:
        return every
    names = {info.alias or name: info for name, info in model.model_fields.items()}
    if columns.keys() - names.keys() and model.model_config.get("extra") == "forbid":
        return every
    suspect = ~every
    for name, info in names.items():
        if name in columns:
            suspect |= _values(info.annotation, _limits(info.metadata), columns[name])
        elif info.is_required():
            return every
    return suspect


def _values(annotation: Any, limits: list[Any], cells: pa.Array) -> Mask:
    """Cells that are suspect under an annotation and its limits."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        marks = [mark for each in more for mark in (each.metadata if isinstance(each, FieldInfo) else [each])]
        return _values(inner, [*limits, *_limits(marks)], cells)
    nulls: Mask = cells.is_null().to_numpy(zero_copy_only=False)
    if origin in (Union, types.UnionType):
        inner = [each for each in get_args(annotation) if each is not type(None)]
        if len(inner) != 1 or len(inner) == len(get_args(annotation)):
            return np.ones(len(cells), np.bool_)
        return ~nulls & _values(inner[0], limits, cells) if not nulls.all() else ~nulls
    every = np.ones(len(cells), np.bool_)
    if nulls.all():
        return every
    kind = cells.type
    if origin is Literal:
        if limits or not (_is_text(kind) and all(isinstance(each, str) for each in get_args(annotation))):
            return every
        return _bad(pc.is_in(cells, pa.array(get_args(annotation), kind)))
    if annotation is str and _is_text(kind):
        return nulls | _texts(limits, cells)
    if (annotation is int and pa.types.is_integer(kind)) or (
        annotation is float and (pa.types.is_floating(kind) or pa.types.is_integer(kind))
    ):
        return nulls | _numbers(limits, cells)
    if annotation is bool and pa.types.is_boolean(kind) and not limits:
        return nulls
    if origin in (tuple, list) and (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return nulls | _lists(annotation, limits, cells)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and pa.types.is_struct(kind) and not limits:
        parts = {kind.field(place).name: pc.struct_field(cells, [place]) for place in range(kind.num_fields)}
        return nulls | _fields(annotation, parts, len(cells))
    return every


def _limits(marks: Sequence[Any]) -> list[Any]:
    """What limits a column's values; its role does not."""
    return [mark for mark in marks if not isinstance(mark, Role)]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _bad(mask: pa.Array) -> Mask:
    """True where a condition is false."""
    good: Mask = pc.fill_null(mask, True).to_numpy(zero_copy_only=False)
    return ~good


def _texts(limits: list[Any], cells: pa.Array) -> Mask:
    suspect = np.zeros(len(cells), np.bool_)
    for limit in limits:
        if isinstance(limit, at.MinLen):
            suspect |= _bad(pc.greater_equal(pc.utf8_length(cells), limit.min_length))
        elif isinstance(limit, at.MaxLen):
            suspect |= _bad(pc.less_equal(pc.utf8_length(cells), limit.max_length))
        elif isinstance(limit, StringConstraints):
            if limit.strip_whitespace or limit.to_lower or limit.to_upper:
                return np.ones(len(cells), np.bool_)
            parts: list[Any] = [at.MinLen(limit.min_length)] if limit.min_length is not None else []
            parts += [at.MaxLen(limit.max_length)] if limit.max_length is not None else []
            suspect |= _texts(parts, cells)
            if limit.pattern is not None:
                suspect |= _pattern(limit.pattern if isinstance(limit.pattern, str) else limit.pattern.pattern, cells)
        elif (pattern := getattr(limit, "pattern", None)) is not None:
            suspect |= _pattern(pattern if isinstance(pattern, str) else pattern.pattern, cells)
        elif not _harmless(limit):
            return np.ones(len(cells), np.bool_)
    return suspect


def _pattern(pattern: str, cells: pa.Array) -> Mask:
    same = pattern.replace("\\S", _SPACE) if "[" not in pattern else pattern
    try:
        suspect = _bad(pc.match_substring_regex(cells, same))
    except pa.ArrowInvalid:  # RE2 has no look-around
        return np.ones(len(cells), np.bool_)
    if any(mark in same for mark in (*_BY_SCRIPT, "\\S")):
        suspect |= _bad(pc.string_is_ascii(cells))
    return suspect


def _numbers(limits: list[Any], cells: pa.Array) -> Mask:
    suspect = np.zeros(len(cells), np.bool_)
    tests = {
        at.Ge: ("ge", pc.greater_equal), at.Gt: ("gt", pc.greater), at.Le: ("le", pc.less_equal), at.Lt: ("lt", pc.less)
    }  # fmt: skip
    for limit in limits:
        if type(limit) in tests:
            name, test = tests[type(limit)]
            suspect |= _bad(test(cells, getattr(limit, name)))
        elif isinstance(limit, at.Interval):
            suspect |= _numbers(list(limit), cells)
        elif not _harmless(limit):
            return np.ones(len(cells), np.bool_)
    return suspect


def _harmless(limit: Any) -> bool:
    """Whether a mark on a field limits nothing, or nothing that Arrow's types leave open."""
    return isinstance(limit, str | Strict)


def _lists(annotation: Any, limits: list[Any], cells: pa.Array) -> Mask:
    inner = get_args(annotation)
    every = np.ones(len(cells), np.bool_)
    if not inner or (get_origin(annotation) is tuple and (len(inner) != 2 or inner[1] is not Ellipsis)):
        return every
    suspect = ~every
    for limit in limits:
        if isinstance(limit, at.MinLen):
            suspect |= _bad(pc.greater_equal(pc.list_value_length(cells), limit.min_length))
        elif isinstance(limit, at.MaxLen):
            suspect |= _bad(pc.less_equal(pc.list_value_length(cells), limit.max_length))
        elif not _harmless(limit):
            return every
    values = _values(inner[0], [], pc.list_flatten(cells))
    suspect[pc.list_parent_indices(cells).to_numpy(zero_copy_only=False)[values]] = True
    return suspect
