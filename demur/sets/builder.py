"""Builders: the declaration of one published data set - its kind, its sources by config, its thresholds and splits.

A builder's function maps one config's table of records to the columns of its rows; everything else is the pipeline's
and the kind's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import ConfigDict, Field, SerializeAsAny, model_validator
from pydantic.json_schema import SkipJsonSchema

from demur.curation.curated import ORDER, Basis
from demur.errors import UsageError, nearest
from demur.groups.splits import check_sizes
from demur.project import GONE, Declared, Project, pick
from demur.records.record import Fraction, Plain, Slug
from demur.records.row import Row
from demur.sets.kind import Config, Kind


class Builder(Plain):
    """The declaration of one data set."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: Slug
    title: str
    summary: str
    kind: SerializeAsAny[Kind]
    """What is made of the records: see `demur.kinds`."""
    configs: Annotated[tuple[Config, ...], Field(min_length=1)]
    """The first one is the default."""
    splits: dict[str, float | int | None]
    """Size of every split (see `demur.groups.splits`), most protected first: where groups merge, the earlier wins."""
    near_duplicate: Fraction = 0.8
    """Token-set Jaccard from which two prompts are near-duplicates."""
    seed: int = 0
    """Of everything that is drawn."""
    trust: tuple[Basis, ...] = ORDER
    """Whose word a row rests on, the first that there is (see `demur.curation.curated`)."""
    tags: tuple[str, ...] = ()
    """For the card."""
    to_rows: SkipJsonSchema[Callable[[pa.Table], pa.Table]] = Field(exclude=True, repr=False)
    """The builder's own function, from a table of records to the same with more columns: see its kind."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_sizes(self.splits)
        names = [config.name for config in self.configs]
        for number, config in enumerate(self.configs):
            if config.extends is not None and config.extends not in names[:number]:
                msg = f"config {config.name!r} extends {config.extends!r}, which does not stand before it"
                raise ValueError(msg)
            if config.references and self.kind.reference is None:
                msg = f"config {config.name!r} holds references, and the kind declares no schema of them"
                raise ValueError(msg)
        self.kind.fits(self.configs)
        return self

    def sources_of(self, name: str) -> tuple[str, ...]:
        """Names of all sources of a config, sorted, the extended config's included."""
        config = next(config for config in self.configs if config.name == name)
        inherited = self.sources_of(config.extends) if config.extends else ()
        return tuple(sorted({*inherited, *config.sources}))

    @property
    def canary(self) -> str | None:
        """A GUID that every file of an evaluation set carries, so that training data that holds the set is found out.

        It follows from the name alone: the same in every version.
        """
        return None if self.kind.trains else str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.canary.demur"))

    def row_model(self, config: Config) -> type[Row]:
        """The schema of a config's published rows."""
        return self.kind.reference if config.references and self.kind.reference else self.kind.row

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of all sources of all configs, sorted."""
        return tuple(sorted({name for config in self.configs for name in self.sources_of(config.name)}))

    def only(self, names: Sequence[str] = ()) -> Builder:
        """The same builder with these configs alone, or, if none is named, with those that need not be asked for."""
        chosen = [each for each in self.configs if each.name in names or (not names and not each.on_demand)]
        if unknown := sorted({*names} - {each.name for each in chosen}):
            msg = f"Builder {self.name!r} has no config {unknown[0]!r}"
            raise UsageError(msg, fix=nearest(unknown[0], [each.name for each in self.configs]))
        whole = [each.model_copy(update={"extends": None, "sources": self.sources_of(each.name)}) for each in chosen]
        return self.model_copy(update={"configs": tuple(whole)})

    def with_sources(self, config: str, sources: tuple[str, ...]) -> Builder:
        """The same builder with more sources in one config."""
        changed = tuple(
            each.model_copy(update={"sources": tuple(sorted({*each.sources, *sources}))})
            if each.name == config
            else each
            for each in self.configs
        )
        return self.model_copy(update={"configs": changed})


def builder(**declared: Any) -> Callable[[Callable[[pa.Table], pa.Table]], Builder]:
    """Turn a function from records to rows into a `Builder`; its name is the function's, with hyphens."""

    def register(function: Callable[[pa.Table], pa.Table]) -> Builder:
        return Builder(name=function.__name__.replace("_", "-"), to_rows=function, **declared)

    return register


def builders(project: Project) -> dict[str, Builder]:
    """Every builder that a project declares, by name."""
    return project.declared("builders", Builder)


def origins(project: Project) -> dict[str, Declared[Builder]]:
    """Whose every builder is, and whose it takes the place of."""
    return project.found("builders", Builder)


def builder_of(project: Project, name: str) -> Builder:
    """One declared builder.

    Raises:
        UsageError: there is none of that name.
    """
    return pick(project.named("builders", Builder, [name]), name, "builder", project.root, GONE)
