"""Mirrors, which carry a source's rows, and pins, which fix a mirror's bytes."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from demur.errors import DemurError, UsageError, nearest
from demur.records.record import Frozen, Sha256
from demur.sources.carriers import carrier_of, schemes
from demur.sources.carriers.carrier import Carrier, Exact, Placed

Format = Literal["csv", "jsonl", "json", "yaml", "lines", "nested", "parquet"]

PRIVATE = "private"
"""What stands in place of the carrier of a private mirror, in messages, pins and whatever is published."""
_REVISION = r"^[0-9a-f]{64}$"

_ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".txt": "lines",
}


class Join(Frozen):
    """A further file of the same repository or wheel, which gives rows what their own file has only a key of."""

    file: str
    """Its path; it is read in the mirror's format, and pinned with the other files."""
    on: tuple[str, str]
    """The native column of a row, and the native column of the further file, that are equal; there once each."""
    columns: dict[str, str | None]
    """Of the further file, as of a mirror; the key column as well."""


class Mirror(Frozen):
    """One carrier of a source's rows."""

    carrier: str
    """The name of a file in ``demur/sources/carriers``."""
    address: str
    """As the carrier spells it: ``project==version`` on PyPI, ``owner/name`` on GitHub and the Hub, a path below the
    project, a URL."""
    private: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$")] | None = None
    """What a mirror is called whose address nobody else is to know, such as ``acme/red-team``: pins, manifests, cards
    and messages say ``private:acme/red-team`` and never path, host or bucket."""
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    """Paths inside the wheel or repository, read one after another."""
    format: Format
    """How a file is read; ``.gz`` is undone first."""
    columns: dict[str, str | None]
    """Native column -> canonical column, or None for a column that is known upstream and not read. A column that is
    missing, renamed or extra is an error."""
    optional: tuple[str, ...] = ()
    """Native columns that some of the files lack; their canonical value is then None."""
    records: str | None = None
    """The key of the list of rows inside a JSON or YAML document."""
    stem: str | None = None
    """Canonical column that takes the file's path below the folder all files share, without its endings."""
    comments: Annotated[int, Field(ge=0)] = 0
    """Up to so many leading lines of a CSV file that start with ``#`` are comments, not data."""
    join: Join | None = None
    """What a second file adds to every row, where a source needs two files to be whole."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not re.fullmatch(self.via.address, self.address):
            said = "" if self.private else f" {self.address!r}"
            msg = f"{self.carrier} address{said} is not of the form {self.via.address}"
            raise ValueError(msg)
        if isinstance(self.via, Placed) and not self.private and re.match(self.via.personal, self.address):
            msg = (
                f"such an address of {self.carrier} is for a private mirror: say what it is called, private='team/name'"
            )
            raise ValueError(msg)
        if self.private and not isinstance(self.via, Placed):
            msg = f"a mirror on {self.carrier} cannot be private"
            raise ValueError(msg)
        if self.private and self.stem:
            msg = "the paths of a private mirror cannot become a column (stem)"
            raise ValueError(msg)
        if unknown := set(self.optional) - set(self.columns):
            msg = f"optional columns {sorted(unknown)} are not among the columns"
            raise ValueError(msg)
        if self.join and (self.join.on[0] not in self.columns or self.join.on[1] not in self.join.columns):
            msg = f"the join is on columns that are not declared: {' and '.join(self.join.on)}"
            raise ValueError(msg)
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in self.paths):
            msg = "files must be relative paths inside the carrier"
            raise ValueError(msg)
        return self

    @property
    def id(self) -> str:
        """Carrier and address, the name that messages and pins use.

        Example:
            >>> mirror("pypi", "demo==1.0", "a.csv", columns={"q": "prompt"}).id
            'pypi:demo==1.0'
        """
        return f"{PRIVATE}:{self.private}" if self.private else f"{self.carrier}:{self.address}"

    @property
    def here(self) -> bool:
        """Whether its files lie on this machine."""
        return self.via.here(self.address)

    def called(self, name: str) -> str:
        """A file as pins and messages call it: by its path, or of a private mirror by its number."""
        return str(self.paths.index(name) + 1) if self.private else name

    def unnamed(self, error: DemurError) -> DemurError:
        """The same error, which of a private mirror tells nothing of where that lies."""
        if self.private is None:
            return error
        address = re.split(r"://", self.address)[-1]
        parts = {part.lower() for part in (*re.split(r"[/?#&=:]", address), *self.paths) if len(part) > 1}

        def safe(said: object) -> object:
            return None if any(part in str(said).lower() for part in parts) else said

        what = error.what if safe(error.what) else "A private file could not be read"
        fix = error.fix if safe(error.fix) else None
        return type(error)(what, where=self.id, expected=safe(error.expected), got=safe(error.got), fix=fix)

    @property
    def paths(self) -> tuple[str, ...]:
        """All files that a pin fixes: those of the rows, and the one that is joined to them."""
        return (*self.files, *([self.join.file] if self.join else []))

    @property
    def via(self) -> Carrier:
        """Its carrier."""
        return carrier_of(self.carrier)

    @property
    def page(self) -> str:
        """The web page of the origin, or an empty text."""
        return "" if self.private else self.via.page(self.address)


class FilePin(Frozen):
    """The sha256 and size in bytes of one file inside a wheel or repository."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """What fixes these bytes."""
        return cls(sha256=hashlib.sha256(data).hexdigest(), size=len(data))

    def __str__(self) -> str:
        return f"sha256 {self.sha256}, {self.size} bytes"


class Pin(Frozen):
    """What fixes one mirror's bytes: full commit or exact version, the wheel's hash, and each file's hash."""

    mirror: str
    revision: str
    files: dict[str, FilePin]
    wheel: str | None = None
    """Name of the wheel, or of whatever archive its carrier packs files in."""
    wheel_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _full(self) -> Self:
        scheme, _, _ = self.mirror.partition(":")
        carrier = None if scheme == PRIVATE else carrier_of(scheme)
        if not re.fullmatch(carrier.revision if carrier else _REVISION, self.revision):
            msg = f"{scheme} revision {self.revision!r} is not a full commit or exact version"
            raise ValueError(msg)
        if (carrier is not None and carrier.archives) != (self.wheel_sha256 is not None):
            msg = "a pin has the sha256 of a wheel if, and only if, its carrier packs files in one"
            raise ValueError(msg)
        return self

    @property
    def exact(self) -> Exact:
        """What its carrier is asked for."""
        return Exact(self.revision, self.wheel, self.wheel_sha256)

    def path(self, name: str) -> str:
        """Where a file lies below a mirror folder: carrier, address, revision, path."""
        return f"{folder_of(self.mirror)}/{self.revision}/{name}"


