"""What Axolotl is given; where its package is installed (`pip install --no-deps axolotl`), its own code reads it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from transformers import AutoTokenizer

from demur.cli import main
from demur.errors import UsageError
from demur.exports.axolotl import axolotl
from demur.sets.folder import BuiltSet
from demur.tokens.rows import TokenView
from demur.tokens.template import Template
from tests.exports.conftest import read
from tests.tokens.conftest import unigram

VIEWS = {"chat-template": False, "input-output": True, "preference": False, "tokens": True}


def run(built: BuiltSet, out: Path, view: str, named: str) -> dict[str, Any]:
    return axolotl.run(built, out, view=view, tokenizer=named if VIEWS[view] else None)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("view", VIEWS)
def test_the_configuration_names_the_files(view: str, training: BuiltSet, named: str, tmp_path: Path) -> None:
    said = run(training, tmp_path, view, named)
    config = yaml.safe_load((tmp_path / "axolotl.yaml").read_text(encoding="utf-8"))
    parts = [*config["datasets"], *config["test_datasets"]]
    assert [part["path"] for part in parts] == sorted(said["files"])
    assert all((tmp_path / part["path"]).is_file() for part in parts)
    assert (config.get("rl") == "dpo") == (view == "preference")
    one = axolotl.run(training, tmp_path / "one", splits=["validation"], view="chat-template")
    assert [*one["files"]] == ["validation.jsonl"]
    assert "datasets" not in yaml.safe_load((tmp_path / "one" / "axolotl.yaml").read_text(encoding="utf-8"))


def test_no_layout_trains_on_the_text_of_an_rto_row(training: BuiltSet, named: str, tmp_path: Path) -> None:
    run(training, tmp_path / "a", "chat-template", named)
    run(training, tmp_path / "b", "input-output", named)
    run(training, tmp_path / "c", "preference", named)
    turns = [row["messages"][-1]["content"] for row in lines(tmp_path / "a" / "train.jsonl")]
    parts = [each for row in lines(tmp_path / "b" / "train.jsonl") for each in row["segments"]]
    learnt = [each["text"].removesuffix("<|im_end|>").strip() for each in parts if each["label"]]
    pairs = lines(tmp_path / "c" / "train.jsonl")
    assert len(learnt) > len(turns) > len(pairs) > 0
    assert not read(training) & {*turns, *learnt, *(row["chosen"]["content"] for row in pairs)}
    assert {row["rejected"]["content"] for row in pairs} <= read(training)


def test_segments_are_the_token_rows_that_a_mask_can_express(training: BuiltSet, named: str, tmp_path: Path) -> None:
    said = run(training, tmp_path, "input-output", named)
    rows = training.rows().filter(pc.equal(training.rows()["split"], "train"))
    learnt = rows.filter(pc.not_equal(rows["kind"], "rto"))
    loaded = AutoTokenizer.from_pretrained(named)
    wanted, bad = TokenView(loaded, Template.of(loaded)).table(learnt)
    made = []
    for row in lines(tmp_path / "train.jsonl"):  # as input_output does it
        ids: list[int] = []
        labels: list[int] = []
        for each in row["segments"]:
            tokens = loaded(each["text"], add_special_tokens=False)["input_ids"]
            ids += tokens
            labels += tokens if each["label"] else [-100] * len(tokens)
        made.append((ids, labels))
    assert made == [(row["input_ids"], row["labels"]) for row in wanted.to_pylist()]
    assert bad.num_rows == 0
    assert any(row["context_prefix"] for row in learnt.to_pylist())
    assert said["left_out"] == {"this layout cannot say that labels differ from the text": len(read(training))}


def test_rows_whose_tokens_differ_apart_are_left_out(training: BuiltSet, tmp_path: Path) -> None:
    marked = copy.deepcopy(unigram())  # puts a mark of a word's beginning before every text
    marked.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}\\n{% else %}{{ m['content'] }}</s>"
        "{% endif %}{% endfor %}"
    )
    marked.save_pretrained(tmp_path / "tokenizer")
    said = axolotl.run(training, tmp_path / "out", view="input-output", tokenizer=str(tmp_path / "tokenizer"))
    assert sum(said["files"].values()) + sum(said["left_out"].values()) == training.rows().num_rows
    assert any("encoded apart" in reason for reason in said["left_out"])


def test_the_command_asks_for_a_tokenizer(training: BuiltSet, tmp_path: Path) -> None:
    arguments = ["export", "axolotl", str(training.path), "--out", str(tmp_path / "out"), "--view", "input-output"]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "rendered by a chat template" in done.output) == (2, True)
    with pytest.raises(UsageError, match="rendered by a chat template"):
        axolotl.run(training, tmp_path / "out", view="chat-template", tokenizer="any")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("view", ["chat-template", "input-output", "tokens"])
def test_axolotl_itself_builds_our_labels(
    view: str, training: BuiltSet, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("axolotl")
    from axolotl.utils.data.shared import load_dataset_with_config
    from axolotl.utils.data.wrappers import get_dataset_wrapper
    from axolotl.utils.dict import DictDefault
    from axolotl.utils.schemas.datasets import SFTDataset

    run(training, tmp_path, view, named)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    config = yaml.safe_load(Path("axolotl.yaml").read_text(encoding="utf-8"))
    part = DictDefault(SFTDataset(**config["datasets"][0]).model_dump(exclude_none=True))
    settings = DictDefault({**config, "sequence_len": 4096, "train_on_inputs": False, "dataset_num_proc": 1})
    loaded = AutoTokenizer.from_pretrained(named)
    data = load_dataset_with_config(part, use_auth_token=False)
    built, _ = get_dataset_wrapper(part, loaded, settings, None, data)
    axolotl.run(training, tmp_path / "ours", view="tokens", tokenizer=named)
    ours = pq.read_table(tmp_path / "ours" / "train.parquet").to_pylist()
    wanted = {(tuple(row["input_ids"]), tuple(row["labels"])) for row in ours}
    # a template that writes a line feed after the end of the turn is read beyond what is learnt
    size = {tuple(row["input_ids"]): len(row["input_ids"]) for row in ours}
    found = set()
    for row in built:
        ids, labels = tuple(row["input_ids"]), tuple(row["labels"])
        cut = next((length for length in (len(ids), len(ids) - 1) if ids[:length] in size), len(ids))
        assert set(labels[cut:]) <= {-100}
        found.add((ids[:cut], labels[:cut]))
    assert found <= wanted
    assert (found == wanted) == (view == "tokens")
