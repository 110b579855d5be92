"""How often the intervals that Demur prints hold the truth, by simulation, and what refusal-eval's rows can show.

    python -m bench.coverage [--report] [--set build/refusal-eval]

Every interval is drawn from laws whose answer is known, `SIMULATIONS` times, those that are bootstraps `SLOW` times.
Writes ``results/coverage.json`` and the tables of ``docs/power.md``, between their marks; ``--report`` writes the
tables again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.laws import Hits, Places, Rng, one_model, places_of, some_of, two_models
from bench.report import RESULTS, markdown, share, write_block
from demur.audits.power.design import DESIGNS, Question
from demur.audits.power.measure import clusters, measure
from demur.rates import (
    DRAWS,
    Alpha,
    ClusteredRate,
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
SIMULATIONS = 10_000
SLOW = 2_000  # simulations of intervals, or of tests beside them, that draw samples themselves
CONFIGS = ("default", "full", "full_noncommercial")
LIKE = "full"
"""The config whose clusters are simulated."""
WANTED = 0.94, 0.96
OFF = "", "always", "wide", "narrow"

Trial: TypeAlias = Callable[[Rng], tuple[float | None, float | None, float]]
"""One simulation: low, high, truth."""
Sizes: TypeAlias = Sequence[int]
Drawn: TypeAlias = Callable[[Rng], Places]
"""Rows in clusters: always the same, or drawn anew."""


def wilson(n: int, p: float) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        rate = Rate.of(int(rng.binomial(n, p)), n)
        return rate.low, rate.high, p

    return trial


def all_of(sizes: Sizes) -> Drawn:
    return lambda rng: places_of(sizes)


def some(sizes: Sizes, rows: int) -> Drawn:
    return lambda rng: some_of(rng, sizes, rows)


def _rate(rng: Rng, drawn: Drawn, p: float, icc: float) -> ClusteredRate:
    places = drawn(rng)
    return clustered(one_model(rng, places, p, icc), places.tolist())


def in_clusters(drawn: Drawn, p: float, icc: float, *, robust: bool = True) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        found = _rate(rng, drawn, p, icc)
        rate = found if robust else Rate.of(found.count, found.n)
        return rate.low, rate.high, p

    return trial


def of_pairs(drawn: Drawn, p: float, q: float, icc: float = 0.0, correlation: float = 0.3) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        places = drawn(rng)
        found = paired(*two_models(rng, places, (p, q), correlation, icc), places.tolist())
        return found.low, found.high, p - q

    return trial


def of_two(drawn: Drawn, p: float, q: float, icc: float = 0.0) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        found = unpaired(_rate(rng, drawn, p, icc), _rate(rng, drawn, q, icc))
        return found.low, found.high, p - q

    return trial


def corrected(drawn: Drawn, p: float, errors: tuple[float, float], known: int, icc: float = 0.0) -> Trial:
    sensitivity, specificity = errors

    def trial(rng: Rng) -> tuple[float, float, float]:
        places = drawn(rng)
        refused = one_model(rng, places, p, icc)
        called = rng.random(len(places)) < np.where(refused, sensitivity, 1 - specificity)
        judge = (Rate.of(int(rng.binomial(known, each)), known) for each in errors)
        found = rogan_gladen(clustered(called, places.tolist()), *judge)
        return found.low, found.high, p

    return trial


def _scores(rng: Rng, pairs: int, shift: float, alike: float) -> tuple[NDArray[np.float64], Hits, float]:
    """Scores of pairs, harmful ones first, that lie this far apart; those of a pair are correlated."""
    from scipy.stats import norm

    topic = np.tile(rng.normal(size=pairs), 2)
    harmful = np.arange(2 * pairs) < pairs
    scores = np.sqrt(alike) * topic + np.sqrt(1 - alike) * rng.normal(size=2 * pairs) + shift * harmful
    return scores, harmful, float(norm.cdf(shift / np.sqrt(2)))


def delong(pairs: int, shift: float) -> Trial:
    def trial(rng: Rng) -> tuple[float, float, float]:
        scores, harmful, truth = _scores(rng, pairs, shift, 0.0)
        found = auroc_of_counts(scores, harmful.astype(np.int64), (~harmful).astype(np.int64))
        return found.low, found.high, truth

    return trial


def by_bootstrap(pairs: int, shift: float, alike: float) -> Trial:
    """AUROC of pairs, drawn as pairs: the interval that probes and text-alone AUROCs are printed with."""

    def trial(rng: Rng) -> tuple[float, float, float]:
        scores, harmful, truth = _scores(rng, pairs, shift, alike)
        draws = np.vstack([np.ones(pairs), rng.multinomial(pairs, np.full(pairs, 1 / pairs), DRAWS)])
        found = score_of(weighted_auroc(scores, harmful, np.hstack([draws, draws])))
        return found.low, found.high, truth

    return trial


def _judges(rng: Rng, n: int, harmful: float, agree: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two judges, of whom the second repeats the first with this chance, else draws anew: kappa is that chance."""
    one, anew = rng.random((2, n)) < harmful
    return one.astype(np.int64), np.where(rng.random(n) < agree, one, anew).astype(np.int64)


