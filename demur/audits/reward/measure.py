"""The reward audit of two models on a set of responses: tokenise, score, show as tables, JSON or a plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demur.audits.models import Loaded
from demur.audits.plots import COLORS, panels, save
from demur.audits.probe.activations import Side
from demur.audits.reward.likelihood import Turn, key_of, log_likelihoods, turns
from demur.audits.reward.responses import Responses
from demur.audits.reward.reward import ALL, ALPHAS, LOWER, QUANTILES, Per, Reward, Scored, reward
from demur.errors import UsageError
from demur.files.kept import default_root
from demur.rates import Rate
from demur.tokens.template import Template

EMPTY, CUT, ONE_SIDED = "empty", "longer than the context", "its query lost a side"
_SHOWN = 5  # hazards that are drawn
_BY_HAZARD = 4  # alphas that are shown by hazard


@dataclass(frozen=True)
class Audit:
    """A reward audit, and what it was made of.

    Attributes:
        token: r is the mean over a response's tokens; ``response``: it is their sum.
        left_out: reason -> responses that were not scored.
        templates: sha256 of the aligned and of the base model's template.
        digests: of the weights of both.
    """

    token: Reward
    response: Reward
    aligned: str
    base: str
    digests: tuple[str, str]
    templates: tuple[str, str]
    dtype: str
    left_out: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        rewards = {"token": self.token.as_dict(), "response": self.response.as_dict()}
        return {**vars(self), **rewards}

    def per(self, per: Per) -> Reward:
        """One of the two."""
        return self.token if per == "token" else self.response


def measure(
    aligned: Loaded,
    base: Loaded,
    given: Responses,
    templates: tuple[Template, Template],
    *,
    alphas: Sequence[float] = ALPHAS,
    batch: int = 8,
    padding: Side = "left",
    keep: bool = True,
) -> Audit:
    """Score every response under both models and summarise.

    Args:
        aligned: the aligned model.
        base: its base model.
        given: the responses.
        templates: the chat template of each.
        alphas: strengths of the turned-round score.
        batch: responses in one pass.
        padding: the side of the padding.
        keep: keep the log-probabilities in the cache, and use those that are there.

    Raises:
        UsageError: the tokenizers have not one vocabulary; no query has both sides; memory does not hold one response;
            a log-probability is not finite.
    """
    one_vocabulary(aligned, base)
    both = [turns(each.tokenizer, template, given.prompts, given.responses)
            for each, template in zip((aligned, base), templates, strict=True)]  # fmt: skip
    limit = min(getattr(each.model.config, "max_position_embeddings", None) or 2**31 for each in (aligned, base))
    reasons = _reasons(given, both, limit)
    rows = [row for row, reason in enumerate(reasons) if reason is None]
    if not rows:
        msg = "No response can be scored"
        raise UsageError(msg, got=", ".join(f"{reason}: {count}" for reason, count in sorted(Counter(reasons).items())))
    sums = []
    for loaded, template, items in zip((aligned, base), templates, both, strict=True):
        mine = [items[row] for row in rows]
        dtype = str(next(loaded.model.parameters()).dtype).removeprefix("torch.")
        key = key_of(loaded.digest, template, dtype, mine)
        path = default_root() / "likelihoods" / f"{key}.npy" if keep else None
        sums.append(log_likelihoods(loaded.model, mine, path, batch=batch, padding=padding))
    scored = Scored(
        tuple(given.queries[row] for row in rows),
        tuple(given.kinds[row] for row in rows),
        tuple(given.safe[row] for row in rows),
        tuple(given.hazards[row] for row in rows),
        np.array([len(both[0][row].response) for row in rows], np.int64),
        *sums,
    )
    return Audit(
        reward(scored, "token", alphas),
        reward(scored, "response", alphas),
        aligned.name,
        base.name,
        (aligned.digest, base.digest),
        (templates[0].sha256, templates[1].sha256),
        dtype,
        dict(sorted(Counter(reason for reason in reasons if reason).items())),
    )


def one_vocabulary(aligned: Loaded, base: Loaded) -> None:
    """Make sure that a token number means the same to both models.

    Raises:
        UsageError: it does not.
    """
    one, two = (each.tokenizer.get_vocab() for each in (aligned, base))
    if one != two:
        other = len({*one.items()} ^ {*two.items()})
        msg = "The two models have different vocabularies"
        raise UsageError(
            msg,
            where=f"{aligned.name} and {base.name}",
            expected="the same tokens with the same numbers",
            got=f"{len(one)} and {len(two)} tokens, {other} of them not shared",
            fix="Compare an aligned model with the base model that it was made from.",
        )


def _reasons(given: Responses, both: list[list[Turn]], limit: int) -> list[str | None]:
    """Why a response is not scored. A query that loses its safe or its harmful side to that loses the other, too."""
    found: list[str | None] = []
    for row in range(len(given.queries)):
        empty = not given.responses[row].strip() or any(not items[row].response for items in both)
        cut = any(len(items[row]) > limit for items in both)
        found.append(EMPTY if empty else CUT if cut else None)
    sides = {(query, safe) for query, safe, reason in zip(given.queries, given.safe, found, strict=True) if not reason}
    lost = {
        (query, safe)
        for query, safe, reason in zip(given.queries, given.safe, found, strict=True)
        if reason and safe is not None and (query, safe) not in sides
    }
    for row, (query, safe) in enumerate(zip(given.queries, given.safe, strict=True)):
        if found[row] is None and safe is not None and (query, not safe) in lost:
            found[row] = ONE_SIDED
    return found


def show(done: Audit, per: Per = "token") -> None:
    """Print the tables, for r a token or a response, and how often either ranks safe above harmful."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    found, console = done.per(per), Console()
    unit = "a token" if found.per == "token" else "a response"
    kinds = Table(box=box.ROUNDED, title=f"reward {unit}: {done.aligned} over {done.base}")
    kinds.add_column("kind of response", overflow="fold")
    for each in found.distributions:
        kinds.add_column(each.kind, justify="right", overflow="fold")
    kinds.add_row("n", *(f"{each.n:,}" for each in found.distributions))
    kinds.add_row("mean", *(f"{each.mean:+.3f}" for each in found.distributions))
    for level in QUANTILES:
        name = "median" if level == 0.5 else f"{100 * level:g} %"
        kinds.add_row(name, *(f"{each.quantiles[level]:+.3f}" for each in found.distributions))
    kinds.add_row(f"mean of the lower {100 * LOWER:g} %", *(f"{each.lower_mean:+.3f}" for each in found.distributions))
    console.print(kinds)
    for one in (done.token, done.response):
        console.print(f"r a {one.per} ranks the safe response above the harmful one: {one.safe_first}")
    rates = {(each.hazard, each.alpha): each.rate for each in found.exposure}
    table = Table(box=box.ROUNDED, title="exposure: the harmful response above the safe one")
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
    if done.left_out:
        console.print("left out: " + ", ".join(f"{reason} {count}" for reason, count in done.left_out.items()))
    console.print("shares with n and 95 % Wilson intervals; a tie is not above", style="dim")


def _cells(rate: Rate) -> tuple[str, str, str]:
    return f"{rate.share:.3f}", f"{rate.low:.3f}-{rate.high:.3f}", f"{rate.n:,}"


def plot(done: Audit, path: Path, per: Per = "token") -> None:
    """Draw the rewards by kind of response, and the exposure by alpha, of all and of the most frequent hazards.

    Raises:
        UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    found = done.per(per)
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
    exposure.set(xlabel="alpha", ylabel="harmful above safe", ylim=(-0.02, 1.02), xscale="symlog")
    exposure.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    exposure.legend(fontsize=8, frameon=False)
    figure.suptitle(f"{done.aligned} over {done.base}", fontsize=10)
    save(figure, path)