def folder_of(id: str) -> str:
    """Where a mirror lies below a mirror folder.

    Example:
        >>> folder_of("pypi:demo==1.0"), folder_of("private:acme/red-team")
        ('pypi/demo', 'private/acme/red-team')
    """
    scheme, _, address = id.partition(":")
    return f"{scheme}/{address if scheme == PRIVATE else carrier_of(scheme).folder(address)}"


def mirror(
    carrier: str, address: str, *files: str, columns: dict[str, str | None], format: Format | None = None, **more: Any
) -> Mirror:
    """Declare a mirror; the format follows from the first file's ending.

    Args:
        carrier: its name.
        address: as the carrier spells it.
        files: none where the address is that of the one file.
        columns: native column -> canonical column.
        format: where the ending does not say it.
        more: see `Mirror`.
    """
    files = files or (carrier_of(carrier).named(address) if carrier in schemes() else ())
    suffix = Path(files[0].removesuffix(".gz")).suffix if files else ".jsonl"
    if format is None and suffix not in _ENDINGS:
        msg = "The format of a file does not follow from its ending"
        where = None if more.get("private") else files[0]
        raise UsageError(msg, where=where, fix=f"State format=... in the declaration. {nearest(suffix, _ENDINGS)}")
    return Mirror(
        carrier=carrier, address=address, files=files, format=format or _ENDINGS[suffix], columns=columns, **more
    )


def __getattr__(scheme: str) -> Callable[..., Mirror]:
    """``pypi(...)``, ``github(...)``, ``hub(...)``: every carrier's name declares a mirror that it carries."""
    if scheme.startswith("_") or scheme not in schemes():
        msg = f"module {__name__!r} has no attribute {scheme!r}"
        raise AttributeError(msg, name=scheme, obj=sys.modules[__name__])
    return partial(mirror, scheme)
