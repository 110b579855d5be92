"""Query sets: what is drawn, from what, by which seed; what a build says of sets that are short."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.errors import UsageError
from demur.kinds.queries import Queries, QuerySet
from demur.project import bundled
from demur.records.record import record_id
from demur.sets.builder import Builder, builder_of
from demur.sets.folder import BuiltSet
from demur.sets.kind import Config
from demur.sets.pipeline import Build, build
from demur.sets.show import build_summary
from demur.sets.stats import stats
from demur.sources.fetch import Places
from schemas.safety_query import SafetyQuery
from tests.checks.test_built import cover, rewrite, rows
from tests.conftest import files_of
from tests.kinds.queries.conftest import LAMPS, QUERIES, ROWS, queries_builder, row, to_prompt
from tests.small import Small, small_project, small_source

SEED_0 = "seed_0/test-00000-of-00001.parquet"


def ids(done: Build, config: str, name: str, side: str) -> set[str]:
    found = BuiltSet.open(done.out).rows(config).to_pylist()
    return {each["record_id"] for each in found if (each["set"], each["side"]) == (name, side)}


def test_every_step_from_labels_to_rows_is_counted(drawn: Build) -> None:
    for config in drawn.manifest.configs:
        lamps = BuiltSet.open(drawn.out).facts(config).sets["lamps"]
        assert (lamps.records, lamps.distinct, lamps.complete, lamps.unknown) == (35, 34, 30, 5)
        assert lamps.length == 80
        assert lamps.short_of == {}
        yes, no = lamps.sides["harmful"], lamps.sides["safe"]
        assert (yes.labelled, yes.within, yes.unique, yes.drawn) == (
            16, {"40": 4, "80": 15, "120": 15}, {"40": 3, "80": 14, "120": 14}, 5,
        )  # fmt: skip
        assert (no.labelled, no.within, no.unique, no.drawn) == (
            14, {"40": 4, "80": 14, "120": 14}, {"40": 4, "80": 14, "120": 14}, 5,
        )  # fmt: skip
        assert config.rejects == {
            "exact-duplicate": 1, "label-unknown": 5, "not-sampled": 49, "too-long": 10,
        }  # fmt: skip
        assert config.candidates == sum(config.rows.values()) + sum(config.rejects.values())
    assert stats(drawn.out)["seed_0"]["side"] == {"harmful": {"test": 8}, "safe": {"test": 10}}


def test_rows_keep_their_schema_and_one_length_holds_for_both_sides(drawn: Build) -> None:
    for config in ("seed_0", "seed_1"):
        found = BuiltSet.open(drawn.out).rows(config).to_pylist()
        for each in found:
            SafetyQuery.model_validate_json(json.dumps(each))
        assert {each["split"] for each in found} == {"test"}
        assert all(len(each["prompt"]) < 80 for each in found if each["set"] == "lamps")
        assert Counter((each["set"], each["side"]) for each in found) == {
            ("lamps", "harmful"): 5, ("lamps", "safe"): 5, ("boats", "harmful"): 3, ("benign", "safe"): 5,
        }  # fmt: skip
    assert check(drawn.out).findings == ()


def test_a_set_that_is_short_is_never_short_in_silence(drawn: Build, capsys: pytest.CaptureFixture[str]) -> None:
    facts = BuiltSet.open(drawn.out).facts(drawn.manifest.configs[0])
    assert facts.sets["boats"].short_of == {"harmful": 2}
    build_summary(drawn)
    said, card = capsys.readouterr().out, (drawn.out / "README.md").read_text(encoding="utf-8")
    for text in (" ".join(said.split()), " ".join(card.split())):
        assert "boats: 2 harmful queries short of 5: 3 of 3 records have that label (3 below 40 characters)" in text
        assert "lamps: below 40 characters there are 4 harmful (3 without duplicates) and 4 safe" in text
        assert "both are drawn below 80 characters" in text
        assert "benign:" not in text
    assert "As their author says." in card
    assert "Hide every" not in said + card


def test_draws_differ_by_seed_and_their_overlap_is_counted(drawn: Build) -> None:
    overlaps = {(each["set"], each["side"]): each for each in drawn.manifest.across}
    for name, side in (("lamps", "harmful"), ("lamps", "safe"), ("boats", "harmful"), ("benign", "safe")):
        one, two = (ids(drawn, config, name, side) for config in ("seed_0", "seed_1"))
        assert overlaps[name, side]["shared"] == {"seed_0 seed_1": len(one & two)}
        assert (one == two) == (name == "boats")
    assert (overlaps["lamps", "safe"]["of"], overlaps["benign", "safe"]["of"]) == (14, 36)  # the herbs are too long


def test_the_draw_is_not_the_first_rows_and_knows_no_order(drawn: Build, tmp_path: Path) -> None:
    found = BuiltSet.open(drawn.out).rows("seed_0").to_pylist()
    numbers = sorted(each["lineage"]["row"] for each in found if (each["set"], each["side"]) == ("lamps", "harmful"))
    assert numbers != list(range(5))
    turned = {name: random.Random(1).sample(rows, len(rows)) for name, rows in ROWS.items()}  # noqa: S311
    sources = {
        name: (small_source(name, [*row("", "")], to_prompt, "prompt"), turned[name]) for name in reversed(turned)
    }
    with small_project(tmp_path, sources) as project:
        again = build(project, queries_builder(), tmp_path / "out", Places(offline=True))
    for config in ("seed_0", "seed_1"):
        one, two = (set(BuiltSet.open(each.out).rows(config)["record_id"].to_pylist()) for each in (drawn, again))
        # of two rows whose normalised text is one, either may be the one that is kept: their id is the same
        assert one == two


def test_the_same_bytes_whatever_the_order_of_the_sources(queries_project: Small, drawn: Build, tmp_path: Path) -> None:
    builder = queries_builder(sources=tuple(reversed(ROWS)))
    again = build(queries_project, builder, tmp_path / "out", Places(offline=True))
    assert files_of(again.out) == files_of(drawn.out)


def test_a_new_query_displaces_one_at_most(drawn: Build, tmp_path: Path) -> None:
    more = {**ROWS, "lamps": [*LAMPS, *(row(f"Hide every {each} at dawn, softly", "yes") for each in ("owl", "fox"))]}
    sources = {name: (small_source(name, [*row("", "")], to_prompt, "prompt"), rows) for name, rows in more.items()}
    with small_project(tmp_path, sources) as project:
        again = build(project, queries_builder(), tmp_path / "out", Places(offline=True))
    for config in ("seed_0", "seed_1"):
        for name, side in (("lamps", "safe"), ("boats", "harmful"), ("benign", "safe")):
            assert ids(again, config, name, side) == ids(drawn, config, name, side)
        assert len(ids(drawn, config, "lamps", "harmful") - ids(again, config, "lamps", "harmful")) <= 2


def test_a_side_that_no_set_declares_is_a_reject(queries_project: Small, tmp_path: Path) -> None:
    sets = {**QUERIES.sets, "lamps": QuerySet(sources=("lamps",), sides=("safe",), rule="One side.")}
    builder = queries_builder(QUERIES.model_copy(update={"sets": sets}))
    done = build(queries_project, builder, tmp_path / "out", Places(offline=True))
    assert done.manifest.configs[0].rejects["side-not-declared"] == 15
    assert check(done.out).findings == ()


@pytest.mark.parametrize(
    ("sets", "sources", "message"),
    [
        ({"boats": QuerySet(sources=("boats",), rule="All.")}, ("boats",), "The query set 'boats' has no safe query"),
        ({"boats": QuerySet(sources=("boats",), rule="All.")}, ("teas",), "Source 'teas' belongs to no query set"),
    ],
)
def test_sets_that_cannot_be_drawn(
    sets: dict[str, QuerySet], sources: tuple[str, ...], message: str, queries_project: Small, tmp_path: Path
) -> None:
    builder = queries_builder(QUERIES.model_copy(update={"sets": sets}), sources)
    with pytest.raises(UsageError, match=message):
        build(queries_project, builder, tmp_path / "out", Places(offline=True))
    assert not (tmp_path / "out").exists()


def test_what_a_declaration_may_not_say() -> None:
    one = QuerySet(sources=("lamps",), rule="All.")
    with pytest.raises(ValueError, match="a source stands in two query sets"):
        Queries(row=SafetyQuery, sets={"one": one, "two": one}, seeds={})
    for lengths in ((80, 40), (40, 40), (0, 40)):
        with pytest.raises(ValueError, match="lengths rise"):
            Queries(row=SafetyQuery, sets={"one": one}, seeds={}, lengths=lengths)
    fields: dict[str, Any] = dict(queries_builder())
    with pytest.raises(ValueError, match="declares the seed of its draw"):
        Builder(**{**fields, "configs": (Config(name="seed_9", sources=("lamps",)),)})
    with pytest.raises(ValueError, match="declares no schema of them"):
        Builder(**{**fields, "configs": (Config(name="seed_0", sources=("lamps",), references=True),)})


def test_the_real_builder_gives_every_source_a_set() -> None:
    real = builder_of(bundled(), "safety-queries")
    assert isinstance(real.kind, Queries)
    assert {*real.sources} == {*real.kind.set_of}
    assert {config.name for config in real.configs if not config.on_demand} == {f"seed_{seed}" for seed in range(5)}


def _lost_query(folder: Path) -> None:
    rewrite(folder, rows(folder, SEED_0)[1:], SEED_0)

    def change(manifest: Any) -> None:
        manifest["configs"][0]["rows"]["test"] -= 1
        manifest["configs"][0]["used"] -= 1
        manifest["configs"][0]["candidates"] -= 1
        manifest["sources"][0]["records"] -= 1

    cover(folder, change)


def _said_short(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["configs"][0]["facts"]["sets"]["benign"]["short_of"].update(safe=2))


def _unknown_set(folder: Path) -> None:
    for name in (SEED_0, SEED_0.replace("seed_0", "seed_1")):
        rewrite(
            folder, [{**each, "set": "rafts"} if each["set"] == "boats" else each for each in rows(folder, name)], name
        )
    cover(folder)


def _other_overlap(folder: Path) -> None:
    cover(folder, lambda manifest: manifest["across"][0]["shared"].update({"seed_0 seed_1": 999}))


def _another_near(folder: Path) -> None:
    one, two, *rest = [each for each in rows(folder, SEED_0) if each["set"] == "benign"]
    others = [each for each in rows(folder, SEED_0) if each["set"] != "benign"]
    prompt = one["prompt"].replace("?", " !")
    rewrite(folder, [one, {**two, "prompt": prompt, "record_id": record_id("prompt", prompt)}, *rest, *others], SEED_0)
    cover(folder)


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (_lost_query, "DMR503", "sets.benign.sides.safe.drawn: 4 in the rows, declared 5"),
        (_lost_query, "DMR503", "sets.benign.short_of.safe: 1 in the rows, declared 0"),
        (_said_short, "DMR503", "sets.benign.short_of.safe: 0 in the rows, declared 2"),
        (_unknown_set, "DMR503", "sets.rafts.sides.harmful.drawn: 3 in the rows, declared None"),
        (_other_overlap, "DMR503", "what its configs have in common is not what is declared"),
        (_another_near, "DMR106", "near-duplicate of"),
    ],
)
def test_check_finds_a_planted_fault(fault: Any, code: str, message: str, drawn: Build, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(drawn.out, tmp_path / "copy"))
    fault(folder)
    assert any(each.code == code and message in each.message for each in check(folder).findings)


def test_parquet_carries_the_canary(drawn: Build) -> None:
    metadata = pq.read_schema(drawn.out / SEED_0).metadata or {}
    assert drawn.manifest.canary is not None
    assert any(drawn.manifest.canary.encode() in value for value in metadata.values())
    assert not (drawn.out / "eval.yaml").exists()
