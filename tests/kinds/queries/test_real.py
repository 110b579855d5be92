"""safety-queries from its real sources: counts and invariants, never a text.

PYTEST_DONT_REWRITE: a failing assertion must not show the values it compared, which may be published prompts.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.kinds.queries import Queries
from demur.kinds.queries.facts import Overlap
from demur.project import bundled
from demur.sets.builder import builder_of
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build, build
from demur.sources import declared
from demur.sources.fetch import Places
from demur.sources.pin import pin
from tests.conftest import COMMIT, ROOT, files_of
from tests.real import again, mirrored, real

SEEDS = [f"seed_{seed}" for seed in range(5)]


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return real("safety-queries", tmp_path_factory)


@mirrored
def test_the_pools_of_openai_moderation_are_the_measured_ones(queries: Build) -> None:
    for config in queries.manifest.configs:
        found = BuiltSet.open(queries.out).facts(config).sets["openai-moderation-texts"]
        harmful, safe = found.sides["harmful"], found.sides["safe"]
        assert (found.records, found.complete, found.records - found.complete) == (1680, 755, 925)
        assert found.records - found.distinct == 27
        assert harmful.labelled == 522
        assert (safe.labelled, found.unknown) == (337, 821)
        assert harmful.within["200"] == 114
        assert (harmful.drawn, safe.drawn, found.short_of) == (200, 200, {})


@mirrored
def test_a_partly_labelled_row_is_on_neither_side(queries: Build) -> None:
    for seed in SEEDS:
        for row in BuiltSet.open(queries.out).rows(seed).to_pylist():
            if row["set"] == "openai-moderation-texts":
                values = [label["value"] for label in row["native_labels"]]
                assert "1" in values if row["side"] == "harmful" else values == ["0"] * 8


@mirrored
def test_every_set_and_seed_has_its_number_or_says_what_it_lacks(queries: Build) -> None:
    expected = {
        ("ailuminate", "harmful"): 200, ("ailuminate", "safe"): 200, ("benign", "safe"): 191,
        ("hh-rlhf", "harmful"): 200, ("hh-rlhf", "safe"): 200, ("openai-moderation-texts", "harmful"): 200,
        ("openai-moderation-texts", "safe"): 200, ("simplesafetytests", "harmful"): 71,
    }  # fmt: skip
    card = (queries.out / "README.md").read_text(encoding="utf-8")
    for config in queries.manifest.configs:
        rows = BuiltSet.open(queries.out).rows(config.name).to_pylist()
        assert Counter((row["set"], row["side"]) for row in rows) == expected
        sets = BuiltSet.open(queries.out).facts(config).sets
        assert {name: found.short_of for name, found in sets.items() if found.short_of} == {
            "simplesafetytests": {"harmful": 129}
        }
    assert card.count("queries short of 200") == 1
    assert "A set of texts, labelled for what they hold" in card
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shared = {(each["set"], each["side"]): f"{min(each['shared'].values())}-{max(each['shared'].values())}"
              for each in queries.manifest.across}  # fmt: skip
    tellings = {name: found.text_alone for name, found in
                BuiltSet.open(queries.out).facts(queries.manifest.configs[0]).sets.items()}  # fmt: skip
    for name, sides in (("hh-rlhf", ("harmful", "safe")), ("openai-moderation-texts", ("harmful", "safe")),
                        ("ailuminate", ("harmful", "safe")), ("simplesafetytests", ("harmful",)),
                        ("benign", ("safe",))):  # fmt: skip
        told = tellings[name]
        auroc = f"{told.auroc:.3f} ({told.low:.3f}-{told.high:.3f}, n {told.rows})".replace("0.", ".")
        line = f"| {', '.join(shared[name, side] for side in sides)} | {auroc} |"
        assert line in readme, f"README's line of {name}"


@mirrored
def test_both_sides_are_alike_in_length_and_form_and_rest_on_whom_the_card_says(queries: Build) -> None:
    for config in queries.manifest.configs:
        facts = BuiltSet.open(queries.out).facts(config).sets
        for name in ("hh-rlhf", "openai-moderation-texts", "ailuminate"):
            one, two = (facts[name].sides[side] for side in ("harmful", "safe"))
            assert one.questions == two.questions
            assert {key: each.drawn for key, each in one.strata.items()} == {
                key: each.drawn for key, each in two.strata.items()
            }
        for name in ("hh-rlhf", "ailuminate", "simplesafetytests"):
            for side in facts[name].sides.values():
                assert {*side.basis} <= {"readers", "adjudicated", "decision"}
        languages = facts["openai-moderation-texts"].languages
        assert languages["en"] > 300
        assert sum(rows for tag, rows in languages.items() if tag not in ("en", "und")) >= 5


@mirrored
def test_contradicted_rows_are_never_drawn(queries: Build) -> None:
    pairs = pq.read_table(queries.out / "conflicts.parquet").to_pylist()
    assert len(pairs) == queries.manifest.label_conflicts > 0
    ids = {pair[end] for pair in pairs for end in ("record_id", "twin")}
    for seed in SEEDS:
        assert not ids & {*BuiltSet.open(queries.out).rows(seed)["record_id"].to_pylist()}


@mirrored
def test_draws_share_what_chance_makes_them_share(queries: Build) -> None:
    ids: dict[tuple[str, str, str], set[str]] = {}
    for seed in SEEDS:
        for row in BuiltSet.open(queries.out).rows(seed).to_pylist():
            ids.setdefault((row["set"], row["side"], seed), set()).add(row["record_id"])
    for each in queries.manifest.across:
        found = Overlap.model_validate_json(json.dumps(each))
        assert len(found.shared) == 10
        for one, two in combinations(SEEDS, 2):
            both = ids[found.set, found.side, one] & ids[found.set, found.side, two]
            assert found.shared[f"{one} {two}"] == len(both)
        side = BuiltSet.open(queries.out).facts(queries.manifest.configs[0]).sets[found.set].sides[found.side]
        strata = [(each.drawn, each.pool) for each in side.strata.values() if each.pool] or [(found.drawn, found.of)]
        chance = sum(drawn**2 / pool for drawn, pool in strata)
        spread = (
            sum(drawn**2 / pool * (1 - drawn / pool) ** 2 for drawn, pool in strata) ** 0.5
        )  # hypergeometric, about
        assert all(abs(shared - chance) <= 5 * spread + 1 for shared in found.shared.values())


@mirrored
def test_queries_are_clean_and_the_same_twice(queries: Build, tmp_path: Path) -> None:
    assert check(queries.out).findings == ()
    assert files_of(again("safety-queries", tmp_path / "out").out) == files_of(queries.out)


def test_toxicchat_joins_once_it_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its carrier is the Hub alone: here its fixture stands in a mirror folder."""
    source = declared.source_of(bundled(), "toxicchat")
    folder = tmp_path / "mirror" / "hub" / "lmsys" / "toxic-chat" / COMMIT / "data" / "0124"
    shutil.copytree(ROOT / "tests" / "fixtures" / "sources" / "toxicchat" / "hub", folder)
    monkeypatch.setenv("DEMUR_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("DEMUR_CACHE", str(tmp_path / "cache"))
    pinned = pin(source, Places(offline=True)).pin
    assert pinned is not None
    builder = builder_of(bundled(), "safety-queries")
    assert isinstance(builder.kind, Queries)
    alone = [config.model_copy(update={"sources": ("toxicchat",), "extends": None, "on_demand": False})
             for config in builder.configs if config.name.startswith("noncommercial_")]  # fmt: skip
    every = builder.kind.sets["toxicchat"].model_copy(update={"quotas": {}})
    few = builder.kind.model_copy(update={"per_side": 2, "sets": {**builder.kind.sets, "toxicchat": every}})
    small = builder.model_copy(update={"configs": tuple(alone), "kind": few})
    done = build(replace(bundled(), recorded={"toxicchat": pinned}), small, tmp_path / "out", Places(offline=True))
    golden = [source.to_records(row) for row in _rows(source, folder)]
    said = Counter(record.harmful.value for record in golden)
    for config in done.manifest.configs:
        assert config.license == "cc-by-nc-4.0"
        counts = BuiltSet.open(done.out).facts(config).sets["toxicchat"]
        assert {side: each.labelled for side, each in counts.sides.items()} == {
            "harmful": said["yes"], "safe": said["no"],
        }  # fmt: skip
        assert counts.unknown == said["unknown"] > 0
    assert check(done.out).findings == ()


def _rows(source: object, folder: Path) -> list[dict[str, object]]:
    from demur.sources.formats import read_rows

    mirror = source.mirrors[0]  # type: ignore[attr-defined]
    files = {name: (folder / Path(name).name).read_bytes() for name in mirror.files}
    return read_rows(source, mirror, files)  # type: ignore[arg-type, return-value]


def test_an_unpinned_set_is_asked_for_by_name_and_says_so(tmp_path: Path) -> None:
    from demur.errors import PinError

    with pytest.raises(PinError, match="Source 'toxicchat' is not pinned"):
        build(bundled(), builder_of(bundled(), "safety-queries"), tmp_path / "out", configs=["noncommercial_seed_0"])
