"""What text alone gives, by config or file, and what the set's own manifest states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import click

from demur.audits.audit import Result
from demur.kinds.contrast.facts import ScoreEntry
from demur.text.surface import Baseline


@dataclass(frozen=True)
class Baselines(Result):
    """Baselines by name of a config or file.

    Attributes:
        measured: of each as a whole.
        stated: the AUROC of the manifest.
    """

    measured: Mapping[str, Baseline]
    stated: Mapping[str, ScoreEntry]

    def as_dict(self) -> dict[str, Any]:
        """What was measured, by name."""
        return {name: asdict(each) for name, each in self.measured.items()}

    def show(self) -> None:
        """Print the scores of every family of features, and what is stated."""
        for name, each in self.measured.items():
            click.echo(f"{name}: {each}")
            if score := self.stated.get(name):
                interval = f"95 % interval {score.low:.3f}-{score.high:.3f}"
                click.echo(f"  stated by the manifest: AUROC {score.value:.3f} ({interval})")
