"""Sidecars: what is data and not code about a source, in the TOML file beside its declaration.

``builders/sources/my_set.toml`` stands beside ``my_set.py``. Nothing in it is required: what is missing is said where
it is needed.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from demur.errors import ProjectError, issues, nearest
from demur.records.hazards import HAZARDS, Hazard
from demur.records.licenses import LICENSES
from demur.records.record import Plain

_ENTRY = re.compile(r"@\w+\{([a-z0-9_-]+),")
_Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _code(value: Any) -> Any:
    if isinstance(value, str) and value not in HAZARDS:
        msg = f"unknown hazard {value!r}. {nearest(value, HAZARDS)}"
        raise ValueError(msg)
    return value


def _license(value: Any) -> Any:
    if isinstance(value, str) and value not in LICENSES:
        msg = f"license {value!r} is not in the closed list. {nearest(value, LICENSES)}"
        raise ValueError(msg)
    return value


class Protection(Plain):
    """What becomes of a source's prompts where rows are kept apart from evaluation sets, and why."""

    role: Literal["protect", "training", "background", "left_out"]
    """Protected; kept out of this project's training sets alone, and background elsewhere; background, which tells how
    common words are in prompts that people write anyway; or none of these."""
    reason: _Said


class Sidecar(Plain):
    """One such file."""

    model_config = ConfigDict(strict=False)

    note: _Said | None = None
    """What a reader must know before using the rows."""
    bibtex: _Said | None = None
    """The BibTeX entry of what is to be cited."""
    citation: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")] | None = None
    """Instead, the key of an entry that stands in another source's sidecar."""
    protection: Protection | None = None
    hazards: dict[str, tuple[Annotated[Hazard, BeforeValidator(_code)], ...]] = Field(default_factory=dict)
    """Native category -> hazards of the shared taxonomy; an empty list where none of them fits."""
    origins: dict[str, Annotated[str, BeforeValidator(_license)]] = Field(default_factory=dict)
    """Native label ``origin`` of a row -> the license that its text came with; each row then has its own. Needed where
    a source took rows over from others: its license cannot lift theirs."""
    copyright: Annotated[
        tuple[_Said, ...], BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)
    ] = ()
    """The copyright lines of its license file, word for word, which licenses such as MIT ask to be kept."""
    model_written: _Said | None = None
    """What of it a vendor's model wrote, and which: ``responses by GPT-4 (OpenAI)``. Said on card and NOTICE."""
    columns: dict[str, _Said] = Field(default_factory=dict)
    """Column, as the source or as the declaration calls it -> what it holds, where its name does not say so."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, tables: Any) -> Any:
        for key in tables:
            if key not in cls.model_fields:
                msg = f"unknown key {key!r}. {nearest(key, cls.model_fields)}"
                raise ValueError(msg)
        return tables

    @model_validator(mode="after")
    def _one_citation(self) -> Self:
        if self.bibtex is not None and (len(_ENTRY.findall(self.bibtex)) != 1 or not _ENTRY.match(self.bibtex)):
            msg = "bibtex is not one entry with a key of lower-case letters and digits"
            raise ValueError(msg)
        if self.bibtex and self.citation:
            msg = "bibtex has a key of its own: leave citation out"
            raise ValueError(msg)
        return self

    @property
    def key(self) -> str | None:
        """The key of what is to be cited."""
        return _ENTRY.findall(self.bibtex)[0] if self.bibtex else self.citation


def place(name: str) -> str:
    """Where the sidecar of a source lies below the project's root.

    Example:
        >>> place("my-set")
        'builders/sources/my_set.toml'
    """
    return f"builders/sources/{name.replace('-', '_')}.toml"


def read_sidecar(path: Path) -> Sidecar:
    """Read one sidecar.

    Raises:
        ProjectError: it is no TOML, or something in it is not known; every issue is named by its key.
    """
    try:
        return _parsed(path, path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        got = issues(error) if isinstance(error, ValidationError) else [f"{type(error).__name__}: {error}"]
        msg = "The sidecar of a source cannot be read"
        raise ProjectError(msg, where=path, got="\n            ".join(got)) from error


@lru_cache(maxsize=1024)
def _parsed(path: Path, text: str) -> Sidecar:
    return Sidecar.model_validate(tomllib.loads(text))
