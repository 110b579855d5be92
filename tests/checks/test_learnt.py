"""Texts that are read and never learnt, in layouts that would teach them; built sets are small, and mild."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import Finding, check
from demur.checks.hashes import text_hashes
from demur.checks.learnt import openings
from demur.exports.axolotl import axolotl
from demur.exports.jsonl import jsonl
from demur.exports.llama_factory import llama_factory
from demur.exports.trl import trl
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build
from tests.builders.test_refusal_training import sketch, small  # noqa: F401 - fixtures
from tests.conftest import Tiny
from tests.small import Small

Row = dict[str, Any]


@pytest.fixture(scope="module")
def made(small: tuple[Small, Build]) -> BuiltSet:  # noqa: F811
    return BuiltSet.open(small[1].out)


def _user(row: Row) -> Row:
    return {"role": "user", "content": row["prompt"]}


def _assistant(row: Row) -> Row:
    return {"role": "assistant", "content": row["target"]}


RENAMES: dict[str, Callable[[Row], Row]] = {
    "completion": lambda row: {"prompt": row["prompt"], "completion": row["target"]},
    "turns": lambda row: {"prompt": [_user(row)], "completion": [_assistant(row)]},
    "rendered": lambda row: {"prompt": f"[INST] {row['prompt']} [/INST]", "completion": f"{row['target']}<|im_end|>"},
    "messages": lambda row: {"messages": [_user(row), _assistant(row)]},
    "sharegpt": lambda row: {
        "conversations": [{"from": "human", "value": row["prompt"]}, {"from": "gpt", "value": row["target"]}]
    },
    "alpaca": lambda row: {"instruction": row["prompt"], "output": row["target"]},
    "segments": lambda row: {
        "segments": [{"label": False, "text": row["prompt"]}, {"label": True, "text": row["target"]}]
    },
}


def write(folder: Path, rows: list[Row], name: str = "data.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def found(place: Path, *against: Path) -> list[Finding]:
    return list(check(place, select=["DMR322"], against=[str(each) for each in against]).findings)


def transitions(rows: list[Row]) -> list[int]:
    return [number for number, row in enumerate(rows) if row["kind"] == "rto"]


@pytest.mark.parametrize("name", RENAMES)
def test_a_rename_is_caught_by_the_kind_or_by_the_set(name: str, made: BuiltSet, tmp_path: Path) -> None:
    rows = made.rows().to_pylist()
    wanted = transitions(rows)
    assert 0 < len(wanted) < len(rows)
    bare = write(tmp_path / "bare", [RENAMES[name](row) for row in rows])
    assert found(bare) == []
    told = found(bare, made.path)
    assert [each.row for each in told] == wanted
    assert all(made.manifest.name in each.message for each in told)
    kinds = write(tmp_path / "kinds", [{**RENAMES[name](row), "kind": row["kind"]} for row in rows])
    assert [each.row for each in found(kinds)] == wanted
    texts = {row["target"] for row in rows}
    assert not any(text in each.message for each in told for text in texts)


def test_parquet_and_the_fixed_token_are_read_alike(made: BuiltSet, tmp_path: Path) -> None:
    rows = made.rows().to_pylist()
    table = [{"prompt": row["prompt"], "completion": row["target"], "fixed_token": row["fixed_token"]} for row in rows]
    pq.write_table(pa.Table.from_pylist(table), tmp_path / "data.parquet")
    assert [each.row for each in found(tmp_path)] == transitions(rows)


def test_a_fixed_token_is_an_object_and_a_blank_cell_is_none(made: BuiltSet, tmp_path: Path) -> None:
    rows = [
        {"prompt": row["prompt"], "completion": row["target"], "fixed_token": row["fixed_token"]}
        for row in made.rows().to_pylist()
    ]
    wanted = [number for number, row in enumerate(rows) if row["fixed_token"]]
    assert [each.row for each in found(write(tmp_path / "lines", rows))] == wanted
    (tmp_path / "cells").mkdir()
    with (tmp_path / "cells" / "data.csv").open("w", newline="", encoding="utf-8") as file:
        cells = csv.DictWriter(file, ["prompt", "completion", "fixed_token"])
        cells.writeheader()
        cells.writerows({**row, "fixed_token": json.dumps(row["fixed_token"] or "").strip('"')} for row in rows)
    assert [each.row for each in found(tmp_path / "cells")] == wanted


def test_rows_beside_the_published_ones_are_known_again(made: BuiltSet, tmp_path: Path) -> None:
    rows = made.rows().to_pylist()
    jsonl.run(made, tmp_path / "set")
    write(tmp_path / "set", [RENAMES["completion"](row) for row in rows], "mine.jsonl")
    told = found(tmp_path / "set")
    assert {each.file for each in told} == {"mine.jsonl"}
    assert sorted(each.row for each in told if each.row is not None) == transitions(rows)
    assert all("only reads" in each.message for each in told)


def test_a_preference_that_is_swapped_is_caught(made: BuiltSet, tmp_path: Path) -> None:
    trl.run(made, tmp_path / "good", view="preference")
    assert found(tmp_path / "good", made.path) == []
    pairs = [json.loads(line) for line in (tmp_path / "good" / "train.jsonl").read_text().splitlines()]
    swapped = [{**pair, "chosen": pair["rejected"], "rejected": pair["chosen"]} for pair in pairs]
    told = found(write(tmp_path / "bad", swapped), made.path)
    assert len(pairs) > 1
    assert [(each.column, each.row, each.message.count(made.manifest.name)) for each in told] == [
        ("chosen", number, 1) for number in range(len(pairs))
    ]


def test_our_own_exports_are_clean(made: BuiltSet, tmp_path: Path) -> None:
    for export in (jsonl, trl, axolotl, llama_factory):
        views = {trl: ("messages", "preference"), axolotl: ("chat-template", "preference")}.get(
            export, ("sharegpt", "alpaca", "preference") if export is llama_factory else ()
        )
        for view in views or ("",):
            out = tmp_path / f"{export.name}-{view}"
            said = export.run(made, out, **({"view": view} if view else {}))
            assert sum(said["files"].values())
            assert found(out, made.path) == found(out) == []


def test_an_opening_is_known_behind_marks_and_not_by_a_common_start() -> None:
    long = " ".join(f"word{number}" for number in range(20))
    texts = [
        long,
        f"[/INST] {long}</s>",
        f"{long} and more",
        long.replace("word15", "other"),
        "",
        None,
    ]
    one, marked, more, other, empty, nothing = openings(pa.array(texts, pa.large_string())).tolist()
    assert one == marked == more != other
    assert empty == nothing == 0
    short = openings(pa.array(["It is brass.</s>", "it is BRASS", "It is brass or iron"], pa.large_string())).tolist()
    assert 0 != short[0] == short[1] != short[2]
    whole = text_hashes(pa.array([long, f"{long} and more"], pa.large_string()), 2).tolist()
    assert whole[0] != whole[1]


def test_a_built_evaluation_set_is_one_to_stay_away_from(built: Tiny, tmp_path: Path) -> None:
    prompt = pq.read_table(built.out / "default")["prompt"].to_pylist()[0]
    place = write(tmp_path / "mine", [{"instruction": prompt, "output": "It stands by the harbour."}])
    findings = check(place, select=["DMR104"], against=[str(built.out)]).findings
    assert [each.row for each in findings] == [0]
