"""Builders: the declaration of one published data set - its sources by config, its thresholds and splits.

A builder's function maps one config's table of records to the columns of its items; everything else is the pipeline's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Self

import pyarrow as pa
from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema

from demur.contrast.mine import Settings
from demur.errors import UsageError, nearest
from demur.queries.declared import Comparisons, Queries
from demur.record import Frozen, Slug
from demur.splits import check_sizes
from demur.training.bank import Bank
from demur.training.laws import LAWS, Law
from demur.training.laws import law as law_of
from demur.training.units import Unit

Fraction = Annotated[float, Field(gt=0, lt=1)]

OF_TRIPLES = ("refusal_mle", "prefix_mle", "rto")
"""Kinds of row that every triple gives, one each."""

ANSWERED = ("helpful_mle", "borderline_mle")
"""Kinds of row whose target is a published answer."""


class Config(Frozen):
    """One configuration of a data set.

    Attributes:
        sources: names of the sources it draws from, the ``extends`` config's not counted.
        extends: a config whose sources it holds as well.
        commercial: whether every source must allow commercial use.
        on_demand: whether it is built only where it is asked for by name, such as one that PyPI alone cannot serve.
        references: whether its rows are published as references, without their texts, because a source of it may not be
            redistributed; ``demur hydrate`` restores them.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    sources: tuple[Slug, ...]
    extends: str | None = None
    commercial: bool = False
    on_demand: bool = False
    references: bool = False


class FixedToken(Frozen):
    """The token that transition rows predict: what it decodes to, its number, and the tokenizer whose number it is."""

    text: str
    id: int
    tokenizer: str


class Training(Frozen):
    """What a builder of training rows declares beyond its sources.

    Attributes:
        shares: kind of row -> its share of every config's rows; those of triples are equal.
        law: how much of a harmful response stands in the context of a ``prefix_mle`` row.
        unit: what the law counts; token laws are applied by the token views, which have a tokenizer.
        triples_per_group: triples made from one group of near-duplicate prompts, at most.
        opening_words: how many words of a refusal are its opening.
        opening_share: share of the refusals that may begin alike.
        fixed_token: what transition rows predict; token views find the word in their own tokenizer.
        left_out: source that one might expect -> why it is not used.
        bank: refusals written for this project.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    shares: dict[str, Fraction]
    law: str = "derta-paper"
    unit: Unit = "word"
    triples_per_group: Annotated[int, Field(ge=1)] = 2
    opening_words: Annotated[int, Field(ge=1)] = 5
    opening_share: Fraction = 0.05
    fixed_token: FixedToken
    left_out: dict[Slug, str]
    bank: SkipJsonSchema[Bank] = Field(exclude=True, repr=False)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        triple = {self.shares.get(kind) for kind in OF_TRIPLES}
        if {*self.shares} != {*OF_TRIPLES, *ANSWERED} or len(triple) != 1 or abs(sum(self.shares.values()) - 1) > 1e-9:
            msg = "shares name the five kinds of row and add up to 1, and the three kinds made from triples are equal"
            raise ValueError(msg)
        if self.law not in LAWS or self.unit == "token":
            msg = f"the law is one of {', '.join(LAWS)}, counted in words or sentences"
            raise ValueError(msg)
        return self

    @property
    def prefix_law(self) -> Law:
        """The declared law, counted in the declared unit."""
        return law_of(self.law).counted_in(self.unit)


class Contrast(Frozen):
    """What a builder of contrast pairs declares beyond its sources.

    Attributes:
        ceilings: config -> what the AUROC of text alone may not exceed.
        mined: configs whose unpaired prompts are matched and filtered -> the threshold of the filter.
        settings: how pairs are mined; the threshold is the config's.
        apart: the split that is one half of the mining; the others together are the other half.
        folds: of the cross-validation of the text-only baseline.
    """

    ceilings: dict[str, Annotated[float, Field(ge=0.5, le=1)]]
    mined: dict[str, Fraction]
    settings: Settings = Settings()
    apart: str = "train"
    folds: Annotated[int, Field(ge=2)] = 5

    def settings_of(self, config: str) -> Settings:
        """How the pairs of one config are mined."""
        return self.settings.model_copy(update={"threshold": self.mined[config]})

    def half(self, split: str) -> str:
        """The half of the mining that a split belongs to."""
        return split if split == self.apart else "held-out"


class Builder(Frozen):
    """The declaration of one data set.

    Attributes:
        item: the schema of the published rows.
        reference: the schema of rows that are published without their texts, where a config has such rows.
        configs: the first one is the default.
        splits: size of every split (see `demur.splits`), most protected first: where groups merge, the earlier wins.
        near_duplicate: token-set Jaccard from which two prompts are near-duplicates.
        balance: column whose values get equal numbers of rows in every split, by seeded sampling; None keeps all rows.
        seed: of the sampling.
        tags: for the card.
        training: shares, prefix law and refusals of a set of training rows; None for an evaluation set.
        contrast: how a set of contrast pairs is made; None for any other set.
        queries: which query sets are drawn, and with which seeds; None for any other set.
        comparisons: of a set of responses to compare; None for any other set.
        to_items: for an evaluation set, records of one config -> columns of its items, with a boolean ``optional``
            column for rows that the balance may leave out. For a training set, all response records -> the same with
            a column ``role``: ``triple``, a kind of `ANSWERED`, or the reason why the record has none. For responses
            to compare, the same, with a role of `demur.queries.compare.ROLES`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: Slug
    title: str
    summary: str
    item: SkipJsonSchema[type[Frozen]]
    reference: SkipJsonSchema[type[Frozen] | None] = None
    configs: Annotated[tuple[Config, ...], Field(min_length=1)]
    splits: dict[str, float | int | None]
    near_duplicate: Fraction = 0.8
    balance: str | None = None
    seed: int = 0
    tags: tuple[str, ...] = ()
    training: Training | None = None
    contrast: Contrast | None = None
    queries: Queries | None = None
    comparisons: Comparisons | None = None
    to_items: SkipJsonSchema[Callable[[pa.Table], pa.Table]] = Field(exclude=True, repr=False)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_sizes(self.splits)
        if sum(kind is not None for kind in (self.training, self.contrast, self.queries, self.comparisons)) > 1:
            msg = "a builder makes one kind of set"
            raise ValueError(msg)
        names = [config.name for config in self.configs]
        for number, config in enumerate(self.configs):
            if config.extends is not None and config.extends not in names[:number]:
                msg = f"config {config.name!r} extends {config.extends!r}, which does not stand before it"
                raise ValueError(msg)
            if self.contrast and config.name not in self.contrast.ceilings:
                msg = f"config {config.name!r} of contrast pairs declares the ceiling of its text-only baseline"
                raise ValueError(msg)
            if self.queries and config.name not in self.queries.seeds:
                msg = f"config {config.name!r} of query sets declares the seed of its draw"
                raise ValueError(msg)
            if config.references and (self.reference is None or self.training is not None):
                msg = f"config {config.name!r} holds references; the builder of an evaluation set declares their schema"
                raise ValueError(msg)
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
        return None if self.training else str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.canary.demur"))

    def row_model(self, config: Config) -> type[Frozen]:
        """The schema of a config's published rows."""
        return self.reference if config.references and self.reference else self.item

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
    """Turn a function from records to items into a `Builder`; its name is the function's, with hyphens."""

    def register(function: Callable[[pa.Table], pa.Table]) -> Builder:
        return Builder(name=function.__name__.replace("_", "-"), to_items=function, **declared)

    return register
