"""Terms: the license of a config and of a row, use limits and access - always the strictest of what went in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from demur.errors import LicenseError
from demur.records.licenses import License, combine, license_of, of_references
from demur.records.record import ACCESS_TIERS
from demur.records.rejects import Left, left_over, rejects_of
from demur.records.terms import declared_terms
from demur.sets.builder import Builder
from demur.sets.kind import Config
from demur.sources.source import Source


def license_of_config(builder: Builder, name: str, sources: Mapping[str, Source]) -> License:
    """The license of a config, computed from its sources'; a config that promises commercial use must allow it.

    Raises:
        LicenseError: two sources exclude each other, or one may not be redistributed or used commercially.
    """
    declared = next(each for each in builder.configs if each.name == name)
    mine = {source: sources[source].license for source in builder.sources_of(name)}
    inner = inherited(sources[source] for source in builder.sources_of(name))
    where = f"{builder.name}/{name}"
    terms = declared_terms((source, sources[source].own_terms) for source in mine)
    if declared.references:
        return of_references({**mine, **inner}, where, terms)
    for source in mine:
        if "no_redistribution" in sources[source].use_limits:
            msg = f"Source {source!r} may not be redistributed (use limit no_redistribution)"
            raise LicenseError(msg, where=where, fix="Put it into a config of references, or leave it out.")
    if declared.commercial:
        for source, license in mine.items():
            if not license_of(license, source, terms).commercial:
                msg = f"Source {source!r} does not allow commercial use"
                raise LicenseError(
                    msg,
                    where=where,
                    expected="a license that allows commercial use",
                    got=license,
                    fix="Move the source to a config that does not promise it.",
                )
    kept = {source: id for source, id in inner.items() if barred(id, commercial=declared.commercial) is None}
    found = combine({**mine, **kept}, where, terms)
    if declared.commercial and not found.commercial:  # of alternatives, those that fit together do not allow it
        msg = "The licenses of the sources together do not allow commercial use"
        raise LicenseError(
            msg, where=where, got=found.id, fix="Declare the one alternative that the rows are used under."
        )
    return found


class Inheriting(Protocol):
    """A source, or what a manifest says of one."""

    @property
    def name(self) -> str:
        """Of the source."""

    @property
    def origins(self) -> Mapping[str, str]:
        """Origin of rows -> the license of their texts."""


def inherited(sources: Iterable[Inheriting]) -> dict[str, str]:
    """The licenses of rows that sources took over from other sets: source and origin -> license."""
    return {f"{source.name} ({origin})": id for source in sources for origin, id in source.origins.items()}


def barred(license: str, *, commercial: bool) -> str | None:
    """Why a row under a license may not stand with its text in a config; None if it may.

    Licenses of one's own are those of whole sources, which `license_of_config` judges by their terms.
    """
    found = license_of(license, "row")
    if not found.redistribution:
        return "license-unknown"
    return "license-noncommercial" if commercial and not found.commercial else None


def admitted(records: pa.Table, config: Config) -> tuple[pa.Table, pa.Table]:
    """The records whose own license lets them stand in a config, and the rejects of all others.

    A config of references takes all of them: it holds no text.
    """
    if config.references:
        return records, rejects_of([])
    why = {id: barred(id, commercial=config.commercial) for id in records["license"].unique().to_pylist()}
    reasons = pa.array([why[id] for id in records["license"].to_pylist()], pa.string())
    out = records.select(["record_id", "lineage"]).filter(reasons.is_valid()).to_pylist()
    left = [Left(record, reason) for record, reason in zip(out, reasons.drop_null().to_pylist(), strict=True)]
    return records.filter(reasons.is_null()), left_over(left, config.name)


def trainable(sources: Iterable[Source]) -> None:
    """Make sure that no source of training rows is for evaluation only, or declared unfit for training.

    Raises:
        LicenseError: one is.
    """
    for source in sources:
        if limits := sorted({"eval_only", "no_sft"} & {*source.use_limits}):
            msg = f"Source {source.name!r} is not for training"
            raise LicenseError(
                msg,
                expected="no use limit against training",
                got=", ".join(limits),
                fix="Leave it out; the builder's left_out says why.",
            )


def of_records(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """License, limits and access of a row that is made of several records: the strictest of all texts in it."""
    return {
        "license": combine(
            {f"{each['lineage']['source']} ({each['license']})": each["license"] for each in records}
        ).id,
        "use_limits": sorted({limit for each in records for limit in each["use_limits"]}),
        "access": max((each["access"] for each in records), key=ACCESS_TIERS.index),
    }
