"""What a kind of set adds to the way from records to a release: the protocol, and the one place that finds kinds.

A kind is a package of `demur.kinds`: ``kind.py`` declares a class by this protocol, ``rules.py`` its rules for ``demur
check``, ``page.md.jinja`` its part of the card. The declaration in a builder *is* the kind. Nothing below `demur.kinds`
names one; whoever needs a kind asks `kind_of` with the name that stands in the manifest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, StringConstraints, ValidationError
from pydantic.json_schema import SkipJsonSchema

from demur.curation.meaning.pairs import Pairs
from demur.curation.opposed import Opposed
from demur.errors import ManifestError, issues, nearest
from demur.project import names_in, submodule
from demur.rates import Score
from demur.records.record import Frozen, Plain, Slug, record_id
from demur.records.row import Row
from demur.sets.manifest import ConfigEntry, Manifest

PACKAGE = "demur.kinds"


class Config(Plain):
    """One configuration of a data set."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    sources: tuple[Slug, ...]
    """Names of the sources it draws from, the ``extends`` config's not counted."""
    extends: str | None = None
    """A config whose sources it holds as well."""
    commercial: bool = False
    """Whether every source must allow commercial use."""
    on_demand: bool = False
    """Whether it is built only where it is asked for by name, such as one that PyPI alone cannot serve."""
    references: bool = False
    """Whether its rows are published as references, without their texts, because a source of it may not be
    redistributed; ``demur hydrate`` restores them."""


@dataclass(frozen=True)
class Given:
    """What a build gives to a kind, beside the records of a config.

    Attributes:
        name: of the set.
        config: of the config that is made.
        splits: from the most protected one on.
        near_duplicate: token-set Jaccard from which two prompts are near-duplicates.
        seed: of everything that is drawn.
        conflicts: pairs of near-identical prompts with opposite labels (`demur.groups.duplicates.CONFLICTS`).
        locked: record ids of an earlier release, kept before others.
        same: record ids that are the same as another one, by decision -> that one.
        apart: pairs of record ids that are not the same, by decision.
        to_rows: the builder's own function.
        opposites: prompts of one topic and of opposite sides, with their cosine.
        opposed: what readers said of such pairs.
    """

    name: str
    config: str
    splits: tuple[str, ...]
    near_duplicate: float
    seed: int
    conflicts: pa.Table
    locked: Mapping[str, str]
    to_rows: Callable[[pa.Table], pa.Table]
    same: Mapping[str, str] = field(default_factory=dict)
    apart: Collection[frozenset[str]] = ()
    opposites: Pairs = field(default_factory=Pairs)
    opposed: Opposed = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Set and config, as errors name them."""
        return f"{self.name}/{self.config}"


@dataclass(frozen=True)
class Made:
    """The rows of one config and what became of its records: records in = used + rejects.

    Attributes:
        rows: by the schema of the kind's rows.
        rejects: `demur.records.rejects.REJECTS`.
        used: records that stand in some row.
        facts: what the manifest states of the config.
    """

    rows: pa.Table
    rejects: pa.Table
    used: int
    facts: Frozen = field(default_factory=Frozen)


@dataclass(frozen=True)
class Alone:
    """How well the text alone, or its length, tells the sides of a config apart, as its manifest states it.

    Attributes:
        config: its name.
        sides: what is told from what, in words.
        by: what is looked at, in words.
        auroc: with its 95 % interval.
        n: of how many rows, or how many pairs, in words.
    """

    config: str
    sides: str
    by: str
    auroc: Score
    n: str


class Kind(Plain):
    """The declaration of what kind of set a builder makes; all but `make` have defaults."""

    name: ClassVar[str]
    record: ClassVar[Literal["prompt", "response"]] = "prompt"
    """What its sources give."""
    trains: ClassVar[bool] = False
    """Whether models are trained on it: then it carries no canary, and no source that is not for training."""
    draws: ClassVar[str] = "row"
    """What a record becomes, in the card's words: a row for each record used, unless said otherwise."""
    traits: ClassVar[frozenset[str]] = frozenset()
    """What rules may go by: ``distinct-rows`` where no row stands twice, ``distinct-prompts`` where none is near one of
    the same side, ``wrapped`` where prompts share wrappers, so that only equal ones are alike."""
    own_id: ClassVar[str] = "record_id"
    """The column that tells every row of a config from all others, where one text may stand in several rows."""
    was: ClassVar[str | None] = None
    """What manifests of the first format call the kind: the schema of its rows."""
    facts: ClassVar[type[Frozen]] = Frozen
    """What the manifest states of every config."""
    stated: ClassVar[type[Frozen]] = Frozen
    """What the manifest states of the declaration."""

    row: SkipJsonSchema[type[Row]] = Field(exclude=True, repr=False)
    """The schema of the published rows."""
    reference: SkipJsonSchema[type[Row] | None] = Field(default=None, exclude=True, repr=False)
    """The schema of rows that are published without their texts, where a config has such rows."""

    def fits(self, configs: Sequence[Config]) -> None:
        """Make sure that the declaration fits the builder's configs; raises ValueError."""

    def asks(self) -> Sequence[str]:
        """Columns that must be there after the builder's function, which is looked at before rows are made."""
        return ()

    def statement(self) -> Frozen:
        """The declaration as the manifest states it, of the class `stated`."""
        return self.stated.model_validate_json(self.model_dump_json())

    def linked(self, records: pa.Table) -> pa.Table:
        """What stands before groups are formed: the records, perhaps with a column ``head``.

        It holds the number of the row whose group and split each has, itself or another; null for a record that has
        neither, and is never in a row.
        """
        return records

    def prepare(self, records: pa.Table) -> pa.Table:
        """What is done once, before the configs: the records, perhaps with more columns."""
        return records

    def make(self, records: pa.Table, given: Given) -> Made:
        """Make the rows of one config from its records, with ``group_id`` and ``split``."""
        raise NotImplementedError

    def across(self, made: Mapping[str, Made], sources: Mapping[str, tuple[str, ...]]) -> list[Frozen]:
        """What the configs have in common, by config; ``sources`` are those of each."""
        return []

    def parts(self, config: ConfigEntry) -> Mapping[str, Sequence[Sequence[str]]]:
        """Parts of a config that a release serves as configs of their own -> ``filters`` of ``load_dataset``."""
        return {}

    def beside(self, title: str, summary: str, manifest: Manifest) -> Mapping[str, bytes]:
        """Files beside the rows, by name."""
        return {}

    @classmethod
    def recount(cls, rows: pa.Table, manifest: Manifest, entry: ConfigEntry) -> Mapping[str, Any]:
        """Of what the manifest states of a config, all that its rows can tell, by dotted path.

        A mapping is compared as a whole. The records ``used`` are as many as the rows, unless they stand here too.
        """
        return {}

    @classmethod
    def recount_across(cls, configs: Mapping[str, pa.Table], manifest: Manifest) -> list[Frozen]:
        """What `across` gave, from the rows."""
        return []

    @classmethod
    def rows(cls) -> Mapping[str, type[Row]]:
        """Schemas of rows that the kind's own package holds, by the name of their module."""
        module = sys.modules[cls.__module__]
        return {
            value.__module__.rpartition(".")[2]: value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, Row)
            and value.__module__.startswith(f"{PACKAGE}.{cls.name}.")
        }

    @classmethod
    def upgraded(cls, old: Mapping[str, Any]) -> dict[str, Any]:
        """What a manifest of the first format says of the kind in its parameters, or in the entry of a config."""
        return {}

    @classmethod
    def record_id(cls, row: Mapping[str, Any]) -> str | None:
        """The record id that follows from a row's texts; None where a rule of the kind judges it."""
        return record_id("prompt", row["prompt"])

    @classmethod
    def answered(cls, rows: pa.RecordBatch) -> pa.Array | None:
        """Which rows have a response that was written to their prompt; None where a kind does not say."""
        return None

    @classmethod
    def teaches(cls, rows: pa.RecordBatch) -> pa.Array | None:
        """What each training row teaches: ``refusal``, ``answer``, or ``transition`` (the target is read, not learnt).

        None where no rows of the kind are trained on.
        """
        return None

    @classmethod
    def lines(cls, manifest: Manifest) -> Iterator[Any]:
        """What ``demur build`` prints beside the counts: texts, or anything that rich prints."""
        return iter(())

    @classmethod
    def alone(cls, manifest: Manifest) -> Iterator[Alone]:
        """What the text alone tells of the sides; nothing where the kind measures no such thing."""
        return iter(())

    @classmethod
    def page(cls, manifest: Manifest) -> Mapping[str, Any]:
        """What the kind's part of the card is filled with, beside `stated` and the facts of every config."""
        return {}


