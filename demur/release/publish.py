"""The steps of a release, each of which can be done again: place, gate, one commit, a fresh download of it, one tag.

The gate stands before any file is there. What is sent is proven before it is sent, and the commit before its tag: until
the tag is set, the release before is what everybody gets by version.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from demur.errors import HubError, ManifestError
from demur.files.temporary import temporary
from demur.release.place import Place, State
from demur.release.plan import Plan, Same, unguarded
from demur.release.proof import proof
from demur.sets.manifest_file import HOSTED, NAME

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
        HubError, FetchError, OutputError: a step failed; what was done stays, nothing else changed, and the next run
            goes on from there.
        ManifestError: what would be sent is not what was planned, or what was sent is not what comes back.
    """
    place, version = plan.place, plan.change.version
    if (wrong := _unlike(plan, plan.folder)) is not None:
        msg = "The files of the release changed since they were checked"
        raise ManifestError(
            msg, where=f"{place.repo}@{version}", got=wrong, fix="Nothing was sent. Build it again, and leave it alone."
        )
    with place.held():
        state = plan.state
        if state is None:
            place.create(private=True)
            state = place.state()
            if state is None:
                msg = "The repository was made and cannot be seen"
                raise HubError(msg, where=place.repo, fix="Give the token the right to read it.")
            if state.tags or place.files(state.head) - HOSTED:
                msg = "Somebody else made it in the meantime"
                raise HubError(msg, where=place.repo, fix="Run the command again: it plans anew, on what is there.")
            tell(f"{place.repo} created" + (", private" if state.private else ""))
        guard(place, state, plan.manifest.access, tell)
        commit = plan.unfinished or _commit(plan, state.head)
        tell(f"commit {commit[:12]} holds {version}" + (", made by an earlier run" if plan.unfinished else ""))
        prove(plan, commit)
        tell("a fresh download of it is what was sent, file by file and row by row")
        place.tag(version, commit)
        if (got := place.commit_of(version)) != commit:
            msg = f"The tag {version} names another commit"
            raise HubError(msg, where=place.repo, expected=commit, got=got, fix="A tag never moves: look who set it.")
        tell(f"tag {version} names it")
    show(place, state, public, tell)
    return commit


def settle(same: Same, tell: Tell = lambda _: None, public: bool = False) -> None:
    """Do what an earlier run left to do where no row differs: first the gate, then `publish`'s ``public``.

    Raises:
        HubError: the Hub does not answer, or refuses.
    """
    guard(same.place, same.state, same.access, tell)
    show(same.place, same.state, public, tell)


def guard(place: Place, state: State, access: str, tell: Tell) -> None:
    """See that rows that are not public lie behind a gate, where the place has one."""
    if unguarded(state, access):
        place.gate()
        tell("gated: people ask for access, and are let in by hand")


def show(place: Place, state: State, public: bool, tell: Tell) -> None:
    """Let everybody see the repository, if that is asked for."""
    if public and state.private:
        place.publish()
        tell(f"{place.repo} is public")


def _commit(plan: Plan, parent: str) -> str:
    """Commit on the head that was planned for; where the answer is an error or lost, look whether it landed."""
    place, said = plan.place, f"{plan.manifest.name} {plan.change.version}"
    if plan.change.message is not None:
        said += f"\n\n{plan.change.message}"
    try:
        return place.commit(plan.folder, plan.gone, parent, said)
    except HubError as error:
        if error.status in (401, 403, 404):
            raise
        head = _after(plan)
        if head is not None and head != parent and place.read(head, NAME) == (plan.folder / NAME).read_bytes():
            return head
        raise


def _after(plan: Plan) -> str | None:
    try:
        state = plan.place.state()
    except HubError:
        return None  # it is away; the next run finds out
    return state.head if state else None


def prove(plan: Plan, commit: str) -> None:
    """Download a commit into an empty cache and compare every file and every row with what was planned.

    Raises:
        HubError, FetchError: the place does not answer.
        ManifestError: a file is missing, foreign or another one.
    """
    with temporary("release") as empty:
        wrong = _unlike(plan, plan.place.download(commit, empty))
    if wrong is not None:
        msg = "What comes back is not what was sent"
        where = f"{plan.place.repo} at {commit}"
        raise ManifestError(msg, where=where, got=wrong, fix="No tag was set. Look what else writes there.")


def _unlike(plan: Plan, folder: Path) -> str | None:
    """How a folder differs from the planned release; None where it does not."""
    manifest, differences = proof(folder)
    if differences:
        return str(differences[0])
    return None if manifest == plan.manifest else f"another {NAME}"
