"""Commands about contrast pairs: what text alone gives on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demur.commands.common import as_json, print_json

if TYPE_CHECKING:
    from demur.text.surface import Baseline


@click.command("baseline")
@click.argument("path", type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER")
@click.option("--column", default="prompt", show_default=True, help="Column with the texts.")
@click.option("--side", default="side", show_default=True, help="Column that says which texts ask for harm.")
@click.option("--harmful", default="harmful", show_default=True, help="What that column says of them.")
@click.option("--pair", default="pair_id", show_default=True, help="Column of the pair, or group, of every text.")
@click.option("--folds", type=click.IntRange(2), default=5, show_default=True, help="Folds of the cross-validation.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of folds and bootstrap.")
@as_json
def measure(path: Path, column: str, side: str, harmful: str, pair: str, folds: int, seed: int, as_json: bool) -> None:
    """Measure what text alone gives on pairs: of a Parquet, JSON Lines or CSV file, or of a built folder's configs.

    Of a folder, the baseline is the naive one, of each config as a whole; what its manifest states, nested where
    pairs were mined, stands beside it.
    """
    from dataclasses import asdict

    from demur.audits.baseline.reading import read_pairs
    from demur.kinds.contrast import Contrast
    from demur.sets.folder import BuiltSet
    from demur.text.surface import baseline

    found: dict[str, Baseline] = {}
    stated = {}
    if path.is_dir():
        built = BuiltSet.open(path)
        if built.kind is Contrast:
            stated = {each.name: built.facts(each) for each in built.manifest.configs}
    for name, rows in read_pairs(path, (column, side, pair)).items():
        found[name] = baseline(rows[0], [value == harmful for value in rows[1]], rows[2], folds, seed)
    if as_json:
        print_json({name: asdict(each) for name, each in found.items()})
        return
    for name, each in found.items():
        click.echo(f"{name}: {each}")
        if (entry := stated.get(name)) and entry.nested:
            score = entry.nested["combined"].auroc
            interval = f"95 % interval {score.low:.3f}-{score.high:.3f}"
            click.echo(f"  stated by the manifest: nested AUROC {score.value:.3f} ({interval})")


COMMANDS = (measure,)
"""The commands of this family."""
