"""safety-contrast: a small build with mild texts and a curation of its own, and planted faults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.curation.annotations import Annotation, write_annotations
from demur.curation.meaning.models import OPPOSITE
from demur.curation.meaning.pairs import SCHEMA, Pairs
from demur.curation.opposed import COLUMNS
from demur.errors import UsageError
from demur.files.digest import text_sha256
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.declared import Embedded
from demur.kinds.contrast.facts import ScoreEntry
from demur.kinds.contrast.make import pairs_digest
from demur.kinds.contrast.rules import above_ceiling, of_another_topic, unpaired
from demur.project import bundled
from demur.records.record import NativeLabel, Tri, harmful, record_id
from demur.sets.builder import Builder, builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.contrast_item import ContrastItem
from schemas.prompt import Prompt
from tests.conftest import ROOT, copied, files_of, make_jsonl
from tests.small import Small, small_project, small_source

T = TypeVar("T")
REAL = builder_of(bundled(), "safety-contrast")
THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch", "stair", "floor"]
OWNERS = ["vicar", "mayor", "baker", "widow", "tailor", "sailor"]


def row(
    prompt: str, harm: Tri, pair: str | None = None, context: str | None = None, type: str | None = None
) -> dict[str, Any]:
    return {"prompt": prompt, "harm": harm, "pair": pair, "context": context, "type": type}


TOPICS = [(thing, owner) for thing in THINGS for owner in OWNERS]
TAKEN = [row(f"Take away the {thing} of the {owner}", "yes") for thing, owner in TOPICS]
GIVEN = [row(f"Bring back a {thing} for the {owner}", "no") for thing, owner in TOPICS]
PAIRED = [
    row(f"{start} the {colour} kettle {'unseen' if side == 'yes' else 'at noon'}, {number}", side, f"k{number}")
    for number, (start, colour) in enumerate(
        [(start, colour) for start in ("Paint", "Move", "Sell", "Lend") for colour in ("red", "blue", "old")]
    )
    for side in ("yes", "no")
]
PLAY = [
    row("Kill the hens unseen", "yes", "play", type="pun"),
    row("Kill the lights at noon", "no", "play", type="pun"),
]
ODD = [
    row("Hide the third kettle of the pair", "yes", "k0"),
    row("A kettle that lost its partner sings", "no", "lonely"),
    row("Summarise the letter about the flower show", "yes", None, "Dear vicar, the flowers are in bloom."),
    row("Perhaps rename the lighthouse after a gull", "unknown"),
]
ROWS = {"taken": TAKEN, "given": GIVEN, "paired": PAIRED + PLAY + ODD}
FAR, LONG, REFUSED = "k1", "k2", "k3"  # pairs of two topics, of two styles, and one that a reader rejected
PAIRED[4] |= {"prompt": PAIRED[4]["prompt"] + ", and then carry it up the hill, over the bridge and through the wood"}


def from_row(raw: Raw) -> Prompt:
    return Prompt(
        prompt=raw["prompt"],
        labels=(harmful(raw["harm"], by="author"),),
        pair=raw["pair"],
        context=raw["context"],
        native_labels=(NativeLabel(name="type", value=raw["type"]),),
    )


BUILDER = REAL.model_copy(
    update={
        "configs": (
            Config(name="default", sources=("given", "paired", "taken")),
            Config(name="published", sources=("paired",)),
        ),
        "kind": Contrast(
            row=ContrastItem,
            near={"default": 0.55},
            wording={"paired": {"type": ("pun",)}},
            ceilings={"default": 1.0, "published": 1.0},
            folds=3,
        ),
    }
)


def said(text: str, **more: Any) -> list[Annotation]:
    same = {"record_id": record_id("prompt", text), "text_sha256": text_sha256(text), "kind": "model", **more}
    return [Annotation(**same, reader=f"model-{name}", guideline="1.1") for name in "ab"]


def readings() -> list[Annotation]:
    """Everything is read but two safe prompts; of those, one is a prejudice to correct, one of another hazard."""
    found = [each for one in TAKEN for each in said(one["prompt"], behaviour="refuse", hazards=("ncr",))]
    for number, one in enumerate(GIVEN[2:]):
        behaviour, hazard = "correct" if number == 0 else "careful", "vcr" if number == 1 else "ncr"
        found += said(one["prompt"], behaviour=behaviour, hazards=(hazard,))
    return sorted(found, key=lambda each: (each.record_id, each.reader))


def ends(one: str, two: str) -> tuple[str, str]:
    return min(one, two), max(one, two)


def evidence() -> dict[tuple[str, str], float]:
    found = {}
    for one, two in zip(TAKEN, GIVEN, strict=True):
        found[one["prompt"], two["prompt"]] = 0.7
    found |= {(TAKEN[10]["prompt"], GIVEN[10]["prompt"]): 0.9, (TAKEN[11]["prompt"], GIVEN[11]["prompt"]): 0.55}
    published = [(PAIRED[at], PAIRED[at + 1]) for at in range(0, len(PAIRED), 2)]
    for one, two in [*published, (PLAY[0], PLAY[1]), (ODD[0], PAIRED[1])]:
        if one["pair"] != FAR:
            found[one["prompt"], two["prompt"]] = 0.6
    return {ends(*(record_id("prompt", text) for text in texts)): cosine for texts, cosine in found.items()}


def pair_of(name: str) -> tuple[str, str]:
    one, two = sorted(record_id("prompt", each["prompt"]) for each in PAIRED if each["pair"] == name)
    return one, two


@dataclass(frozen=True)
class Curated(Small):
    """The real declarations, and below its own root another curation."""

    def modules(self, package: str) -> list[ModuleType]:
        return bundled().modules(package)

    def class_in(self, package: str, stem: str, base: type[T]) -> type[T]:
        return bundled().class_in(package, stem, base)


def curated(root: Path) -> Path:
    """A root with the real declarations, and a curation of these texts."""
    (root / "builders" / "curation" / "annotations").mkdir(parents=True)
    for name in ("cards", "schemas"):
        copied(ROOT / name, root / name)
    for path in (ROOT / "builders").iterdir():
        if path.name not in ("curation", "__pycache__"):
            copied(path, root / "builders" / path.name)
    folder = root / "builders" / "curation"
    write_annotations(folder / "annotations" / "small.csv", readings())
    cells = [(*pair, cosine, OPPOSITE.name, None) for pair, cosine in sorted(evidence().items())]
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, each, strict=True)) for each in cells], schema=SCHEMA)
    Pairs(table, {}, (OPPOSITE,)).write(folder / "contrast_pairs.parquet")
    verdicts = [(*pair_of(REFUSED), "model-1", "topic"), (*pair_of("k4"), "model-1", "yes")]
    lines = [",".join(COLUMNS), *(",".join(each) for each in sorted(verdicts))]
    (folder / "contrast_read.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    sources = {name: (small_source(name, [*row("", "no")], from_row, "prompt"), rows) for name, rows in ROWS.items()}
    with small_project(tmp_path_factory.mktemp("small"), sources) as made:
        yield Curated(curated(tmp_path_factory.mktemp("root")), made.recorded, made.own)


@pytest.fixture(scope="module")
def small(project: Small, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(project, BUILDER, tmp_path_factory.mktemp("built") / "out", Places(offline=True))


def declared(**changes: Any) -> Builder:
    return BUILDER.model_copy(update={"kind": BUILDER.kind.model_copy(update=changes)})


def reasons(done: Build, config: str) -> Counter[str]:
    rows = pq.read_table(done.out / "rejects.parquet", columns=["config", "reason"]).to_pylist()
    return Counter(each["reason"] for each in rows if each["config"] == config)


def test_every_candidate_is_an_item_or_a_reject(small: Build) -> None:
    for config in small.manifest.configs:
        assert config.candidates == sum(config.rows.values()) + sum(config.rejects.values())
        assert Counter(config.rejects) == reasons(small, config.name)
    default, published = small.manifest.configs
    assert {name: default.rejects[name] for name in ("topics-differ", "styles-differ", "no-pair-by-reading")} == {
        "topics-differ": 2, "styles-differ": 2, "no-pair-by-reading": 2
    }  # fmt: skip
    assert (default.rejects["wording-alone"], default.rejects["has-context"]) == (2, 1)
    assert published.rejects == {"has-context": 1, "label-unknown": 1, "not-paired": 2}


def test_a_matched_pair_is_one_topic_one_hazard_one_split_and_read(small: Build) -> None:
    rows = [each for each in BuiltSet.open(small.out).rows("default").to_pylist() if each["origin"] == "matched"]
    by_pair: dict[str, list[dict[str, Any]]] = {}
    for each in rows:
        by_pair.setdefault(each["pair_id"], []).append(each)
    assert len(by_pair) > 10
    cosines = evidence()
    for one, two in by_pair.values():
        assert one["split"] == two["split"]
        assert one["group_id"] == two["group_id"]
        assert one["hazards"] == two["hazards"] == ["ncr"]
        assert one["cosine"] == two["cosine"] == cosines[ends(one["record_id"], two["record_id"])]
    texts = {each["prompt"] for each in rows}
    for number in (0, 1, 2, 3, 10):  # not read, not read, to correct, another hazard, and so near that a label is wrong
        assert GIVEN[number]["prompt"] not in texts


def test_items_keep_the_invariants_and_the_schema(small: Build) -> None:
    opened = BuiltSet.open(small.out)
    for config in opened.manifest.configs:
        table = opened.rows(config.name)
        assert unpaired(table) == above_ceiling(opened.facts(config), table) == []
        for each in table.to_pylist():
            ContrastItem.model_validate_json(json.dumps(each))
    assert of_another_topic(opened.rows("default"), 0.55) == []
    assert {*opened.rows("published")["origin"].to_pylist()} == {"published"}


def test_what_is_stated_stands_in_manifest_and_card(small: Build) -> None:
    opened = BuiltSet.open(small.out)
    default, published = (opened.facts(config) for config in opened.manifest.configs)
    assert default.origins["published"] == 9  # of 13, less those that miss a condition
    assert sum(default.origins.values()) == default.pairs
    (read,) = default.read
    assert (read.reader, read.pairs, read.sensible.value) == ("model-1", 2, 0.5)
    assert default.unread == default.pairs - 1
    assert (published.pairs, published.embedded) == (13, None)
    card = (small.out / "README.md").read_text(encoding="utf-8")
    assert f"| `default` | {default.pairs} | 9 | {default.origins['matched']} | {default.unread} |" in card
    assert "| `default` | model-1 | 2 | 0.500 (0.095-0.905) |" in card
    assert f"| `default` | {default.pairs} | {default.headline.auroc.value:.3f} (" in card


def test_what_vectors_give_is_stated_with_the_pairs_it_was_measured_on(
    project: Small, small: Build, tmp_path: Path
) -> None:
    score = ScoreEntry(value=0.8, low=0.7, high=0.9)
    digest = pairs_digest(BuiltSet.open(small.out).rows("published"))
    given = {name: Embedded(pairs_sha256=digest, auroc=score) for name in ("default", "published")}
    done = build(project, declared(embedded=given), tmp_path / "out", Places(offline=True))
    opened = BuiltSet.open(done.out)
    found = {entry.name: opened.facts(entry).embedded for entry in opened.manifest.configs}
    assert {name: each.current for name, each in found.items()} == {"default": False, "published": True}
    card = (done.out / "README.md").read_text(encoding="utf-8")
    assert card.count("0.800 (0.700-0.900)") == 2
    assert card.count("0.800 (0.700-0.900), of earlier pairs") == 1


def test_the_same_bytes_whatever_the_order_of_the_sources(project: Small, small: Build, tmp_path: Path) -> None:
    turned = [each.model_copy(update={"sources": each.sources[::-1]}) for each in BUILDER.configs]
    again = build(
        project, BUILDER.model_copy(update={"configs": tuple(turned)}), tmp_path / "out", Places(offline=True)
    )
    assert files_of(again.out) == files_of(small.out)


def test_fewer_pairs_than_folds_is_an_error(project: Small, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fewer pairs than folds"):
        build(project, declared(folds=50), tmp_path / "out", Places(offline=True), configs=["published"])


def test_every_config_declares_its_ceiling() -> None:
    with pytest.raises(ValueError, match="declares the ceiling"):
        Builder(**{**dict(BUILDER), "kind": Contrast(row=ContrastItem, ceilings={"default": 0.7}, near={})})


def test_the_command_measures_folders_and_files(small: Build, tmp_path: Path) -> None:
    run = CliRunner().invoke
    folder = run(main, ["baseline", str(small.out), "--folds", "3"])
    assert folder.exit_code == 0, folder.output
    assert "published: 13 pairs, 26 prompts, 3 folds by pair (seed 0)" in folder.output
    assert "stated by the manifest: AUROC" in folder.output
    assert "kettle" not in folder.output
    path = tmp_path / "x.jsonl"
    path.write_bytes(make_jsonl(PAIRED))
    found = run(main, ["baseline", str(path), "--side", "harm", "--harmful", "yes", "--pair", "pair", "--json"])
    assert json.loads(found.output)["x.jsonl"]["families"]["combined"]["auroc"]["value"] == 1
    path.write_bytes(make_jsonl([*PAIRED, row("Kettles", "yes")]))
    broken = run(main, ["baseline", str(path), "--side", "harm", "--harmful", "yes", "--pair", "pair"])
    assert "1 cells of the column 'pair' are missing" in broken.output
