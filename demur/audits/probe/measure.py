"""The probe of a model on a set: read the set, ask the model, measure, show it as a table, JSON or a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demur.audits.plots import COLORS, panels, save
from demur.audits.probe.activations import Side, activations, key_of, prompt_tokens
from demur.audits.probe.probe import P1, Margin, Probe, Split, Stated, probe
from demur.errors import FormatError, UsageError, shown
from demur.files.kept import default_root
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.facts import BaselineEntry
from demur.rates import Score
from demur.sets.folder import BuiltSet, read_set
from demur.tokens.template import Template

_COLUMNS = ("prompt", "side", "pair_id", "split")
_SIDES = ("harmful", "safe")


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


@dataclass(frozen=True)
class Probed:
    """A probe, and what it was made of.

    Attributes:
        too_long: prompts beyond the model's context, whose pairs were left out.
    """

    probe: Probe
    model: str
    model_digest: str
    template_sha256: str
    dtype: str
    layers: int
    width: int
    too_long: int

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        about = {name: value for name, value in vars(self).items() if name != "probe"}
        return {**about, **self.probe.as_dict()}


def measure(
    model: Any,
    tokenizer: Any,
    pairs: Pairs,
    name: str,
    digest: str,
    *,
    batch: int = 16,
    padding: Side = "right",
    seed: int = 0,
    keep: bool = True,
) -> Probed:
    """Probe a model.

    Args:
        model: a causal language model of transformers.
        tokenizer: its fast tokenizer, with a chat template.
        pairs: the set.
        name: the model's name, for the report.
        digest: what identifies its weights.
        batch: prompts in one pass.
        padding: the side of the padding.
        seed: of bootstrap, control task and ablation.
        keep: keep the hidden states in the cache, and use those that are there.

    Raises:
        UsageError: no chat template; every pair is longer than the context; memory does not hold one prompt.
        FormatError: a hidden state is not a finite number.
    """
    model.eval()
    template = Template.of(tokenizer)
    tokens = prompt_tokens(tokenizer, template, pairs.prompts)
    limit = getattr(model.config, "max_position_embeddings", None) or max(map(len, tokens))
    if long := [row for row, each in enumerate(tokens) if len(each) > limit]:
        if len(long) == len(tokens):
            msg = "Every prompt is longer than the model's context"
            raise UsageError(msg, where=name, expected=f"at most {limit} tokens", got=min(map(len, tokens)))
        pairs = pairs.without(long)
        tokens = prompt_tokens(tokenizer, template, pairs.prompts)
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    key = key_of(digest, template, dtype, pairs.prompts)
    path = default_root() / "activations" / f"{key}.npy" if keep else None
    values = activations(model, tokens, path, batch=batch, padding=padding)
    made = probe(values, pairs.split, pairs.prompts, seed, pairs.stated)
    shape = values.shape
    return Probed(made, name, digest, template.sha256, dtype, shape[1] - 1, shape[2], len(long))


def show(done: Probed) -> None:
    """Print the table and the summary."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    found, said = done.probe, done.probe.summary()
    table = Table(
        box=box.ROUNDED, title=f"{done.model}: {found.train_pairs} pairs to train, {found.test_pairs} held out"
    )
    for name in ("layer", "accuracy", "AUROC", "TPR at 1 % FPR", "control", "selectivity", "over text", "margin"):
        table.add_column(name, justify="right")
    for each in found.layers:
        table.add_row(
            f"{each.layer}{'' if each.converged else ' *'}",
            *(f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(each.scores).values()),
            f"{each.control.mean:.3f} ({each.control.low:.3f}-{each.control.high:.3f})",
            f"{each.selectivity:+.3f}",
            f"{each.above_text:+.3f}",
            _margin(each.margin),
        )
    text = (f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(found.text).values())
    table.add_section()
    table.add_row("text alone", *text, "", "", "", "")
    if found.stated:
        said_of = (f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(found.stated).values())
        table.add_row("by manifest", *said_of, "", "", "", "", "")
    console = Console()
    console.print(table)
    first, beyond = said["first_layer_above_p1"], said["layers_beyond_text"]
    console.print(
        f"accuracy {P1:.2f} or more: {len(said['layers_above_p1'])} of {len(found.layers)} layers"
        + (f", the first is {first}" if first is not None else "")
        + f"; beyond the interval of the best text reader: {len(beyond)} layers"
        + (f", the first is {beyond[0]}" if beyond else "")
        + f"; the best, {said['best_layer']}, is {said['best_above_text']:+.3f} from it"
    )
    notes = ["intervals: 95 %, bootstrap of pairs; control: range of its draws; margin: 10 % and 90 % quantiles"]
    if found.text.accuracy.value < 0.5:
        notes.append("the text alone is below chance, as on a set filtered against it; its mirror image counts")
    notes += ["* the fit stopped before its end"] * any(not each.converged for each in found.layers)
    notes += [f"{done.too_long} prompts longer than the context left out, with their partners"] * bool(done.too_long)
    for note in notes:
        console.print(note, style="dim")


