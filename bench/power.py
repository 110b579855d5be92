"""Whether `demur power` keeps its word: tests on simulated answers to refusal-eval's own clusters of rows.

    python -m bench.power [--report] [--set build/refusal-eval] [--config full]

For every side, design and correlation inside a cluster, models that differ as much as is said to be detectable, and
models that do not differ, are compared `SIMULATIONS` times as `demur score` compares them. Writes
``results/power.json`` and a table of ``docs/power.md``, between its marks; ``--report`` writes the table again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.laws import Places, Rng, one_model, places_of, two_models
from bench.report import RESULTS, markdown, share, write_block
from demur.audits.power.design import DESIGNS, Design, Question, detectable, effective
from demur.audits.power.measure import clusters
from demur.rates import Rate, clustered, paired, unpaired
from demur.sets.folder import BuiltSet

ROOT = Path(__file__).resolve().parent.parent
FILE, PAGE = RESULTS / "power.json", ROOT / "docs" / "power.md"
SIMULATIONS = 2_000
ICCS = (0.0, 0.3, 1.0)


def differs(rng: Rng, design: Design, places: Places, rates: tuple[float, float], asked: Question, icc: float) -> bool:
    """Whether one simulated comparison finds a difference; the second rate is the baseline."""
    labels = places.tolist()
    if design == "paired":
        return paired(*two_models(rng, places, rates, asked.correlation, icc), labels).p <= asked.alpha
    one = clustered(one_model(rng, places, rates[0], icc), labels)
    if design == "one":
        return not one.low <= rates[1] <= one.high
    return unpaired(one, clustered(one_model(rng, places, rates[1], icc), labels)).p <= asked.alpha


def simulated(asked: Question, side: str, sizes: Sequence[int], times: int = SIMULATIONS) -> Iterator[dict[str, Any]]:
    """How often the smallest detectable difference is found, and how often one that is not there."""
    places = places_of(sizes)
    for icc in ICCS:
        for design in DESIGNS:
            least = detectable(asked, design, effective(sizes, icc))
            if least is None:
                continue
            other = replace(asked, difference=least).other
            rng = np.random.default_rng(0)
            found, false = (
                Rate.of(
                    sum(differs(rng, design, places, (rate, asked.baseline), asked, icc) for _ in range(times)), times
                )
                for rate in (other, asked.baseline)
            )
            law = {"side": side, "icc": icc, "design": design, "difference": least}
            yield {**law, "found": vars(found), "false": vars(false)}


def table(results: dict[str, Any]) -> str:
    """Of the stored results."""
    rows = [
        [each["side"], f"{each['icc']:g}", each["design"], f"{100 * each['difference']:.1f}"]
        + [share(each[name]) for name in ("found", "false")]
        for each in results["power"]
    ]
    return markdown(["side", "correlation inside", "design", "points", "found", "found where there is none"], rows)


def main() -> None:
    """Simulate and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--report", action="store_true", help="only write the table of the stored results again")
    options.add_argument("--set", type=Path, default=ROOT / "build" / "refusal-eval")
    options.add_argument("--config", default="full")
    given = options.parse_args()
    if not given.report:
        found = []
        for place, sizes in clusters(BuiltSet.open(given.set), [given.config]):
            for each in simulated(Question(), place.side, sizes):
                found.append(each)
                print(
                    *list(each.values())[:4], f"{each['found']['share']:.3f} {each['false']['share']:.3f}", flush=True
                )
        FILE.write_text(json.dumps({"config": given.config, "power": found}, indent=1) + "\n", encoding="utf-8")
    write_block(PAGE, "power", table(json.loads(FILE.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
