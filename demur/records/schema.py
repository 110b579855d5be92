"""One definition, three forms: a pydantic model gives the Arrow schema and JSON Schema.

The reference of what a field means is the model; nothing else defines a column.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
import types
from contextlib import suppress
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from demur.errors import UsageError

_SCALARS: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def arrow_schema(model: type[BaseModel]) -> pa.Schema:
    """The Arrow schema of a model: one field a column; optional fields are the nullable ones.

    Example:
        >>> from demur.records.record import Lineage
        >>> [str(field) for field in arrow_schema(Lineage)]
        ['pyarrow.Field<source: string not null>', 'pyarrow.Field<row: int64 not null>', \
'pyarrow.Field<native_id: string>', 'pyarrow.Field<row_sha256: string not null>']
    """
    return pa.schema([_field(name, info.annotation) for name, info in model.model_fields.items()])


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The columns of a schema as a card's header states them to `datasets`, which says no more of a column.

    Example:
        >>> features(pa.schema({"id": pa.int64(), "tags": pa.list_(pa.string())}))
        [{'name': 'id', 'dtype': 'int64'}, {'name': 'tags', 'list': 'string'}]
    """
    return [{"name": field.name, **_feature(field.type)} for field in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": features(kind)}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}


def json_schema(model: type[BaseModel]) -> str:
    """The JSON Schema (draft 2020-12) of a model, as the text that is committed and released."""
    if sys.flags.optimize > 1:
        _documented()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _documented() -> None:
    """Give all models the docstrings that ``PYTHONOPTIMIZE=2`` took: schemas have the same bytes everywhere."""
    todo = [BaseModel]
    for model in todo:
        todo += model.__subclasses__()
        if model.__doc__ is None:
            with suppress(OSError, TypeError, SyntaxError):
                tree = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
                model.__doc__ = ast.get_docstring(tree, clean=False) if isinstance(tree, ast.ClassDef) else None


def _field(name: str, annotation: Any) -> pa.Field:
    inner, nullable = _optional(annotation)
    return pa.field(name, _type(inner), nullable=nullable)


def _optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(inner) != 1:
            msg = f"A column has one type, not a union: {annotation}"
            raise UsageError(msg)
        return inner[0], True
    return annotation, False


def _type(annotation: Any) -> pa.DataType:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type(get_args(annotation)[0])
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(_field("item", get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(list(arrow_schema(annotation)))
    if annotation not in _SCALARS:
        msg = f"No Arrow type for {annotation!r}"
        raise UsageError(msg, fix="Use str, int, float, bool, Literal, a tuple of them, or a model.")
    return _SCALARS[annotation]
