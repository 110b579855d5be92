"""What a cell says, turn by turn: OpenAI's and ShareGPT's lists of turns, JSON of them, and transcripts as HH-RLHF's.

Roles get one spelling; parts of a content become their text; a call of a tool is no text, but no empty turn either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.signs import edges, matching
from demur.checks.spoken import Roles, Spoken, Turn, Turns
from demur.files.numeric import cells_of
from demur.files.turns import CALLS, spelt_keys, turn_keys

_ROLES = {
    "human": "user", "prompter": "user", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant",
    "bot": "assistant", "developer": "system", "function": "tool", "observation": "tool", "ipython": "tool",
    "tool_response": "tool",
}  # fmt: skip
_KNOWN = ("user", "assistant", "system")
_CALLING = ("function_call", "tool_call")
"""ShareGPT's roles of an assistant that calls a tool: the call is the turn's text."""

_LISTED = r'^\s*(?:\[\s*[{"]|\{\s*"(?:role|from)")'
_TRANSCRIPT = r"^\s*Human:"
_OPENS = np.frombuffer(b"[{H \t\n\f\r", np.uint8)
"""Bytes with which such a text can begin."""

_SPEAKER = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):[ \t]?")


def shaped(column: pa.Array) -> bool:
    """Whether cells are turns: lists of them, or of questions, one turn alone, JSON of these, or transcripts.

    Example:
        >>> shaped(pa.array(["Human: Hello", "Name a lake."])), shaped(pa.array(["Name a lake."]))
        (True, False)
    """
    kind = column.type
    if pa.types.is_struct(kind):
        return bool({"role", "from"} & {kind.field(place).name for place in range(kind.num_fields)})
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return bool(pa.types.is_struct(inner) or pa.types.is_string(inner) or pa.types.is_large_string(inner))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    texts = column.cast(pa.large_string())
    first = edges(texts)[0]
    return bool(matching(texts, np.isin(first, _OPENS), f"{_LISTED}|{_TRANSCRIPT}").any())


def texts_of(column: pa.Array) -> pa.LargeStringArray | None:
    """A column as 64-bit strings, if its cells are texts (or nothing), or lists of turns that JSON spells.

    Readers of JSON give lists as JSON where they cannot keep them: what nobody reads by turns is a text either way.

    Example:
        >>> texts_of(pa.array([[{"role": "user", "content": "Name a lake."}]])).to_pylist()
        ['[{"role": "user", "content": "Name a lake."}]']
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return texts_of(column.dictionary_decode())
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_string())
    if (keys := spelt_keys(kind)) is not None:
        cells = ([_stated(turn, keys) for turn in cell] if cell is not None else None for cell in column.to_pylist())
        return pa.array([None if cell is None else json.dumps(cell) for cell in cells], pa.large_string())
    return column.cast(pa.large_string()) if pa.types.is_string_view(kind) else None


def _stated(turn: Any, keys: tuple[str, str]) -> Any:
    """A turn without what nobody said beside its keys: Arrow fills in every key that some turn has."""
    return turn and {name: each for name, each in turn.items() if each is not None or name in keys}


def turns_of(column: pa.Array) -> Spoken:
    """The turns of each cell; None where it holds none."""
    if (plain := _plain(column)) is not None:
        return plain
    return Spoken.of([_transcript(cell) if parts is None else parts for cell, parts in _lists(column)])


def _plain(column: pa.Array) -> Spoken | None:
    """The turns of a column of lists of a role and a content each, whatever stands beside; None of any other column."""
    if (keys := turn_keys(column.type)) is None or (parts := column.flatten()).null_count:
        return None
    said = pc.struct_field(parts, keys[0]).dictionary_encode(null_encoding="encode")
    known = said.dictionary.to_pylist()
    if any(role in _CALLING for role in known) or (texts := _joined(pc.struct_field(parts, keys[1]))) is None:
        return None
    spelt = [None if not role else _ROLES.get(role.lower(), role.lower()) for role in known]
    names_ = Roles.of(spelt)
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return Spoken(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        column.is_valid().to_numpy(zero_copy_only=False),
        Roles(names_.codes[said.indices.to_numpy(zero_copy_only=False)], names_.names),
        texts,
        _called(parts),
    )


def _joined(contents: pa.Array) -> pa.LargeStringArray | None:
    """Contents as texts, parts one below another; None where a part has no text, and so is of another kind."""
    if not pa.types.is_nested(contents.type):
        return pc.fill_null(contents, "").cast(pa.large_string())
    texts = pc.struct_field(contents.flatten(), "text").cast(pa.large_string())
    if texts.null_count or pc.min(pc.binary_length(texts)).as_py() == 0:
        return None
    lengths = pc.fill_null(pc.list_value_length(contents), 0).to_numpy(zero_copy_only=False)
    if (lengths == 1).all():
        return texts
    starts = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
    return pc.binary_join(pa.LargeListArray.from_arrays(starts, texts.cast(pa.string())), "\n").cast(pa.large_string())


