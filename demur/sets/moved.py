"""What changed in rows that two sets both have, and why rows went: labels with their values, and by whose word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demur.curation.by_whom import BY_WHOM, FILE
from demur.errors import ManifestError
from demur.records.record import Slug, record_id
from demur.records.row import Row, SaidBy, Side, TextOf, columns_with
from demur.sets.aligned import Aligned
from demur.sets.folder import BuiltSet
from demur.sets.whose import Move, facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

HIDDEN = "(other)"
"""What stands for a value that is no label: a cell of a foreign file may hold anything."""

_ACTIONS = {"hazards_by": ("hazards", "read")}
"""The column that says whose word -> the actions that set it; of any other column those that set the side."""
_SIDE = ("relabel", "keep", "read")
_SLUG = Slug.__metadata__[0].pattern  # type: ignore[attr-defined]  # of an Annotated
_LABELS = "labels"


def labels_of(model: type[Row]) -> dict[str, str]:
    """Columns whose values are labels, and so may be told -> what a value looks like.

    They are of closed lists, or slugs; a list of them is told with commas.

    Example:
        >>> from typing import Literal
        >>> from pydantic import create_model
        >>> Fruit = create_model("Fruit", __base__=Row, name=(str, ...), sort=(Literal["pip", "stone"] | None, ...))
        >>> labels_of(Fruit)
        {'sort': '(pip|stone)(,(pip|stone))*'}
    """
    schema = model.model_json_schema()
    found = {}
    for name, field in schema["properties"].items():
        values = _values(field, schema.get("$defs", {}))
        if values:
            one = f"({'|'.join(sorted(values))})"
            found[name] = f"{one}(,{one})*"
    return found


def _values(field: Mapping[str, Any], models: Mapping[str, Any]) -> set[str] | None:
    """Patterns of the values that a field may have; None where it may hold anything else."""
    if "$ref" in field:
        return _values(models[field["$ref"].rpartition("/")[2]], models)
    if "anyOf" in field:
        each = [_values(one, models) for one in field["anyOf"]]
        return None if None in each else {value for values in each if values for value in values}
    if "enum" in field or "const" in field:
        return {re.escape(str(value)) for value in field.get("enum", [field.get("const")])}
    match field.get("type"):
        case "boolean":
            return {"true", "false"}
        case "null":
            return set()
        case "array" if "items" in field:
            return _values(field["items"], models)
        case "string" if field.get("pattern") == _SLUG:
            return {_SLUG.strip("^$")}
    return None


def told(values: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Labels as strings; what does not look like one is `HIDDEN`.

    Example:
        >>> told(pa.chunked_array([["pip", "a long text", None]]), "pip|stone").to_pylist()
        ['pip', '(other)', None]
    """
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        inner = pa.list_(pa.string()) if pa.types.is_list(values.type) else pa.large_list(pa.string())
        values = pc.binary_join(values.cast(inner), ",")
    values = values.cast(pa.string())
    fits = pc.or_(pc.match_substring_regex(values, f"^({pattern})$"), pc.equal(values, ""))
    return pc.if_else(fits.fill_null(True), values, HIDDEN)


def prompts_of(rows: pa.Table, model: type[Row], folder: BuiltSet) -> pa.ChunkedArray:
    """The record id of every row's prompt, by which decisions and readings name it."""
    text = next((name for name, role in columns_with(model, TextOf).items() if role.name == "prompt"), None)
    if folder.kind.record == "prompt" or text not in rows.column_names:
        return rows["record_id"]
    coded = rows[text].combine_chunks().dictionary_encode()
    ids = pa.array([record_id("prompt", each) for each in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([ids.take(coded.indices)])


def beside(folder: BuiltSet, name: str, schema: pa.Schema) -> pa.Table:
    """A table beside the rows, as it must be; an empty one where an older Demur wrote none.

    Raises:
        ManifestError: it has other columns.
    """
    if not folder.present(name).is_file():
        return schema.empty_table()
    table = folder.table(name)
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError, ValueError):
        msg = "A table beside the rows has other columns"
        got = ", ".join(table.column_names)
        raise ManifestError(
            msg, where=folder.present(name), expected=", ".join(schema.names), got=got, fix="Build it again."
        ) from None


def words(prompts: pa.ChunkedArray, basis: pa.ChunkedArray, folder: BuiltSet, actions: tuple[str, ...]) -> pa.Table:
    """What is known of the word that each row rests on: ``basis``, ``who``, ``reader``, ``decision``, ``value``."""
    known = beside(folder, FILE, BY_WHOM)
    known = known.filter(pc.is_in(known["action"], pa.array(actions)))
    keys = pc.binary_join_element_wise(known["record_id"], known["basis"], " ").combine_chunks()
    wanted = pc.binary_join_element_wise(prompts, basis.cast(pa.string()), " ")
    place = pc.index_in(wanted, keys)
    found = known.take(place)
    return pa.table(
        {
            "basis": basis.cast(pa.string()),
            "who": found["who"],
            "reader": found["kind"],
            "decision": found["decision"],
            "value": found["value"],
        }
    )


def order_of(model: type[Row]) -> Callable[[Move], tuple[bool, bool, bool, int, int]]:
    """The order in which moves are told: the side, what else is somebody's word, other labels, and what is none."""
    sides, said_by, place = columns_with(model, Side), columns_with(model, SaidBy), [*model.model_fields]
    return lambda move: (
        move.name not in sides,
        move.name not in said_by,
        not move.shown,
        place.index(move.name) if move.name in place else len(place),
        -move.count,
    )


def _prefixed(table: pa.Table, when: str) -> dict[str, pa.ChunkedArray]:
    return {f"{when}_{name}": table[name] for name in table.column_names}


def moves_of(
    config: str, sides: Aligned, masks: Mapping[str, NDArray[np.bool_]], old: BuiltSet, new: BuiltSet, model: type[Row]
) -> Iterator[pa.Table]:
    """Every change of a column as `demur.sets.whose.FACTS`, those of labels with their values.

    Args:
        config: of the rows.
        sides: the rows before and after.
        masks: column -> where it differs.
        old: the set before.
        new: the set after.
        model: the schema of the new rows.
    """
    shown, said_by = labels_of(model), columns_with(model, SaidBy)
    for column, mask in masks.items():
        before, after = (rows.filter(pa.array(mask)) for rows in (sides.before, sides.after))
        ids = after["record_id"]
        if column not in shown:
            yield facts("column", column, ids, config)
            continue
        was, now = (told(rows[column], shown[column]) for rows in (before, after))
        by = said_by[column].column if column in said_by else None
        table, relabelled = None, None
        if by is not None and by in before.column_names and by in after.column_names:
            actions = _ACTIONS.get(by, _SIDE)
            table = pa.table(
                {
                    **_prefixed(words(prompts_of(before, model, old), before[by], old, actions), "was"),
                    **_prefixed(words(prompts_of(after, model, new), after[by], new, actions), "now"),
                }
            )
            if by not in _ACTIONS and _LABELS in before.column_names and _LABELS in after.column_names:
                relabelled = pa.array(masks.get(_LABELS, np.zeros(len(mask), np.bool_))[mask])
        yield facts("column", column, ids, config, was, now, table, relabelled, shown=True)
