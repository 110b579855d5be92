"""``demur probe``: where in a model a line tells harmful prompts from safe ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.audits.asking import options
from demur.audits.audit import Drawn, audit
from demur.inputs import There


@audit(
    "probe",
    click.Argument(["model"], metavar="MODEL"),
    click.Argument(["pairs"], metavar="SET", type=There()),
    click.Option(["--config"], help="Config of a built folder; by default its first one."),
    click.Option(["--train"], default="train", show_default=True, help="Split to train the classifiers on."),
    click.Option(["--test"], default="test", show_default=True, help="Split to measure them on."),
    *options(batch=16, of="Prompts", padding="right"),
    click.Option(["--seed"], default=0, show_default=True, help="Of bootstrap, control task and ablation."),
    draws=True,
)
def probe(
    model: str,
    pairs: Path,
    config: str | None,
    train: str,
    test: str,
    dtype: Any,
    device: str,
    batch: int,
    padding: Any,
    seed: int,
) -> Drawn:
    """Probe a model, layer by layer, for a line between harmful and safe prompts; beside it, what text alone gives.

    MODEL is a folder, a .gguf file or a name on the Hub; SET a built contrast set, or a Parquet file with columns
    prompt, side, pair_id and split.
    """
    from demur.audits.models import named
    from demur.audits.probe.measure import measure
    from demur.audits.probe.pairs import read_pairs

    read = read_pairs(pairs, config, train, test)
    return measure(named(model, dtype, device), read, batch=batch, padding=padding, seed=seed)