def _called(turns: pa.StructArray) -> list[str]:
    """What each turn calls, as `Turn.more` has it; nothing where none does."""
    calls = {name: pc.struct_field(turns, name) for name in CALLS if turns.type.get_field_index(name) >= 0}
    there = np.zeros(len(turns), np.bool_)
    for each in calls.values():
        is_list = pa.types.is_list(each.type) or pa.types.is_large_list(each.type)
        some = pc.greater(pc.list_value_length(each), 0) if is_list else each.is_valid()
        there |= pc.fill_null(some, False).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(there)
    if not len(places):
        return []
    more = [""] * len(turns)
    called = pa.StructArray.from_arrays([*calls.values()], [*calls]).take(pa.array(places))
    for place, part in zip(places.tolist(), cells_of(called), strict=True):
        more[place] = turned(part).more if isinstance(part, dict) else _spell([part])
    return more


def _lists(column: pa.Array) -> Iterator[tuple[object, Turns | None]]:
    for cell, parts in zip(cells_of(column), listed(column), strict=True):
        yield cell, None if parts is None else tuple(map(turned, parts))


def listed(column: pa.Array) -> Iterator[list[dict[str, Any]] | None]:
    """The objects that each cell lists, itself or in JSON; None where it lists none. A lone turn is a list of one."""
    for cell in cells_of(column):
        value = cell
        if isinstance(cell, str):
            try:
                value = json.loads(cell) if cell.lstrip()[:1] in ("[", "{") else None
            except (ValueError, RecursionError):
                value = None
        if isinstance(value, dict) and {"role", "from"} & value.keys():
            value = [value]
        elif isinstance(value, list) and value and all(isinstance(each, str) for each in value):
            value = [{"role": "user", "content": each} for each in value]  # questions, one after another
        good = isinstance(value, list) and all(isinstance(each, dict) for each in value)
        yield value if good else None


def turned(part: Mapping[str, Any]) -> Turn:
    """A turn as OpenAI spells it, or ShareGPT (``from`` and ``value``).

    Example:
        >>> turned({"from": "gpt", "value": "The Rhine."})
        Turn(role='assistant', text='The Rhine.', more='', broken=False)
        >>> turned({"role": "user", "content": [{"type": "text", "text": "Name a lake."}]}).text
        'Name a lake.'
    """
    role, content = part.get("role") or part.get("from"), part.get("content")
    if role in _KNOWN and type(content) is str and not (part.keys() & {*CALLS}):
        return Turn(role, content)
    if content is None:
        content = next((part[name] for name in ("value", "text") if part.get(name) is not None), None)
    calls = {name: call for name in CALLS if (call := without_nulls(part.get(name)))}
    texts, others, broken = _content(content)
    if role in _CALLING:
        role, calls, texts = "assistant", {"calls": texts}, []
    more = [each for each in (calls, *others) if each]
    spelt = _ROLES.get(str(role).lower(), str(role).lower()) if role else None
    return Turn(spelt, "\n".join(texts), _spell(more) if more else "", broken)


_spell = json.JSONEncoder(sort_keys=True, default=repr).encode


def _content(content: object) -> tuple[list[str], list[str], bool]:
    """Texts of a content, the kinds of its other parts, and whether it is neither text nor parts."""
    if content is None or isinstance(content, str):
        return [content] if content else [], [], False
    if not isinstance(content, list):
        return [], [], True
    texts, others = [], []
    for each in content:
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, dict) and isinstance(text := each.get("text") or each.get("value"), str):
            texts.append(text)
        elif isinstance(each, dict):
            others.append(str(each.get("type")))
        else:
            return [], [], True
    return texts, others, False


def without_nulls(value: Any) -> Any:
    """A value without what is nothing: Parquet fills in every key that some row has."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def _transcript(cell: object) -> Turns | None:
    """The turns of a text that a human opens.

    Example:
        >>> [turn.text for turn in _transcript("Human: Name a lake." + chr(10) * 2 + "Assistant: Garda.")]
        ['Name a lake.', 'Garda.']
    """
    if not isinstance(cell, str) or not cell.lstrip().startswith("Human:"):
        return None
    _, *parts = _SPEAKER.split(cell)
    roles, texts = parts[::2], parts[1::2]
    return tuple(
        Turn("user" if role == "Human" else "assistant", text.strip()) for role, text in zip(roles, texts, strict=True)
    )


_AROUND = ("body", "input", "request")


def opened(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows with their conversation as a column, where it stands inside an object: OpenAI's files of requests.

    Example:
        >>> rows = pa.RecordBatch.from_pylist([{"body": '{"messages": []}'}])
        >>> opened(rows).schema.names
        ['body', 'messages']
    """
    names = rows.schema.names
    around = next((name for name in _AROUND if name in names), None)
    if around is None or "messages" in names:
        return rows
    column = rows.column(around)
    kind = column.type
    if pa.types.is_struct(kind) and kind.get_field_index("messages") >= 0:
        return rows.append_column("messages", pc.struct_field(column, "messages"))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return rows
    inside = pc.fill_null(pc.match_substring_regex(column, r'^\s*\{.*"messages"\s*:\s*\['), False)
    if not inside.true_count:
        return rows
    cells = [
        _inside(cell) if there else None for cell, there in zip(column.to_pylist(), inside.to_pylist(), strict=True)
    ]
    return rows.append_column("messages", pa.array(cells, pa.large_string()))


def _inside(cell: str) -> str | None:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    return json.dumps(found["messages"]) if isinstance(found, dict) and "messages" in found else None
