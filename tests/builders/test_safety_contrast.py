"""safety-contrast: a small build with mild texts, and planted faults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.cli import main
from demur.errors import UsageError
from demur.kinds.contrast import Contrast
from demur.kinds.contrast.mine import Settings
from demur.kinds.contrast.rules import above_ceiling, unpaired
from demur.project import bundled
from demur.records.record import Tri, harmful, record_id
from demur.sets.builder import Builder, builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.contrast_item import ContrastItem
from schemas.prompt import Prompt
from tests.conftest import files_of, make_jsonl
from tests.small import Small, small_project, small_source

REAL = builder_of(bundled(), "safety-contrast")

THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch", "stair", "floor"]
OWNERS = ["vicar", "mayor", "baker", "widow", "tailor", "sailor"]
VERBS = ["Paint", "Move", "Sell", "Lend"]


def row(prompt: str, harm: Tri, pair: str | None = None, context: str | None = None) -> dict[str, Any]:
    return {"prompt": prompt, "harm": harm, "pair": pair, "context": context}


EVERY = [f"{verb} the {thing} of the {owner}" for verb in VERBS for thing in THINGS for owner in OWNERS]
TAKEN = [row(text, "yes") for text in EVERY if record_id("prompt", text) < "8"]
GIVEN = [row(text, "no") for text in EVERY if record_id("prompt", text) > "8"]
TAKEN += [row(f"Take away, unseen: {thing}, {owner}", "yes") for thing in THINGS for owner in OWNERS[:3]]
GIVEN += [row(f"Bring back, at noon: {thing}, {owner}", "no") for thing in THINGS for owner in OWNERS[:3]]
PAIRED = [
    row(f"{start} the {colour} kettle {'unseen' if side == 'yes' else 'at noon'}, {number}", side, f"k{number}")
    for number, (start, colour) in enumerate([(start, colour) for start in VERBS for colour in ("red", "blue", "old")])
    for side in ("yes", "no")
]
ODD = [
    row("Hide the third kettle of the pair", "yes", "k0"),
    row("A kettle that lost its partner sings", "no", "lonely"),
    row("Summarise the letter about the flower show", "yes", None, "Dear vicar, the flowers are in bloom."),
    row("Perhaps rename the lighthouse after a gull", "unknown"),
    row("Take away, unseen: barn, sailor, oars", "yes"),
]


def from_row(raw: Raw) -> Prompt:
    label = harmful(raw["harm"], by="author")
    return Prompt(prompt=raw["prompt"], labels=(label,), pair=raw["pair"], context=raw["context"])


ROWS = {"taken": TAKEN, "given": GIVEN, "paired": PAIRED + ODD}
WIDE = Settings(calipers=(50.0, 50.0, 50.0), models=4)
BUILDER = REAL.model_copy(
    update={
        "configs": (
            Config(name="default", sources=("given", "taken")),
            Config(name="published", sources=("paired",)),
        ),
        "kind": Contrast(
            row=ContrastItem,
            ceilings={"default": 1.0, "published": 1.0},
            mined={"default": 0.7},
            settings=WIDE,
            folds=3,
        ),
    }
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    sources = {name: (small_source(name, [*row("", "no")], from_row, "prompt"), rows) for name, rows in ROWS.items()}
    with small_project(tmp_path_factory.mktemp("small"), sources) as made:
        yield made


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
    mined, published = small.manifest.configs
    assert sum(mined.rows.values()) > 100
    assert mined.rejects["too-predictable"] > 0
    assert published.rejects == {"has-context": 1, "label-unknown": 1, "not-paired": 3}


def test_items_keep_the_invariants_and_the_schema(small: Build) -> None:
    opened = BuiltSet.open(small.out)
    for config in opened.manifest.configs:
        table = opened.rows(config.name)
        assert unpaired(table) == above_ceiling(opened.facts(config), table) == []
        for each in table.to_pylist():
            ContrastItem.model_validate_json(json.dumps(each))
    origins = {name: set(opened.rows(name)["origin"].to_pylist()) for name in ("default", "published")}
    assert origins == {"default": {"mined"}, "published": {"published"}}


def test_the_baseline_stands_in_manifest_and_card(small: Build) -> None:
    opened = BuiltSet.open(small.out)
    mined, published = (opened.facts(config) for config in opened.manifest.configs)
    assert mined.nested is not None
    assert published.nested is None
    assert mined.across is not None
    assert mined.across.value < mined.headline.auroc.value
    assert mined.headline == mined.nested["combined"]
    assert published.naive["combined"].auroc.value == 1
    card = (small.out / "README.md").read_text(encoding="utf-8")
    assert "## What text alone gives" in card
    assert f"| `default` | {mined.pairs} | {mined.nested['combined'].auroc.value:.3f} (" in card
    assert "| `published` | 12 | published as it is | 1.000 (1.000-1.000) |" in card


def test_too_predictable_pairs_name_their_partner(small: Build) -> None:
    rows = [
        each for each in pq.read_table(small.out / "rejects.parquet").to_pylist() if each["reason"] == "too-predictable"
    ]
    partners = {each["record_id"]: each["twin"] for each in rows}
    assert all(partners[twin] == one for one, twin in partners.items())
    assert all(each["similarity"] > 0.7 and each["rule"] == "predictability > 0.7" for each in rows)


def test_the_same_bytes_whatever_the_order_of_the_sources(project: Small, small: Build, tmp_path: Path) -> None:
    turned = [each.model_copy(update={"sources": each.sources[::-1]}) for each in BUILDER.configs]
    again = build(
        project, BUILDER.model_copy(update={"configs": tuple(turned)}), tmp_path / "out", Places(offline=True)
    )
    assert files_of(again.out) == files_of(small.out)


def test_a_seed_of_its_own(project: Small, small: Build, tmp_path: Path) -> None:
    other = declared(settings=WIDE.model_copy(update={"seed": 1}))
    again = build(project, other, tmp_path / "out", Places(offline=True))
    assert files_of(again.out) != files_of(small.out)


def test_fewer_pairs_than_folds_is_an_error(project: Small, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fewer pairs than folds"):
        build(project, declared(folds=50), tmp_path / "out", Places(offline=True), configs=["published"])


def test_sources_of_one_side_cannot_be_mined(project: Small, tmp_path: Path) -> None:
    alone = BUILDER.model_copy(update={"configs": (Config(name="default", sources=("taken",)),)})
    with pytest.raises(UsageError, match="one side only"):
        build(project, alone, tmp_path / "out", Places(offline=True))


def test_every_config_declares_its_ceiling() -> None:
    with pytest.raises(ValueError, match="declares the ceiling"):
        Builder(**{**dict(BUILDER), "kind": Contrast(row=ContrastItem, ceilings={"default": 0.7}, mined={})})


def test_the_command_measures_folders_and_files(small: Build, tmp_path: Path) -> None:
    run = CliRunner().invoke
    folder = run(main, ["baseline", str(small.out), "--folds", "3"])
    assert folder.exit_code == 0, folder.output
    assert "published: 12 pairs, 24 prompts, 3 folds by pair (seed 0)" in folder.output
    assert "stated by the manifest: nested AUROC" in folder.output
    assert "kettle" not in folder.output
    path = tmp_path / "x.jsonl"
    path.write_bytes(make_jsonl(PAIRED))
    found = run(main, ["baseline", str(path), "--side", "harm", "--harmful", "yes", "--pair", "pair", "--json"])
    assert json.loads(found.output)["x.jsonl"]["families"]["combined"]["auroc"]["value"] == 1
    path.write_bytes(make_jsonl([*PAIRED, row("Kettles", "yes")]))
    broken = run(main, ["baseline", str(path), "--side", "harm", "--harmful", "yes", "--pair", "pair"])
    assert "1 cells of the column 'pair' are missing" in broken.output
