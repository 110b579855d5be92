"""Lists of turns, as files of chats have them: which keys say who speaks, and what."""

from __future__ import annotations

import pyarrow as pa

_TURNS = (("role", "content"), ("from", "value"))
"""The keys of a turn: who says what."""

_LOADED = {"role", "content", "from", "value", "text", "tool_calls", "function_call"}
"""Keys that say what a turn is; others stand beside it."""


def turn_keys(kind: pa.DataType) -> tuple[str, str] | None:
    """The keys of plain turns, of which a list has this type; None where it lists anything else.

    Example:
        >>> turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("weight", pa.int64())])
        >>> turn_keys(pa.list_(turn)), turn_keys(pa.list_(pa.struct([("role", pa.string())])))
        (('role', 'content'), None)
    """
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)) or not pa.types.is_struct(inner := kind.value_type):
        return None
    fields = {inner.field(place).name: inner.field(place).type for place in range(inner.num_fields)}
    said = next((pair for pair in _TURNS if {*pair} == fields.keys() & _LOADED), None)
    texts = said is not None and all(fields[name] in (pa.string(), pa.large_string()) for name in said)
    return said if texts and len(fields) == inner.num_fields else None
