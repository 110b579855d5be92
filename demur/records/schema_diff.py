"""What changed between two JSON Schemas of rows, field by field, and whether a reader of the old rows breaks.

A change is *breaking* if rows of the new schema may hold something that the old schema ruled out: a field that is gone,
another type, a value beyond the old enum, a null where there was none, a wider pattern. It is *compatible* if every
reader of the old rows reads the new ones: one more field, a narrower enum or range, another description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_BOUNDS = {"minLength": 1, "minItems": 1, "minimum": 1, "exclusiveMinimum": 1, "maxLength": -1, "maxItems": -1,
           "maximum": -1, "exclusiveMaximum": -1}  # fmt: skip
"""Bounds of a value; a lower one narrows as it rises, an upper one as it falls."""


@dataclass(frozen=True, order=True)
class FieldChange:
    """One change: the field (nested with dots, items of a list with ``[]``), what, and whether it breaks readers."""

    field: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{'breaking' if self.breaking else 'compatible'}: {self.field}: {self.what}"


def schema_diff(old: Schema, new: Schema) -> list[FieldChange]:
    """Compare two JSON Schemas of objects, as ``demur schema export`` and every release write them.

    Returns:
        Changes in the order of the field names; descriptions and titles do not count.

    Example:
        >>> old = {"properties": {"id": {"type": "string"}, "side": {"enum": ["a"], "type": "string"}}}
        >>> new = {"properties": {"side": {"enum": ["a", "b"], "type": "string"}, "n": {"type": "integer"}}}
        >>> for change in schema_diff(old, new):
        ...     print(change)
        breaking: id: is gone
        compatible: n: is new
        breaking: side: may also be 'b'
    """
    return sorted(_objects("", old, new, old, new))


def _objects(path: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[FieldChange]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(before.keys() | after.keys()):
        where = f"{path}.{name}" if path else name
        if name not in after:
            yield FieldChange(where, "is gone", breaking=True)
        elif name not in before:
            yield FieldChange(where, "is new", breaking=False)
        else:
            yield from _values(where, before[name], after[name], old_root, new_root)
            required = (name in old.get("required", ()), name in new.get("required", ()))
            if required == (True, False):
                yield FieldChange(where, "may be missing", breaking=True)
            elif required == (False, True):
                yield FieldChange(where, "is always there", breaking=False)


def _values(path: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[FieldChange]:
    (old, old_null), (new, new_null) = _resolved(old, old_root), _resolved(new, new_root)
    if old_null != new_null:
        yield FieldChange(path, "may be null" if new_null else "is never null", breaking=new_null)
    if old.get("type") != new.get("type"):
        yield FieldChange(path, f"was {old.get('type', 'anything')}, is {new.get('type', 'anything')}", breaking=True)
        return
    yield from _enums(path, _allowed(old), _allowed(new))
    for bound, narrows in _BOUNDS.items():
        if old.get(bound) != new.get(bound):
            yield _bound(path, bound, old.get(bound), new.get(bound), narrows)
    if old.get("pattern") != new.get("pattern"):
        said = "has no pattern any more" if new.get("pattern") is None else "has another pattern"
        yield FieldChange(path, said, breaking=old.get("pattern") is not None)
    if "items" in old and "items" in new:
        yield from _values(f"{path}[]", old["items"], new["items"], old_root, new_root)
    yield from _objects(path, old, new, old_root, new_root)


def _resolved(schema: Schema, root: Schema) -> tuple[Schema, bool]:
    """A schema behind its references, without its null, and whether it may be null."""
    if "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(found, root)
    choices = schema.get("anyOf")
    if choices is None:
        return schema, False
    rest = [choice for choice in choices if choice.get("type") != "null"]
    nullable = len(rest) < len(choices)
    return (_resolved(rest[0], root)[0], nullable) if len(rest) == 1 else ({"type": "anything"}, nullable)


def _allowed(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _enums(path: str, old: set[str] | None, new: set[str] | None) -> Iterator[FieldChange]:
    if old == new:
        return
    if old is None or new is None:
        yield FieldChange(path, "is one of a list" if old is None else "is no longer one of a list", new is None)
        return
    if more := new - old:
        yield FieldChange(path, f"may also be {', '.join(map(repr, sorted(more)))}", breaking=True)
    if fewer := old - new:
        yield FieldChange(path, f"is no longer {', '.join(map(repr, sorted(fewer)))}", breaking=False)


def _bound(path: str, name: str, old: float | None, new: float | None, narrows: int) -> FieldChange:
    wider = new is None or (old is not None and (new - old) * narrows < 0)
    return FieldChange(path, f"{name} was {old}, is {new}".replace("None", "open"), breaking=wider)
