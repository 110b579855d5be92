"""Map and validate: canonical rows of the fetched sources -> one Arrow table of records, and the rejects.

This is one of the two doors where pydantic stands; behind it, tables travel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from demur.errors import DemurError, RowError, innermost, shown
from demur.files.digest import canonical
from demur.records.hazards import Crosswalk, overlay
from demur.records.record import Access, Frozen, record_id
from demur.records.rejects import reject, rejects_of
from demur.records.tables import record_schema
from demur.sources.fetch import Fetched
from demur.sources.source import Raw, Reject, Source

_SHOWN = 10


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
        access = cache(partial(_access, each.source))
        for number, row in enumerate(each.rows):
            lineage = _lineage(each.source, number, row)
            try:
                for found in each.source.records_of(row, number):
                    if isinstance(found, Reject):
                        rejects.append(reject({"lineage": lineage}, found.reason))
                    else:
                        records.append(_record(found, model, each.source, lineage, crosswalk, access))
            except ValidationError as error:
                issues += [
                    f"{each.source.name} row {number}: {'.'.join(map(str, e['loc']))}: {e['msg']}"
                    for e in error.errors(include_input=False, include_url=False)
                ]
            except DemurError as error:
                issues.append(f"{each.source.name} row {number}: {error.what}. {error.fix or ''}".strip())
            except KeyError as error:  # a label that the row function's table does not have
                key = shown(next(iter(error.args), None))
                place = _line(error, each.source)
                issues.append(f"{each.source.name} row {number}: row function has no entry for {key}{place}")
            except Exception as error:  # a row function is anybody's code, and its message may quote the row
                failed = f"row function failed: {type(error).__name__}{_line(error, each.source)}"
                issues.append(f"{each.source.name} row {number}: {failed}")
    if issues:
        msg = f"{len(issues)} issues in the rows"
        raise RowError(
            msg,
            where="\n            ".join([*issues[:_SHOWN], *(["..."] if len(issues) > _SHOWN else [])]),
            expected=f"rows of kind {model.__name__}",
            fix="Correct the row function or the declaration; an unusable upstream row is a Reject with a reason.",
        )
    return pa.Table.from_pylist(records, schema=record_schema(model)), rejects_of(rejects)


def _line(error: Exception, source: Source) -> str:
    """The line of the row function's file that failed."""
    code = getattr(source.to_records, "__code__", None)
    place = innermost(error, code.co_filename) if code else None
    return f" ({place})" if place else ""


def _lineage(source: Source, number: int, row: Raw) -> dict[str, Any]:
    """As `Lineage`."""
    native = row[source.key] if source.key else None
    return {
        "source": source.name,
        "row": number,
        "native_id": None if native is None else str(native),
        "row_sha256": hashlib.sha256(canonical(row)).hexdigest(),
    }


def _record(
    found: Any,
    model: type[Frozen],
    source: Source,
    lineage: Mapping[str, Any],
    crosswalk: Crosswalk,
    access: Callable[[str], Access],
) -> dict[str, Any]:
    """The content that a row function gave, and what is `Provenance` of it, which is ours and needs no judge."""
    if not isinstance(found, model):
        msg = f"The row function gave a {type(found).__name__}, not a {model.__name__}"
        raise RowError(msg)
    content = found.model_dump()
    pair = content.pop("pair")
    texts = [content[name] or content.get(f"{name}_key") or "" for name in found.identity]  # type: ignore[attr-defined]
    license = source.license_of_row(content["native_labels"])
    return {
        **content,
        "record_id": record_id(source.kind, *texts),
        "hazards": overlay(crosswalk, source.name, content["categories"]),
        "language": source.languages[0] if len(source.languages) == 1 else "und",
        "pair_id": None if pair is None else f"{source.name}:{pair}",
        "license": license,
        "use_limits": source.use_limits,
        "access": access(license),
        "lineage": lineage,
    }


def _access(source: Source, license: str) -> Access:
    if source.quarantined or not source.may_be_published(license):
        return "withheld"
    return "public" if source.kind == "prompt" else "gated"
