"""The plan of a release: what was released, what would change, which version that makes. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demur.checks.engine import check
from demur.checks.finding import Finding
from demur.errors import HubError, ManifestError, UsageError
from demur.project import Project
from demur.release.dress import dress
from demur.release.place import Place, State
from demur.release.proof import proof
from demur.release.version import first_change, message_of, next_change
from demur.sets.builder import builder_of
from demur.sets.diff import Diff, diff
from demur.sets.manifest import Change, Manifest, Release
from demur.sets.manifest_file import HOSTED, NAME, read_manifest

_SHOWN = 5


@dataclass(frozen=True)
class Plan:
    """What a release would do.

    Attributes:
        place: where it would go.
        state: what it holds now; None where it does not exist.
        manifest: of the release; its own changelog entry is ``manifest.release.changelog[0]``.
        folder: the files to publish.
        diff: to the release before; None for a first one.
        gone: paths on the default branch that the release has not.
        written: paths that are new or differ from the default branch's.
        unfinished: a commit that holds this very release and only lacks its tag.
        advice: what a check of the files advises, which does not keep them from being released.
    """

    place: Place
    state: State | None
    manifest: Manifest
    folder: Path
    diff: Diff | None
    gone: tuple[str, ...]
    written: tuple[str, ...]
    unfinished: str | None
    advice: tuple[Finding, ...] = ()

    @property
    def release(self) -> Release:
        """Where and as which version it is published."""
        assert self.manifest.release is not None  # noqa: S101 - it was dressed
        return self.manifest.release

    @property
    def change(self) -> Change:
        """The changelog entry of this release."""
        return self.release.changelog[0]

    @property
    def gated(self) -> bool:
        """Whether the access tier demands a gate."""
        return self.manifest.access != "public"

    def as_dict(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "repo": self.place.repo,
            **self.change.model_dump(mode="json"),
            "diff": self.diff.summary() if self.diff else None,
            "access": self.manifest.access,
            "written": list(self.written),
            "gone": list(self.gone),
            "unfinished": self.unfinished,
            "advice": [_said(each) for each in self.advice],
        }

    def lines(self) -> Iterator[str]:
        """The plan for people, a line each."""
        before = self.state.latest if self.state else None
        yield f"{self.place.repo}: {self.change.version}" + (f", after {before}" if before else ", the first release")
        yield f"  because: {'; '.join(self.change.reasons)}"
        if self.change.message is not None:
            yield f"  message: {self.change.message}"
        if self.diff is not None:
            yield from (f"  {line}" for line in self.diff.lines())
        for config in self.manifest.configs:
            limits = f"; use limits: {', '.join(config.use_limits)}" if config.use_limits else ""
            what = "references" if config.references else "rows"
            yield f"  {config.name}: {sum(config.rows.values())} {what}; license {config.license}{limits}"
        yield f"  {self._settings()}"
        size = sum((self.folder / name).stat().st_size for name in self.written)
        yield f"  files: {len(self.written)} written ({size:,} bytes), {len(self.gone)} removed"
        yield from (f"  advice: {line}" for line in _first(self.advice))
        if self.unfinished:
            yield f"  the commit {self.unfinished[:12]} holds it already and lacks its tag"

    def _settings(self) -> str:
        """Who will see the rows."""
        access = f"access {self.manifest.access}"
        if self.place.published is None:
            gate = "; there is no gate: whoever may read it reads every row" if self.gated else ""
            return f"store: {'new' if self.state is None else 'there'}; {access}{gate}"
        now = "new, private" if self.state is None else "private" if self.state.private else "public"
        gate = "; people ask for access and are let in by hand" if self.gated else ""
        return f"repository: {now}; {access}{gate}"


@dataclass(frozen=True)
class Same:
    """A set that its last release holds already: only settings of the repository may be left to do.

    Attributes:
        place: where it lies.
        state: what it holds now.
        access: the strictest tier of any row of the last release, which was proven.
    """

    place: Place
    state: State
    access: str

    def left(self, public: bool) -> list[str]:
        """What a killed run, or somebody's hand, left to do; in words."""
        gate = ["gated: people ask for access and are let in by hand"] if unguarded(self.state, self.access) else []
        return gate + ([f"{self.place.repo} made public"] if public and self.state.private else [])


def unguarded(state: State, access: str) -> bool:
    """Whether rows that are not public lie, or would lie, on the Hub without a gate."""
    return access != "public" and state.gated is False


