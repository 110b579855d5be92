"""The manifest: everything needed to rebuild a data set, and what every one of its files must be.

`demur.sets.manifest_file` reads and writes it.
"""

from __future__ import annotations

import platform
import unicodedata
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field, StringConstraints

from demur.records.record import Access, Count, Frozen, RecordId, Sha256, Slug, UseLimit
from demur.records.terms import Terms, declared_terms
from demur.sources.mirror import Pin

FORMAT = 2

ConfigName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
SplitName = Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
Below = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*(/\w[\w.-]*)*$")]
"""A path below a folder, which leaves it nowhere. All three become paths where somebody else's manifest is read."""
Message = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        strip_whitespace=True,
    ),
]
"""A line of somebody's words, which steers no terminal."""


class SourceEntry(Frozen):
    """One source of a build: its terms, its pins, and how many rows it gave."""

    name: Slug
    title: str
    homepage: str
    """Where it is presented; empty of a source that is on no web."""
    license: str
    terms: dict[str, Terms] = Field(default_factory=dict)
    """Its own license, if it has one -> what that allows."""
    use_limits: tuple[UseLimit, ...]
    citation: str
    origins: dict[str, str] = Field(default_factory=dict)
    """Where rows were taken over from -> the license of their texts, where a source has such rows."""
    copyright: tuple[str, ...] = ()
    """The copyright lines of its license file, where that was at hand."""
    model_written: str | None = None
    """What of it a vendor's model wrote."""
    rows: Count
    records: Count
    digest: Sha256
    pins: tuple[Pin, ...]


class ConfigEntry(Frozen):
    """One config: its sources and license, and where every record went: candidates = used + rejects."""

    name: ConfigName
    sources: tuple[Slug, ...]
    license: str
    terms: Terms | None = None
    """What the license comes to, where one of its sources has a license of its own."""
    use_limits: tuple[UseLimit, ...]
    candidates: Count
    """Records of its sources, and raw rows that a source's row function rejected."""
    used: Count
    """Records that stand in some row: as many as rows, unless rows are made from several records or share one."""
    rows: dict[SplitName, Count]
    """Rows by split."""
    rejects: dict[str, Count]
    """Rejects by reason."""
    basis: dict[str, Count] = Field(default_factory=dict)
    """Rows by whose word they rest on."""
    references: str | None = None
    """The schema of its rows where they are published without their texts; otherwise null."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """What the kind of set states of a config: see ``facts`` of its class."""


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
    """What the builder declared: see `demur.sets.builder.Builder` for each."""

    near_duplicate: float
    splits: dict[str, float | int | None]
    seed: int
    stated: dict[str, Any]
    """What the kind of set states of its declaration: see ``stated`` of its class."""


class StaleEntry(Frozen):
    """A decision that was not applied, because it fits no text any more."""

    record_id: RecordId
    action: str
    why: str


class CurationEntry(Frozen):
    """What people decided and readers said, as far as it entered the build."""

    order: tuple[str, ...] = ()
    """Whose word wins, the first that there is."""
    files: dict[str, Sha256] = Field(default_factory=dict)
    """The files of the curation -> their sha256."""
    effects: dict[str, Count] = Field(default_factory=dict)
    """What changed, in words -> records."""
    stale: tuple[StaleEntry, ...] = ()
    """Decisions that were not applied."""
    encoders: tuple[str, ...] = ()
    """The encoders of the pairs by meaning, with version and hash; none where no pairs were there."""
    joined: Count = 0
    """Pairs by meaning that share a group, and so a split."""
    uncovered: dict[Slug, Count] = Field(default_factory=dict)
    """Source -> records for which no pairs were computed: leaks by meaning are not looked for among them."""


class Change(Frozen):
    """One entry of the changelog: a version, and what it did to the rows of the one before."""

    version: Annotated[str, StringConstraints(pattern=r"^v\d+\.\d+\.\d+$")]
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    bump: Literal["first", "major", "minor", "patch"]
    """Which part of the version number rose, or ``first``."""
    reasons: Annotated[tuple[str, ...], Field(min_length=1)]
    """Why, in words; the strongest first."""
    added: Count
    removed: Count
    changed: Count
    moved: Count
    rows: dict[str, Count]
    """Rows by config."""
    message: Message | None = None
    """What its maintainer said of it, in a line; null where nothing was said."""


class Release(Frozen):
    """A release: where it is published, and the changelog, newest first; the first entry is the release's own."""

    repo: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")] | None
    """``owner/name`` on the Hub; null for a release to a store, whose place is nobody's but its keeper's."""
    previous: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")] | None
    """Revision of the release before, if there was one: a commit on the Hub, in a store the sha256 of its manifest."""
    changelog: Annotated[tuple[Change, ...], Field(min_length=1)]

    @property
    def version(self) -> str:
        """The release's own version, such as ``v1.2.0``."""
        return self.changelog[0].version


class Manifest(Frozen):
    """A built data set."""

    format: int
    name: Slug
    kind: Slug
    """The kind of set, a package of `demur.kinds`."""
    row: str
    """The schema of its rows."""
    title: str
    parameters: Parameters
    """Thresholds, fractions and seed of the builder."""
    added_sources: dict[str, tuple[Slug, ...]]
    """Config -> sources that the user added to the builder's own."""
    lock_sha256: Sha256 | None
    """Hash of the lock file that pinned earlier assignments, if there was one."""
    sources: tuple[SourceEntry, ...]
    configs: tuple[ConfigEntry, ...]
    groups: GroupsEntry
    label_conflicts: Count
    moves: tuple[MoveEntry, ...]
    curation: CurationEntry = CurationEntry()
    """What people decided, and readers said."""
    across: tuple[dict[str, Any], ...] = ()
    """What the kind of set states of its configs together, such as what the draws of two seeds share."""
    access: Access = "public"
    """The strictest tier of any row; what is not public is released behind a gate."""
    environment: dict[str, str]
    """Versions that the bytes depend on."""
    canary: str | None = None
    """The GUID that the files of an evaluation set carry."""
    release: Release | None = None
    """Where and as which version it is published; null for a set that was only built."""
    files: dict[Below, FileEntry]
    """Path below the folder -> what it must be; the manifest itself is not among them."""

    @property
    def own_terms(self) -> dict[str, Terms]:
        """Every license of their own that sources have -> what it allows."""
        return declared_terms((source.name, source.terms) for source in self.sources)


def environment() -> dict[str, str]:
    """Versions that the bytes of a build depend on."""
    from demur import __version__

    python = ".".join(platform.python_version_tuple()[:2])
    return {"demur": __version__, "pyarrow": pa.__version__, "python": python, "unicode": unicodedata.unidata_version}
