"""``demur power``: how many rows a rate, or a comparison of rates, needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from demur.audits.audit import SET, audit

if TYPE_CHECKING:
    from demur.audits.power.design import Design
    from demur.audits.power.report import Power
    from demur.sets.folder import BuiltSet

_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@audit(
    "power",
    click.Option(["--items"], metavar="SET", type=SET, help="Ask of its rows: a built folder, or OWNER/NAME@vX.Y.Z."),
    click.Option(["--config", "configs"], metavar="NAME", multiple=True, help="Of the set; by default all."),
    click.Option(["--split", "splits"], metavar="NAME", multiple=True, help="Of the set; by default test, else all."),
    click.Option(["--side", "sides"], metavar="NAME", multiple=True, help="refuse, answer or borderline; else all."),
    click.Option(
        ["--models", "designs"],
        type=click.Choice(["one", "paired", "unpaired"]),
        multiple=True,
        help="One model, or two on the same or on different rows; by default all.",
    ),
    click.Option(["--baseline"], type=_SHARE, default=0.05, show_default=True, help="One rate, or the known value."),
    click.Option(
        ["--difference"],
        type=_SHARE,
        default=0.03,
        show_default=True,
        help="To be shown: above it, or below one of more than .5.",
    ),
    click.Option(["--power"], type=_SHARE, default=0.8, show_default=True, help="Chance of showing it."),
    click.Option(["--alpha"], type=_SHARE, default=0.05, show_default=True, help="Two-sided chance of a false one."),
    click.Option(
        ["--correlation"],
        type=click.FloatRange(0, 1, max_open=True),
        default=0.3,
        show_default=True,
        help="Of two models' answers to one row.",
    ),
    click.Option(
        ["--icc"],
        type=click.FloatRange(0, 1),
        default=1.0,
        show_default=True,
        help="Correlation of a model's answers inside a cluster of rows; 1 counts clusters alone.",
    ),
)
def power(
    items: BuiltSet | None,
    configs: tuple[str, ...],
    splits: tuple[str, ...],
    sides: tuple[str, ...],
    designs: tuple[Design, ...],
    baseline: float,
    difference: float,
    power: float,
    alpha: float,
    correlation: float,
    icc: float,
) -> Power:
    """Tell how many rows are enough: for one rate, and for two models on the same or on different rows.

    With a set, tell for each of its sides what its rows can show, near-duplicates counted as clusters: the half width
    of a rate's interval, the smallest difference of each design that is found with the wanted chance, and how many rows
    in clusters like its own show the difference that is asked about.
    """
    from demur.audits.power.design import Question
    from demur.audits.power.measure import measure

    if items is None and (configs or splits or sides):
        msg = "--config, --split and --side are of the set that --items names; name that, too."
        raise click.UsageError(msg)
    return measure(
        Question(baseline, difference, power, alpha, correlation), icc, items, configs, splits, sides, designs
    )
