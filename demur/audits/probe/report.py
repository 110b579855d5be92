"""The probe of a model: which layers tell harmful from safe, and whether beyond the text. Tables, JSON or a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demur.audits.audit import Drawn
from demur.audits.plots import COLORS, panels, save
from demur.audits.probe.layers import P1, Layer, Margin, Point, Scores, text_reach
from demur.audits.probe.pairs import Stated
from demur.rates import Score


@dataclass(frozen=True)
class Probe(Drawn):
    """A probe, and what it was made of.

    Attributes:
        model: its name.
        layers: 0 is the embedding.
        width: of a hidden state.
        too_long: prompts beyond the model's context, whose pairs were left out.
        text: what the text alone gives, fitted on the training pairs and measured on the held-out ones, as the layers.
        stated: the headline of the set's manifest, if it has one.
    """

    model: str
    model_digest: str
    template_sha256: str
    dtype: str
    layers: tuple[Layer, ...]
    width: int
    too_long: int
    train_pairs: int
    test_pairs: int
    text: Scores
    ablation: tuple[Point, ...]
    seed: int
    stated: Stated | None = None

    @property
    def text_reach(self) -> Score:
        """The accuracy that a layer has to beat: the best that text alone gives."""
        return text_reach(self.text, self.stated)

    def summary(self) -> dict[str, Any]:
        """Which layers reach P1, the first of them, and which of them beat the text alone beyond its interval."""
        separable = [each.layer for each in self.layers if each.scores.accuracy.value >= P1]
        beyond = [each.layer for each in self.layers if each.scores.accuracy.low > self.text_reach.high]
        best = max(self.layers, key=lambda each: each.scores.accuracy.value)
        return {
            "p1": P1,
            "layers_above_p1": separable,
            "first_layer_above_p1": separable[0] if separable else None,
            "layers_beyond_text": beyond,
            "first_layer_beyond_text": beyond[0] if beyond else None,
            "best_layer": best.layer,
            "best_above_text": round(best.above_text, 4),
        }

    def as_dict(self) -> dict[str, Any]:
        """All of it, and the summary."""
        return {**asdict(self), "summary": self.summary()}

    def show(self) -> None:
        """Print the table and the summary."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        said = self.summary()
        table = Table(
            box=box.ROUNDED, title=f"{self.model}: {self.train_pairs} pairs to train, {self.test_pairs} held out"
        )
        for name in ("layer", "accuracy", "AUROC", "TPR at 1 % FPR", "control", "selectivity", "over text", "margin"):
            table.add_column(name, justify="right")
        for each in self.layers:
            table.add_row(
                f"{each.layer}{'' if each.converged else ' *'}",
                *(f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(each.scores).values()),
                f"{each.control.mean:.3f} ({each.control.low:.3f}-{each.control.high:.3f})",
                f"{each.selectivity:+.3f}",
                f"{each.above_text:+.3f}",
                _margin(each.margin),
            )
        text = (f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(self.text).values())
        table.add_section()
        table.add_row("text alone", *text, "", "", "", "")
        if self.stated:
            said_of = (f"{score.value:.3f} ({score.low:.3f}-{score.high:.3f})" for score in vars(self.stated).values())
            table.add_row("by manifest", *said_of, "", "", "", "", "")
        console = Console(markup=False)
        console.print(table)
        first, beyond = said["first_layer_above_p1"], said["layers_beyond_text"]
        console.print(
            f"accuracy {P1:.2f} or more: {len(said['layers_above_p1'])} of {len(self.layers)} layers"
            + (f", the first is {first}" if first is not None else "")
            + f"; beyond the interval of the best text reader: {len(beyond)} layers"
            + (f", the first is {beyond[0]}" if beyond else "")
            + f"; the best, {said['best_layer']}, is {said['best_above_text']:+.3f} from it"
        )
        notes = ["intervals: 95 %, bootstrap of pairs; control: range of its draws; margin: 10 % and 90 % quantiles"]
        if self.text.accuracy.value < 0.5:
            notes.append("the text alone is below chance, as on a set filtered against it; its mirror image counts")
        notes += ["* the fit stopped before its end"] * any(not each.converged for each in self.layers)
        if self.too_long:
            notes.append(f"{self.too_long} prompts longer than the context left out, with their partners")
        for note in notes:
            console.print(note, style="dim")

    def plot(self, path: Path) -> None:
        """Draw accuracy by layer with the text alone and the control task, the ablation, and the margins.

        Raises:
            UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
            OutputError: the file cannot be written.
        """
        figure, (accuracy, ablation, margins) = panels(1, 3, (13, 4))
        last = len(self.layers) - 1
        numbers = [each.layer for each in self.layers]
        scores = [each.scores.accuracy for each in self.layers]
        accuracy.axhspan(self.text_reach.low, self.text_reach.high, color=COLORS[1], alpha=0.2, linewidth=0)
        accuracy.axhline(self.text_reach.value, color=COLORS[1], label="text alone")
        accuracy.fill_between(numbers, *_band(scores), color=COLORS[0], alpha=0.2, linewidth=0)
        accuracy.plot(
            numbers, [score.value for score in scores], color=COLORS[0], marker="o", markersize=3, label="probe"
        )
        controls = [each.control for each in self.layers]
        accuracy.fill_between(numbers, *_band(controls), color=COLORS[2], alpha=0.2, linewidth=0)
        accuracy.plot(numbers, [each.mean for each in controls], color=COLORS[2], linestyle="--", label="control task")
        accuracy.axhline(P1, color="black", linewidth=0.8, linestyle=":", label=f"P1 = {P1:.2f}")
        accuracy.set(
            xlabel="layer (0: embedding)", ylabel=f"accuracy on {self.test_pairs} held-out pairs", ylim=(0.3, 1.02)
        )
        accuracy.legend(fontsize=8, frameon=False)
        for color, number in zip(COLORS, sorted({0, last // 3, 2 * last // 3, last}), strict=False):
            points = [each for each in self.ablation if each.layer == number]
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
        moved = [each for each in self.layers if each.margin.median is not None]
        shifts, at = [each.margin for each in moved], [each.layer for each in moved]
        margins.fill_between(at, *_band(shifts), color=COLORS[0], alpha=0.2, linewidth=0)
        margins.plot(at, [each.median for each in shifts], color=COLORS[0], marker="o", markersize=3)
        margins.set(xlabel="layer", ylabel="shift to P0, over the state's length", ylim=(0, None))
        figure.suptitle(f"{self.model}: {self.train_pairs} pairs to train on", fontsize=10)
        save(figure, path)


def _margin(margin: Margin) -> str:
    if margin.median is None:
        return "-"
    return f"{margin.median:.3f} ({margin.low:.3f}-{margin.high:.3f})"


def _band(rows: Sequence[Any]) -> tuple[list[float], list[float]]:
    return [row.low for row in rows], [row.high for row in rows]
