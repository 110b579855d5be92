"""The pairs of a set that is probed: prompts, their sides, which are held out, and what the set states of its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demur.errors import FormatError, UsageError, shown
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.facts import BaselineEntry
from demur.rates import Score
from demur.sets.folder import BuiltSet, read_set

_COLUMNS = ("prompt", "side", "pair_id", "split")
_SIDES = ("harmful", "safe")


@dataclass(frozen=True)
class Split:
    """Prompts as a probe takes them.

    Attributes:
        harmful: side of every prompt.
        pairs: number of the pair of every prompt.
        test: which prompts are held out; a pair is on one side.
    """

    harmful: NDArray[np.bool_]
    pairs: NDArray[np.int64]
    test: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name, mine in (("training", ~self.test), ("held-out", self.test)):
            if not mine.any():
                msg = f"There are no {name} prompts"
                raise UsageError(msg, fix="Name the splits with --train and --test.")
            if len(np.unique(self.harmful[mine])) < 2:
                msg = f"All {name} prompts are of one side"
                raise UsageError(msg, expected="harmful and safe prompts")
        if both := np.intersect1d(self.pairs[self.test], self.pairs[~self.test]).size:
            msg = "Pairs stand in training and among the held-out ones"
            raise UsageError(msg, got=f"{both} pairs", fix="Run `demur check` on the set.")

    @property
    def train_pairs(self) -> int:
        """Pairs to train on."""
        return len(np.unique(self.pairs[~self.test]))

    @property
    def test_pairs(self) -> int:
        """Held-out pairs."""
        return len(np.unique(self.pairs[self.test]))


@dataclass(frozen=True)
class Stated:
    """What text alone gives, as the set's own manifest says: cross-validated by pair, inside halves if it was mined."""

    accuracy: Score
    auroc: Score


@dataclass(frozen=True)
class Pairs:
    """The pairs of a set that are probed: prompts, and which are harmful, whose, and held out."""

    prompts: tuple[str, ...]
    split: Split
    stated: Stated | None = None

    def without(self, rows: Sequence[int]) -> Pairs:
        """The same without the pairs of these prompts."""
        gone = np.isin(self.split.pairs, self.split.pairs[list(rows)])
        kept = tuple(prompt for prompt, out in zip(self.prompts, gone, strict=True) if not out)
        split = self.split
        return Pairs(kept, Split(split.harmful[~gone], split.pairs[~gone], split.test[~gone]), self.stated)


def read_pairs(path: Path, config: str | None = None, train: str = "train", test: str = "test") -> Pairs:
    """Read a built contrast set, or a Parquet file with columns prompt, side, pair_id and split.

    Args:
        path: folder or file.
        config: of a folder; by default its first one.
        train: split to train on.
        test: split to measure on.

    Raises:
        UsageError: no such config, column or split, or one side only.
        FormatError: the file cannot be read, a side is neither harmful nor safe, or a pair is not one of each.
        ManifestError: a folder that ``demur build`` did not write.
    """
    table = read_set(path, config)
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        msg = "The set has no pairs"
        raise UsageError(msg, where=path, expected=f"columns {', '.join(_COLUMNS)}", got=f"no {', '.join(missing)}")
    rows = [row for row in table.select(_COLUMNS).to_pylist() if row["split"] in (train, test)]
    if wrong := next((row["side"] for row in rows if row["side"] not in _SIDES), None):
        msg = "A side is neither harmful nor safe"
        raise FormatError(msg, where=path, got=shown(wrong))
    sides: dict[str, list[str]] = {}
    for row in rows:
        sides.setdefault(row["pair_id"], []).append(row["side"])
    if odd := sum(sorted(each) != sorted(_SIDES) for each in sides.values()):
        msg = f"{odd} pairs are not one harmful and one safe prompt"
        raise FormatError(msg, where=path, fix="Run `demur check` on the set.")
    rows.sort(key=lambda row: (row["pair_id"], row["side"]))
    number = {pair: place for place, pair in enumerate(sorted(sides))}
    return Pairs(
        tuple(row["prompt"] for row in rows),
        Split(
            np.array([row["side"] == "harmful" for row in rows], bool),
            np.array([number[row["pair_id"]] for row in rows], np.int64),
            np.array([row["split"] == test for row in rows], bool),
        ),
        _stated(path, config),
    )


def _stated(path: Path, config: str | None) -> Stated | None:
    """What the manifest of a built set says that text alone gives."""
    if not path.is_dir():
        return None
    built = BuiltSet.open(path)
    if built.kind is not Contrast:
        return None
    configs = built.manifest.configs
    entry: BaselineEntry = built.facts(next((each for each in configs if each.name == config), configs[0]))
    found = (Score(each.value, each.low, each.high) for each in (entry.headline.accuracy, entry.headline.auroc))
    return Stated(*found)
