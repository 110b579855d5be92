"""How often the intervals that Demur prints hold the truth, by simulation, and what refusal-eval's rows can show.

    python -m bench.coverage [--report] [--set build/refusal-eval]

Every interval is drawn `SIMULATIONS` times from a law whose answer is known. Writes ``results/coverage.json`` and the
tables of ``docs/power.md``, between its marks; ``--report`` writes the tables again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.report import RESULTS, markdown
from demur.audits.power.design import DESIGNS, Question
from demur.audits.power.measure import measure
from demur.rates import (
    DRAWS,
    Alpha,
    Kappa,
    Rate,
    auroc_of_counts,
    clustered,
    paired,
    rogan_gladen,
    score_of,
    unpaired,
    weighted_auroc,
)
from demur.sets.folder import BuiltSet

ROOT = Path(__file__).resolve().parent.parent
FILE, PAGE = RESULTS / "coverage.json", ROOT / "docs" / "power.md"
MARKS = "<!-- tables: bench/coverage.py -->", "<!-- end of tables -->"
SIMULATIONS = 1_000
SLOW = 300  # simulations of intervals that are bootstraps themselves
CONFIGS = ("default", "full", "full_noncommercial")

Rng: TypeAlias = np.random.Generator
Trial: TypeAlias = Callable[[Rng], tuple[float | None, float | None, float]]
"""One simulation: low, high, truth."""

SIZES = np.array([1] * 255 + [2] * 9 + [3] + [5] + [28])  # clusters as full's are: most single, one large
"""Sizes of clusters, as they are in refusal-eval's config `full`."""


def wilson(n: int, p: float) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        rate = Rate.of(int(rng.binomial(n, p)), n)
        return rate.low, rate.high, p

    return trial


