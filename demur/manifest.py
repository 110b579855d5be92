"""The manifest: everything needed to rebuild a data set, and what every one of its files must be."""

from __future__ import annotations

import json
import platform
import unicodedata
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import Field, StringConstraints, ValidationError

from demur.errors import ManifestError, issues
from demur.kinds import (
    BaselineEntry,
    ComparisonCounts,
    ContrastParameters,
    Count,
    Overlap,
    SetCounts,
    TrainingCounts,
    TrainingParameters,
)
from demur.queries.declared import Comparisons, Queries
from demur.record import Access, Frozen, RecordId, Sha256, Slug, UseLimit
from demur.source import Pin

FORMAT = 1
NAME = "manifest.json"
HOSTED = frozenset({".gitattributes"})
"""Files that the Hub itself keeps in every repository; no manifest lists them."""


class SourceEntry(Frozen):
    """One source of a build: its terms, its pins, and how many rows it gave."""

    name: Slug
    title: str
    homepage: str
    license: str
    use_limits: tuple[UseLimit, ...]
    citation: str
    rows: Count
    records: Count
    digest: Sha256
    pins: tuple[Pin, ...]


class ConfigEntry(Frozen):
    """One config: its sources and license, and where every record went: candidates = used + rejects.

    Attributes:
        references: the schema of its rows where they are published without their texts; otherwise null.
        training: of training rows; otherwise null, as the next three are for other kinds of set.
        baseline: what text alone gives on contrast pairs.
        queries: query set -> where its rows come from.
        comparisons: of responses to compare.
    """

    name: str
    sources: tuple[Slug, ...]
    license: str
    use_limits: tuple[UseLimit, ...]
    candidates: Count
    rows: dict[str, Count]
    rejects: dict[str, Count]
    training: TrainingCounts | None = None
    references: str | None = None
    baseline: BaselineEntry | None = None
    queries: dict[str, SetCounts] | None = None
    comparisons: ComparisonCounts | None = None

    @property
    def used(self) -> int:
        """Records that stand in its rows: one a row, unless rows are made from several records or share one."""
        made = self.training or self.comparisons
        return made.used if made else sum(self.rows.values())


class FileEntry(Frozen):
    """One file of the data set; ``rows`` and ``content`` (a digest of the rows themselves) for Parquet files."""

    sha256: Sha256
    bytes: Count
    rows: Count | None = None
    content: Sha256 | None = None


class GroupsEntry(Frozen):
    """How the candidates group: all groups; sets of two or more near-duplicates; the largest; those that are chains."""

    groups: Count
    near_duplicates: Count
    largest: Count
    chained: Count


class MoveEntry(Frozen):
    """A locked record that moved to a more protected split because groups merged."""

    record_id: RecordId
    was: str
    now: str


class Parameters(Frozen):
    """What the builder declared: see `demur.builder.Builder` for each."""

    near_duplicate: float
    splits: dict[str, float | int | None]
    balance: str | None
    seed: int
    training: TrainingParameters | None = None
    contrast: ContrastParameters | None = None
    queries: Queries | None = None
    comparisons: Comparisons | None = None


class Change(Frozen):
    """One entry of the changelog: a version, and what it did to the rows of the one before.

    Attributes:
        bump: which part of the version number rose, or ``first``.
        reasons: why, in words; the strongest first.
        rows: rows by config.
    """

    version: Annotated[str, StringConstraints(pattern=r"^v\d+\.\d+\.\d+$")]
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    bump: Literal["first", "major", "minor", "patch"]
    reasons: Annotated[tuple[str, ...], Field(min_length=1)]
    added: Count
    removed: Count
    changed: Count
    moved: Count
    rows: dict[str, Count]


class Release(Frozen):
    """A release: where it is published, and the changelog, newest first; the first entry is the release's own.

    Attributes:
        repo: ``owner/name`` on the Hub.
        previous: revision (commit) of the release before, if there was one.
    """

    repo: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    previous: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")] | None
    changelog: Annotated[tuple[Change, ...], Field(min_length=1)]

    @property
    def version(self) -> str:
        """The release's own version, such as ``v1.2.0``."""
        return self.changelog[0].version


class Manifest(Frozen):
    """A built data set.

    Attributes:
        parameters: thresholds, fractions and seed of the builder.
        added_sources: config -> sources that the user added to the builder's own.
        lock_sha256: hash of the lock file that pinned earlier assignments, if there was one.
        overlaps: rows that the draws of several seeds share.
        access: the strictest tier of any row; what is not public is released behind a gate.
        environment: versions that the bytes depend on.
        canary: the GUID that the files of an evaluation set carry.
        release: where and as which version it is published; null for a set that was only built.
        files: path below the folder -> what it must be; the manifest itself is not among them.
    """

    format: int
    name: Slug
    kind: str
    title: str
    parameters: Parameters
    added_sources: dict[str, tuple[Slug, ...]]
    lock_sha256: Sha256 | None
    sources: tuple[SourceEntry, ...]
    configs: tuple[ConfigEntry, ...]
    groups: GroupsEntry
    label_conflicts: Count
    moves: tuple[MoveEntry, ...]
    overlaps: tuple[Overlap, ...] = ()
    access: Access = "public"
    environment: dict[str, str]
    canary: str | None = None
    release: Release | None = None
    files: dict[str, FileEntry]


def environment() -> dict[str, str]:
    """Versions that the bytes of a build depend on."""
    from demur import __version__

    python = ".".join(platform.python_version_tuple()[:2])
    return {"demur": __version__, "pyarrow": pa.__version__, "python": python, "unicode": unicodedata.unidata_version}


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest.json`` in one stable form."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """Read a manifest from its file or the folder that holds it.

    Raises:
        ManifestError: it is missing, not JSON, or not a manifest of this format.
    """
    path = path / NAME if path.is_dir() else path
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = "There is no manifest"
        raise ManifestError(
            msg,
            where=path,
            got=error.strerror,
            fix="Name a folder that `demur build` wrote, or its manifest.json.",
        ) from error
    written = _stated_format(data)
    if written not in (None, FORMAT):
        msg = "The manifest has another format"
        raise ManifestError(msg, where=path, expected=FORMAT, got=written, fix="Use the Demur release that wrote it.")
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        found = issues(error)
        msg = f"The manifest is broken ({len(found)} issues)"
        raise ManifestError(msg, where=path, got=found[0], fix="Build it again.") from None


def _stated_format(data: bytes) -> int | None:
    """The format that a manifest says it has, before its other fields are judged; None if it says none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    written = document.get("format") if isinstance(document, dict) else None
    return written if isinstance(written, int) else None
