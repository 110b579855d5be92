from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from transformers import AutoTokenizer

from demur.cli import main
from demur.errors import UsageError
from demur.exports.trl import trl
from demur.sets.folder import BuiltSet
from demur.tokens.fixed import find_fixed
from demur.tokens.rows import TokenView
from demur.tokens.template import Template
from demur.tokens.views import assistant_text
from tests.audits.tiny import make_tokenizer


def run(built: BuiltSet, out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["export", "trl", str(built.path), "--out", str(out), *options])


def rows_in(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in out.glob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer().save_pretrained(folder)
    return str(folder)


def test_no_layout_trains_on_the_text_of_an_rto_row(training: BuiltSet, words: str, tmp_path: Path) -> None:
    rows = training.rows()
    read = {row["target"] for row in rows.filter(pc.equal(rows["kind"], "rto")).to_pylist()}
    assert read
    learnt = []
    assert run(training, tmp_path / "a").exit_code == 0
    learnt += [row["messages"][-1]["content"] for row in rows_in(tmp_path / "a")]
    assert run(training, tmp_path / "b", "--view", "prompt-completion", "--tokenizer", words).exit_code == 0
    learnt += [row["completion"].removesuffix("<eos>") for row in rows_in(tmp_path / "b")]
    assert run(training, tmp_path / "c", "--view", "preference").exit_code == 0
    preferred = rows_in(tmp_path / "c")
    learnt += [row["chosen"][-1]["content"] for row in preferred]
    assert len(learnt) > 3 * len(preferred) > 0
    assert not read & set(learnt)
    assert {row["rejected"][-1]["content"] for row in preferred} == read


def test_what_a_layout_cannot_say_is_counted(training: BuiltSet, tmp_path: Path) -> None:
    said = json.loads(run(training, tmp_path / "out", "--json").output)
    assert sum(said["files"].values()) + sum(said["left_out"].values()) == training.rows().num_rows
    rows = training.rows().to_pylist()
    told = sorted([sum(row["kind"] == "rto" for row in rows), sum(bool(row["context_prefix"]) for row in rows)])
    assert sorted(said["left_out"].values()) == told
    printed = run(training, tmp_path / "out").output
    assert printed.count("left out: ") == 2
    texts = {row["messages"][-1]["content"] for row in rows_in(tmp_path / "out")}
    assert not any(text in printed for text in texts)


def test_a_prefix_is_read_and_not_learnt(training: BuiltSet, words: str, tmp_path: Path) -> None:
    trl.run(training, tmp_path / "out", view="prompt-completion", tokenizer=words)
    found = {(row["prompt"], row["completion"]) for row in rows_in(tmp_path / "out")}
    prefixed = [row for row in training.rows().to_pylist() if row["kind"] == "prefix_mle" and row["context_prefix"]]
    assert prefixed
    for row in prefixed:
        whole = f"ask : {row['prompt']} say : {assistant_text(row['context_prefix'], row['target'])}<eos>"
        (parts,) = {(prompt, completion) for prompt, completion in found if prompt + completion == whole}
        assert parts[0].endswith(row["context_prefix"])


def test_other_sets_are_refused(queries: BuiltSet, tmp_path: Path) -> None:
    done = run(queries, tmp_path / "out")
    assert done.exit_code == 2
    assert "The export trl takes other sets" in done.output
    assert "a training set" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("view", "tokenizer"),
    [("prompt-completion", None), ("tokens", None), ("messages", "any"), ("preference", "any")],
)
def test_a_tokenizer_goes_with_one_view(training: BuiltSet, tmp_path: Path, view: str, tokenizer: str | None) -> None:
    with pytest.raises(UsageError, match="rendered by a chat template"):
        trl.run(training, tmp_path / "out", view=view, tokenizer=tokenizer)


def test_token_rows_express_every_row(training: BuiltSet, named: str, tmp_path: Path) -> None:
    said = trl.run(training, tmp_path / "out", view="tokens", tokenizer=named)
    assert said["left_out"] == {}
    assert sum(said["files"].values()) == training.rows().num_rows
    loaded = AutoTokenizer.from_pretrained(named)
    template = Template.of(loaded)
    fixed = find_fixed(loaded, template, str(training.stated.fixed_token["text"]).strip())
    kept = training.stated.mixes[training.manifest.configs[0].name].rto_keep if training.stated.mixes else 1.0
    view = TokenView(loaded, template, fixed, keep_rate=kept, seed=training.manifest.parameters.seed)
    for split in training.manifest.configs[0].rows:
        rows = training.rows().filter(pc.equal(training.rows()["split"], split))
        found = pq.read_table(tmp_path / "out" / f"{split}.parquet")
        wanted, _ = view.table(rows)
        assert found.column_names == ["input_ids", "attention_mask", "labels"]
        assert found.to_pydict() == wanted.select(found.column_names).to_pydict()
        transitions = [kind == "rto" for kind in wanted["kind"].to_pylist()]
        assert any(transitions)
        for row, transition in zip(found.to_pylist(), transitions, strict=True):
            learnt = [(id, label) for id, label in zip(row["input_ids"], row["labels"], strict=True) if label != -100]
            assert learnt
            assert (
                {label for _, label in learnt} <= {fixed.id, fixed.start}
                if transition
                else all(id == label for id, label in learnt)
            )
        assert json.loads(found.schema.metadata[b"demur"])["fixed_token"] == {"id": fixed.id, "start_id": fixed.start}


def test_a_block_leaves_out_what_does_not_fit_and_says_so(training: BuiltSet, named: str, tmp_path: Path) -> None:
    said = trl.run(training, tmp_path / "out", view="tokens", tokenizer=named, block=40)
    rows = pq.read_table(tmp_path / "out" / "train.parquet")["input_ids"].to_pylist()
    assert max(map(len, rows)) <= 40
    assert sum(said["files"].values()) + sum(said["left_out"].values()) == training.rows().num_rows


def test_a_word_that_is_no_token_is_refused(training: BuiltSet, named: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not one token"):
        trl.run(training, tmp_path / "out", view="tokens", tokenizer=named, word="Zyxwv")
    assert not (tmp_path / "out").exists()


def test_options_of_token_rows_go_with_no_other_view(training: BuiltSet, tmp_path: Path) -> None:
    done = run(training, tmp_path / "out", "--block", "64")
    assert done.exit_code == 2
    assert "--word and --block are about token rows" in done.output
