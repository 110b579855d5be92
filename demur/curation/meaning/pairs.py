"""The committed evidence ``builders/curation/pairs.parquet``: which prompts mean the same, by which encoder.

It holds record ids and cosines, no text, so that a build needs no encoder and stays equal byte for byte. Its metadata
name the encoders and the digest of every source whose prompts were compared: a source that is not named, or named with
another digest, has no computed pairs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demur.curation.meaning.models import READINGS, Reading
from demur.errors import FormatError
from demur.files.parquet import write_parquet
from demur.files.whole import replacing
from demur.project import Project

FILE = Path("builders") / "curation" / "pairs.parquet"
FORMAT = "demur-pairs-1"

Verdict = Literal["same", "not-same"]

SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("twin", pa.string(), nullable=False),
        pa.field("cosine", pa.float64(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("verdict", pa.string()),
    ]
)
"""Columns: two ids of prompts, the smaller first; the cosine to three digits; the reading; what somebody who read both
texts said, if anybody did."""

_ID = r"\A[0-9a-f]{32}\z"
_AGAIN = "Restore it from version control, or write it again with `demur pairs`."


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of prompts that are near in meaning.

    Attributes:
        table: columns of `SCHEMA`, sorted by both ids, each pair once.
        sources: the digest of every source that was compared.
        readings: what the cells of ``model`` mean.
        reader: who gave the verdicts, such as ``model``; None where there are none.
        too_long: source -> prompts that were not compared, because the encoder would not see all of them.
    """

    table: pa.Table = field(default_factory=SCHEMA.empty_table)
    sources: Mapping[str, str] = field(default_factory=dict)
    readings: Sequence[Reading] = READINGS
    reader: str | None = None
    too_long: Mapping[str, int] = field(default_factory=dict)

    def covers(self, source: str, digest: str) -> bool:
        """Whether the prompts of a source, with these canonical rows, were compared."""
        return self.sources.get(source) == digest

    def joins(self, threshold: float | None = None) -> pa.Table:
        """The pairs that belong together, for groups, splits and leaks.

        Args:
            threshold: smallest cosine; by default each reading's own (.85; .75 of two languages).

        Returns:
            Rows of the table: those at the threshold or above, and those that a reader called the same. A reader's
            ``not-same`` leaves a pair joined: a split is rather too careful, and only a decision takes them apart.
        """
        model, cosine = self.table["model"], self.table["cosine"]
        joined = pc.and_(self.table["verdict"].is_valid(), pc.equal(self.table["verdict"], "same"))
        for each in self.readings:
            least = each.joins if threshold is None else threshold
            joined = pc.or_kleene(joined, pc.and_(pc.equal(model, each.name), pc.greater_equal(cosine, least)))
        return self.table.filter(joined)

    def verdicts(self) -> dict[tuple[str, str], str]:
        """What was said of each pair that somebody read."""
        read = self.table.filter(pc.is_valid(self.table["verdict"]))
        return dict(zip(zip(*_ends(read), strict=True), read["verdict"].to_pylist(), strict=True))

    def read(self, verdicts: Mapping[tuple[str, str], str], reader: str) -> Pairs:
        """The same pairs with what a reader said of them; other verdicts go."""
        cells = [verdicts.get(pair) for pair in zip(*_ends(self.table), strict=True)]
        place = SCHEMA.get_field_index("verdict")
        table = self.table.set_column(place, SCHEMA.field(place), pa.array(cells, pa.string()))
        return replace(self, table=table, reader=reader if any(cells) else None)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all; the same pairs give the same bytes."""
        head = {
            "format": FORMAT,
            "models": {each.name: _facts(each) for each in self.readings},
            "sources": dict(sorted(self.sources.items())),
            "too_long": dict(sorted(self.too_long.items())),
            "verdicts_by": self.reader,
        }
        made = self.table.replace_schema_metadata({"demur": json.dumps(head, sort_keys=True)})
        with replacing(path, "The pairs file cannot be written", folders=True) as part:
            write_parquet(made, part)


def pairs_path(project: Project) -> Path:
    """Where the pairs of a project lie."""
    return project.root / FILE


def read_pairs(
    project: Project, readings: Sequence[Reading] = READINGS, any_model: bool = False, file: Path = FILE
) -> Pairs:
    """The committed pairs of a project; without a file there are none, and no source is covered.

    Args:
        project: whose file is read.
        readings: what this version reads.
        any_model: whether pairs of other encoders are let through, for their verdicts alone.
        file: which evidence, below the project.

    Raises:
        FormatError: the file is broken, or its pairs were found by another encoder than this version's.
    """
    path = project.root / file
    if not path.exists():
        return Pairs(readings=readings)
    try:
        with pq.ParquetFile(path) as opened:  # pq.read_table imports pandas
            table = opened.read()
        head = json.loads((table.schema.metadata or {})[b"demur"])
        models, sources, too_long = (dict(head[name]) for name in ("models", "sources", "too_long"))
        reader = head["verdicts_by"]
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        msg = "The pairs file is broken"
        raise FormatError(msg, where=path, got=type(error).__name__, fix=_AGAIN) from None
    if head.get("format") != FORMAT:
        msg = "The pairs file has another format"
        raise FormatError(msg, where=path, expected=FORMAT, got=head.get("format"), fix="Run `demur pairs`.")
    known = {each.name: _facts(each) for each in readings}
    for name, facts in () if any_model else sorted(models.items()):
        if facts != known.get(name):
            msg = "The pairs were found by another encoder, and their cosines mean something else"
            raise FormatError(
                msg,
                where=f"{path}: {name}",
                expected=_named(known.get(name)) or f"one of {', '.join(sorted(known))}",
                got=_named(facts),
                fix="Run `demur pairs`, which compares all prompts again, and commit the file.",
            )
    if fault := _fault(table, models):
        msg = "The pairs file is broken"
        raise FormatError(msg, where=path, got=fault, fix=_AGAIN)
    return Pairs(table.replace_schema_metadata(), sources, readings, reader, too_long)


def _fault(table: pa.Table, models: Mapping[str, Any]) -> str | None:
    """What is wrong with the rows, if anything is."""
    if not table.schema.equals(SCHEMA):
        return f"columns {', '.join(table.column_names)}"
    ids, twins = table["record_id"], table["twin"]
    if not all(pc.all(pc.match_substring_regex(each, _ID)).as_py() for each in (ids, twins) if len(each)):
        return "an id that is no record id"
    if pc.any(pc.greater_equal(ids, twins)).as_py():
        return "a pair whose first id is not the smaller one"
    ends = pc.binary_join_element_wise(ids, twins, "")
    if len(ends) and pc.any(pc.greater_equal(ends.slice(0, len(ends) - 1), ends.slice(1))).as_py():
        return "pairs that are not sorted, or stand there twice"
    cosines = table["cosine"].to_numpy()
    if not bool(np.all((cosines > 0) & (cosines <= 1) & (np.rint(cosines * 1000) / 1000 == cosines))):
        return "a cosine that is no number of three digits above 0, at most 1"
    if unknown := {*table["model"].unique().to_pylist()} - {*models}:
        return f"a model that the metadata do not name ({min(unknown)[:40]})"
    if {*table["verdict"].unique().to_pylist()} - {*get_args(Verdict), None}:
        return f"a verdict that is none of {', '.join(get_args(Verdict))}"
    return None


def _ends(table: pa.Table) -> tuple[list[str], list[str]]:
    return table["record_id"].to_pylist(), table["twin"].to_pylist()


def _facts(reading: Reading) -> dict[str, Any]:
    facts = asdict(reading.model)
    return {
        "encoder": reading.model.name,
        **{name: facts[name] for name in ("wheel", "version", "file", "sha256", "tokens")},
        "languages": list(reading.model.languages),
        "floor": reading.floor,
        "joins": reading.joins,
    }


def _named(facts: Any) -> str | None:
    if not isinstance(facts, dict):
        return None
    said = [f"{facts.get('wheel')}=={facts.get('version')}", f"sha256 {facts.get('sha256')}"]
    return ", ".join([*said, f"floor {facts.get('floor')}, joins at {facts.get('joins')}"])
