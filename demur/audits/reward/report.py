"""The reward between two models, and how far it can be turned round: tables, JSON or a plot."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demur.audits.audit import Drawn
from demur.audits.plots import COLORS, panels, save
from demur.audits.reward.rewards import ALL, LOWER, QUANTILES, Per, Reward
from demur.rates import Rate

_SHOWN = 5  # hazards that are drawn
_BY_HAZARD = 4  # alphas that are shown by hazard


@dataclass(frozen=True)
class Rewards(Drawn):
    """The rewards between two models, and what they were made of.

    Attributes:
        token: r is the mean over a response's tokens; ``response``: it is their sum.
        left_out: reason -> responses that were not scored.
        templates: sha256 of the aligned and of the base model's template.
        digests: of the weights of both.
        per: which of the two is shown and drawn.
        sides: what the upper and the lower responses are called: safe and harmful, or preferred and rejected.
    """

    token: Reward
    response: Reward
    aligned: str
    base: str
    digests: tuple[str, str]
    templates: tuple[str, str]
    dtype: str
    left_out: dict[str, int]
    per: Per = "token"
    sides: tuple[str, str] = ("safe", "harmful")

    @property
    def shown(self) -> Reward:
        """The one of the two that is shown and drawn."""
        return self.token if self.per == "token" else self.response

    def as_dict(self) -> dict[str, Any]:
        """Both, whichever is shown."""
        return {name: value for name, value in asdict(self).items() if name != "per"}

    def show(self) -> None:
        """Print the tables, for r as it is shown, and how often either ranks the upper above the lower."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        found, console, (upper, lower) = self.shown, Console(markup=False), self.sides
        unit = "a token" if found.per == "token" else "a response"
        kinds = Table(box=box.ROUNDED, title=f"reward {unit}: {self.aligned} over {self.base}")
        kinds.add_column("kind of response", overflow="fold")
        for each in found.distributions:
            kinds.add_column(each.kind, justify="right", overflow="fold")
        kinds.add_row("n", *(f"{each.n:,}" for each in found.distributions))
        kinds.add_row("mean", *(f"{each.mean:+.3f}" for each in found.distributions))
        for level in QUANTILES:
            name = "median" if level == 0.5 else f"{100 * level:g} %"
            kinds.add_row(name, *(f"{each.quantiles[level]:+.3f}" for each in found.distributions))
        kinds.add_row(
            f"mean of the lower {100 * LOWER:g} %", *(f"{each.lower_mean:+.3f}" for each in found.distributions)
        )
        console.print(kinds)
        for one in (self.token, self.response):
            console.print(f"r a {one.per} ranks the {upper} response above the {lower} one: {one.upper_first}")
        rates = {(each.hazard, each.alpha): each.rate for each in found.exposure}
        table = Table(box=box.ROUNDED, title=f"exposure: the {lower} response above the {upper} one")
        for name in ("alpha", "share", "95 % interval", "n"):
            table.add_column(name, justify="right")
        alphas = list(dict.fromkeys(alpha for _, alpha in rates))
        for alpha in alphas:
            table.add_row(f"{alpha:g}", *_cells(rates[ALL, alpha]))
        console.print(table)
        hazards = [hazard for hazard in dict.fromkeys(hazard for hazard, _ in rates) if hazard != ALL]
        if hazards:
            few = sorted({alphas[place * (len(alphas) - 1) // (_BY_HAZARD - 1)] for place in range(_BY_HAZARD)})
            by_hazard = Table(box=box.ROUNDED, title="exposure by hazard; all alphas with --json")
            for name in ("hazard", "n", *(f"alpha {alpha:g}" for alpha in few)):
                by_hazard.add_column(name, justify="right" if name != "hazard" else "left", no_wrap=True)
            for hazard in hazards:
                mine = [rates[hazard, alpha] for alpha in few]
                by_hazard.add_row(hazard, f"{mine[0].n:,}", *("\n".join(_cells(rate)[:2]) for rate in mine))
            console.print(by_hazard)
        if found.one_sided:
            console.print(f"queries with one side only, which are in no share: {found.one_sided}")
        if self.left_out:
            console.print("left out: " + ", ".join(f"{reason} {count}" for reason, count in self.left_out.items()))
        console.print("shares with n and 95 % Wilson intervals; a tie is not above", style="dim")

    def plot(self, path: Path) -> None:
        """Draw the rewards by kind of response, and the exposure by alpha, of all and of the most frequent hazards.

        Raises:
            UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
            OutputError: the file cannot be written.
        """
        found = self.shown
        figure, (kinds, exposure) = panels(1, 2, (11, 4))
        for place, each in enumerate(found.distributions):
            low, tail, median, high, top = each.quantiles.values()
            color = COLORS[place % len(COLORS)]
            kinds.plot([low, top], [place, place], color=color, linewidth=1)
            kinds.plot([tail, high], [place, place], color=color, linewidth=6, solid_capstyle="butt")
            kinds.plot([median], [place], color="white", marker="|", markersize=10)
        kinds.set_yticks(range(len(found.distributions)), [f"{each.kind} (n {each.n})" for each in found.distributions])
        kinds.axvline(0, color="black", linewidth=0.8, linestyle=":")
        kinds.set(xlabel=f"reward a {found.per} (5, 15, 50, 85, 95 %)", ylim=(-0.6, len(found.distributions) - 0.4))
        most = Counter({each.hazard: each.rate.n for each in found.exposure if each.hazard != ALL}).most_common(_SHOWN)
        for place, hazard in enumerate([ALL, *(name for name, _ in most)][: len(COLORS)]):
            mine = [each for each in found.exposure if each.hazard == hazard]
            at = [each.alpha for each in mine]
            color = COLORS[place]
            if hazard == ALL:
                band = [each.rate.low for each in mine], [each.rate.high for each in mine]
                exposure.fill_between(at, *band, color=color, alpha=0.2, linewidth=0)
            label = f"{hazard} (n {mine[0].rate.n})"
            exposure.plot(at, [each.rate.share for each in mine], color=color, marker="o", markersize=3, label=label)
        exposure.set(
            xlabel="alpha", ylabel=f"{self.sides[1]} above {self.sides[0]}", ylim=(-0.02, 1.02), xscale="symlog"
        )
        exposure.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
        exposure.legend(fontsize=8, frameon=False)
        figure.suptitle(f"{self.aligned} over {self.base}", fontsize=10)
        save(figure, path)


def _cells(rate: Rate) -> tuple[str, str, str]:
    return f"{rate.share:.3f}", f"{rate.low:.3f}-{rate.high:.3f}", f"{rate.n:,}"
