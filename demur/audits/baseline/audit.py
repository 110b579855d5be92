"""``demur baseline``: what text alone gives on contrast pairs."""

from __future__ import annotations

from pathlib import Path

import click

from demur.audits.audit import Result, audit
from demur.inputs import There


@audit(
    "baseline",
    click.Argument(["path"], type=There(), metavar="FILE|FOLDER"),
    click.Option(["--column"], default="prompt", show_default=True, help="Column with the texts."),
    click.Option(["--side"], default="side", show_default=True, help="Column that says which texts ask for harm."),
    click.Option(["--harmful"], default="harmful", show_default=True, help="What that column says of them."),
    click.Option(["--pair"], default="pair_id", show_default=True, help="Column of the pair, or group, of every text."),
    click.Option(
        ["--folds"], type=click.IntRange(2), default=5, show_default=True, help="Folds of the cross-validation."
    ),
    click.Option(["--seed"], type=int, default=0, show_default=True, help="Of folds and bootstrap."),
)
def baseline(path: Path, column: str, side: str, harmful: str, pair: str, folds: int, seed: int) -> Result:
    """Measure what text alone gives on pairs: of a Parquet, JSON Lines or CSV file, or of a built folder's configs.

    Of a folder, the baseline is the naive one, of each config as a whole; what its manifest states, nested where
    pairs were mined, stands beside it.
    """
    from demur.audits.baseline.measure import measure

    return measure(path, (column, side, pair), harmful, folds, seed)
