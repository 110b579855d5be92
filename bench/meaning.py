"""How well paraphrases and translations are found: planted ones, false joins, and readings of real pairs.

    python -m bench.meaning [--report] [--leaks build/refusal-eval]

Needs the extra ``meaning``, and for the time the pinned sources (DEMUR_MIRROR). Writes ``results/meaning.json`` and the
tables of ``docs/meaning.md``, between its marks; ``--report`` writes the tables of stored results again. The planted
texts are mild and our own (``bench/meaning_texts.py``); of real ones only counts are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.meaning_texts import LANGUAGES, Sentence, paraphrased, translated
from bench.report import RESULTS, markdown
from demur.curation.meaning.compute import Prompts, comparable
from demur.curation.meaning.encoder import Encoder, open_encoder
from demur.curation.meaning.links import leaks
from demur.curation.meaning.models import ACROSS, ENGLISH, MINILM, READINGS, USE, WITHIN
from demur.curation.meaning.neighbours import near
from demur.curation.meaning.pairs import Pairs, read_pairs
from demur.draws import rank
from demur.project import Project, find
from demur.rates import Rate
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.similarity import self_join
from demur.sources.fetch import Places

FILE = RESULTS / "meaning.json"
PAGE = Path(__file__).parent.parent / "docs" / "meaning.md"
MARKS = "<!-- tables: bench/meaning.py -->", "<!-- end of tables -->"
SAMPLE, SEED = 60, 20261126
TIMED = 10_000

Matrix = NDArray[np.float64]


def cosines(one: Sequence[Sentence], two: Sequence[Sentence], encoder: Encoder) -> Matrix:
    """Of every text with every other, to three digits."""
    left, right = (encoder.encode([each.text for each in side]).astype(np.float64) for side in (one, two))
    found: Matrix = np.rint(left @ right.T * 1000) / 1000
    return found


def counted(cells: NDArray[np.bool_], found: Matrix, thresholds: Iterable[float]) -> list[tuple[int, int]]:
    """How many of the marked cells reach each threshold."""
    marked = found[cells]
    return [(int(np.count_nonzero(marked >= each)), len(marked)) for each in thresholds]


def strangers(one: Sequence[Sentence], two: Sequence[Sentence]) -> dict[str, NDArray[np.bool_]]:
    """Which pairs of two lists are no paraphrases: same question of another thing, same thing, neither."""
    frame = np.array([a.frame for a in one])[:, None] == np.array([b.frame for b in two])
    thing = np.array([a.thing for a in one])[:, None] == np.array([b.thing for b in two])
    return {"same question, another thing": frame & ~thing, "same thing, another question": thing & ~frame,
            "nothing in common": ~frame & ~thing}  # fmt: skip


def by_words(one: Sequence[Sentence], two: Sequence[Sentence]) -> tuple[int, int]:
    """How many planted pairs the words show: token Jaccard at .8, as groups are made."""
    texts = [each.text for each in (*one, *two)]
    joined = self_join(texts, view="token", threshold=0.8)
    found = {*zip(joined["row"].to_pylist(), joined["twin"].to_pylist(), strict=True)}
    planted = [(row, row + len(one)) for row in range(len(one))]
    return sum(pair in found or pair[::-1] in found for pair in planted), len(planted)


def planted() -> dict[str, Any]:
    """Paraphrases and translations that were put there, and pairs that are none."""
    english, multilingual = open_encoder(MINILM), open_encoder(USE)
    base = paraphrased(0)
    found: dict[str, Any] = {"paraphrases": {}, "translations": {}, "within": {}}
    for form, name in ((1, "close"), (2, "free")):
        other = paraphrased(form)
        scores = cosines(base, other, english)
        found["paraphrases"][name] = {
            "words": by_words(base, other),
            "found": counted(np.eye(len(base), dtype=bool), scores, (ENGLISH.joins, ENGLISH.floor)),
            "strangers": {
                what: counted(cells, scores, (ENGLISH.joins, ENGLISH.floor))
                for what, cells in strangers(base, other).items()
            },
        }
    source = translated("en")
    for language in LANGUAGES:
        other = translated(language)
        scores = cosines(source, other, multilingual)
        found["translations"][language] = {
            "found": counted(np.eye(len(other), dtype=bool), scores, (ACROSS.joins, ACROSS.floor, 0.85)),
            "strangers": {
                what: counted(cells, scores, (ACROSS.joins, ACROSS.floor))
                for what, cells in strangers(source, other).items()
            },
        }
        scores = cosines(other, other, multilingual)
        found["within"][language] = {
            what: counted(np.triu(cells), scores, (WITHIN.joins, WITHIN.floor))
            for what, cells in strangers(other, other).items()
        }
    return found


def sample(pairs: Pairs, joins: bool, among: set[str] | None = None) -> list[tuple[str, str]]:
    """English pairs of a band to be read: as many as `SAMPLE`, drawn by a seeded hash of their ids.

    Args:
        pairs: of the project.
        joins: whether pairs that join are drawn, or those that wait.
        among: both prompts are of these; by default any.
    """
    rows = pairs.table.select(["record_id", "twin", "cosine", "model"]).to_pylist()
    band = [
        (row["record_id"], row["twin"])
        for row in rows
        if row["model"] == ENGLISH.name
        and (row["cosine"] >= ENGLISH.joins) == joins
        and (among is None or {row["record_id"], row["twin"]} <= among)
    ]
    return sorted(band, key=lambda pair: rank("".join(pair), SEED))[:SAMPLE]


def evaluated(project: Project, prompts: Prompts) -> set[str]:
    """Prompts of the sources that refusal-eval uses by default."""
    configs = builder_of(project, "refusal-eval").configs
    names = {name for config in configs if not config.on_demand for name in config.sources}
    return {id for id, sources in prompts.sources.items() if names & {*sources}}


def readings(pairs: Pairs, prompts: set[str]) -> dict[str, Any]:
    """What a reader said of the sampled pairs: how many ask the same, of all pairs and of refusal-eval's."""
    verdicts = pairs.verdicts()
    found: dict[str, Any] = {"reader": pairs.reader}
    for where, among in (("all sources", None), ("sources of refusal-eval", prompts)):
        for band, joins in ((">= .85", True), (".80-.85", False)):
            read = [verdicts[pair] for pair in sample(pairs, joins, among) if pair in verdicts]
            found[f"{where}, {band}"] = (read.count("same"), len(read))
    return found