def plan(
    place: Place,
    built: Path,
    project: Project,
    work: Path,
    date: str,
    replace: bool = False,
    ungated: bool = False,
    message: str | None = None,
) -> Plan | Same:
    """Compare a built folder with its last release, and dress it as the next version.

    Args:
        place: of its releases.
        built: what ``demur build`` wrote.
        project: where its builder lies.
        work: an empty folder for the release's files and for what is downloaded.
        date: the day of the release, YYYY-MM-DD.
        replace: go on although somebody committed to the default branch since the last release.
        ungated: let rows that are not public go to a store, which has no gate.
        message: what is said of the release in its changelog.

    Returns:
        The plan; where nothing differs from the last release, what that is.

    Raises:
        ManifestError: the built folder, or the last release, does not hold what it promises.
        UsageError: rows that are not public, to a store.
        HubError, FetchError: the place does not answer, or somebody committed by hand.
    """
    manifest, advice = sound(built)
    if manifest.access != "public" and place.published is None and not ungated:
        msg = "Some rows are not public, and a store has no gate"
        fix = "Release to the Hub; or see who may read the store, and say --without-gate."
        raise UsageError(msg, where=place.repo, expected="access public", got=f"access {manifest.access}", fix=fix)
    state = place.state()
    latest = state.tags[state.latest] if state and state.latest else None
    previous = _release_at(place, latest, work / "previous") if latest else None
    found = diff(previous, built) if previous else None
    if state is not None and previous is not None and found is not None and found.empty:
        return Same(place, state, read_manifest(previous).access)
    changelog = _changelog(previous)
    said = message_of(message)
    change = next_change(manifest, changelog[0], found, date, said) if found else first_change(manifest, date, said)
    release = Release(repo=place.published, previous=latest, changelog=(change, *changelog))
    moved = state is not None and state.head != (latest or "")
    unfinished = _unfinished(place, state, release, work / "head", replace) if state and moved else None
    if unfinished:
        release = unfinished
    builder = builder_of(project, manifest.name)
    dressed = dress(built, release, builder, project, work / "release")
    if read_manifest(built) != manifest:
        msg = "The folder changed while it was looked at"
        raise ManifestError(
            msg, where=built, fix="Nothing was sent. Let the build that writes it end, and run it again."
        )
    same = unfinished is not None and read_manifest(_folder_of(work / "head")) == dressed
    listed = read_manifest(previous).files if previous else {}
    present = place.files(state.head) - HOSTED if state else set()
    return Plan(
        place=place,
        state=state,
        manifest=dressed,
        folder=work / "release",
        diff=found,
        gone=tuple(sorted(present - dressed.files.keys() - {NAME})),
        written=(NAME, *(name for name, entry in dressed.files.items() if listed.get(name) != entry)),
        unfinished=state.head if state and same else None,
        advice=advice,
    )


def sound(built: Path) -> tuple[Manifest, tuple[Finding, ...]]:
    """The manifest of a built folder of which a check says neither errors nor warnings; and what it advises.

    Raises:
        ManifestError: it does not; or it is a release already.
    """
    report = check(built)
    if broken := [each for each in report.findings if report.fails(each.severity)]:
        msg = f"The built set breaks its invariants ({len(broken)} findings)"
        got = "\n            ".join(_first(broken))
        raise ManifestError(msg, where=built, got=got, fix="Nothing was published. Build it again.")
    manifest = read_manifest(built)
    if manifest.release is not None:
        msg = "The folder is a release already"
        raise ManifestError(
            msg, where=built, got=manifest.release.version, fix="Name a folder that `demur build` wrote."
        )
    return manifest, tuple(each for each in report.findings if not report.fails(each.severity))


def _first(findings: Iterable[Finding]) -> Iterator[str]:
    """A line for each of the first findings, and one that says that there are more."""
    for number, each in enumerate(findings):
        yield _said(each) if number < _SHOWN else "..."
        if number == _SHOWN:
            return


def _said(finding: Finding) -> str:
    return f"{finding.where}: {finding.code} {finding.message}"


def _release_at(place: Place, commit: str, to: Path) -> Path:
    """The files of a release that is published, proven by its manifest."""
    folder = place.download(commit, to)
    manifest, differences = proof(folder)
    if differences or manifest.release is None:
        got = str(differences[0]) if differences else "a folder that was only built"
        msg = "The last release is not what its manifest says"
        raise ManifestError(msg, where=f"{place.repo} at {commit}", got=got, fix="Look who changed it.")
    return folder


def _changelog(folder: Path | None) -> tuple[Change, ...]:
    release = read_manifest(folder).release if folder else None
    return release.changelog if release else ()


def _unfinished(place: Place, state: State, release: Release, to: Path, replace: bool) -> Release | None:
    """The release that a killed run committed and did not tag, if that is what the default branch holds now.

    Raises:
        HubError: it holds something that no release of ours put there.
    """
    if not place.files(state.head) - HOSTED:
        return None  # a new repository
    try:
        manifest, differences = proof(place.download(state.head, to))
    except ManifestError:
        manifest, differences = None, []
    found = manifest.release if manifest else None
    ours = found is not None and not differences and found.version not in state.tags
    if ours and found is not None and found.previous == release.previous:
        mine, theirs = release.changelog[0], found.changelog[0]
        dated = mine.model_copy(update={"date": theirs.date, "message": mine.message or theirs.message})
        return found if theirs == dated else None
    if replace:
        return None
    msg = "Somebody committed to the repository since its last release"
    raise HubError(
        msg,
        where=place.repo,
        expected=f"{state.latest or 'an empty repository'} at the head of the default branch",
        got=state.head,
        fix="Look at that commit. --replace lets the release take the place of what it changed.",
    )


def _folder_of(cache: Path) -> Path:
    """The one snapshot that a cache folder holds."""
    return next(cache.glob("datasets--*/snapshots/*"))
