"""Mirrors, which carry a source's rows, and pins, which fix a mirror's bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from demur.records.record import Frozen, Sha256

Carrier = Literal["pypi", "github", "hub"]
Format = Literal["csv", "jsonl", "json", "yaml", "lines", "nested", "parquet"]

CARRIERS: tuple[Carrier, ...] = ("pypi", "github", "hub")
_ADDRESS = {"pypi": r"^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$", "github": r"^[\w.-]+/[\w.-]+$", "hub": r"^[\w.-]+/[\w.-]+$"}
_REVISION = {"pypi": r"^[A-Za-z0-9.]+$", "github": r"^[0-9a-f]{40}$", "hub": r"^[0-9a-f]{40}$"}


class Mirror(Frozen):
    """One carrier of a source's rows."""

    carrier: Carrier
    address: str
    """``project==version`` on PyPI, ``owner/name`` on GitHub and the Hub."""
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

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not re.match(_ADDRESS[self.carrier], self.address):
            msg = f"{self.carrier} address {self.address!r} is not of the form {_ADDRESS[self.carrier]}"
            raise ValueError(msg)
        if unknown := set(self.optional) - set(self.columns):
            msg = f"optional columns {sorted(unknown)} are not among the columns"
            raise ValueError(msg)
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in self.files):
            msg = "files must be relative paths inside the carrier"
            raise ValueError(msg)
        return self

    @property
    def id(self) -> str:
        """Carrier and address, the name that messages and pins use.

        Example:
            >>> pypi("demo==1.0", "a.csv", columns={"q": "prompt"}).id
            'pypi:demo==1.0'
        """
        return f"{self.carrier}:{self.address}"


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
    wheel_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _full(self) -> Self:
        carrier = self.mirror.partition(":")[0]
        if not re.match(_REVISION[carrier], self.revision):
            msg = f"{carrier} revision {self.revision!r} is not a full commit or exact version"
            raise ValueError(msg)
        if (carrier == "pypi") != (self.wheel_sha256 is not None):
            msg = "a pin has the sha256 of a wheel if, and only if, its mirror is on PyPI"
            raise ValueError(msg)
        return self

    def path(self, name: str) -> str:
        """Where a file lies below a mirror folder: carrier, address, revision, path."""
        carrier, _, address = self.mirror.partition(":")
        return f"{carrier}/{address.partition('==')[0]}/{self.revision}/{name}"


def _mirror(carrier: Carrier) -> Callable[..., Mirror]:
    def declare(
        address: str, *files: str, columns: dict[str, str | None], format: Format | None = None, **more: Any
    ) -> Mirror:
        guessed: dict[str, Format] = {
            ".csv": "csv",
            ".jsonl": "jsonl",
            ".json": "json",
            ".parquet": "parquet",
            ".txt": "lines",
        }
        suffix = Path(files[0].removesuffix(".gz")).suffix if files else ""
        return Mirror(
            carrier=carrier, address=address, files=files, format=format or guessed[suffix], columns=columns, **more
        )

    declare.__name__ = declare.__qualname__ = carrier
    declare.__doc__ = f"Declare a mirror carried by {carrier}; the format follows from the first file's ending."
    return declare


pypi = _mirror("pypi")
github = _mirror("github")
hub = _mirror("hub")
