"""Map and validate: canonical rows of the fetched sources -> one Arrow table of records, and the rejects.

This is one of the two doors where pydantic stands; behind it, tables travel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from demur.errors import DemurError, RowError, shown
from demur.fetch import Fetched
from demur.record import Access, Frozen, Lineage, Provenance, record_id
from demur.schema import arrow_schema
from demur.source import Raw, Reject, Source, canonical
from demur.taxonomy import Crosswalk, overlay

REJECTS = pa.schema(
    [
        pa.field("config", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("native_id", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("twin", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("rule", pa.string()),
    ]
)
"""Columns of ``rejects.parquet``: references only, never a text."""

_SHOWN = 10


@dataclass(frozen=True)
class Left:
    """A record that is in no row, and why."""

    record: Mapping[str, Any]
    reason: str
    twin: str | None = None
    similarity: float | None = None
    rule: str | None = None


def collect(fetched: Iterable[Fetched], model: type[Frozen], crosswalk: Crosswalk) -> tuple[pa.Table, pa.Table]:
    """Map every canonical row to records of one kind.

    Args:
        fetched: sources with their canonical rows.
        model: the kind of record that every source must give.
        crosswalk: native categories -> hazards.

    Returns:
        The records (columns of ``model`` and of `Provenance`), and the rejects of row functions.

    Raises:
        RowError: rows that break the schema; all issues are collected, the first ten shown.
    """
    records: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    issues: list[str] = []
    for each in fetched:
        for number, row in enumerate(each.rows):
            lineage = _lineage(each.source, number, row)
            try:
                for found in _mapped(each.source, row):
                    if isinstance(found, Reject):
                        rejects.append(_reject(lineage, found.reason))
                    else:
                        records.append(_record(found, model, each.source, lineage, crosswalk))
            except ValidationError as error:
                issues += [
                    f"{each.source.name} row {number}: {'.'.join(map(str, e['loc']))}: {e['msg']}"
                    for e in error.errors(include_input=False, include_url=False)
                ]
            except DemurError as error:
                issues.append(f"{each.source.name} row {number}: {error.what}. {error.fix or ''}".strip())
            except KeyError as error:  # a label that the row function's table does not have
                key = shown(next(iter(error.args), None))
                issues.append(f"{each.source.name} row {number}: row function has no entry for {key}")
            except Exception as error:  # a row function is anybody's code, and its message may quote the row
                issues.append(f"{each.source.name} row {number}: row function failed: {type(error).__name__}")
    if issues:
        msg = f"{len(issues)} issues in the rows"
        raise RowError(
            msg,
            where="\n            ".join([*issues[:_SHOWN], *(["..."] if len(issues) > _SHOWN else [])]),
            expected=f"rows of kind {model.__name__}",
            fix="Correct the row function or the declaration; an unusable upstream row is a Reject with a reason.",
        )
    return pa.Table.from_pylist(records, schema=record_schema(model)), pa.Table.from_pylist(rejects, schema=REJECTS)


def record_schema(model: type[Frozen]) -> pa.Schema:
    """Columns of a table of records: the model's content, without its source-local pair key, and the provenance."""
    return pa.schema([*(field for field in arrow_schema(model) if field.name != "pair"), *arrow_schema(Provenance)])


def label_values(records: pa.Table, name: str) -> pa.ChunkedArray:
    """The value (yes, no or unknown) of every record's label of this name; unknown where it has none."""
    values = (
        next((label["value"] for label in labels if label["name"] == name), "unknown")
        for labels in records["labels"].to_pylist()
    )
    return pa.chunked_array([pa.array(values, pa.string())])


def rejected(records: pa.Table, config: str, reason: str) -> pa.Table:
    """Rejects of a config that all have one reason."""
    lineage = records["lineage"].combine_chunks()
    columns = {name: lineage.field(name) for name in ("source", "row", "native_id")}
    columns |= {
        "record_id": records["record_id"],
        "config": pa.repeat(config, len(records)),
        "reason": pa.repeat(reason, len(records)),
    }
    empty = {field.name: pa.nulls(len(records), field.type) for field in REJECTS if field.name not in columns}
    return pa.table({**columns, **empty}).select(REJECTS.names).cast(REJECTS)


def left_over(left: Iterable[Left], config: str) -> pa.Table:
    """Rejects of a config, each with its own reason."""
    rows = [
        {
            **{name: each.record["lineage"][name] for name in ("source", "row", "native_id")},
            "config": config,
            "record_id": each.record["record_id"],
            "reason": each.reason,
            "twin": each.twin,
            "similarity": each.similarity,
            "rule": each.rule,
        }
        for each in left
    ]
    return pa.Table.from_pylist(rows, schema=REJECTS)


def _mapped(source: Source, row: Raw) -> Iterator[Any]:
    found = source.to_records(row)
    if isinstance(found, (list, tuple)):
        yield from found
    else:
        yield found


def _lineage(source: Source, number: int, row: Raw) -> Lineage:
    native = row[source.key] if source.key else None
    return Lineage(
        source=source.name,
        row=number,
        native_id=None if native is None else str(native),
        row_sha256=hashlib.sha256(canonical(row)).hexdigest(),
    )


def _record(found: Any, model: type[Frozen], source: Source, lineage: Lineage, crosswalk: Crosswalk) -> dict[str, Any]:
    if not isinstance(found, model):
        msg = f"The row function gave a {type(found).__name__}, not a {model.__name__}"
        raise RowError(msg)
    content = found.model_dump()
    pair = content.pop("pair")
    texts = [content[name] or content.get(f"{name}_key") or "" for name in found.identity]  # type: ignore[attr-defined]
    provenance = Provenance(
        record_id=record_id(source.kind, *texts),
        hazards=overlay(crosswalk, source.name, content["categories"]),
        language=source.languages[0] if len(source.languages) == 1 else "und",
        pair_id=None if pair is None else f"{source.name}:{pair}",
        license=source.license,
        use_limits=source.use_limits,
        access=_access(source),
        lineage=lineage,
    )
    return {**content, **provenance.model_dump()}


def _access(source: Source) -> Access:
    if source.quarantined:
        return "withheld"
    return "public" if source.kind == "prompt" else "gated"


def _reject(lineage: Lineage, reason: str) -> dict[str, Any]:
    return {"source": lineage.source, "row": lineage.row, "native_id": lineage.native_id, "reason": reason}
