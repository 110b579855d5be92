"""One data set repository on the Hugging Face Hub: what is there, and each step of a release, through the real client.

Every revision that is read is a full commit, and every file of it has the id that the Hub gives, whatever the client's
cache holds. Whatever the client raises becomes one `HubError` in our own words (`demur.release.told`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demur.errors import HubError, UsageError, nearest
from demur.files.temporary import temporary
from demur.files.web import warned
from demur.release.objects import differing
from demur.release.place import State
from demur.release.told import missing, told
from demur.release.version import Version

if TYPE_CHECKING:
    from huggingface_hub import HfApi

BRANCH = "main"
REPO = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def full(commit: object) -> str:
    """A commit as a Hub names it; whatever else an answer holds there becomes no path and no version.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        msg = "no commit"
        raise TypeError(msg)
    return commit


@dataclass(frozen=True)
class Hub:
    """A data set repository, and the client that talks to it.

    Attributes:
        repo: ``owner/name``.
        api: the client; it takes the token from ``HF_TOKEN`` or the login, and is the only one that holds it.
    """

    repo: str
    api: HfApi

    @classmethod
    def of(cls, repo: str) -> Hub:
        """The repository on the Hub that ``HF_ENDPOINT`` names, by default the public one.

        Raises:
            UsageError: not ``owner/name``.
        """
        from huggingface_hub import HfApi

        if not REPO.fullmatch(repo):
            msg = "Not a repository"
            raise UsageError(msg, expected="owner/name", got=repo)
        api = HfApi(library_name="demur")
        warned(api.endpoint)
        return cls(repo, api)

    @property
    def key(self) -> str:
        """A file name that no other place has."""
        return self.repo.replace("/", "--")

    @property
    def published(self) -> str:
        """What a manifest names it."""
        return self.repo

    @property
    def near(self) -> bool:
        """Never."""
        return False

    @property
    def _at(self) -> dict[str, Any]:
        return {"repo_id": self.repo, "repo_type": "dataset"}

    def state(self) -> State | None:
        """Head, versions and settings; None where there is no such repository, or none that the token sees.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        try:
            with told(self.repo):
                return self._state()
        except HubError as error:
            if error.status == 404:
                return None
            raise

    def _state(self) -> State:
        info, refs = self.api.dataset_info(self.repo), self.api.list_repo_refs(**self._at)
        tags = {tag.name: tag.target_commit for tag in refs.tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag.name)}
        ordered = {name: full(tags[name]) for name in sorted(tags, key=Version.parse)}
        (head,) = (branch.target_commit for branch in refs.branches if branch.name == BRANCH)
        return State(full(head), ordered, bool(info.private), info.gated or False)

    def missing(self) -> HubError:
        """The error for a repository that is not there."""
        return missing(self.repo)

    def commit_of(self, version: str) -> str:
        """The commit that a version's tag names.

        Raises:
            HubError: no such repository or version; the versions that there are are named.
        """
        state = self.state()
        if state is None:
            raise self.missing()
        if version not in state.tags:
            msg = f"There is no version {version}"
            raise HubError(
                msg, where=self.repo, got=", ".join(state.tags) or "no release", fix=nearest(version, state.tags)
            )
        return state.tags[version]

    def resolve(self, revision: str) -> str:
        """The commit that a tag, a branch or the beginning of a commit names.

        Raises:
            HubError: no such repository or revision, or the Hub does not answer.
        """
        with told(f"{self.repo}@{revision}"):
            return full(self.api.dataset_info(self.repo, revision=revision).sha)

    def download(self, revision: str, to: Path | None = None, only: str | None = None) -> Path:
        """All files of a commit, or one.

        Args:
            revision: a full commit.
            to: an empty cache folder; by default the client's own cache.
            only: the path of the one.

        Returns:
            The folder that holds them.

        Raises:
            HubError: the Hub does not answer, refuses, or gates the repository; or the cache holds other bytes.
        """
        from huggingface_hub.hf_api import RepoFile

        where = f"{self.repo}@{revision[:12]}"
        with told(where):
            folder = Path(
                self.api.snapshot_download(
                    **self._at, revision=revision, cache_dir=to, allow_patterns=None if only is None else [only]
                )
            )
            ids = {
                each.path: (each.blob_id, each.lfs.sha256 if each.lfs else None)
                for each in self.api.list_repo_tree(**self._at, revision=revision, recursive=True)
                if isinstance(each, RepoFile)
            }
        if (wrong := differing(folder, ids, only)) is not None:
            msg = "The cache does not hold what the Hub has"
            raise HubError(msg, where=where, got=wrong, fix=f"Delete {folder.parents[1]}, and run the command again.")
        return folder

    def read(self, revision: str, name: str) -> bytes | None:
        """One file of a commit, past every cache; None where it holds none of that name.

        Raises:
            HubError: the Hub does not answer, refuses, or gates the repository.
        """
        with temporary("release") as empty:
            path = self.download(revision, empty, name) / name
            return path.read_bytes() if path.is_file() else None

    def cached(self, revision: str) -> Path | None:
        """The folder of a commit that was downloaded before; the network is left alone."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            return Path(snapshot_download(**self._at, revision=revision, local_files_only=True))
        except LocalEntryNotFoundError:
            return None

    def held(self) -> AbstractContextManager[object]:
        """Nothing to hold: the Hub refuses a commit on a head that has moved."""
        return nullcontext()

    def create(self, private: bool) -> None:
        """Make the repository; one that exists is left as it is.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with told(self.repo):
            self.api.create_repo(**self._at, private=private, exist_ok=True)

    def gate(self) -> None:
        """Let nobody read the files who has not asked and been let in by hand.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with told(self.repo):
            self.api.update_repo_settings(**self._at, gated="manual")

    def publish(self) -> None:
        """Let everybody see the repository.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with told(self.repo):
            self.api.update_repo_settings(**self._at, private=False)

    def files(self, revision: str) -> set[str]:
        """Paths of all files of a commit."""
        with told(self.repo):
            return set(self.api.list_repo_files(**self._at, revision=revision))

    def commit(self, folder: Path, gone: Sequence[str], parent: str, message: str) -> str:
        """Put a folder's files on the default branch and delete others, in one commit on ``parent``.

        Returns:
            The new commit.

        Raises:
            HubError: the head is not ``parent`` any more (status 412), or anything else; it may have landed yet.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        adds = [
            CommitOperationAdd(path.relative_to(folder).as_posix(), path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        deletes = [CommitOperationDelete(name) for name in gone]
        title, _, description = message.partition("\n\n")
        with told(self.repo):
            done = self.api.create_commit(
                **self._at,
                operations=[*adds, *deletes],
                commit_message=title,
                commit_description=description or None,
                revision=BRANCH,
                parent_commit=parent,
            )
            return full(done.oid)

    def tag(self, version: str, commit: str) -> None:
        """Name a commit; a tag of that name that names it already is left, another one is an error.

        Raises:
            HubError: the tag names another commit, or the Hub does not answer, or refuses.
        """
        try:
            with told(self.repo):
                self.api.create_tag(**self._at, tag=version, revision=commit)
        except HubError as error:
            if error.status != 409:
                raise
        state = self.state()
        got = state.tags.get(version) if state else None
        if got != commit:
            msg = f"The tag {version} names another commit"
            raise HubError(
                msg,
                where=self.repo,
                expected=commit,
                got=got or "no such tag",
                fix="A tag never moves: look who set it.",
            )
