"""Scores of tables and of files in parts are those of one process."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from demur.audits.score import mapped
from demur.audits.score.answers import Answer, Wanted
from demur.audits.score.audit import score
from demur.audits.score.grading import of_phrases
from demur.audits.score.items import Items
from demur.audits.score.joining import Joined, join
from demur.audits.score.mapped import GRADED, Scoring, score_sharded
from demur.cli import main
from demur.errors import FormatError
from demur.files.bounds import limits_said, within
from demur.sets.folder import BuiltSet
from demur.shards import opened_work
from tests.audits.score.conftest import BOTH, NO, YES
from tests.shards.samples import Stopped, cuts, here

BATCH = ["batch=600"]


def responses(items: Items, seed: int, model: str) -> pa.Table:
    rng = random.Random(seed)  # noqa: S311
    said = [rng.choice([NO, YES, f"<think>It is due.</think>{NO}", ""]) for _ in items.rows]
    ids = [item.id for item in items.rows]
    verdicts = [rng.choice(["1", "0", None]) for _ in ids]
    return pa.table({"record_id": ids, "response": said, "model": [model] * len(ids), "mine": verdicts})


@pytest.fixture(scope="module")
def paths(items: Items, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("in")
    pq.write_table(responses(items, 1, "one"), folder / "one.parquet")
    rows = responses(items, 2, "two").to_pylist()
    (folder / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [folder / "one.parquet", folder / "two.jsonl"]


def asked(
    folder: BuiltSet, paths: list[Path], how: dict[str, Any], parts: dict[str, Any] | None = None
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "config": None, "taxonomy": None, "splits": BOTH, "column": None, "prompt": None, "response": None,
        "model": None, "judge": "phrases", "judge_model": None, "judge_url": None, "replies": Path("replies"),
        "verdicts": None, "means": (), "sensitivity": None, "specificity": None, "allow_missing": False,
    }  # fmt: skip
    return score.measure(paths=tuple(paths), items=folder, parts=parts, **given | how).as_dict()


def test_parts_give_the_scores_of_one_process(folder: BuiltSet, paths: list[Path], tmp_path: Path) -> None:
    with within(limits_said(BATCH)):
        cases: list[dict[str, Any]] = [{}, {"verdicts": "mine", "means": ("1=refusal", "0=answer")}]
        for how in cases:
            parts = {"work": str(tmp_path / "work"), "shard_rows": 1}
            one, two = asked(folder, paths, how), asked(folder, paths, how, parts)
            assert two == one
            assert len(one["models"]) == 2


@pytest.mark.parametrize(("seed", "parts"), [(1, 1), (2, 4), (3, 9)])
def test_tables_in_any_order_give_them_too(items: Items, seed: int, parts: int) -> None:
    table = responses(items, 1, "one")
    scoring = pickle.loads(pickle.dumps(Scoring(row="n")))  # noqa: S301
    graded = [scoring.map(part) for part in cuts(table, seed, parts)]
    assert all(each.schema.equals(GRADED) for each in graded)
    found = scoring.combine(graded, items)
    assert found.as_dict() == scoring.combine([scoring.map(table.to_batches()[0].append_column(
        "n", pa.array(range(len(table)))))], items).as_dict()  # fmt: skip
    assert found.models[0].rates["refusal"].n > 0


def test_a_run_that_stops_goes_on_there(items: Items, paths: list[Path], tmp_path: Path) -> None:
    places = {str(path): str(path) for path in paths}
    with within(limits_said(BATCH)):
        whole = Scoring().combine(score_sharded(places, Scoring(), here(tmp_path / "all")), items).as_dict()
        with pytest.raises(Stopped):
            score_sharded(places, Scoring(), here(tmp_path / "work", most=2))
        again = here(tmp_path / "work")
        assert Scoring().combine(score_sharded(places, Scoring(), again), items).as_dict() == whole
        assert again.resumed == 2


def test_what_is_wrong_is_told_at_once(items: Items, tmp_path: Path) -> None:
    table = responses(items, 1, "one")
    pq.write_table(table.drop_columns(["record_id"]), tmp_path / "a.parquet")
    pq.write_table(table.slice(0, 0), tmp_path / "b.parquet")
    places = {name: str(tmp_path / name) for name in ("a.parquet", "b.parquet")}
    graded = score_sharded(places, Scoring(), here(tmp_path / "work"))
    with pytest.raises(FormatError) as caught:
        Scoring().combine(graded, items)
    assert all(word in str(caught.value) for word in ("without an id", "without rows", "b.parquet"))
    with pytest.raises(FormatError, match="do not fit the set"):
        Scoring().combine([Scoring().map(table.slice(1))], items)
    assert Scoring().combine([Scoring().map(table.slice(1))], items, allow_missing=True).models[0].missing == 1


def test_the_command(folder: BuiltSet, paths: list[Path], tmp_path: Path) -> None:
    how = ["score", *map(str, paths), "--items", str(folder.path), "--split", "test", "--split", "validation", "--json"]
    one = CliRunner().invoke(main, how)
    two = CliRunner().invoke(main, [*how, "--work", str(tmp_path / "work")])
    three = CliRunner().invoke(main, ["score", *(path.as_uri() for path in paths), *how[3:]])
    assert one.exit_code == two.exit_code == three.exit_code == 0, (two.output, three.output)
    assert json.loads(two.stdout) == json.loads(one.stdout)
    assert json.loads(three.stdout)["models"] == json.loads(one.stdout)["models"]
    llm = CliRunner().invoke(main, [*how, "--work", "x", "--judge", "llm", "--judge-model", "none"])
    assert llm.exit_code == 2


def test_on_a_cluster(items: Items, paths: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the distributed engine is in the 'scale' extra")
    places = {str(path): str(path) for path in paths}
    with within(limits_said(BATCH)), opened_work("dask", workers=2, work=str(tmp_path), shard_rows=1) as work:
        graded = score_sharded(places, Scoring(Wanted()), work)
    one = Scoring().combine(graded, items, judged=of_phrases())
    two = Scoring().combine(score_sharded(places, Scoring(), here(tmp_path / "here")), items)
    assert one.as_dict() == two.as_dict()


def test_what_many_responses_say_alike_is_held_once(
    items: Items, paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, model, id and sample: a response has little of its own."""
    seen: list[Answer] = []

    def joined(answers: list[Answer], *given: Any, **how: Any) -> Joined:
        seen.extend(answers)
        return join(answers, *given, **how)

    monkeypatch.setattr(mapped, "join", joined)
    table = pq.read_table(paths[0])
    twice = pa.concat_tables([table.append_column("seed", pa.array([seed] * len(table))) for seed in (1, 2)])
    Scoring().combine([Scoring().map(batch, first) for first, batch in _places(twice)], items)
    assert len(seen) == len(twice)
    one, two = seen[0], seen[len(table)]
    assert (one.id, one.model, one.row) == (two.id, two.model, 0)
    assert one.id is two.id
    assert len({id(each.file) for each in seen}) == len({id(each.model) for each in seen}) == 1
    assert not hasattr(one, "__dict__")


def _places(table: pa.Table) -> list[tuple[int, pa.RecordBatch]]:
    return [(first, table.slice(first, 3).combine_chunks().to_batches()[0]) for first in range(0, len(table), 3)]