def timed(prompts: Prompts) -> dict[str, Any]:
    """Seconds for so many real prompts, drawn by a seeded hash: encode, and find all pairs."""
    english = [id for id in prompts.texts if "en" in prompts.languages[id]]
    ids = sorted(english, key=lambda id: rank(id, SEED))[:TIMED]
    encoder = open_encoder(MINILM)
    started, used = perf_counter(), process_time()
    vectors = encoder.encode([prompts.texts[id] for id in ids])
    encoded = perf_counter()
    found = near(vectors, ENGLISH.floor)
    done = perf_counter()
    return {
        "prompts": len(ids),
        "encode": round(encoded - started, 1),
        "compare": round(done - encoded, 1),
        "cpu": round(process_time() - used, 1),
        "pairs": len(found.rows),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "load": round(os.getloadavg()[0], 1),
    }


def across_splits(folder: Path, pairs: Pairs) -> dict[str, Any]:
    """How many validation rows of a built set have a twin in test, config by config."""
    built = BuiltSet.open(folder)
    found = {}
    for config in built.configs:
        rows = built.rows(config)
        splits: dict[str, list[str]] = {}
        for id, split in zip(rows["record_id"].to_pylist(), rows["split"].to_pylist(), strict=True):
            splits.setdefault(split, []).append(id)
        leaked = leaks(splits, pairs)
        rate = leaked.of("validation", "test")
        found[config] = (rate.count, rate.n, len(leaked))
    return found


def report(results: dict[str, Any]) -> None:
    """Put the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{_tables(results)}\n\n{MARKS[1]}{after}", encoding="utf-8")


def _tables(results: dict[str, Any]) -> str:
    paraphrases = [
        [f"{name} paraphrases", _rate(entry["words"]), *map(_rate, entry["found"])]
        for name, entry in results["paraphrases"].items()
    ]
    false = [
        [f"{what} ({name})", "", *map(_rate, counts)]
        for name, entry in results["paraphrases"].items()
        for what, counts in entry["strangers"].items()
    ]
    translations = [
        [language, *map(_rate, entry["found"]), *(_rate(counts[0]) for counts in entry["strangers"].values())]
        for language, entry in results["translations"].items()
    ]
    within = [
        [language, *(_rate(counts[0]) for counts in entry.values())] for language, entry in results["within"].items()
    ]
    kinds = ["same question, another thing", "same thing, another question", "nothing in common"]
    return "\n\n".join(
        [
            "### English, all-MiniLM-L6-v2: planted pairs found, and pairs that are none",
            markdown(["pairs", "words alone", ">= .85", ">= .80"], [*paraphrases, *false]),
            "### English with another language, universal sentence encoder",
            markdown(
                ["language", "found >= .75", "found >= .70", "found >= .85", *(f"{each} >= .75" for each in kinds)],
                translations,
            ),
            "### Real pairs, read by a model: do both ask the same?",
            markdown(
                ["pairs", "the same"],
                [[what, _rate(counts)] for what, counts in results["readings"].items() if what != "reader"],
            ),
            *_leaks(results),
            "### Two texts of one other language: false joins at .85",
            markdown(["language", *kinds], within),
        ]
    )


def _leaks(results: dict[str, Any]) -> list[str]:
    if "leaks" not in results:
        return []
    rows = [[f"`{config}`", _rate(counts[:2]), f"{counts[2]:,}"] for config, counts in sorted(results["leaks"].items())]
    header = ["config", "validation rows with a twin in test", "pairs across"]
    return ["### refusal-eval as it was, grouped by words alone: pairs that join", markdown(header, rows)]


def _rate(counts: Sequence[int]) -> str:
    rate = Rate.of(counts[0], counts[1])
    return f"{100 * rate.share:.1f} % of {rate.n:,} ({100 * rate.low:.1f}-{100 * rate.high:.1f})"


def main() -> None:
    """Measure, or write the tables of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--leaks", type=Path, metavar="SET")
    given = parser.parse_args()
    project = find(None)
    if not given.report:
        pairs, prompts = read_pairs(project), Prompts.of(comparable(project)[0], Places())
        results = {
            **planted(),
            "readings": readings(pairs, evaluated(project, prompts)),
            "time": timed(prompts),
            "models": {each.name: [each.model.requirement, each.model.sha256] for each in READINGS},
        }
        if given.leaks:
            results["leaks"] = across_splits(given.leaks, pairs)
        FILE.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report(json.loads(FILE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
