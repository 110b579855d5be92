"""The JSON Schemas of the public contract - kinds of row, the source declaration, the manifest - and their changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from demur.errors import UsageError, nearest
from demur.records.schema import json_schema
from demur.records.schema_diff import FieldChange, schema_diff
from demur.sets.manifest import Manifest
from demur.sources.source import Source

Kinds = Mapping[str, type[BaseModel]]


def exported(kinds: Kinds) -> dict[str, str]:
    """JSON Schemas by file name: the project's kinds of row, the source declaration and the manifest."""
    models: dict[str, type[BaseModel]] = {**kinds, "source": Source, "manifest": Manifest}
    return {f"{name}.json": json_schema(model) for name, model in sorted(models.items())}


def changes_between(old: str, new: str, kinds: Kinds) -> list[FieldChange]:
    """What changed between two schemas.

    Args:
        old: a JSON Schema file, a folder with a schema.json, or a kind of row by name; ``new`` likewise.
        new: see ``old``.
        kinds: the project's kinds of row.

    Raises:
        UsageError: there is no such schema, or it is broken, or of a form that no rows of Demur's have.
    """
    both = {name: _named(name, kinds) for name in (old, new)}
    for name, schema in both.items():
        _changes(schema, schema, name)  # whichever cannot be read is the one to name
    return _changes(both[old], both[new], f"{old}, {new}")


def _changes(old: dict[str, Any], new: dict[str, Any], where: str) -> list[FieldChange]:
    try:
        return schema_diff(old, new)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        msg = "Not a JSON Schema of rows that can be compared"
        expected = "objects as fields, values that fit their keywords, references within the file, none to itself"
        raise UsageError(msg, where=where, expected=expected) from None


def _named(name: str, kinds: Kinds) -> dict[str, Any]:
    path = Path(name) / "schema.json" if Path(name).is_dir() else Path(name)
    if path.is_file():
        try:
            found = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
            msg = "Not a JSON Schema of rows"
            raise UsageError(msg, where=path, expected="a JSON object with properties")
        return found
    known = {file.removesuffix(".json"): text for file, text in exported(kinds).items()}
    if name not in known:
        msg = f"No schema {name!r}"
        expected = "a file, a folder with a schema.json, or a kind of row"
        raise UsageError(msg, expected=expected, fix=nearest(name, known))
    schema: dict[str, Any] = json.loads(known[name])
    return schema
