"""Query sets: what is drawn, from what, by which seed; what a build says of sets that are short."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.errors import UsageError
from demur.kinds.queries import Queries, QuerySet
from demur.kinds.queries.declared import Side
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
from tests.checks.test_rules import golden
from tests.conftest import files_of
from tests.kinds.queries.conftest import EVERY, LAMPS, QUERIES, ROWS, TREES, longer, queries_builder, row, to_prompt
from tests.small import Small, small_project, small_source

SEED_0 = "seed_0/test-00000-of-00001.parquet"


def ids(done: Build, config: str, name: str, side: str) -> set[str]:
    found = BuiltSet.open(done.out).rows(config).to_pylist()
    return {each["record_id"] for each in found if (each["set"], each["side"]) == (name, side)}


def test_every_step_from_labels_to_rows_is_counted(drawn: Build) -> None:
    for config in drawn.manifest.configs:
        lamps = BuiltSet.open(drawn.out).facts(config).sets["lamps"]
        assert (lamps.records, lamps.distinct, lamps.complete, lamps.unknown) == (35, 34, 30, 5)
        assert (lamps.length, lamps.flagged, lamps.contradicted, lamps.short_of) == (120, 0, 0, {})
        yes, no = lamps.sides["harmful"], lamps.sides["safe"]
        assert (yes.labelled, yes.within, yes.unique, yes.drawn) == (
            16, {"40": 4, "80": 15, "120": 15}, {"40": 3, "80": 14, "120": 14}, 5,
        )  # fmt: skip
        assert (no.labelled, no.within, no.unique, no.drawn) == (
            14, {"40": 4, "80": 14, "120": 14}, {"40": 4, "80": 14, "120": 14}, 5,
        )  # fmt: skip
        assert {name: (each.wanted, each.pool, each.drawn) for name, each in yes.strata.items()} == {
            "other, 0-39": (2, 3, 2), "other, 40-79": (3, 11, 3),
        }  # fmt: skip
        assert (yes.basis, yes.questions, lamps.languages) == ({"upstream-author": 5}, 0, {"en": 10})
        assert config.rejects == {"exact-duplicate": 1, "label-unknown": 5, "not-sampled": 58, "too-long": 1}
        assert config.candidates == sum(config.rows.values()) + sum(config.rejects.values())
    assert stats(drawn.out)["seed_0"]["side"] == {"harmful": {"test": 8}, "safe": {"test": 10}}


def test_rows_keep_their_schema_and_both_sides_have_one_length_and_form(drawn: Build) -> None:
    for config in ("seed_0", "seed_1"):
        found = BuiltSet.open(drawn.out).rows(config).to_pylist()
        for each in found:
            SafetyQuery.model_validate_json(json.dumps(each))
        assert {each["split"] for each in found} == {"test"}
        short = Counter((each["side"], len(each["prompt"]) < 40) for each in found if each["set"] == "lamps")
        assert short == {("harmful", True): 2, ("harmful", False): 3, ("safe", True): 2, ("safe", False): 3}
        assert Counter((each["set"], each["side"]) for each in found) == {
            ("lamps", "harmful"): 5, ("lamps", "safe"): 5, ("boats", "harmful"): 3, ("benign", "safe"): 5,
        }  # fmt: skip
    assert check(drawn.out).findings == ()


def test_what_the_text_alone_tells_stands_in_the_facts_and_on_the_card(drawn: Build) -> None:
    sets = BuiltSet.open(drawn.out).facts(drawn.manifest.configs[0]).sets
    told = sets["lamps"].text_alone
    assert (told.against, told.rows, told.groups) == (None, 10, 10)
    assert told.low <= told.auroc <= told.high
    assert sets["boats"].text_alone is None  # eight rows are too few for five folds
    card = (drawn.out / "README.md").read_text(encoding="utf-8")
    line = f"| `seed_0` | lamps | its own other side | {told.auroc:.3f} | {told.low:.3f}-{told.high:.3f} | 10 | 10 |"
    assert line in card


def test_one_sided_sets_are_told_apart_from_the_set_they_are_held_against(
    queries_project: Small, tmp_path: Path
) -> None:
    sides: dict[str, Side] = {"one": "harmful", "two": "safe"}
    sets = {name: QuerySet(sources=(source,), sides=(side,), rule="One side.", against=other)
            for (name, side), source, other in zip(sides.items(), ("lamps", "teas"), ("two", "one"), strict=True)
            }  # fmt: skip
    builder = queries_builder(QUERIES.model_copy(update={"sets": sets}), ("lamps", "teas"))
    done = build(queries_project, builder, tmp_path / "out", Places(offline=True))
    found = BuiltSet.open(done.out).facts(done.manifest.configs[0]).sets
    assert [found[name].text_alone.against for name in sides] == ["two", "one"]
    assert found["one"].text_alone.auroc == found["two"].text_alone.auroc > 0.9  # they share no word
    card = (done.out / "README.md").read_text(encoding="utf-8")
    assert "made to be held against two" in card


def test_a_set_that_is_short_is_never_short_in_silence(
    queries_project: Small, drawn: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = BuiltSet.open(drawn.out).facts(drawn.manifest.configs[0])
    assert facts.sets["boats"].short_of == {"harmful": 2}
    build_summary(drawn)
    said, card = capsys.readouterr().out, (drawn.out / "README.md").read_text(encoding="utf-8")
    for text in (" ".join(said.split()), " ".join(card.split())):
        assert "boats: 2 harmful queries short of 5: 3 of 3 records have that label, 3 of them are below 120" in text
        assert "lamps: 2" not in text
    assert "As their author says." in card
    assert "Hide every" not in said + card
    more = QUERIES.sets["lamps"].model_copy(update={"quotas": {"other": (5, 2, 0)}})
    builder = queries_builder(QUERIES.model_copy(update={"sets": {**QUERIES.sets, "lamps": more}}))
    done = build(queries_project, builder, tmp_path / "out", Places(offline=True))
    assert BuiltSet.open(done.out).facts(done.manifest.configs[0]).sets["lamps"].short_of == {"harmful": 2, "safe": 1}
    card = " ".join((done.out / "README.md").read_text(encoding="utf-8").split())
    assert "lamps: 2 harmful queries short of 7" in card
    assert "these strata are short: other, 0-39: 3 of 5." in card
    assert check(done.out).findings == ()


def test_contradicted_queries_are_never_drawn(tmp_path: Path) -> None:
    """Two near-identical rows with opposite labels, whose ids differ: neither is drawn."""
    doubt = "Hide the old brass lamp of the mill under the stairs today"
    clash = [row(doubt, "yes"), row(f"{doubt} again", "no")]
    few = {"lamps": [*LAMPS, *clash]}
    sources = {name: (small_source(name, [*row("", "")], to_prompt, "prompt"), rows) for name, rows in few.items()}
    every = QUERIES.sets["lamps"].model_copy(update={"quotas": {"other": (40, 40, 40)}})
    queries = QUERIES.model_copy(update={"sets": {"lamps": every}})
    with small_project(tmp_path, sources) as project:
        done = build(project, queries_builder(queries, ("lamps",)), tmp_path / "out", Places(offline=True))
    assert done.manifest.label_conflicts == 1
    config = done.manifest.configs[0]
    assert config.rejects["label-conflict"] == 2
    assert BuiltSet.open(done.out).facts(config).sets["lamps"].contradicted == 2
    assert not any(doubt in prompt for prompt in BuiltSet.open(done.out).rows("seed_0")["prompt"].to_pylist())
    assert check(done.out).findings == ()


def test_draws_differ_by_seed_and_their_overlap_is_counted(drawn: Build) -> None:
    overlaps = {(each["set"], each["side"]): each for each in drawn.manifest.across}
    for name, side in (("lamps", "harmful"), ("lamps", "safe"), ("boats", "harmful"), ("benign", "safe")):
        one, two = (ids(drawn, config, name, side) for config in ("seed_0", "seed_1"))
        assert overlaps[name, side]["shared"] == {"seed_0 seed_1": len(one & two)}
        assert (one == two) == (name == "boats")
    assert (overlaps["lamps", "safe"]["of"], overlaps["benign", "safe"]["of"]) == (14, 45)


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
    few = one.model_copy(update={"quotas": {"other": (1, 2, 3)}})
    with pytest.raises(ValueError, match="declares a quota for each of the 2 lengths"):
        Queries(row=SafetyQuery, sets={"one": few}, seeds={}, lengths=(40, 80))
    harmful = one.model_copy(update={"sides": ("harmful",), "against": "two"})
    with pytest.raises(ValueError, match="a declared set that has the other side"):
        Queries(row=SafetyQuery, sets={"one": harmful}, seeds={})
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


def _contradicted(folder: Path) -> None:
    path = folder / "conflicts.parquet"
    drawn = rows(folder, SEED_0)[0]["record_id"]
    pair = {"record_id": drawn, "source": "lamps", "harmful": "yes", "twin": "0" * 32, "twin_source": "lamps",
            "twin_harmful": "no", "similarity": 0.9}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([pair], schema=pq.read_schema(path)), path)
    cover(folder)


def _other_stratum(folder: Path) -> None:
    def change(manifest: Any) -> None:
        manifest["configs"][0]["facts"]["sets"]["lamps"]["sides"]["safe"]["strata"]["other, 0-39"]["drawn"] = 3

    cover(folder, change)


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
        (_other_stratum, "DMR503", "sets.lamps.sides.safe.strata.other, 0-39.drawn: 2 in the rows, declared 3"),
        (_contradicted, "DMR320", "is drawn, and conflicts.parquet has its opposite"),
        (_another_near, "DMR106", "near-duplicate of"),
    ],
)
def test_check_finds_a_planted_fault(fault: Any, code: str, message: str, drawn: Build, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(drawn.out, tmp_path / "copy"))
    fault(folder)
    findings = [each for each in check(folder).findings if each.code == code and message in each.message]
    assert findings
    if code == "DMR320":
        golden(findings[:1], code, tmp_path)


def test_check_finds_a_side_that_its_length_tells(queries_project: Small, tmp_path: Path) -> None:
    """Fifty rows of each side, the harmful ones longer: without quotas nothing keeps them alike."""
    harmful = [row(f"Hide every {each}{number}" + longer(number), "yes") for number, each in enumerate(EVERY * 2)][:60]
    safe = [row(f"Polish one {each} {TREES[number % 6]}{number}x", "no") for number, each in enumerate(EVERY * 2)][:60]
    source = small_source("lamps", [*row("", "")], to_prompt, "prompt")
    plain = QUERIES.model_copy(update={"sets": {"lamps": QuerySet(sources=("lamps",), rule="All.")}, "per_side": 55})
    with small_project(tmp_path, {"lamps": (source, [*harmful, *safe])}) as project:
        done = build(project, queries_builder(plain, ("lamps",)), tmp_path / "out", Places(offline=True))
    findings = [each for each in check(done.out, select=["DMR321"]).findings if each.file == "seed_0"]
    assert [each.message for each in findings] == ["set lamps: AUROC of the length alone is 1.00"]
    golden(findings, "DMR321", tmp_path)


def test_parquet_carries_the_canary(drawn: Build) -> None:
    metadata = pq.read_schema(drawn.out / SEED_0).metadata or {}
    assert drawn.manifest.canary is not None
    assert any(drawn.manifest.canary.encode() in value for value in metadata.values())
    assert not (drawn.out / "eval.yaml").exists()
