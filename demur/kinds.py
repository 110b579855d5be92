"""What a manifest states of one kind of set: of training rows, contrast pairs, query sets, or responses to compare."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from demur.record import Frozen, Sha256

Count = Annotated[int, Field(ge=0)]


class TrainingCounts(Frozen):
    """A training config, counted twice. Records: candidates = used + rejects. Rows: 3 triples + answered = rows.

    Attributes:
        used: records that stand in some row.
        triples: all; ``published``: those with both sides published; ``project_written``: those with our refusal.
        answered: rows whose target is a published answer.
        kinds: rows by kind.
        most_common_opening: refusals that begin alike, at most; ``distinct_openings``: how many openings there are.
    """

    used: Count
    triples: Count
    published: Count
    project_written: Count
    answered: Count
    kinds: dict[str, Count]
    most_common_opening: Count
    distinct_openings: Count


class TrainingParameters(Frozen):
    """What a builder of training rows declared: see `demur.builder.Training` for each.

    Attributes:
        refusals_sha256: of the bank of refusals.
        refusals: how many it holds.
        protected: facts of the sketch of protected prompts: prompts by source.
    """

    shares: dict[str, float]
    law: str
    unit: str
    triples_per_group: Count
    opening_words: Count
    opening_share: float
    fixed_token: dict[str, str | int]
    left_out: dict[str, str]
    refusals_sha256: Sha256
    refusals: Count
    protected: dict[str, Count]


class ScoreEntry(Frozen):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class TextOnly(Frozen):
    """What one family of text features gives."""

    accuracy: ScoreEntry
    auroc: ScoreEntry


class BaselineEntry(Frozen):
    """The text-only baseline of a config of contrast pairs (see `demur.audits.surface`).

    Attributes:
        folds: of the cross-validation by pair.
        ceiling: what the AUROC of all features together may not exceed, neither naive nor nested.
        naive: family of features -> its scores, cross-validated on the set as a whole.
        nested: the same inside each half, whose pairs were chosen by a rule that was fitted on the other half: the
            headline. Null where nothing was chosen and so nothing can flatter.
        across: AUROC of all features together, fitted on one half and tested on the other, as a probe would be. Far
            below one half where the filter dropped what such a reader gets right: no number to compare a probe with.
    """

    pairs: Count
    folds: Count
    seed: int
    ceiling: float
    naive: dict[str, TextOnly]
    nested: dict[str, TextOnly] | None
    across: ScoreEntry | None = None

    @property
    def headline(self) -> TextOnly:
        """All features together: nested where pairs were chosen, else naive."""
        return (self.nested or self.naive)["combined"]


class ContrastParameters(Frozen):
    """What a builder of contrast pairs declared: see `demur.builder.Contrast` and `demur.contrast.mine.Settings`.

    Attributes:
        mined: config -> predictability above which a pair is dropped.
        ceilings: config -> what the AUROC of text alone may not exceed.
    """

    mined: dict[str, float]
    ceilings: dict[str, float]
    calipers: tuple[float, ...]
    models: Count
    seed: int
    apart: str
    folds: Count


class SideCounts(Frozen):
    """One side of a query set, from its labels to what was drawn; of lengths, by the characters that a query is below.

    Attributes:
        labelled: records with the side's label.
        within: those of them that are shorter than each declared length.
        unique: the same without duplicates, near-duplicates and contradicted labels: what is drawn from.
        drawn: rows of the config.
    """

    labelled: Count
    within: dict[str, Count]
    unique: dict[str, Count]
    drawn: Count


class SetCounts(Frozen):
    """One query set of a config.

    Attributes:
        records: of its sources.
        distinct: those with different normalised texts.
        complete: those whose every native label has a value.
        unknown: those on neither side.
        length: drawn queries are shorter than so many characters.
        short_of: side -> queries that were declared and do not exist; empty if every side is whole.
    """

    records: Count
    distinct: Count
    complete: Count
    unknown: Count
    length: Count
    sides: dict[str, SideCounts]
    short_of: dict[str, Count]


class Overlap(Frozen):
    """What the draws of two seeds share, of one side of a query set.

    Attributes:
        configs: those that draw from the same sources.
        drawn: rows of each draw; ``of``: queries that both were drawn from.
        shared: two configs -> rows in both.
    """

    configs: tuple[str, ...]
    set: str
    side: str
    drawn: Count
    of: Count
    shared: dict[str, Count]


class ComparisonCounts(Frozen):
    """A config of responses to compare. Records: candidates = used + rejects. Rows: 3 queries.

    Attributes:
        used: records that stand in some row; a harmful one stands in two.
        kinds: rows by kind.
    """

    used: Count
    queries: Count
    kinds: dict[str, Count]
