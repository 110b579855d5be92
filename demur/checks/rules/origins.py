"""A rule about where rows are said to come from (DMR614)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from demur.checks.batch import File, bare
from demur.checks.finding import Finding, hit
from demur.checks.rule import rule
from demur.checks.subject import Subject
from demur.protected.near import judge_all

_LEAST, _MOST = 20, 5000  # rows of a source; rows of a file whose column of sources is looked at


@rule(
    "DMR614",
    "declared-origin",
    invariants=(8,),
    summary="Rows that are said to come from a set of prompts are prompts of that set, or near them.",
    why="DeRTa's base questions are said to be half Do-Not-Answer and half HarmBench. The former half is there, and "
    "no row at all is one of HarmBench's, or near one. License, hazards and overlap follow from the origin.",
    fix="State the set that the rows were taken from, and of each row which one it is.",
    severity="warning",
)
def declared_origin(subject: Subject) -> Iterator[Finding]:
    """Files whose stated sources give none of their rows, or less than half of those stated."""
    for file in subject.files:
        if (layout := subject.layouts.get(file.name)) is None:
            continue
        stated = {name: (count, claim.where) for claim in subject.claims if claim.about(file.path)
                  for name, count in claim.sources.items()}  # fmt: skip
        named = _named(subject, file)
        if not stated and not named:
            continue
        found, rows, known = _near(subject, file), subject.rows[file.name], _known(subject)
        for name, (count, where) in sorted(stated.items()):
            if name not in known:
                message = f"{count:,} rows of {bare(name)} are stated ({where}), whose prompts this check does not hold"
                yield hit(message, file.name, fix=f"--against {bare(name)}")
            elif 2 * found[name, None] < count:
                told = f"{found[name, None] or 'none'} of {rows:,} rows are prompts of {name} or near one"
                others = [(n, source) for (source, value), n in found.items() if value is None and source not in stated]
                others = sorted(others, key=lambda each: (-each[0], each[1]))[:3]
                near = ", ".join(f"{n:,} of {source}" for n, source in others)
                more = f"; others are near {near}" if near else ""
                yield hit(f"{told}, stated are {count:,} ({where}){more}", file.name)
        for value, (name, count) in sorted(named.items()):
            if not found[name, value]:
                message = f"none of {count:,} rows that say so is a prompt of {name}, or near one"
                yield hit(message, file.name, column=layout.native("source", subject.names[file.name]))


def _known(subject: Subject) -> set[str]:
    return {source for judge in subject.judges for source in judge.protected.sources}


def _named(subject: Subject, file: File) -> Mapping[str, tuple[str, int]]:
    """Values of a column of sources that name a set whose prompts are known: the set, and rows."""
    named = subject.layouts[file.name].native("source", subject.names[file.name])
    if subject.kind is not None or named is None or subject.rows[file.name] > _MOST:
        return {}
    counts: Counter[str] = Counter()
    for batch in subject.batches(file):
        texts = batch.texts("source")
        counts.update(value for value in ([] if texts is None else texts.to_pylist()) if value)
    often = {value: count for value, count in counts.items() if count >= _LEAST}
    known = {_plain(source): source for source in (_known(subject) if often else ())}
    return {value: (known[_plain(value)], count) for value, count in often.items() if _plain(value) in known}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _near(subject: Subject, file: File) -> Counter[tuple[str, str | None]]:
    """Rows that are near a prompt, by its source; and by that and what the row itself says of its source."""
    found: Counter[tuple[str, str | None]] = Counter()
    for batch in subject.batches(file):
        asked, said = batch.prompts, batch.texts("source")
        if asked is None:
            continue
        places = pc.indices_nonzero(asked.is_valid())
        texts = asked.take(places)
        values = [None] * len(texts) if said is None else said.take(places).to_pylist()
        pairs = {(row, source) for judge in subject.judges for row, source in _pairs(judge_all(judge, texts))}
        for row, source in pairs:
            found[source, None] += 1
            if values[row] is not None:
                found[source, values[row]] += 1
    return found


def _pairs(evidence: pa.Table) -> Iterator[tuple[int, str]]:
    return zip(evidence["row"].to_pylist(), evidence["source"].to_pylist(), strict=True)
