"""Getting exactly one version: downloaded at its commit, proven by its manifest, and remembered for work offline.

`load_dataset` and `snapshot_download` fall back to whatever the cache holds when the Hub is away. Here a version is a
commit and the sha256 of a manifest, which are written down at the first pull: it is those or an error, and a tag that
moved is an error too. Online, every file has the id that the Hub gives.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from demur.errors import DemurError, HubError, ManifestError, OutputError, UsageError
from demur.files.digest import file_sha256
from demur.files.folder import staged
from demur.files.kept import default_root
from demur.files.whole import locked, write_whole
from demur.release.hub import Hub
from demur.release.place import Place
from demur.release.proof import proof
from demur.release.reference import Ref
from demur.release.store import is_store
from demur.sets.manifest import Manifest
from demur.sets.manifest_file import NAME


@dataclass(frozen=True)
class Pulled:
    """A version on this machine: its reference, its commit, the folder that holds it, and its manifest."""

    ref: Ref
    commit: str
    folder: Path
    manifest: Manifest


class _Seen(NamedTuple):
    """What a version was when it was pulled; an older Demur did not write down the manifest's sha256."""

    commit: str
    manifest: str | None


def pull(ref: Ref, place: Place, offline: bool = False, cache: Path | None = None) -> Pulled:
    """Have the files of exactly this version.

    Args:
        ref: data set and version.
        place: where it lies.
        offline: leave the network alone; a version that was pulled before is proven again. A store on this machine is
            read all the same.
        cache: an empty folder to download into; by default the place's own cache.

    Raises:
        HubError, FetchError, UsageError: no such version, or the place does not answer; offline, a version that was
            not pulled before.
        ManifestError: the files are not those of the manifest, or the manifest is another version's.
    """
    known = _known(place)
    seen = known.get(ref.version)
    away = offline and not place.near
    if away:
        commit, folder = _offline(ref, place, known)
    else:
        commit = place.commit_of(ref.version)
        if seen and seen.commit != commit:
            msg = f"The tag {ref.version} has moved"
            raise HubError(
                msg,
                where=place.repo,
                expected=f"commit {seen.commit}, as pulled before",
                got=f"commit {commit}",
                fix="A release never changes: ask its publisher. Nothing was taken over.",
            )
        folder = place.download(commit, cache)
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
    repo = manifest.release.repo if manifest.release else None
    if place.published and (repo or "").casefold() != place.published.casefold():
        msg = "The manifest is that of another repository"
        fix = f"Pull it from {repo}, or ask the publisher."
        raise ManifestError(msg, where=str(ref), expected=place.published, got=repo, fix=fix)
    digest = file_sha256(folder / NAME)
    if seen and seen.manifest not in (None, digest):
        msg = "The manifest is not the one that was pulled before"
        fix = "Delete that folder, and pull again with the network."
        expected, got = f"sha256 {seen.manifest}", f"sha256 {digest}"
        raise ManifestError(msg, where=f"{ref} in {folder}", expected=expected, got=got, fix=fix)
    if not away:
        _remember(ref, place, _Seen(commit, digest))
    return Pulled(ref, commit, folder, manifest)


def _offline(ref: Ref, place: Place, known: dict[str, _Seen]) -> tuple[str, Path]:
    """The commit and the folder of a version that was pulled before."""
    seen = known.get(ref.version)
    folder = place.cached(seen.commit) if seen else None
    if seen is None or folder is None:
        msg = f"The version {ref.version} is not on this machine"
        got = ", ".join(sorted(known)) or "no version"
    elif seen.manifest is None:
        msg, got = f"The version {ref.version} was pulled before its manifest's sha256 was written down", None
    else:
        return seen.commit, folder
    raise HubError(msg, where=place.repo, got=got, fix=f"Pull {ref} once with the network.")


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
    return pull(ref, ref.place, offline).folder


def snapshot(text: str, offline: bool = False) -> Path:
    """The files of any data set on the Hub at a tag, branch or commit, ``owner/name@revision``, or a store's version.

    The revision is resolved to its commit first, so that a cache never stands in for it; offline, only a full commit,
    or a version that was pulled before, can be had.

    Raises:
        HubError: no such repository or revision, no access, or the Hub does not answer.
        UsageError: not of that form.
        FetchError, ManifestError: of a store, see `pull`.
    """
    if is_store(text):
        return source_folder(text, offline)
    repo, _, revision = text.partition("@")
    hub = Hub.of(repo)
    if not revision:
        msg = "The revision is left open"
        raise UsageError(msg, where=text, expected="owner/name@revision: a tag, branch or commit")
    if not offline:
        return hub.download(hub.resolve(revision))
    seen = _known(hub).get(revision)
    commit = seen.commit if seen else revision
    if (folder := hub.cached(commit)) is None:
        msg = f"The revision {revision} is not on this machine"
        raise HubError(msg, where=repo, fix="Fetch it once with the network; offline, name a full commit.")
    return folder


def _record(place: Place) -> Path:
    return default_root() / "releases" / f"{place.key}.json"


def _known(place: Place) -> dict[str, _Seen]:
    """Version -> what it was when it was pulled."""
    try:
        found = json.loads(_record(place).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    known = {}
    for version, entry in found.items() if isinstance(found, dict) else ():
        fields = entry if isinstance(entry, dict) else {"commit": entry}
        commit, manifest = fields.get("commit"), fields.get("manifest")
        if isinstance(commit, str):
            known[version] = _Seen(commit, manifest if isinstance(manifest, str) else None)
    return known


def _remember(ref: Ref, place: Place, seen: _Seen) -> None:
    """Write a version down beside those that are known; two pulls at once lose neither."""
    path, what = _record(place), "The cache cannot be written"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_suffix(".lock")):
            known = {**_known(place), ref.version: seen}
            text = json.dumps({name: each._asdict() for name, each in known.items()}, indent=1, sort_keys=True)
            write_whole(path, text, what)
    except OSError as error:
        if isinstance(error, DemurError):
            raise
        raise OutputError(what, where=path, got=error.strerror, fix="Set DEMUR_CACHE to another folder.") from error
