"""Proving a version from nothing: downloaded into an empty cache, checked, and perhaps built again from its sources."""

from __future__ import annotations

from collections.abc import Callable

from demur.checks.engine import check
from demur.checks.outputs import line_of
from demur.files.temporary import temporary
from demur.project import Project
from demur.release.made import splits_at
from demur.release.pull import copy_to, pull
from demur.release.rebuild import rebuild
from demur.release.reference import Ref
from demur.sources.fetch import Places


def verify(ref: Ref, project: Project, say: Callable[[str], object], places: Places | None = None) -> list[str]:
    """Download a version, prove every file, and check its invariants.

    Args:
        ref: the version.
        project: where its sources and its builder are declared.
        say: told what was downloaded, and what a check advises.
        places: where sources may come from, to build the version again and compare every byte; None leaves that out.

    Returns:
        A line for everything that does not hold.

    Raises:
        HubError, FetchError, ManifestError: see `demur.release.pull.pull`.
    """
    place = ref.place
    with temporary("verify") as work:
        done = pull(ref, place, cache=work)
        say(f"{ref}: {len(done.manifest.files)} files as its manifest says, commit {done.commit}")
        copy_to(done, work / "set")
        report = check(work / "set")
        failed = [line_of(each) for each in report.findings if report.fails(each.severity)]
        for each in report.findings:
            if not report.fails(each.severity):
                say(line_of(each))
        if places is not None:
            previous = done.manifest.release.previous if done.manifest.release else None
            lock = splits_at(place, previous, work / "splits.lock") if previous and done.manifest.lock_sha256 else None
            failed += map(str, rebuild(project, done.folder, places, lock).differences)
    return failed