def _clusters(rng: Rng, n: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    drawn = rng.choice(sizes, n)
    drawn = drawn[: int(np.searchsorted(np.cumsum(drawn), n)) + 1]
    return np.repeat(np.arange(len(drawn)), drawn)


def _alike(rng: Rng, places: NDArray[np.int64], p: float, icc: float) -> NDArray[np.bool_]:
    """Hits of which those of one cluster are correlated: with this chance a cluster answers as one."""
    number = int(places.max()) + 1
    as_one, shared = rng.random(number) < icc, rng.random(number) < p
    return np.where(as_one[places], shared[places], rng.random(len(places)) < p)


def in_clusters(n: int, p: float, icc: float, sizes: NDArray[np.int64] = SIZES, *, robust: bool = True) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        places = _clusters(rng, n, sizes)
        hits = _alike(rng, places, p, icc)
        rate = clustered(hits, places.tolist()) if robust else Rate.of(int(hits.sum()), len(hits))
        return rate.low, rate.high, p

    return trial


def of_pairs(n: int, p: float, q: float, same: float, sizes: NDArray[np.int64] | None = None) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        places = np.arange(n) if sizes is None else _clusters(rng, n, sizes)
        number = int(places.max()) + 1
        one = rng.random(number) < p
        two = np.where(rng.random(number) < same, one & (rng.random(number) < q / p), rng.random(number) < q)
        found = paired(one[places], two[places], places.tolist())
        return found.low, found.high, p - q

    return trial


def of_two(n: int, p: float, q: float) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        found = unpaired(Rate.of(int(rng.binomial(n, p)), n), Rate.of(int(rng.binomial(n, q)), n))
        return found.low, found.high, p - q

    return trial


def corrected(n: int, p: float, sensitivity: float, specificity: float, known: int) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        refused = rng.random(n) < p
        called = np.where(refused, rng.random(n) < sensitivity, rng.random(n) < 1 - specificity)
        judge = (Rate.of(int(rng.binomial(known, each)), known) for each in (sensitivity, specificity))
        found = rogan_gladen(Rate.of(int(called.sum()), n), *judge)
        return found.low, found.high, p

    return trial


def _scores(rng: Rng, n: int, shift: float) -> tuple[NDArray[np.float64], NDArray[np.bool_], float]:
    from scipy.stats import norm

    harmful = np.arange(n) % 2 == 0
    return rng.normal(size=n) + shift * harmful, harmful, float(norm.cdf(shift / np.sqrt(2)))


def delong(n: int, shift: float) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        scores, harmful, truth = _scores(rng, n, shift)
        found = auroc_of_counts(scores, harmful.astype(np.int64), (~harmful).astype(np.int64))
        return found.low, found.high, truth

    return trial


def by_bootstrap(n: int, shift: float) -> Trial:
    """Pairs of a harmful and a safe score, drawn as wholes: what text-alone AUROCs are printed with."""

    def trial(rng: Rng) -> tuple[float, float, float]:
        scores, harmful, truth = _scores(rng, n, shift)
        weights = rng.multinomial(n // 2, np.full(n // 2, 2 / n), DRAWS).repeat(2, axis=1).astype(np.float64)
        found = score_of(weighted_auroc(scores, harmful, np.vstack([np.ones(n), weights])))
        return found.low, found.high, truth

    return trial


def kappa(n: int, agree: float) -> Trial:
    """Two judges, of whom the second repeats the first with this chance, else tosses a coin: kappa is that chance."""

    def trial(rng: Rng) -> tuple[float | None, float | None, float]:
        one = rng.random(n) < 0.5
        two = np.where(rng.random(n) < agree, one, rng.random(n) < 0.5)
        found = Kappa.of(np.bincount(2 * one + two, minlength=4).tolist())
        return found.low, found.high, agree

    return trial


def alpha(n: int, agree: float) -> Trial:
    """Two judges as above: of two, alpha tends to kappa."""

    def trial(rng: Rng) -> tuple[float | None, float | None, float]:
        one = rng.random(n) < 0.5
        two = np.where(rng.random(n) < agree, one, rng.random(n) < 0.5)
        found = Alpha.of(np.stack([one.astype(np.int64) + two, 2 - one.astype(np.int64) - two], axis=1))
        return found.low, found.high, agree

    return trial


def trials() -> Iterator[tuple[str, str, Trial, int]]:
    """Interval, law, simulation, how often."""
    for n in (50, 300, 1000):
        for p in (0.0, 0.02, 0.1, 0.5, 1.0):
            what = {0.0: "a model that never refuses", 0.5: "a coin", 1.0: "a model that always refuses"}.get(p, "")
            yield "Wilson", f"n {n}, rate {p:g}{', ' * bool(what)}{what}", wilson(n, p), SIMULATIONS
    for icc in (0.0, 0.3, 1.0):
        for p in (0.02, 0.1, 0.5):
            law = f"n 300, rate {p:g}, clusters as in `full`, correlation {icc:g}"
            yield "clusters", law, in_clusters(300, p, icc), SIMULATIONS
    for p in (0.1, 0.5):
        ten = np.array([10])
        yield (
            "clusters",
            f"n 300, rate {p:g}, clusters of 10, correlation 1",
            in_clusters(300, p, 1.0, ten),
            SIMULATIONS,
        )
        law = f"n 300, rate {p:g}, clusters of 10, correlation 1"
        yield "Wilson, clusters ignored", law, in_clusters(300, p, 1.0, ten, robust=False), SIMULATIONS
    for n in (100, 500):
        for p, q in ((0.1, 0.1), (0.1, 0.05), (0.5, 0.3)):
            yield "paired", f"n {n}, rates {p:g} and {q:g}", of_pairs(n, p, q, 0.4), SIMULATIONS
    law = "n 300, rates 0.3 and 0.2, clusters as in `full`"
    yield "paired, clusters", law, of_pairs(300, 0.3, 0.2, 0.4, SIZES), SIMULATIONS
    for n in (100, 500):
        yield "unpaired (Newcombe)", f"n {n} each, rates 0.1 and 0.05", of_two(n, 0.1, 0.05), SIMULATIONS
    for p in (0.02, 0.1, 0.5):
        law = f"n 500, rate {p:g}, sensitivity 0.9 and specificity 0.97 known by 200 each"
        yield "Rogan-Gladen", law, corrected(500, p, 0.9, 0.97, 200), SIMULATIONS
    for shift in (0.5, 1.5, 3.0):
        yield "AUROC, DeLong", f"n 200, shift {shift:g}", delong(200, shift), SIMULATIONS
        yield "AUROC, pair bootstrap", f"n 200, shift {shift:g}", by_bootstrap(200, shift), SLOW
    for n in (50, 300):
        yield "kappa, bootstrap", f"n {n}, kappa 0.6", kappa(n, 0.6), SLOW
        yield "alpha, bootstrap", f"n {n}, alpha 0.6", alpha(n, 0.6), SLOW


def covered(trial: Trial, times: int) -> dict[str, Any]:
    """How often the truth is inside, with its Wilson interval, and the mean width."""
    rng = np.random.default_rng(0)
    inside, widths, undefined = 0, [], 0
    for _ in range(times):
        low, high, truth = trial(rng)
        if low is None or high is None:
            undefined += 1
            continue
        inside += low - 1e-12 <= truth <= high + 1e-12
        widths.append(high - low)
    rate = Rate.of(inside, times - undefined)
    return {**vars(rate), "width": float(np.mean(widths)), "undefined": undefined}


def tables(results: dict[str, Any]) -> str:
    rows = []
    for each in results["coverage"]:
        short = "" if each["high"] >= 0.94 and each["low"] <= 0.96 else "narrow" if each["share"] < 0.95 else "wide"
        cell = f"{100 * each['share']:.1f} % ({100 * each['low']:.1f}-{100 * each['high']:.1f})"
        rows.append([each["interval"], each["law"], f"{each['n']:,}", cell, f"{each['width']:.3f}", short])
    head = ["interval", "law", "simulations", "holds the truth", "mean width", "off"]
    shown = [
        [f"`{each['config']}`", each["side"], *(f"{round(each[name]):,}" for name in ("rows", "clusters", "effective"))]
        + [f"{100 * share:.1f}" for share in (each["half_width"], *map(each["detectable"].get, DESIGNS))]
        for each in results["power"]["shown"]
    ]
    names = ["config", "side, test", "rows", "clusters", "worth", "\u00b1", *DESIGNS]
    return f"### What the rows show\n\n{markdown(names, shown)}\n\n### Coverage\n\n{markdown(head, rows)}\n"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--report", action="store_true", help="only write the tables of the stored results again")
    asked.add_argument("--set", type=Path, default=ROOT / "build" / "refusal-eval")
    options = asked.parse_args()
    if not options.report:
        built = BuiltSet.open(options.set)
        configs = [entry.name for entry in built.manifest.configs if entry.name in CONFIGS]
        shown = measure(Question(), 1.0, built, configs).as_dict()
        found = []
        for interval, law, trial, times in trials():
            found.append({"interval": interval, "law": law, **covered(trial, times)})
            print(interval, law, f"{found[-1]['share']:.3f}", flush=True)
        stored = {"coverage": found, "power": shown}
        FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    body = tables(json.loads(FILE.read_text(encoding="utf-8")))
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{body}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
