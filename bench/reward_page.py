"""docs/reward.md, from the stored results of bench/reward.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.report import markdown
from demur.audits.reward.rewards import ALL
from demur.rates import Rate

SHOWN = (0.0, 1.0, 10.0)  # strengths that are shown by hazard

HEAD = """# The reward between an aligned model and its base

r = log pi_aligned - log pi_base of a fixed response, the mean over its tokens or their sum. Exposure: how often
(1 + alpha) log pi_base - alpha log pi_aligned, a token, ranks the harmful response above the safe one.
`python -m bench.reward` says how the models were made. Nothing is generated.

## Where the answer is known

{seeds} seeds, {queries} held-out questions each. r a token ranks the refusal above the answer in
{first}.
Exposure is nothing at alpha 0, rises with alpha, and levels off where the ranking is that of -r.

![Rewards and exposure of the stand-in pair, seed 0](reward_stand_in.svg)
"""

REAL = """## SmolLM2-135M-Instruct and a copy tuned on refusals

{steps} steps of {rows} rows ({minutes:.1f} minutes, {gb:.1f} GB), on prompts that are near no query that is scored.
`demur reward` on two cores, shared with other work, in float32, models loaded and weights hashed included:

{runs}

The upper side is the safe response of `judged` and `judged_full`, and the preferred one of `hh_rlhf`. The first two
hold refusals and harmful answers that people judged one by one, to queries that readers said are to be refused.
`hh_rlhf` holds two answers each, of which a person preferred one: that one is the less harmful of the two, not safe,
and few of those are refusals, so a model that learnt to refuse tells the two apart less often. Exposure there is how
often the rejected answer ranks above the preferred one.

{kinds}

{plots}
"""


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    runs, real = found["stand_in"], found.get("real")
    first = [run["upper_first"]["token"] for run in runs]
    counts = Rate.of(sum(each["count"] for each in first), sum(each["n"] for each in first))
    parts = [HEAD.format(seeds=len(runs), queries=first[0]["n"], first=rate(vars(counts)))]
    configs = real["configs"] if real else {}
    if real:
        plots = "\n".join(f"![Rewards and exposure of the real pair on {name}](reward_{name}.svg)" for name in configs)
        parts.append(
            REAL.format(
                steps=real["steps"], rows=real["rows"], minutes=real["tuning_minutes"], gb=real["tuning_gb"],
                runs=_runs(configs), kinds=_kinds(configs), plots=plots,
            )
        )  # fmt: skip
    parts.append(f"## Exposure\n\n{_exposure(runs, configs)}\n")
    for name, each in configs.items():
        if hazards := list(dict.fromkeys(hazard for hazard, *_ in each["exposure"] if hazard != ALL)):
            parts.append(f"By hazard, `{name}`:\n\n{_by_hazard(each, hazards)}\n")
    return "\n".join(parts)


def _runs(configs: dict[str, Any]) -> str:
    head = ["config", "responses", "left out", "minutes", "again, from the cache", "peak memory, GB",
            "upper first, r a token", "upper first, r a response"]  # fmt: skip
    rows = [
        [
            f"`{name}`",
            f"{each['responses']:,}",
            str(sum(each["left_out"].values())),
            f"{each['minutes']:.1f}",
            f"{each['again_minutes']:.1f}",
            f"{each['peak_gb']:.1f}",
            *(rate(each["upper_first"][per]) for per in ("token", "response")),
        ]
        for name, each in configs.items()
    ]
    return markdown(head, rows)


def _kinds(configs: dict[str, Any]) -> str:
    head = ["config", "kind", "n", "mean r a token", "15 %", "median", "mean of the lower 15 %"]
    rows = [
        [f"`{name}`", kind, str(of["n"])]
        + [f"{value:+.3f}" for value in (of["mean"], of["quantiles"]["0.15"], of["quantiles"]["0.5"], of["lower_mean"])]
        for name, each in configs.items()
        for kind, of in each["kinds"].items()
    ]
    return markdown(head, rows)


def _exposure(runs: list[dict[str, Any]], configs: dict[str, Any]) -> str:
    head = ["alpha", "stand-in: mean of seeds (range)", *(f"`{name}`: share, 95 % interval, n" for name in configs)]
    rows = []
    for place, (_, alpha, _) in enumerate([each for each in runs[0]["exposure"] if each[0] == ALL]):
        shares = [run["exposure"][place][2]["share"] for run in runs]
        mine = [f"{alpha:g}", f"{np.mean(shares):.3f} ({min(shares):.3f}-{max(shares):.3f})"]
        rows.append([*mine, *(rate(each["exposure"][place][2]) for each in configs.values())])
    return markdown(head, rows)


def _by_hazard(found: dict[str, Any], hazards: list[str]) -> str:
    rates = {(hazard, alpha): rate(each) for hazard, alpha, each in found["exposure"]}
    rows = [[hazard, *(rates[hazard, alpha] for alpha in SHOWN)] for hazard in hazards]
    return markdown(["hazard", *(f"alpha {alpha:g}" for alpha in SHOWN)], rows)


def rate(each: dict[str, Any]) -> str:
    """A share as the page gives it."""
    return f"{each['share']:.3f} ({each['low']:.3f}-{each['high']:.3f}, n {each['n']})"
