"""The steps of a release, each of which can be done again: repository, gate, one commit, one tag, a fresh download.

The gate stands before any file is there. Until the tag is set, the release before is what everybody gets by version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from demur.errors import HubError, ManifestError
from demur.release.plan import Plan
from demur.release.proof import proof
from demur.sets.manifest_file import NAME

Tell = Callable[[str], None]


def publish(plan: Plan, tell: Tell = lambda _: None, public: bool = False) -> str:
    """Carry out a plan.

    Args:
        plan: what to do.
        tell: is told each step that is done, in a line.
        public: let everybody see the repository, after the release was proven; by default it stays as it is.

    Returns:
        The release's commit.

    Raises:
        HubError: a step failed; what was done stays, nothing else changed, and the next run goes on from there.
        ManifestError: what the Hub serves is not what was sent.
    """
    hub, version = plan.hub, plan.change.version
    state = plan.state
    if state is None:
        hub.create(private=True)
        state = hub.state()
        if state is None:
            msg = "The repository was made and cannot be seen"
            raise HubError(msg, where=hub.repo, fix="Give the token the right to read it.")
        tell(f"{hub.repo} created, private")
    if plan.gated and not state.gated:
        hub.gate()
        tell("gated: people ask for access, and are let in by hand")
    commit = plan.unfinished or _commit(plan, state.head)
    tell(f"commit {commit[:12]} holds {version}" + (", made by an earlier run" if plan.unfinished else ""))
    hub.tag(version, commit)
    tell(f"tag {version} names it")
    prove(plan, commit)
    tell("a fresh download of the tag is what was sent, file by file and row by row")
    if public and state.private:
        hub.publish()
        tell(f"{hub.repo} is public")
    return commit


def _commit(plan: Plan, parent: str) -> str:
    """Commit on the head that was planned for; where the answer is an error or lost, look whether it landed."""
    hub = plan.hub
    try:
        return hub.commit(plan.folder, plan.gone, parent, f"{plan.manifest.name} {plan.change.version}")
    except HubError as error:
        if error.status in (401, 403, 404):
            raise
        state = _after(plan)
        if state is not None and state != parent and _holds(plan, state):
            return state
        raise


def _after(plan: Plan) -> str | None:
    try:
        state = plan.hub.state()
    except HubError:
        return None  # it is away; the next run finds out
    return state.head if state else None


def _holds(plan: Plan, commit: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="demur-release-") as empty:
        folder = plan.hub.download(commit, Path(empty), [NAME])
        path = folder / NAME
        return path.is_file() and path.read_bytes() == (plan.folder / NAME).read_bytes()


def prove(plan: Plan, commit: str) -> None:
    """Download the tag into an empty cache and compare every file and every row with what was sent.

    Raises:
        HubError: the tag names another commit, or the Hub does not answer.
        ManifestError: a file is missing, foreign or another one.
    """
    hub, version = plan.hub, plan.change.version
    if (got := hub.commit_of(version)) != commit:
        msg = f"The tag {version} names another commit"
        raise HubError(msg, where=hub.repo, expected=commit, got=got)
    with tempfile.TemporaryDirectory(prefix="demur-release-") as empty:
        manifest, differences = proof(hub.download(commit, Path(empty)))
    if differences or manifest != plan.manifest:
        msg = "What the Hub serves is not what was sent"
        got = str(differences[0]) if differences else f"another {NAME}"
        raise ManifestError(
            msg, where=f"{hub.repo}@{version}", got=got, fix="Do not use this version; look what else writes there."
        )
