"""Lists of turns, as files of chats have them: which keys say who speaks, and what."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

_TURNS = (("role", "content"), ("from", "value"))
"""The keys of a turn: who says what."""

CALLS = ("function_call", "tool_calls")
"""Keys of what an assistant calls, beside what it says or instead."""

_LOADED = {"role", "content", "from", "value", "text"}
"""Keys that say what a turn is; others stand beside it."""

_TEXTS = (pa.string(), pa.large_string())


def turn_keys(kind: pa.DataType) -> tuple[str, str] | None:
    """The keys of turns, of which a list has this type; None where it lists anything else.

    What is said is a text or a list of parts of a type and a text each; calls may stand beside it.

    Example:
        >>> turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("weight", pa.int64())])
        >>> turn_keys(pa.list_(turn)), turn_keys(pa.list_(pa.struct([("role", pa.string())])))
        (('role', 'content'), None)
    """
    fields = _fields(kind.value_type) if _is_list(kind) else None
    said = None if fields is None else next((pair for pair in _TURNS if {*pair} == fields.keys() & _LOADED), None)
    if fields is None or said is None or fields[said[0]] not in _TEXTS:
        return None
    content = fields[said[1]]
    return said if content in _TEXTS or (said[1] == "content" and _are_parts(content)) else None


def spelt_keys(kind: pa.DataType) -> tuple[str, str] | None:
    """As `turn_keys`; None where a turn has more than texts, truths and whole numbers, or a great many of these."""
    leaves = [*_leaves(kind)] if (keys := turn_keys(kind)) is not None else []
    return keys if len(leaves) <= _LEAVES and all(each in _PLAIN for each in leaves) else None


_PLAIN = (*_TEXTS, pa.bool_(), pa.int64(), pa.null())
_LEAVES = 64
"""Of more keys a column each costs more than it saves."""


def _leaves(kind: pa.DataType) -> Iterator[pa.DataType]:
    if _is_list(kind):
        yield from _leaves(kind.value_type)
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(field.type)
    else:
        yield kind


def _are_parts(kind: pa.DataType) -> bool:
    """Whether a list has parts of a content: a type and a text each, and nothing else."""
    fields = _fields(kind.value_type) if _is_list(kind) else None
    return fields is not None and fields.keys() == {"type", "text"} and all(each in _TEXTS for each in fields.values())


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _fields(kind: pa.DataType) -> dict[str, pa.DataType] | None:
    """The fields of an object by their names; None of anything else, or where a name stands twice."""
    if not pa.types.is_struct(kind):
        return None
    fields = {kind.field(place).name: kind.field(place).type for place in range(kind.num_fields)}
    return fields if len(fields) == kind.num_fields else None