def plot(done: Probed, path: Path) -> None:
    """Draw accuracy by layer with the text alone and the control task, the ablation, and the margins.

    Raises:
        UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    found = done.probe
    figure, (accuracy, ablation, margins) = panels(1, 3, (13, 4))
    numbers = [each.layer for each in found.layers]
    scores = [each.scores.accuracy for each in found.layers]
    accuracy.axhspan(found.text_reach.low, found.text_reach.high, color=COLORS[1], alpha=0.2, linewidth=0)
    accuracy.axhline(found.text_reach.value, color=COLORS[1], label="text alone")
    accuracy.fill_between(numbers, *_band(scores), color=COLORS[0], alpha=0.2, linewidth=0)
    accuracy.plot(numbers, [score.value for score in scores], color=COLORS[0], marker="o", markersize=3, label="probe")
    controls = [each.control for each in found.layers]
    accuracy.fill_between(numbers, *_band(controls), color=COLORS[2], alpha=0.2, linewidth=0)
    accuracy.plot(numbers, [each.mean for each in controls], color=COLORS[2], linestyle="--", label="control task")
    accuracy.axhline(P1, color="black", linewidth=0.8, linestyle=":", label=f"P1 = {P1:.2f}")
    accuracy.set(
        xlabel="layer (0: embedding)", ylabel=f"accuracy on {found.test_pairs} held-out pairs", ylim=(0.3, 1.02)
    )
    accuracy.legend(fontsize=8, frameon=False)
    for color, number in zip(COLORS, sorted({0, done.layers // 3, 2 * done.layers // 3, done.layers}), strict=False):
        points = [each for each in found.ablation if each.layer == number]
        ablation.plot(
            [each.pairs for each in points],
            [each.accuracy for each in points],
            color=color,
            marker="o",
            markersize=3,
            label=f"layer {number}",
        )
        ablation.fill_between([each.pairs for each in points], *_band(points), color=color, alpha=0.15, linewidth=0)
    ablation.set(
        xscale="log", xlabel="pairs to train on", ylabel="accuracy (mean and range of draws)", ylim=(0.3, 1.02)
    )
    ablation.legend(fontsize=8, frameon=False)
    moved = [each for each in found.layers if each.margin.median is not None]
    shifts, at = [each.margin for each in moved], [each.layer for each in moved]
    margins.fill_between(at, *_band(shifts), color=COLORS[0], alpha=0.2, linewidth=0)
    margins.plot(at, [each.median for each in shifts], color=COLORS[0], marker="o", markersize=3)
    margins.set(xlabel="layer", ylabel="shift to P0, over the state's length", ylim=(0, None))
    figure.suptitle(f"{done.model}: {found.train_pairs} pairs to train on", fontsize=10)
    save(figure, path)


def _margin(margin: Margin) -> str:
    if margin.median is None:
        return "-"
    return f"{margin.median:.3f} ({margin.low:.3f}-{margin.high:.3f})"


def _band(rows: Sequence[Any]) -> tuple[list[float], list[float]]:
    return [row.low for row in rows], [row.high for row in rows]
