"""What query sets are drawn from: the side, the form and the length of every record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from demur.curation.curated import sides
from demur.kinds.queries.declared import Declaration, Form, QuerySet, Side
from demur.text.form import form

SIDES: dict[str, Side] = {"yes": "harmful", "no": "safe"}
"""The side of what is to be refused, and of what is to be answered; unknown is on neither."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """Of each record: its set, its side (empty if unknown), the characters of its prompt, and whether it is a question.

    Attributes:
        bounds: the declared lengths.
    """

    sets: NDArray[np.str_]
    sides: NDArray[np.str_]
    lengths: NDArray[np.int64]
    forms: NDArray[np.str_]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, records: pa.Table, declared: Declaration) -> Pool:
        """Of curated records, all of declared sources."""
        sources = pc.struct_field(records["lineage"], "source").to_pylist()
        return cls(
            np.array([declared.set_of[source] for source in sources], np.str_),
            np.array([SIDES.get(label, "") for label in sides(records).to_pylist()], np.str_),
            pc.utf8_length(records["prompt"]).to_numpy().astype(np.int64),
            np.array([form_of(text) for text in records["prompt"].to_pylist()], np.str_),
            declared.lengths,
        )

    @classmethod
    def of_rows(cls, rows: pa.Table, declared: Declaration) -> Pool:
        """Of published rows."""
        return cls(
            np.array(rows["set"].to_pylist(), np.str_),
            np.array(rows["side"].to_pylist(), np.str_),
            pc.utf8_length(rows["prompt"]).to_numpy().astype(np.int64),
            np.array([form_of(text) for text in rows["prompt"].to_pylist()], np.str_),
            declared.lengths,
        )

    def side(self, name: str, side: str) -> Mask:
        """Which records are on a side of a set."""
        found: Mask = (self.sets == name) & (self.sides == side)
        return found

    def below(self, name: str, side: str, length: int) -> Mask:
        """Those of them that are shorter than so many characters."""
        found: Mask = self.side(name, side) & (self.lengths < length)
        return found

    def strata(self, wanted: QuerySet) -> Iterator[tuple[str, int, Mask]]:
        """Name, quota and members of every stratum for which the set declares one above zero."""
        for which, quotas in wanted.quotas.items():
            for low, high, quota in zip((0, *self.bounds[:-1]), self.bounds, quotas, strict=True):
                if quota:
                    inside = (self.forms == which) & (self.lengths >= low) & (self.lengths < high)
                    yield f"{which}, {low}-{high - 1}", quota, inside


def form_of(text: str) -> Form:
    """Whether a text is a question.

    Example:
        >>> form_of("How tall is a heron?"), form_of("Draw a heron.")
        ('question', 'other')
    """
    return "question" if form(text) == "question" else "other"


def flagged(records: pa.Table, without: tuple[str, ...]) -> Mask:
    """Which records carry one of some flags."""
    return np.array([bool({*without} & {*(flags or ())}) for flags in records["flags"].to_pylist()], bool)


def contradicted(records: pa.Table, conflicts: pa.Table) -> Mask:
    """Which records have a near-identical one with the other label among those of the same config."""
    sources = pc.struct_field(records["lineage"], "source")
    here = {*sources.to_pylist()}
    columns = (conflicts[name].to_pylist() for name in ("record_id", "twin", "source", "twin_source"))
    ids = {id for one, two, a, b in zip(*columns, strict=True) if {a, b} <= here for id in (one, two)}
    known = sides(records).to_pylist()
    return np.array([id in ids and side in SIDES for id, side in zip(records["record_id"].to_pylist(), known,
                                                                     strict=True)], bool)  # fmt: skip


def sources_of(sets: Mapping[str, QuerySet]) -> str:
    """All sources, as an error names them."""
    return ", ".join(sorted(source for each in sets.values() for source in each.sources))