def kinds() -> list[str]:
    """The names of all kinds, sorted."""
    return names_in(PACKAGE)


def kind_of(name: str) -> type[Kind]:
    """The kind with a name.

    Raises:
        ManifestError: there is none.
    """
    if name not in kinds():
        msg = f"There is no kind of set {name!r}"
        raise ManifestError(msg, fix=f"{nearest(name, kinds())} Perhaps a newer Demur wrote it.")
    module = submodule(PACKAGE, f"{name}.kind")
    return next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Kind) and each is not Kind and each.__module__ == module.__name__
    )


def load_rules() -> None:
    """Import the rules of every kind that has any."""
    for name in kinds():
        if "rules" in names_in(f"{PACKAGE}.{name}"):
            submodule(PACKAGE, f"{name}.rules")


def stated_of(manifest: Manifest) -> Any:
    """What a manifest states of its kind's declaration, typed.

    Raises:
        ManifestError: it states something else.
    """
    return _typed(kind_of(manifest.kind).stated, manifest.parameters.stated, manifest.name)


def facts_of(manifest: Manifest, entry: ConfigEntry) -> Any:
    """What a manifest states of a config, typed by its kind.

    Raises:
        ManifestError: it states something else.
    """
    return _typed(kind_of(manifest.kind).facts, entry.facts, f"{manifest.name}/{entry.name}")


def _typed(model: type[Frozen], stated: Mapping[str, Any], where: str) -> Frozen:
    try:
        return model.model_validate_json(json.dumps(stated))
    except ValidationError as error:
        found = issues(error)
    msg = f"The manifest is broken ({len(found)} issues)"
    raise ManifestError(msg, where=where, expected=model.__name__, got=found[0], fix="Build it again.")
