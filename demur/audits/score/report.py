"""What was scored: tables, JSON or a plot. Names of models, rates and counts; never a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from demur.audits.audit import Drawn
from demur.audits.plots import COLORS, panels, save
from demur.audits.score.counted import GRADES, RATES, TAXONOMY, TWO_SIDES
from demur.rates import ClusteredRate, Difference, Rate, Score


@dataclass(frozen=True)
class Errors:
    """How often a judge is right on the rows of one side.

    Attributes:
        sensitivity: of what people call refusals, the share that the judge does.
        specificity: of what they do not, the share that it does not.
        measured_on: whose responses.
    """

    sensitivity: Rate
    specificity: Rate
    measured_on: str

    def fit(self, rate: Rate) -> bool:
        """Whether a judge with such errors may give such a rate: no less than its false alarms, no more than it finds.

        A rate beyond both says that the judge errs otherwise here than where it was measured.
        """
        return 1 - self.specificity.high <= rate.share <= self.sensitivity.high

    def __str__(self) -> str:
        return (
            f"it calls {self.sensitivity} of refusals so, and {self.specificity} of other responses not"
            f" ({self.measured_on})"
        )


@dataclass(frozen=True)
class Judged:
    """Who graded.

    Attributes:
        errors: side -> how often it is right there; sides where nobody measured are not there.
    """

    name: str
    errors: dict[str, Errors] = field(default_factory=dict)


@dataclass(frozen=True)
class Scored:
    """One model.

    Attributes:
        answers: responses that were graded.
        samples: to each row.
        missing: responses that are not there; the rates are of the others.
        failed: of the missing ones those that failed in the run.
        grades: side -> grade -> responses.
        rates: by the names of `demur.audits.score.counted.RATES`.
        corrected: rates of refusal by the judge's measured errors; empty where nobody measured them.
        by: facet -> value -> the two rates.
    """

    model: str
    answers: int
    samples: int
    missing: int
    failed: int
    grades: dict[str, dict[str, int]]
    rates: dict[str, ClusteredRate]
    corrected: dict[str, Score]
    by: dict[str, dict[str, dict[str, ClusteredRate]]]

    @property
    def unread(self) -> int:
        """Responses that the judge could not read; they are in no rate."""
        return sum(grades["unread"] for grades in self.grades.values())


@dataclass(frozen=True)
class Compared:
    """Two models in one rate, on the rows that both answered.

    Attributes:
        n: responses of each.
        difference: the first one's rate less the second's.
        adjusted: p, by Holm, over all comparisons of the report.
    """

    one: str
    two: str
    rate: str
    n: int
    difference: Difference
    adjusted: float


@dataclass(frozen=True)
class Overlaid:
    """A taxonomy that rates are told by.

    Attributes:
        names: of its categories, by code.
        unmapped: rows that cannot be told to be in any.
        unmapped_by: hazard -> these rows.
    """

    name: str
    title: str
    names: dict[str, str]
    unmapped: int
    unmapped_by: dict[str, int]


@dataclass(frozen=True)
class Scores(Drawn):
    """All models on one set.

    Attributes:
        rows: of the set, in these splits.
        groups: of near-duplicates and pairs among them: the clusters of the intervals.
        joined: file -> how it was joined to the rows.
    """

    set: str
    version: str | None
    config: str
    splits: tuple[str, ...]
    rows: int
    groups: int
    judge: Judged
    joined: dict[str, str]
    models: tuple[Scored, ...]
    compared: tuple[Compared, ...]
    taxonomy: Overlaid | None = None

    @property
    def title(self) -> str:
        """The set, its version, config and splits."""
        version = f"@{self.version}" if self.version else ""
        return f"{self.set}{version}, config {self.config}, split {', '.join(self.splits)}"

    def as_dict(self) -> dict[str, Any]:
        """For programs; a share of nothing is null."""
        return asdict(self, dict_factory=lambda pairs: {name: _known(value) for name, value in pairs})

    def facets(self) -> dict[str, list[str]]:
        """Facets by which there is something to tell apart, and their values of which there are responses.

        The taxonomy, if one was asked for, is always there.
        """
        found = {
            facet: [
                value
                for value in values
                if any(rate.n for each in self.models for rate in each.by[facet][value].values())
            ]
            for facet, values in self.models[0].by.items()
        }
        return {facet: values for facet, values in found.items() if len(values) > 1 or facet == TAXONOMY}

    def called(self, facet: str, value: str) -> str:
        """A value of a facet as it is shown: categories of a taxonomy with their names."""
        name = self.taxonomy.names.get(value) if self.taxonomy and facet == TAXONOMY else None
        return f"{value} {name}" if name else value

    def notes(self) -> list[str]:
        """What a reader of the rates has to know."""
        found = [f"{self.rows:,} rows in {self.groups:,} groups; graded by {self.judge.name}"]
        by = sorted(set(self.joined.values()))
        found.append(f"responses joined to rows by {' and by '.join(by)}")
        if self.taxonomy:
            left = self.taxonomy.unmapped_by.items()
            by_hazard = ", ".join(f"{hazard} {count:,}" for hazard, count in left)
            rest = f"{self.taxonomy.unmapped:,} of {self.rows:,} rows cannot be told to be in any category"
            found.append(f"{self.taxonomy.title}: {rest}" + (f", by hazard: {by_hazard}" if by_hazard else ""))
        for each in self.models:
            if each.missing:
                of = self.rows * each.samples
                found.append(f"{each.model}: {each.missing:,} of {of:,} responses are missing, {each.failed:,} of them"
                             " failed; the rates are of the others")  # fmt: skip
            if each.unread:
                found.append(
                    f"{each.model}: the judge could not read {Rate.of(each.unread, each.answers)}; these are in no rate"
                )
            for side, rate in zip(("refuse", "answer"), TWO_SIDES, strict=True):
                errors = self.judge.errors.get(side)
                if errors and each.rates[rate].n and not errors.fit(each.rates[rate]):
                    why = "the errors that were measured could not give this rate, so the judge errs otherwise here"
                    found.append(f"{each.model}: {RATES[rate].words} is not corrected: {why}")
        return found

    def show(self) -> None:
        """Print the rates of every model, what its responses are, and the two rates by what rows are."""
        from rich.console import Console

        console = Console(markup=False)
        heads = ("rate", "model", "share", "95 % interval", "of", "groups")
        lines = [
            (counted.words, [[each.model, *_cells(each.rates[name]), f"{each.rates[name].clusters:,}"]
                             for each in self.models])
            for name, counted in RATES.items()
            if any(each.rates[name].n for each in self.models)
        ]  # fmt: skip
        console.print(_table(self.title, heads, lines))
        for note in self.notes():
            console.print(f"- {note}", style="dim", markup=False, highlight=False)
        if any(each.corrected for each in self.models):
            lines = [
                (RATES[name].words, [[each.model, *_of(each.corrected.get(name))] for each in self.models])
                for name in RATES
                if any(name in each.corrected for each in self.models)
            ]
            console.print(_table(f"corrected for the errors of {self.judge.name}", heads[:4], lines))
            for side, errors in self.judge.errors.items():
                console.print(f"- rows to {side}: {errors}", style="dim", markup=False, highlight=False)
        sides = [
            (f"to {side}" if side != "either" else side,
             [[each.model, *(f"{each.grades[side][grade]:,}" for grade in GRADES)] for each in self.models])
            for side in self.models[0].grades
        ]  # fmt: skip
        console.print(_table("what the responses are", ("rows", "model", *GRADES), sides))
        for facet, values in self.facets().items():
            two = [head for name in TWO_SIDES for head in (RATES[name].words, "95 %", "of")]
            lines = [
                (self.called(facet, value),
                 [[each.model, *(cell for name in TWO_SIDES for cell in _cells(each.by[facet][value][name]))]
                         for each in self.models])
                for value in values
            ]  # fmt: skip
            by = self.taxonomy.title if self.taxonomy and facet == TAXONOMY else facet
            console.print(_table(f"by {by}", (facet, "model", *two), lines))
        if self.compared:
            title = f"differences, row by row; p adjusted by Holm over {len(self.compared)} comparisons"
            lines = [(RATES[each.rate].words, [_line(each)]) for each in self.compared]
            console.print(_table(title, ("rate", "models", "points", "95 % interval", "n", "p", "adjusted"), lines))
        console.print("intervals take groups of near-duplicates and pairs as clusters", style="dim")

    def plot(self, path: Path) -> None:
        """Draw every model as a point, over-refusal to the right and refusal upwards, in a box of both intervals.

        Raises:
            UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
            OutputError: the file cannot be written.
        """
        from matplotlib.patches import Rectangle

        figure, (panel,) = panels(1, 1, (6.4, 6.0))
        for place, each in enumerate(self.models):
            up, right = (each.rates[name] for name in TWO_SIDES)
            color = COLORS[place % len(COLORS)]
            panel.add_patch(
                Rectangle((right.low, up.low), right.high - right.low, up.high - up.low, color=color, alpha=0.18, lw=0)
            )
            panel.plot([right.share], [up.share], "o", color=color, label=each.model)
        panel.grid(axis="x", color="#dddddd", linewidth=0.6)
        panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        panel.set_xlabel("over-refusal: refused, of the rows to answer (less is better)")
        panel.set_ylabel("refusal: refused, of the rows to refuse (more is better)")
        for text in panel.legend(loc="best", fontsize="small", frameon=False).get_texts():
            text.set_parse_math(False)  # names are anybody's: a dollar sign in one begins no formula
        save(figure, path)


def _table(title: str, columns: Sequence[str], sections: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> Any:
    """A table with a section for each name, which its first row shows. Names are shown as they are, not as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=Text(title, style="bold"), title_justify="left", pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if place > 1 else "left", overflow="fold")
    for name, rows in sections:
        for number, cells in enumerate(rows):
            table.add_row(*map(Text, ("" if number else name, *cells)))
    return table


def _cells(rate: Rate) -> tuple[str, str, str]:
    if not rate.n:
        return "-", "", "0"
    return f"{100 * rate.share:.1f} %", f"{100 * rate.low:.1f}-{100 * rate.high:.1f}", f"{rate.n:,}"


def _of(score: Score | None) -> tuple[str, str]:
    if score is None:
        return "-", ""
    return f"{100 * score.value:.1f} %", f"{100 * score.low:.1f}-{100 * score.high:.1f}"


def _line(each: Compared) -> list[str]:
    found = each.difference
    interval = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
    points = f"{100 * found.value:+.1f}"
    return [f"{each.one} - {each.two}", points, interval, f"{each.n:,}", f"{found.p:.3g}", f"{each.adjusted:.3g}"]


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
