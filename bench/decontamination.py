"""Which planted copies of protected prompts each method finds, and how often it is wrong about unrelated prompts.

    DEMUR_MIRROR=FOLDER python -m bench.decontamination

Only counts are printed and kept, never a prompt.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.adapters import CONTAINED, RULES, decontaminate
from bench.planted import SEED, VARIANTS, prompts, with_common_phrase
from bench.report import RESULTS, markdown
from bench.scoring import shingles
from demur.rates import wilson

_WORD = re.compile(r"\w+")


def demur(texts: list[str], protected: list[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """All views: any evidence flags a row; and the rows that each view flags."""
    evidence = decontaminate(texts, protected)
    rows, views = evidence["row"].to_numpy(), np.array(evidence["view"].to_pylist(), dtype=str)
    by_view = {view: np.isin(np.arange(len(texts)), rows[views == view]) for view in [*RULES, "containment"]}
    return np.isin(np.arange(len(texts)), rows), by_view


def overlap(size: int) -> Callable[[list[str], list[str]], np.ndarray]:
    """One shared n-gram of words flags a row."""

    def grams(text: str) -> Iterator[tuple[str, ...]]:
        words = _WORD.findall(text.lower())
        return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))

    def flags(texts: list[str], protected: list[str]) -> np.ndarray:
        known = {gram for text in protected for gram in grams(text)}
        return np.array([any(gram in known for gram in grams(text)) for text in texts])

    return flags


def minhash(texts: list[str], protected: list[str]) -> np.ndarray:
    """datasketch's MinHashLSH(threshold=0.8, num_perm=128) over word 3-grams: any candidate flags a row."""
    from datasketch import MinHash, MinHashLSH

    def sketches(rows: list[str]) -> list[Any]:
        return list(MinHash.bulk([[gram.encode() for gram in shingles(text)] for text in rows], num_perm=128, seed=1))

    index = MinHashLSH(threshold=0.8, num_perm=128)
    for row, sketch in enumerate(sketches(protected)):
        index.insert(row, sketch)
    return np.array([bool(index.query(sketch)) for sketch in sketches(texts)])


def verascan(texts: list[str], protected: list[str]) -> np.ndarray:
    """``verascan.check`` with its defaults: exact, and MinHash of 5 characters at 0.85. Each text asks for a prompt."""
    from verascan import check

    found = check(train=protected, eval=texts, show_progress=False)
    return np.isin(np.arange(len(texts)), [match.eval_index for match in found.matches])


def main() -> None:
    """Plant, judge with every method, keep and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=1000, help="planted copies of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS / "decontamination.json")
    asked = parser.parse_args()
    origin, protected, unrelated = prompts()
    rng = np.random.default_rng(SEED)
    chosen = [protected[row] for row in rng.permutation(len(protected))[: asked.each]]
    kinds = {kind: [vary(text, rng) for text in chosen] for kind, vary in VARIANTS.items()}
    kinds["unrelated, common phrase"] = with_common_phrase(unrelated[: 3 * asked.each], protected, rng)
    kinds["unrelated"] = unrelated
    texts = [text for rows in kinds.values() for text in rows]
    edges = np.cumsum([0, *map(len, kinds.values())])
    methods = {
        "13-gram overlap": overlap(13),
        "8-gram overlap": overlap(8),
        "datasketch": minhash,
        "verascan": verascan,
    }
    start = perf_counter()
    flags, by_view = demur(texts, protected)
    seconds = {"demur": perf_counter() - start}
    judged = {"demur": flags}
    for name, method in methods.items():
        start = perf_counter()
        judged[name] = method(texts, protected)
        seconds[name] = perf_counter() - start

    def counts(of: np.ndarray) -> dict[str, int]:
        return {kind: int(of[a:b].sum()) for kind, a, b in zip(kinds, edges[:-1], edges[1:], strict=True)}

    lengths = [len(_WORD.findall(text)) for text in protected]
    results = {
        "prompts": origin,
        "protected": len(protected),
        "protected, fewer than 13 words": sum(length < 13 for length in lengths),
        "rules": RULES | {"containment": CONTAINED},
        "rows": {kind: len(rows) for kind, rows in kinds.items()},
        "flagged": {name: counts(of) for name, of in judged.items()},
        "flagged by view": {view: counts(of) for view, of in by_view.items()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1) + "\n")
    print(report(results))


def report(results: dict[str, Any]) -> str:
    """The rates by kind and method, with intervals; and what each view of demur adds."""
    names = list(results["flagged"])
    rows = []
    for kind, n in results["rows"].items():
        cells = []
        for name in names:
            hits = results["flagged"][name][kind]
            low, high = wilson(hits, n)
            digits = 4 if kind.startswith("unrelated") else 3
            cells.append(f"{hits / n:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})")
        rows.append([kind, f"{n:,}", *cells])
    views = [
        [kind, *(f"{counts[kind]:,}" for counts in results["flagged by view"].values())] for kind in results["rows"]
    ]
    return (
        f"{results['protected']:,} protected prompts ({results['prompts']}), of which "
        f"{results['protected, fewer than 13 words']:,} have fewer than 13 words. "
        f"Share of rows flagged (95 % interval):\n\n"
        f"{markdown(['kind', 'n', *names], rows)}\n\nRows that each view of demur flags:\n\n"
        f"{markdown(['kind', *results['flagged by view']], views)}\n"
    )


if __name__ == "__main__":
    main()
