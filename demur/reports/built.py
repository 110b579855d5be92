"""What a page tells of a set that Demur built, from its manifest, its rows and a check of it; no texts but of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from demur.checks.engine import check
from demur.checks.finding import Report
from demur.errors import DemurError, ManifestError
from demur.pages.drawing import COLORS
from demur.rates import Rate
from demur.records.licenses import LICENSES, license_of
from demur.records.row import Facet, Side, columns_with
from demur.reports.alone import alone
from demur.reports.checked import Checked
from demur.reports.cube import NONE, Cube, columns
from demur.reports.pairs import Pairs, conflicts, grouped
from demur.sets.diff import Diff, diff
from demur.sets.folder import BuiltSet
from demur.sets.kind import Alone
from demur.sets.manifest import ConfigEntry, Manifest, SourceEntry

_MOST_FACETS = 6


@dataclass(frozen=True)
class Leak:
    """Something that was looked for, and how often it was found."""

    what: str
    how: str
    rate: Rate
    unit: str


@dataclass(frozen=True)
class About:
    """All that the page of a built set shows.

    Attributes:
        built: the set.
        called: what it is called: its path's last part, or ``owner/name@v1.2.0``.
        rows: rows by config, source, hazard, facets and split.
        rejects: rejects by config, reason and source.
        labellers: who gave the labels that stand in the rows, by source.
        alone: what text alone tells of the sides.
        conflicts: labels that contradict each other.
        grouped: rows with different prompts that share a group.
        sizes: size of a set of near-duplicates -> how many sets.
        leaks: what was looked for across splits and in protected sets.
        checked: what `demur check` found.
        since: the version before and the difference to it, where it is on this machine.
        with_text: whether the page holds texts.
    """

    built: BuiltSet
    called: str
    rows: Cube
    rejects: Cube
    labellers: Cube | None
    alone: tuple[Alone, ...]
    conflicts: Pairs
    grouped: Pairs
    sizes: dict[int, int]
    leaks: tuple[Leak, ...]
    checked: Checked
    since: tuple[str, Diff] | None
    with_text: bool

    @property
    def manifest(self) -> Manifest:
        """Of the set."""
        return self.built.manifest

    @property
    def side(self) -> str | None:
        """The column that tells the sides apart."""
        return next(iter(columns_with(self.built.model, Side)), None)

    @property
    def tables(self) -> list[tuple[str, str]]:
        """The heat tables: one dimension down, one across."""
        known = [name for name in self.rows.dims if name != self.rows.one]
        wanted = [("source", "hazard"), ("behaviour", "hazard"), ("source", "behaviour"), ("source", "split")]
        if self.side:
            wanted += [(self.side, "hazard"), (self.side, "split")]
        return [pair for pair in wanted if {*pair} <= {*known}]

    @property
    def alone_by_sides(self) -> dict[tuple[str, str, str], list[Alone]]:
        """Config, sides and numbers -> what was measured of them, the most telling first."""
        found: dict[tuple[str, str, str], list[Alone]] = {}
        for each in self.alone:
            found.setdefault((each.config, each.sides, each.n), []).append(each)
        return {key: sorted(several, key=lambda each: -each.auroc.value) for key, several in found.items()}

    @property
    def used(self) -> dict[str, Rate]:
        """Config -> share of its candidates that stand in some row."""
        return {each.name: Rate.of(each.used, each.candidates) for each in self.manifest.configs}

    @property
    def classes(self) -> dict[str, str]:
        """Whose word rows rest on -> class of the style."""
        return {name: f"m{number % COLORS}" for number, name in enumerate(_bases(self.manifest))}

    def license_name(self, entry: SourceEntry | ConfigEntry) -> str:
        """The license of a source or a config in words."""
        known = LICENSES.get(entry.license)
        return known.name if known else license_of(entry.license, entry.name).name

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "set": self.manifest.name,
            "kind": self.manifest.kind,
            "rows": {each.name: sum(each.rows.values()) for each in self.manifest.configs},
            "findings": self.checked.report.counts,
            "conflicts": self.conflicts.all,
            "grouped": self.grouped.all,
        }


def about(built: BuiltSet, called: str, since: tuple[str, Path] | None = None, *, with_text: bool = False) -> About:
    """Gather what the page of a built set shows.

    Args:
        built: the set.
        called: what the page calls it.
        since: what the version before is called, and its folder.
        with_text: keep the texts of pairs and of findings.

    Raises:
        ManifestError: a folder that is no built set, or whose files are not those of its manifest.
    """
    found = check(built.path, show_text=with_text)
    try:
        return _about(built, called, found, since, with_text)
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, DemurError):
            raise
    msg = "The files are not those of the manifest"
    raise ManifestError(msg, where=built.path, fix="`demur check` of the folder tells what is wrong with them.")


def _about(built: BuiltSet, called: str, found: Report, since: tuple[str, Path] | None, with_text: bool) -> About:
    return About(
        built=built,
        called=called,
        rows=_rows(built),
        rejects=_rejects(built),
        labellers=_labellers(built),
        alone=alone(built),
        conflicts=conflicts(built),
        grouped=grouped(built),
        sizes=_sizes(built),
        leaks=tuple(_leaks(built, found)),
        checked=Checked(found, with_text),
        since=(since[0], diff(since[1], built.path)) if since else None,
        with_text=with_text,
    )


def _bases(manifest: Manifest) -> list[str]:
    counted: Counter[str] = Counter()
    for entry in manifest.configs:
        counted.update(entry.basis)
    return [name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _rows(built: BuiltSet) -> Cube:
    facets = list(columns_with(built.model, Facet))[:_MOST_FACETS]
    names = ["source", "hazards", *facets, "split"]
    counted: Counter[tuple[tuple[str, ...], ...]] = Counter()
    for entry in built.manifest.configs:
        for row in columns(built.rows(entry.name), names):
            counted[((entry.name,), *row)] += 1
    return Cube.of(counted, ["config", *("hazard" if name == "hazards" else name for name in names)], one="config")


def _rejects(built: BuiltSet) -> Cube:
    names = ["config", "reason", "source"]
    return Cube.of(Counter(columns(built.table("rejects.parquet"), names)), names, one="config")


def _labellers(built: BuiltSet) -> Cube | None:
    """Who gave the labels that stand in the rows, and whose hazards they are, by source."""
    counted: Counter[tuple[tuple[str, ...], ...]] = Counter()
    for entry in built.manifest.configs:
        table = built.rows(entry.name)
        if "labels" not in table.column_names:
            continue
        by = table["hazards_by"].to_pylist() if "hazards_by" in table.column_names else [None] * table.num_rows
        for source, labels, hazards in zip(table["source"].to_pylist(), table["labels"].to_pylist(), by, strict=True):
            given = tuple(dict.fromkeys(f"{each['labeller']}, of the {each['scope']}" for each in labels or ()))
            counted[((entry.name,), (source or NONE,), given or (NONE,), (hazards or NONE,))] += 1
    return Cube.of(counted, ["config", "source", "labels by", "hazards by"], one="config") if counted else None


def _sizes(built: BuiltSet) -> dict[int, int]:
    path = built.path / "groups.parquet"
    sizes = built.table(path.name)["size"].to_pylist() if path.is_file() else []
    return dict(sorted(Counter(sizes).items()))


def _leaks(built: BuiltSet, found: Report) -> Iterator[Leak]:
    """Groups in two splits, counted here; what the rules about leaks found; pairs by meaning; protected sets."""
    splits: dict[str, set[str]] = {}
    for entry in built.manifest.configs:
        table = built.rows(entry.name)
        for group, split in zip(table["group_id"].to_pylist(), table["split"].to_pylist(), strict=True):
            splits.setdefault(group, set()).add(split)
    several = sum(len(each) > 1 for each in splits.values())
    yield Leak(
        "Groups that stand in two splits", "by group_id, over all configs", Rate.of(several, len(splits)), "groups"
    )
    for rule, rate in Checked(found).leaks():
        yield Leak(f"{rule.code} {rule.name}", rule.summary, rate, "rows")
    curation = built.manifest.curation
    if curation.encoders:
        unread = sum(curation.uncovered.values())
        every = sum(source.records for source in built.manifest.sources)
        how = f"pairs by {', '.join(curation.encoders)}; {curation.joined:,} of them share a group, and so a split"
        yield Leak("Records of which pairs by meaning were looked for", how, Rate.of(every - unread, every), "records")
    near = sum(entry.rejects.get("near-protected", 0) for entry in built.manifest.configs)
    if near:
        candidates = sum(entry.candidates for entry in built.manifest.configs)
        how = "left out of the rows, since they are near a prompt of a protected set"
        yield Leak("Candidates near protected prompts", how, Rate.of(near, candidates), "candidates")


def previous(manifest: Manifest, repo: str | None = None) -> tuple[str, Path] | None:
    """What the version before is called, and its folder: pulled before to this machine, or stored on it.

    Args:
        manifest: of the version.
        repo: where it lies; by default where its manifest says.
    """
    from demur.release.pull import pull
    from demur.release.reference import Ref

    released = manifest.release
    repo = repo or (released.repo if released else None)
    if released is None or repo is None or len(released.changelog) < 2:
        return None
    try:
        ref = Ref.parse(f"{repo}@{released.changelog[1].version}")
        return str(ref), pull(ref, ref.place, offline=True).folder
    except DemurError:
        return None
