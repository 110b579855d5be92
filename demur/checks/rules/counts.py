"""Rules about counts and the manifest (DMR5xx)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from demur.checks.finding import Finding, hit
from demur.checks.rule import BUILT, FILES, rule
from demur.checks.subject import Subject
from demur.errors import UsageError, shown
from demur.files.digest import content_digest, file_sha256
from demur.files.reading import bounded_table
from demur.groups.splits import read_lock
from demur.records.rejects import REJECTS
from demur.sets.folder import REQUIRED, BuiltSet
from demur.sets.manifest_file import HOSTED, NAME

_AGAIN = "Build it again."


@rule(
    "DMR501",
    "files",
    invariants=(14,),
    summary="The files of a built folder are those of its manifest, byte for byte.",
    why="A file that was added, lost or changed after the build is not what was counted, licensed and released.",
    fix="Build it again, or fetch it again.",
    applies=BUILT,
)
def files(subject: Subject) -> Iterator[Finding]:
    """Files too many, too few, or changed."""
    folder = subject.folder
    if folder is None:
        return
    path, listed = folder.path, folder.manifest.files
    present = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {NAME} - HOSTED
    for name in sorted(present - listed.keys()):
        yield hit("the manifest does not list this file", name, fix="Remove it, or build again.")
    for name in sorted({*REQUIRED} - listed.keys()):
        yield hit("the manifest does not list this file, which every build writes", name)
    for name, entry in sorted(listed.items()):
        if name not in present:
            yield hit("the file is missing", name)
        elif (got := file_sha256(path / name)) != entry.sha256:
            yield hit(f"sha256 is {got[:12]}..., the manifest says {entry.sha256[:12]}...", name)


@rule(
    "DMR502",
    "accounting",
    invariants=(9,),
    summary="Candidates are rows, or records used, and rejects: nothing is dropped silently.",
    why="A filter that drops rows without a trace changes what a set is about; DeRTa's generator skips every "
    "response that is too short to cut, and no count says how many those were.",
    fix="A step dropped rows silently: report it.",
    applies=BUILT,
)
def accounting(subject: Subject) -> Iterator[Finding]:
    """Sources give candidates, and candidates go somewhere."""
    folder = subject.folder
    rejects = _rejects(folder) if folder else None
    if folder is None or rejects is None:
        return
    mapped: Counter[tuple[str, str]] = Counter()
    for config, source, id in zip(
        *(rejects[name].to_pylist() for name in ("config", "source", "record_id")), strict=True
    ):
        mapped[config, source] += id is None  # rejected by the source's own row function, before it was a record
    records = {source.name: source.records for source in folder.manifest.sources}
    for entry in folder.manifest.configs:
        given = sum(records.get(name, 0) + mapped[entry.name, name] for name in entry.sources)
        if given != entry.candidates:
            message = f"its sources give {given} candidates, declared {entry.candidates}"
            yield hit(message, entry.name, fix=_AGAIN)
        what = "rows" if entry.used == sum(entry.rows.values()) else "records used"
        out = entry.used + sum(entry.rejects.values())
        if out != entry.candidates:
            yield hit(f"{entry.candidates} candidates, but {out} {what} and rejects", entry.name)


def _locked(folder: BuiltSet) -> Iterator[Finding]:
    """A lock that cannot be read, locks nothing, or has rows in other splits than they stand in."""
    try:
        lock = read_lock(folder.present("splits.lock"))
    except (UsageError, UnicodeError):
        yield hit("is no lock: a record id and its split on each line", "splits.lock")
        return
    if not lock and any(entry.used for entry in folder.manifest.configs):
        yield hit("locks no record", "splits.lock")
    for config, table in folder.configs.items():
        rows = zip(table["record_id"].to_pylist(), table["split"].to_pylist(), strict=True)
        moved = sum(lock.get(id, split) != split for id, split in rows)
        if moved:
            yield hit(f"locks {moved} rows of {config} in other splits than they stand in", "splits.lock")


def _rejects(folder: BuiltSet) -> pa.Table | None:
    """The rejects; None where their columns are others, which DMR503 tells."""
    table = bounded_table(folder.present("rejects.parquet"))
    return table if table.schema.equals(REJECTS) else None


@rule(
    "DMR503",
    "declared-counts",
    invariants=(9, 14),
    summary="Every count that a manifest declares is the count of the rows.",
    why="A card that says 939 questions over 938 makes every rate of the set a little wrong, and nobody can say "
    "which version was meant.",
    fix=_AGAIN,
    applies=BUILT,
)
def declared_counts(subject: Subject) -> Iterator[Finding]:
    """Rows by split, rejects by reason, the digest of the rows, and what each kind of set counts besides."""
    folder = subject.folder
    if folder is None:
        return
    yield from _locked(folder)
    rejects = _rejects(folder)
    if rejects is None:
        yield hit("columns differ from the schema", "rejects.parquet")
        return
    reasons: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for config, reason in zip(rejects["config"].to_pylist(), rejects["reason"].to_pylist(), strict=True):
        reasons[config][reason] += 1
    for entry in folder.manifest.configs:
        table, declared = folder.configs[entry.name], {"used": entry.used, **entry.facts}
        counted = dict(folder.kind.recount(table, folder.manifest, entry))
        rows = Counter(table["split"].to_pylist())
        if dict(rows) == {split: count for split, count in entry.rows.items() if count}:
            counted.setdefault("used", table.num_rows)
        else:
            yield hit(f"rows by split are {dict(sorted(rows.items()))}, declared {entry.rows}", entry.name)
        if dict(reasons[entry.name]) != entry.rejects:
            yield hit("rejects by reason are not the declared ones", entry.name)
        for path, count in counted.items():
            for name, one, other in _differing(path, count, _at(declared, path)):
                yield hit(f"{name}: {one} in the rows, declared {other}", entry.name)
    across = [each.model_dump(mode="json") for each in folder.kind.recount_across(folder.configs, folder.manifest)]
    if across != list(folder.manifest.across):
        yield hit("what its configs have in common is not what is declared", NAME)
    for name, file in sorted(folder.manifest.files.items()):
        if file.content and file.content != content_digest(bounded_table(folder.present(name))):
            yield hit("the rows' digest is not the declared one", name)


def _at(facts: Any, path: str) -> Any:
    """What stands under a dotted path."""
    for name in path.split("."):
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return facts


def _differing(path: str, counted: Any, declared: Any) -> Iterator[tuple[str, Any, Any]]:
    """What is counted otherwise than declared; of counts by name each name, those of one side alone too."""
    if isinstance(counted, Mapping) and isinstance(declared, Mapping):
        for name in sorted({*counted, *declared}):
            yield from _differing(f"{path}.{name}", counted.get(name, 0), declared.get(name, 0))
    elif counted != declared:
        yield path, counted, declared


_SPLIT = re.compile(r"-\s*name:\s*[\"']?(\w+)[\"']?\s*\n(?:\s+num_bytes:.*\n)?\s+num_examples:\s*(\d+)")


@rule(
    "DMR504",
    "card-counts",
    invariants=(14,),
    summary="The number of rows of each split is the one that the card's header declares (num_examples).",
    why="The header of a card is written once and the files are replaced later; loaders then refuse the set, or load "
    "another number of rows than a paper reports.",
    fix="Write the header again from the files, or find the rows that are missing.",
    applies=FILES,
)
def card_counts(subject: Subject) -> Iterator[Finding]:
    """Splits of the nearest card whose number of rows is another."""
    for name, text in subject.pages:
        head = text[: text.find("\n---", 3)] if text.startswith("---") else ""
        declared: dict[str, set[int]] = {}
        for split, count in _SPLIT.findall(head):
            declared.setdefault(split, set()).add(int(count))
        found = subject.split_rows
        for split, counts in sorted(declared.items()):
            if len(counts) == 1 and split in found and found[split] not in counts:
                yield hit(f"split {shown(split)} has {found[split]} rows, the card declares {min(counts)}", name)


@rule(
    "DMR505",
    "first-rows",
    invariants=(5, 20),
    summary="Rows that are said to be drawn at random are not the first rows of their source.",
    why='The "200 random" queries of Emulated Disalignment are the first 200, and DeRTa takes the first 3,000 '
    "rows: of a file that is ordered by category, the first rows are one category.",
    fix="Draw with a seed and say it, or say that these are the first rows.",
    applies=FILES,
    severity="warning",
)
def first_rows(subject: Subject) -> Iterator[Finding]:
    """Files that call themselves random and whose rows of the source are 0 to n - 1."""
    for file in subject.files:
        numbers = subject.state.source_rows.get(file.name)
        said = bool(re.search(r"random|sample", file.path.stem, re.IGNORECASE)) or bool(
            re.search(r"random(?:ly)?\b", (subject.card_near(file.path.parent) or ""), re.IGNORECASE)
        )
        if said and numbers is not None and len(numbers) > 1:
            first = int(numbers.min())
            if first in (0, 1) and np.array_equal(np.sort(numbers), np.arange(first, first + len(numbers))):
                yield hit(f"said to be random, but these are the first {len(numbers)} rows of the source", file.name)
