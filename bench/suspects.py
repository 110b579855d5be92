"""Planted flips: how early `demur suspects` finds labels that are known to be wrong.

Run: ``python -m bench.suspects [--embeddings vectors.parquet]``. In a copy of the project's annotations, 5 % of the
texts change sides, seeded: every reader of such a text now says the opposite, so that readers' agreement gives nothing
away, and the sources' own labels play no part. Average precision is that of the whole ranking against the flipped
texts; chance is the share that was flipped. Labels that were wrong before the flips count as false alarms. It writes
bench/results/suspects.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy import stats
from sklearn.metrics import average_precision_score

from demur.curation.annotations import Annotation, annotations_of
from demur.curation.suspects import WEIGHTS, cases_of, suspects
from demur.curation.texts import texts_of
from demur.draws import rank
from demur.project import find
from demur.sources.fetch import Places

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "suspects.json"
SHARE, SEEDS = 0.05, range(5, 10)  # 0 to 4 served to choose the weights


def flipped(annotations: list[Annotation], ids: set[str]) -> list[Annotation]:
    """The annotations, those of these texts on the other side."""
    return [
        each
        if each.record_id not in ids
        else each.model_copy(update={"behaviour": "comply" if each.behaviour == "refuse" else "refuse"})
        for each in annotations
    ]


def interval(values: list[float]) -> dict[str, float]:
    """Mean over the seeds, with Student's 95 % interval."""
    mean, half = float(np.mean(values)), float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    return {"mean": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embeddings", type=Path, help="Parquet of record_id and vector")
    vectors = parser.parse_args().embeddings
    project = find(ROOT)
    annotations = annotations_of(project)
    known = texts_of(project, {source for each in annotations for source in each.sources}, Places(offline=True))
    cases = cases_of(known, annotations)
    readers = {each.record_id for each in annotations}
    ids = sorted(case.known.record_id for case in cases if case.known.record_id in readers)
    known = {id: known[id] for id in ids}
    matrix = None
    if vectors:
        table = pq.read_table(vectors, columns=["record_id", "vector"])
        by_id = dict(zip(table["record_id"].to_pylist(), table["vector"].to_pylist(), strict=True))
        matrix = np.array([by_id[id] for id in ids], np.float32)
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        ranks = {id: rank(id, seed) for id in ids}
        wrong = set(sorted(ids, key=ranks.__getitem__)[: round(SHARE * len(ids))])
        copy = flipped([each for each in annotations if each.record_id in known], wrong)
        planted = cases_of(known, copy)
        assert [case.known.record_id for case in planted] == ids
        ranked = suspects(planted, copy, embeddings=matrix, seed=seed)
        truth = [each.record_id in wrong for each in ranked]
        found.setdefault("combined", []).append(average_precision_score(truth, [each.score for each in ranked]))
        found.setdefault("first hundred", []).append(float(np.mean(truth[:100])))
        for name in WEIGHTS:
            scores = [each.signals.get(name, 0.0) for each in ranked]
            if any(scores):
                found.setdefault(name, []).append(average_precision_score(truth, scores))
        print(seed, {name: round(values[-1], 3) for name, values in found.items()}, flush=True)
    chance = round(SHARE * len(ids)) / len(ids)
    part: dict[str, Any] = {name: interval(values) for name, values in found.items()}
    done = {
        "texts": len(ids),
        "flipped": round(SHARE * len(ids)),
        "seeds": list(SEEDS),
        "chance": round(chance, 4),
        "times_chance": round(part["combined"]["mean"] / chance, 1),
        "average_precision": {name: each for name, each in part.items() if name != "first hundred"},
        "precision_of_the_first_hundred": part["first hundred"],
    }
    every = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    every["with embeddings" if vectors else "words and readers alone"] = done
    RESULTS.write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(done, indent=1))


if __name__ == "__main__":
    main()