def kappa(n: int, harmful: float, agree: float) -> Trial:
    def trial(rng: Rng) -> tuple[float | None, float | None, float]:
        one, two = _judges(rng, n, harmful, agree)
        found = Kappa.of(np.bincount(2 * one + two, minlength=4).tolist())
        return found.low, found.high, agree

    return trial


def alpha(n: int, harmful: float, agree: float) -> Trial:
    """Of two judges with the same habits alpha tends to kappa."""

    def trial(rng: Rng) -> tuple[float | None, float | None, float]:
        one, two = _judges(rng, n, harmful, agree)
        found = Alpha.of(np.stack([one + two, 2 - one - two], axis=1))
        return found.low, found.high, agree

    return trial


MODELS = {0.0: "never refuses", 0.5: "a coin", 1.0: "always refuses"}
"""Rates that everybody knows the answer to."""


def trials(sides: Mapping[str, Sizes]) -> Iterator[tuple[str, str, Trial, int]]:
    """Interval, law, simulation, how often."""
    for n in (20, 50, 100, 300, 1000):
        for p in (0.0, 0.02, 0.05, 0.1, 0.3, 0.5, 1.0):
            what = f" ({MODELS[p]})" if p in MODELS else ""
            yield "Wilson", f"n {n}, rate {p:g}{what}", wilson(n, p), SIMULATIONS
    for side, sizes in sides.items():
        for icc in (0.0, 0.3, 1.0):
            for p in (0.0, 0.02, 0.05, 0.1, 0.5, 1.0):
                law = f"`{LIKE}`, {side}, r {icc:g}, rate {p:g}"
                yield "clusters", law, in_clusters(all_of(sizes), p, icc), SIMULATIONS
        for p in (0.05, 0.1, 0.5):
            law = f"50 rows drawn from `{LIKE}`, {side}, r 1, rate {p:g}"
            yield "clusters", law, in_clusters(some(sizes, 50), p, 1.0), SIMULATIONS
    for p in (0.1, 0.5):
        ten, law = all_of([10] * 30), f"30 clusters of 10, r 1, rate {p:g}"
        yield "clusters", law, in_clusters(ten, p, 1.0), SIMULATIONS
        yield "Wilson, clusters ignored", law, in_clusters(ten, p, 1.0, robust=False), SIMULATIONS
    for n in (50, 100, 500):
        single = all_of([1] * n)
        for p, q in ((0.1, 0.1), (0.1, 0.05), (0.5, 0.3)):
            yield "paired difference", f"n {n}, rates {p:g} and {q:g}", of_pairs(single, p, q), SIMULATIONS
            yield "unpaired difference", f"n {n} each, rates {p:g} and {q:g}", of_two(single, p, q), SIMULATIONS
    for side, sizes in sides.items():
        for p, q in ((0.08, 0.05), (0.3, 0.2)):
            law = f"`{LIKE}`, {side}, r 1, rates {p:g} and {q:g}"
            yield "paired difference", law, of_pairs(all_of(sizes), p, q, 1.0), SLOW
            yield "unpaired difference", law, of_two(all_of(sizes), p, q, 1.0), SIMULATIONS
    errors = 0.9, 0.97
    said = f"sensitivity {errors[0]:g}, specificity {errors[1]:g}, known by 200 each"
    for p in (0.02, 0.05, 0.1, 0.5, 0.95):
        yield "Rogan-Gladen", f"n 500, rate {p:g}; {said}", corrected(all_of([1] * 500), p, errors, 200), SIMULATIONS
    for side, sizes in sides.items():
        law = f"`{LIKE}`, {side}, r 1, rate 0.1; {said}"
        yield "Rogan-Gladen", law, corrected(all_of(sizes), 0.1, errors, 200, 1.0), SIMULATIONS
    for pairs in (20, 100, 500):
        for shift in (0.0, 0.5, 1.5, 3.0):
            yield "AUROC, DeLong (logit)", f"{pairs} a side, {shift:g} apart", delong(pairs, shift), SIMULATIONS
            law = f"{pairs} pairs, correlation .5, {shift:g} apart"
            yield "AUROC, pair bootstrap", law, by_bootstrap(pairs, shift, 0.5), SLOW
    for n in (50, 100, 300):
        for harmful, agree in ((0.5, 0.0), (0.5, 0.6), (0.5, 0.9), (0.1, 0.3)):
            law = f"n {n}, {agree:g}, {100 * harmful:g} % harmful"
            yield "kappa, bootstrap", law, kappa(n, harmful, agree), SLOW
            yield "alpha, bootstrap", law, alpha(n, harmful, agree), SLOW


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


