"""What text alone gives on the pairs of a file or of a built folder."""

from __future__ import annotations

from pathlib import Path

from demur.audits.baseline.inputs import read_pairs
from demur.audits.baseline.report import Baselines
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.facts import ScoreEntry
from demur.sets.folder import BuiltSet
from demur.text.surface import baseline


def measure(
    path: Path,
    columns: tuple[str, str, str] = ("prompt", "side", "pair_id"),
    harmful: str = "harmful",
    folds: int = 5,
    seed: int = 0,
) -> Baselines:
    """Measure a file, or every config of a built folder.

    Args:
        path: a Parquet, JSON Lines or CSV file, or a folder.
        columns: of the text, of its side, and of its pair.
        harmful: what the column of sides says of harmful texts.
        folds: of the cross-validation.
        seed: of folds and bootstrap.

    Raises:
        UsageError, FormatError, ManifestError: see `read_pairs` and `demur.text.surface.baseline`.
    """
    stated = _stated(path)
    found = {
        name: baseline(texts, [side == harmful for side in sides], pairs, folds, seed)
        for name, (texts, sides, pairs) in read_pairs(path, columns).items()
    }
    return Baselines(found, {name: score for name, score in stated.items() if name in found})


def _stated(path: Path) -> dict[str, ScoreEntry]:
    """The AUROC that the manifest of a contrast set states, by config."""
    built = BuiltSet.open(path) if path.is_dir() else None
    if built is None or built.kind is not Contrast:
        return {}
    facts = {entry.name: built.facts(entry) for entry in built.manifest.configs}
    return {name: each.headline.auroc for name, each in facts.items()}
