"""One data set repository on the Hugging Face Hub: what is there, and each step of a release, through the real client.

Every revision that is read is a full commit. Whatever the client raises becomes one `HubError` in our own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from demur.errors import HubError, UsageError, nearest
from demur.release.version import Version

if TYPE_CHECKING:
    from huggingface_hub import HfApi

BRANCH = "main"
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_LOGIN = "Log in with `hf auth login`, or set HF_TOKEN to a token that may {}."

_STATUS: Mapping[int, tuple[str, str]] = {
    401: ("The Hub does not accept the token", _LOGIN.format("use this repository")),
    403: ("The token may not do this", _LOGIN.format("write to this repository")),
    404: ("There is no such repository, or the token may not see it", _LOGIN.format("see this repository")),
    409: ("The Hub refuses: another change is under way", "Run the command again."),
    412: ("Somebody changed the repository in the meantime", "Run the command again: it plans anew, on the new head."),
    429: ("The Hub limits how often it may be asked", "Wait, and run the command again; it goes on where it was."),
}
_BROKEN = ("The Hub failed", "Run the command again; it goes on where it was.")
_AWAY = ("The Hub cannot be reached, or the connection broke", _BROKEN[1])
_NO_REVISION = ("There is no such revision", "Look at the repository's tags and branches.")
_UNSENT = (
    "The request cannot be sent",
    "Look at the token for blanks and signs beyond ASCII; then at the header of the card (README.md).",
)
_GATED = ("The repository is gated, and the token has no access", "Ask for access on its page on the Hub.")


class Ref(NamedTuple):
    """A version of a repository: ``owner/name@v1.2.0``."""

    repo: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read a reference; the version is never left open.

        Raises:
            UsageError: it is not of that form.

        Example:
            >>> Ref.parse("demo/refusal-eval@v1.2.0")
            Ref(repo='demo/refusal-eval', version='v1.2.0')
        """
        repo, _, version = text.partition("@")
        if not _REPO.fullmatch(repo) or not version:
            msg = "Not a version of a repository"
            raise UsageError(msg, expected="owner/name@vMAJOR.MINOR.PATCH", got=text)
        return cls(repo, str(Version.parse(version)))

    def __str__(self) -> str:
        return f"{self.repo}@{self.version}"


