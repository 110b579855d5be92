"""What LLaMA-Factory is given; where its package can be imported, its own code reads it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow.compute as pc
import pytest
import yaml

from demur.exports.llama_factory import INFO, llama_factory
from demur.sets.folder import BuiltSet
from tests.conftest import files_of
from tests.exports.conftest import read

COLUMNS = {
    "sharegpt": ["messages"],
    "alpaca": ["instruction", "output"],
    "preference": ["chosen", "messages", "rejected"],
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("view", COLUMNS)
def test_every_file_is_named_with_its_columns(view: str, training: BuiltSet, tmp_path: Path) -> None:
    said = llama_factory.run(training, tmp_path, view=view)
    info = json.loads((tmp_path / INFO).read_text(encoding="utf-8"))
    assert [each["file_name"] for each in info.values()] == [*said["files"]]
    for each in info.values():
        rows = lines(tmp_path / each["file_name"])
        assert len(rows) == said["files"][each["file_name"]] > 0
        assert (
            {tuple(sorted(row)) for row in rows} == {tuple(COLUMNS[view])} == {tuple(sorted(each["columns"].values()))}
        )
        assert each.get("ranking", False) == (view == "preference")
    config = yaml.safe_load((tmp_path / "llama-factory.yaml").read_text(encoding="utf-8"))
    assert {config["dataset"], *config["eval_dataset"].split(",")} == set(info)
    assert config["stage"] == ("dpo" if view == "preference" else "sft")


def test_no_layout_trains_on_the_text_of_an_rto_row(training: BuiltSet, tmp_path: Path) -> None:
    for view in COLUMNS:
        llama_factory.run(training, tmp_path / view, view=view)
    learnt = [row["messages"][-1]["content"] for row in lines(tmp_path / "sharegpt" / "train.jsonl")]
    assert [row["output"] for row in lines(tmp_path / "alpaca" / "train.jsonl")] == learnt
    pairs = lines(tmp_path / "preference" / "train.jsonl")
    assert len(learnt) > len(pairs) > 0
    assert not read(training) & {*learnt, *(row["chosen"]["content"] for row in pairs)}
    assert {row["rejected"]["content"] for row in pairs} <= read(training)


def test_rows_with_a_prefix_are_counted(training: BuiltSet, tmp_path: Path) -> None:
    said = llama_factory.run(training, tmp_path, view="alpaca")
    rows = training.rows()
    told = sorted(
        [pc.sum(pc.equal(rows["kind"], "rto")).as_py(), pc.sum(pc.not_equal(rows["context_prefix"], "")).as_py()]
    )
    assert sorted(said["left_out"].values()) == told
    assert sum(said["files"].values()) + sum(told) == rows.num_rows


def test_token_rows_are_a_saved_data_set_of_the_same_bytes(training: BuiltSet, named: str, tmp_path: Path) -> None:
    said = llama_factory.run(training, tmp_path / "one", view="tokens", tokenizer=named)
    llama_factory.run(training, tmp_path / "two", view="tokens", tokenizer=named)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    config = yaml.safe_load((tmp_path / "one" / "llama-factory.yaml").read_text(encoding="utf-8"))
    loaded = datasets.load_from_disk(str(tmp_path / "one" / config["tokenized_path"]))
    assert {f"tokens/{name}": rows.num_rows for name, rows in loaded.items()} == said["files"]
    assert sum(said["files"].values()) == training.rows().num_rows
    assert all(rows.column_names == ["input_ids", "attention_mask", "labels"] for rows in loaded.values())


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("view", COLUMNS)
def test_llama_factory_itself_reads_every_row(
    view: str, training: BuiltSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = pytest.importorskip("llamafactory.data.loader", exc_type=ImportError)
    from llamafactory.data.parser import get_dataset_list

    said = llama_factory.run(training, tmp_path, view=view)
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load(Path("llama-factory.yaml").read_text(encoding="utf-8"))
    plain = {"streaming": False, "preprocessing_num_workers": None, "overwrite_cache": True, "max_samples": None}
    data = SimpleNamespace(dataset_dir=config["dataset_dir"], media_dir=".", **plain)
    model = SimpleNamespace(cache_dir=str(tmp_path / "cache"), hf_hub_token=None)
    counted = {}
    for attributes in get_dataset_list([config["dataset"], *config["eval_dataset"].split(",")], config["dataset_dir"]):
        rows = loader._load_single_dataset(attributes, model, data, SimpleNamespace(local_process_index=0))
        counted[attributes.dataset_name] = len(rows)
        for row in rows:
            assert len(row["_prompt"]) == 1
            assert len(row["_response"]) == (2 if view == "preference" else 1)
            assert row["_response"][0]["content"] not in read(training)
    assert counted == said["files"]
