"""Mirrors, which carry a source's rows, and pins, which fix a mirror's bytes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from demur.records.record import Frozen, Sha256
from demur.sources.carriers import carrier_of, schemes
from demur.sources.carriers.carrier import Carrier, Exact

Format = Literal["csv", "jsonl", "json", "yaml", "lines", "nested", "parquet"]

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
    """As the carrier spells it: ``project==version`` on PyPI, ``owner/name`` on GitHub and the Hub."""
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
            msg = f"{self.carrier} address {self.address!r} is not of the form {self.via.address}"
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
        return f"{self.carrier}:{self.address}"

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
        return self.via.page(self.address)


class FilePin(Frozen):
    """The sha256 and size in bytes of one file inside a wheel or repository."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


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
        carrier = carrier_of(scheme)
        if not re.fullmatch(carrier.revision, self.revision):
            msg = f"{scheme} revision {self.revision!r} is not a full commit or exact version"
            raise ValueError(msg)
        if carrier.archives != (self.wheel_sha256 is not None):
            msg = "a pin has the sha256 of a wheel if, and only if, its carrier packs files in one"
            raise ValueError(msg)
        return self

    @property
    def exact(self) -> Exact:
        """What its carrier is asked for."""
        return Exact(self.revision, self.wheel, self.wheel_sha256)

    def path(self, name: str) -> str:
        """Where a file lies below a mirror folder: carrier, address, revision, path."""
        scheme, _, address = self.mirror.partition(":")
        return f"{scheme}/{carrier_of(scheme).folder(address)}/{self.revision}/{name}"


def mirror(
    carrier: str, address: str, *files: str, columns: dict[str, str | None], format: Format | None = None, **more: Any
) -> Mirror:
    """Declare a mirror; the format follows from the first file's ending."""
    suffix = Path(files[0].removesuffix(".gz")).suffix if files else ""
    return Mirror(
        carrier=carrier, address=address, files=files, format=format or _ENDINGS[suffix], columns=columns, **more
    )


def __getattr__(scheme: str) -> Callable[..., Mirror]:
    """``pypi(...)``, ``github(...)``, ``hub(...)``: every carrier's name declares a mirror that it carries."""
    if scheme.startswith("_") or scheme not in schemes():
        msg = f"module {__name__!r} has no attribute {scheme!r}"
        raise AttributeError(msg, name=scheme, obj=sys.modules[__name__])
    return partial(mirror, scheme)
