"""How a place and a version are named: ``owner/name@v1.2.0`` on the Hub, ``folder:DIR/NAME@v1.2.0`` or a URL's."""

from __future__ import annotations

from typing import NamedTuple

from demur.errors import UsageError
from demur.files.remote import named
from demur.release.hub import REPO, Hub
from demur.release.place import Place
from demur.release.store import Store, is_store
from demur.release.version import Version

FORM = "owner/name@vMAJOR.MINOR.PATCH, or folder:DIR/NAME@v... or a URL of a store, such as s3://bucket/NAME@v..."


class Ref(NamedTuple):
    """A version of a data set: ``owner/name@v1.2.0``."""

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
            >>> Ref.parse("s3://bucket/sets/refusal-eval@v1.2.0").repo
            's3://bucket/sets/refusal-eval'
        """
        repo, _, version = text.rpartition("@")
        if not version or not (is_store(repo) or REPO.fullmatch(repo)):
            msg = "Not a version of a data set"
            raise UsageError(msg, expected=FORM, got=named(text))
        return cls(repo, str(Version.parse(version)))

    @property
    def place(self) -> Place:
        """Where it lies.

        Raises:
            UsageError: there is no way to read such a URL.
        """
        return place_of(self.repo)

    def __str__(self) -> str:
        return f"{named(self.repo)}@{self.version}"


def place_of(text: str) -> Place:
    """The place that ``owner/name``, ``folder:DIR/NAME`` or a store's URL names.

    Raises:
        UsageError: neither, or there is no way to read such a URL.
    """
    return Store.of(text) if is_store(text) else Hub.of(text)
