"""Getting exactly one version: downloaded at its commit, proven by its manifest, and remembered for work offline.

`load_dataset` and `snapshot_download` fall back to whatever the cache holds when the Hub is away. Here a version is a
commit that is written down at the first pull: it is that commit or an error, and a tag that moved is an error too.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from demur.errors import HubError, ManifestError, UsageError
from demur.files.folder import staged
from demur.files.kept import default_root
from demur.files.whole import write_whole
from demur.release.hub import Hub, Ref
from demur.release.proof import proof
from demur.sets.manifest import Manifest


@dataclass(frozen=True)
class Pulled:
    """A version on this machine: its reference, its commit, the folder that holds it, and its manifest."""

    ref: Ref
    commit: str
    folder: Path
    manifest: Manifest


def pull(ref: Ref, hub: Hub, offline: bool = False, cache: Path | None = None) -> Pulled:
    """Have the files of exactly this version.

    Args:
        ref: repository and version.
        hub: the repository's client.
        offline: leave the network alone; a version that was pulled before is proven again.
        cache: an empty folder to download into; by default the client's cache.

    Raises:
        HubError: no such version, or the Hub does not answer; offline, a version that was not pulled before.
        ManifestError: the files are not those of the manifest, or the manifest is another version's.
    """
    known = _known(ref.repo)
    if offline:
        commit = known.get(ref.version)
        folder = hub.cached(commit) if commit else None
        if commit is None or folder is None:
            msg = f"The version {ref.version} is not on this machine"
            raise HubError(
                msg,
                where=ref.repo,
                got=", ".join(sorted(known)) or "no version",
                fix=f"Pull {ref} once with the network.",
            )
    else:
        commit = hub.commit_of(ref.version)
        if known.get(ref.version, commit) != commit:
            msg = f"The tag {ref.version} has moved"
            raise HubError(
                msg,
                where=ref.repo,
                expected=f"commit {known[ref.version]}, as pulled before",
                got=f"commit {commit}",
                fix="A release never changes: ask its publisher. Nothing was taken over.",
            )
        folder = hub.download(commit, cache)
    manifest, differences = proof(folder)
    if differences:
        msg = "The files are not those of the manifest"
        raise ManifestError(
            msg, where=f"{ref} in {folder}", got=str(differences[0]), fix="Delete that folder, and pull again."
        )
    said = manifest.release.version if manifest.release else "no release"
    if said != ref.version:
        msg = "The manifest is that of another version"
        raise ManifestError(msg, where=str(ref), expected=ref.version, got=said, fix="Ask the publisher.")
    if not offline:
        _remember(ref, commit, known)
    return Pulled(ref, commit, folder, manifest)


def copy_to(pulled: Pulled, out: Path) -> None:
    """Copy a version's files into a folder, which is replaced as a whole.

    Raises:
        OutputError: the folder cannot be written, or holds something else.
    """
    with staged(out) as stage:
        for name in (*pulled.manifest.files, "manifest.json"):
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pulled.folder / name, stage / name)


def source_folder(text: str, offline: bool = False) -> Path:
    """The folder that a folder's path or a reference ``owner/name@v1.2.0`` names, the latter pulled first.

    Raises:
        HubError, ManifestError: see `pull`.
        UsageError: neither a folder nor a reference.
    """
    if Path(text).is_dir():
        return Path(text)
    ref = Ref.parse(text)
    return pull(ref, Hub.of(ref.repo), offline).folder


def snapshot(text: str, offline: bool = False) -> Path:
    """The files of any data set on the Hub at a tag, branch or commit: ``owner/name@revision``.

    The revision is resolved to its commit first, so that a cache never stands in for it; offline, only a full commit,
    or a version that was pulled before, can be had.

    Raises:
        HubError: no such repository or revision, no access, or the Hub does not answer.
        UsageError: not of that form.
    """
    repo, _, revision = text.partition("@")
    hub = Hub.of(repo)
    if not revision:
        msg = "The revision is left open"
        raise UsageError(msg, where=text, expected="owner/name@revision: a tag, branch or commit")
    if not offline:
        return hub.download(hub.resolve(revision))
    commit = _known(repo).get(revision, revision)
    if (folder := hub.cached(commit)) is None:
        msg = f"The revision {revision} is not on this machine"
        raise HubError(msg, where=repo, fix="Fetch it once with the network; offline, name a full commit.")
    return folder


def _record(repo: str) -> Path:
    return default_root() / "releases" / f"{repo.replace('/', '--')}.json"


def _known(repo: str) -> dict[str, str]:
    """Version -> commit of what was pulled before."""
    try:
        found = json.loads(_record(repo).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(ref: Ref, commit: str, known: dict[str, str]) -> None:
    text = json.dumps({**known, ref.version: commit}, indent=1, sort_keys=True)
    write_whole(_record(ref.repo), text, "The cache cannot be written", folders=True)
