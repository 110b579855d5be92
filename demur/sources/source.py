"""Sources: the declaration of a public origin, its mirrors and pins, and the ``@source`` decorator.

A *source* is one public set. A *mirror* is one carrier of its rows; a *pin* fixes a mirror's bytes. Pins are written
by ``demur pin`` into ``builders/sources/pins.json``, never typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema

from demur.errors import LicenseError, PinError, ProjectError, shown
from demur.records.licenses import license_of, own_in
from demur.records.record import Frozen, Slug, UseLimit
from demur.records.spdx import normal
from demur.records.terms import PROPRIETARY, Terms
from demur.sources.mirror import Mirror, Pin
from demur.sources.pins import SourcePin
from demur.sources.sidecar import place

Raw = Mapping[str, Any]


class Source(Frozen):
    """The declaration of one public set."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: Slug
    title: str
    homepage: Annotated[str, StringConstraints(pattern=r"^(https://.*)?$")] = ""
    """Where it is presented; not needed of a source that is on no web, such as a private one."""
    license: Annotated[str, AfterValidator(lambda said: normal(said, "license"))]
    """What the rows are published under: an id of the closed list, ``proprietary``, any ``LicenseRef-NAME`` with its
    terms, or an SPDX expression of them. What may not be published again quarantines the source: ``none-stated``."""
    terms: Terms | None = None
    """What its own license allows, where it has one; ``proprietary`` without any allows nothing."""
    use_limits: tuple[UseLimit, ...] = ()
    """Limits beyond the license that every derived set inherits."""
    citation: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")] | None = None
    """Key of a BibTeX entry; follows from the sidecar."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    """BCP 47 tags."""
    kind: Literal["prompt", "response"]
    """The schema of the records its row function returns."""
    key: str | None = None
    """Canonical column with the source's own unique row id; rows are then ordered by it."""
    note: str | None = None
    """What a reader must know before using the rows; follows from the sidecar."""
    origins: dict[str, str] = Field(default_factory=dict)
    """Native label ``origin`` of a row -> the license of its text, where rows were taken over; from the sidecar."""
    copyright: tuple[str, ...] = ()
    """Copyright lines of its license file; follow from the sidecar."""
    model_written: str | None = None
    """What of it a vendor's model wrote; follows from the sidecar."""
    mirrors: Annotated[tuple[Mirror, ...], Field(min_length=1)]
    pin: SourcePin | None = None
    """Written by ``demur pin``; None until then."""
    root: SkipJsonSchema[Path] = Field(default=Path(), exclude=True, repr=False)
    """The folder of the project that declares it; local files lie below."""
    recorded: SkipJsonSchema[bool] = Field(default=False, exclude=True, repr=False)
    """Whether the pin is that of an older manifest, so that local files may have changed since."""
    to_records: SkipJsonSchema[Callable[..., Any]] = Field(exclude=True, repr=False)
    """The row function."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        own = own_in(self.license)
        if len(own) > 1:
            msg = f"license {self.license!r} names several of one's own: declare one LicenseRef- with the terms of all"
            raise ValueError(msg)
        if self.terms and not own:
            msg = f"license {self.license!r} has terms of its own: leave terms out"
            raise ValueError(msg)
        license_of(self.license, self.name, self.own_terms)
        if len({mirror.id for mirror in self.mirrors}) < len(self.mirrors):
            msg = "two mirrors have the same carrier and address"
            raise ValueError(msg)
        if not self.homepage and any(mirror.page for mirror in self.mirrors):
            msg = "a source on the web has a homepage"
            raise ValueError(msg)
        return self

    def records_of(self, row: Raw, number: int) -> list[Any]:
        """What the row function makes of one row: records, or a `Reject`."""
        native = row[self.key] if self.key else None
        at = At(number, None if native is None else str(native))
        made = self.to_records(row, at) if _asks_where(self.to_records) else self.to_records(row)
        return [*made] if isinstance(made, (list, tuple)) else [made]

    @property
    def own_terms(self) -> dict[str, Terms]:
        """Its own license, if it has one -> what that allows."""
        terms = {id: self.terms or (Terms() if id == PROPRIETARY else None) for id in own_in(self.license)}
        return {id: said for id, said in terms.items() if said is not None}

    def may_be_published(self, license: str) -> bool:
        """Whether the text of its rows with this license may be published again."""
        return license_of(license, self.name, self.own_terms).redistribution

    @property
    def quarantined(self) -> bool:
        """Whether the license forbids releasing the text."""
        return not self.may_be_published(self.license) or "no_redistribution" in self.use_limits

    def license_of_row(self, native_labels: Iterable[Mapping[str, str | None]]) -> str:
        """The license of a row: its source's, unless its native label ``origin`` names a set with terms of its own.

        Raises:
            LicenseError: the sidecar says nothing of this origin.
        """
        if not self.origins:
            return self.license
        origin = next((label["value"] for label in native_labels if label["name"] == "origin"), None)
        if origin not in self.origins:
            msg = f"Source {self.name!r} does not say which license rows from {shown(origin)} have"
            raise LicenseError(msg, where=place(self.name), fix=f"Add {shown(origin)} to [origins] there.")
        return self.origins[origin]

    def cited(self) -> str:
        """The key of what is to be cited, which every set that holds its rows needs; none where it is on no web.

        Raises:
            ProjectError: nothing is said of it.
        """
        if self.citation is None and not self.homepage:
            return ""
        if self.citation is None:
            msg = f"Source {self.name!r} does not say what is to be cited"
            raise ProjectError(
                msg, where=place(self.name), expected="bibtex or citation", fix="Give its BibTeX entry there."
            )
        return self.citation

    def pinned(self) -> list[tuple[Mirror, Pin]]:
        """The mirrors that have a pin, in the order they are tried, which is that of their carriers.

        Raises:
            PinError: no mirror of the source is pinned.
        """
        pins = {pin.mirror: pin for pin in self.pin.mirrors} if self.pin else {}
        found = [(mirror, pins[mirror.id]) for mirror in self.mirrors if mirror.id in pins]
        if not found:
            msg = f"Source {self.name!r} is not pinned"
            raise PinError(
                msg,
                where=", ".join(mirror.id for mirror in self.mirrors),
                expected="a full commit or exact version and sha256 of at least one mirror",
                got="no pin",
                fix=f"Run `demur pin {self.name}` on a machine that reaches one of these mirrors.",
            )
        return sorted(found, key=lambda pair: pair[0].via.order)


@dataclass(frozen=True)
class At:
    """Where a row stands: a row function that has a second parameter is given it.

    Attributes:
        row: its number among the canonical rows, from 0.
        native_id: what stands in the source's ``key`` column; None without one.
    """

    row: int
    native_id: str | None


@cache
def _asks_where(function: Callable[..., Any]) -> bool:
    """Whether a row function has a second parameter that has to be given."""
    needed = [each for each in signature(function).parameters.values() if each.default is Parameter.empty]
    return len([each for each in needed if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]) > 1


class Reject(Frozen):
    """What a row function returns for a row that cannot become a record, with the reason.

    Example:
        >>> Reject("no-label").reason
        'no-label'
    """

    reason: Slug
    """Why: words in lower case, with hyphens between them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)  # type: ignore[call-arg] # pydantic's own takes every field


def source(
    *, mirrors: Iterable[Mirror], languages: Sequence[str] = ("en",), **declared: Any
) -> Callable[[Callable[..., Any]], Source]:
    """Turn a row function into a `Source`; its name is the function's, with hyphens.

    The row function takes one canonical row (a mapping), and where it stands (`At`) if it has a second parameter; it
    returns one record, several, or a `Reject`.

    Example:
        >>> from demur.sources.mirror import pypi
        >>> @source(title="Demo", homepage="https://example.org", license="mit", kind="prompt",
        ...         mirrors=[pypi("demo==1.0", "a.csv", columns={"q": "prompt"})])
        ... def my_demo(row):
        ...     return row["prompt"]
        >>> my_demo.name, my_demo.to_records({"prompt": "hello"})
        ('my-demo', 'hello')
    """

    def register(function: Callable[..., Any]) -> Source:
        name = function.__name__.replace("_", "-")
        return Source(name=name, mirrors=tuple(mirrors), languages=tuple(languages), to_records=function, **declared)

    return register