def missed(each: Mapping[str, Any]) -> str:
    """In what way the share that is covered is surely not the wanted one."""
    if each["share"] == 1:
        return "always"
    return "narrow" if each["high"] < WANTED[0] else "wide" if each["low"] > WANTED[1] else ""


def coverage_table(results: Mapping[str, Any]) -> str:
    """Of the stored results, and how many of each interval are as wanted."""
    rows = []
    for each in results["coverage"]:
        rows.append([each["interval"], each["law"], f"{each['n']:,}", share(each)])
        rows[-1] += [f"{each['width']:.3f}", missed(each)]
    table = markdown(["interval", "law", "simulations", "holds the truth", "mean width", "off"], rows)
    counts = []
    for name in dict.fromkeys(each["interval"] for each in results["coverage"]):
        offs = [missed(each) for each in results["coverage"] if each["interval"] == name]
        counts.append([name, *(str(sum(off == kind for off in offs)) for kind in OFF)])
    return f"{markdown(['interval', 'laws, not off', *OFF[1:]], counts)}\n\n{table}"


def rows_table(results: Mapping[str, Any]) -> str:
    """What the set's rows can show, and how many would be needed."""
    shown = [
        [f"`{each['config']}`", each["side"], *(f"{round(each[name]):,}" for name in ("rows", "clusters", "effective"))]
        + [f"{100 * one:.1f}" for one in (each["half_width"], *map(each["detectable"].get, DESIGNS))]
        + [f"{each['needed'][design]:,}" for design in DESIGNS]
        for each in results["power"]["shown"]
    ]
    asked = [f"rows needed, {design}" for design in DESIGNS]
    return markdown(["config", "side, test", "rows", "clusters", "worth", "\u00b1", *DESIGNS, *asked], shown)


def main() -> None:
    """Simulate and write the page."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--report", action="store_true", help="only write the tables of the stored results again")
    asked.add_argument("--set", type=Path, default=ROOT / "build" / "refusal-eval")
    options = asked.parse_args()
    if not options.report:
        built = BuiltSet.open(options.set)
        configs = [entry.name for entry in built.manifest.configs if entry.name in CONFIGS]
        shown = measure(Question(), built=built, configs=configs).as_dict()
        found = []
        for interval, law, trial, times in trials({place.side: sizes for place, sizes in clusters(built, [LIKE])}):
            found.append({"interval": interval, "law": law, **covered(trial, times)})
            print(interval, law, f"{found[-1]['share']:.3f}", flush=True)
        stored = {"coverage": found, "power": shown}
        FILE.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    results = json.loads(FILE.read_text(encoding="utf-8"))
    write_block(PAGE, "rows", rows_table(results))
    write_block(PAGE, "coverage", coverage_table(results))


if __name__ == "__main__":
    main()