@dataclass(frozen=True)
class State:
    """What a repository holds now.

    Attributes:
        head: commit of the default branch.
        tags: version -> commit, oldest version first; other tags are left out.
        private: whether only its owners see it.
        gated: ``auto``, ``manual`` or False.
    """

    head: str
    tags: dict[str, str]
    private: bool
    gated: str | bool

    @property
    def latest(self) -> str | None:
        """The highest version that is tagged."""
        return next(reversed(self.tags), None)


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

        if not _REPO.fullmatch(repo):
            msg = "Not a repository"
            raise UsageError(msg, expected="owner/name", got=repo)
        return cls(repo, HfApi(library_name="demur"))

    @property
    def _at(self) -> dict[str, Any]:
        return {"repo_id": self.repo, "repo_type": "dataset"}

    def state(self) -> State | None:
        """Head, versions and settings; None where there is no such repository, or none that the token sees.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        try:
            with _told(self.repo):
                info = self.api.dataset_info(self.repo)
                refs = self.api.list_repo_refs(**self._at)
        except HubError as error:
            if error.status == 404:
                return None
            raise
        tags = {tag.name: tag.target_commit for tag in refs.tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag.name)}
        ordered = {name: tags[name] for name in sorted(tags, key=Version.parse)}
        head = next(branch.target_commit for branch in refs.branches if branch.name == BRANCH)
        return State(head, ordered, bool(info.private), info.gated or False)

    def commit_of(self, version: str) -> str:
        """The commit that a version's tag names.

        Raises:
            HubError: no such repository or version; the versions that there are are named.
        """
        state = self.state()
        if state is None:
            raise missing(self.repo)
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
        with _told(f"{self.repo}@{revision}"):
            return str(self.api.dataset_info(self.repo, revision=revision).sha)

    def download(self, revision: str, to: Path | None = None, only: list[str] | None = None) -> Path:
        """All files of a commit, or those that patterns name.

        Args:
            revision: a full commit.
            to: an empty cache folder; by default the client's own cache.
            only: patterns of paths.

        Returns:
            The folder that holds them.

        Raises:
            HubError: the Hub does not answer, refuses, or gates the repository.
        """
        with _told(f"{self.repo}@{revision[:12]}"):
            return Path(self.api.snapshot_download(**self._at, revision=revision, cache_dir=to, allow_patterns=only))

    def cached(self, revision: str) -> Path | None:
        """The folder of a commit that was downloaded before; the network is left alone."""
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError

        try:
            return Path(snapshot_download(**self._at, revision=revision, local_files_only=True))
        except LocalEntryNotFoundError:
            return None

    def create(self, private: bool) -> None:
        """Make the repository; one that exists is left as it is.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with _told(self.repo):
            self.api.create_repo(**self._at, private=private, exist_ok=True)

    def gate(self) -> None:
        """Let nobody read the files who has not asked and been let in by hand.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with _told(self.repo):
            self.api.update_repo_settings(**self._at, gated="manual")

    def publish(self) -> None:
        """Let everybody see the repository.

        Raises:
            HubError: the Hub does not answer, or refuses.
        """
        with _told(self.repo):
            self.api.update_repo_settings(**self._at, private=False)

    def files(self, revision: str) -> set[str]:
        """Paths of all files of a commit."""
        with _told(self.repo):
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
        with _told(self.repo):
            done = self.api.create_commit(
                **self._at,
                operations=[*adds, *deletes],
                commit_message=message,
                revision=BRANCH,
                parent_commit=parent,
            )
        return str(done.oid)

    def tag(self, version: str, commit: str) -> None:
        """Name a commit; a tag of that name that names it already is left, another one is an error.

        Raises:
            HubError: the tag names another commit, or the Hub does not answer, or refuses.
        """
        try:
            with _told(self.repo):
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


def missing(repo: str) -> HubError:
    """The error for a repository that is not there."""
    what, fix = _STATUS[404]
    return HubError(what, where=repo, fix=fix)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn what the client raises into a `HubError` of our own words; the client's may quote addresses or the token."""
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: httpx's or httpx2's
        HTTPError,
        LocalEntryNotFoundError,
    )

    try:
        yield
    except RuntimeError as error:  # an upload that failed is wrapped
        if not isinstance(error.__cause__, HTTPError):
            raise
        raise _hub_error(error.__cause__, where) from None
    except ValueError as error:  # a header that cannot be sent, or a card that is refused before anything is sent
        if isinstance(error, HTTPError):
            raise _hub_error(error, where) from None
        raise _error(*_UNSENT, where, None, type(error).__name__) from None
    except (HTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        raise _hub_error(error, where) from None


def _hub_error(error: BaseException, where: str) -> HubError:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if not isinstance(error, HfHubHTTPError):
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            return _hub_error(cause, where)
        unsent = type(error).__name__ == "LocalProtocolError"
        return _error(*(_UNSENT if unsent else _AWAY), where, None, type(error).__name__)
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return _error(*_GATED, where, status)
    if isinstance(error, RevisionNotFoundError):
        return _error(*_NO_REVISION, where, status)
    if isinstance(error, RepositoryNotFoundError):  # without a token the Hub says 401
        return _error(*_STATUS[404], where, 404)
    wait = error.response.headers.get("Retry-After")
    told = f", retry after {int(wait)} s" if wait and wait.isdigit() else ""
    return _error(*_STATUS.get(status, _BROKEN), where, status, f"HTTP {status}{told}")


def _error(what: str, fix: str, where: str, status: int | None, got: str | None = None) -> HubError:
    error = HubError(what, where=where, got=got, fix=fix)
    error.status = status
    return error
