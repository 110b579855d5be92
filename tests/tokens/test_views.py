from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from demur.kinds.training.laws import LAWS
from demur.kinds.training.triples import rows_of
from demur.tokens.collator import Collator
from demur.tokens.fixed import find_fixed
from demur.tokens.rows import REASONS, TokenView
from demur.tokens.template import Template
from demur.tokens.views import (
    alpaca,
    assistant_text,
    derta_jsonl,
    derta_template,
    json_lines,
    messages,
    preference,
    prompt_completion,
    segments,
    turns_of_sides,
)
from tests.tokens.conftest import REFUSAL, bpe, row, smollm2, triples, unigram, with_bos


def rows(count: int = 30, seed: int = 1) -> pa.Table:
    """Rows of triples, with links as a builder gives them: one safe text for each."""
    found = rows_of(triples(count), LAWS["derta-released"], seed)
    return found.append_column("safe_record_id", pa.array([f"{each.as_py():032x}" for each in found["triple"]]))


def published_labels(tokenizer: Any, lines: list[str], fixed: int, block: int) -> list[tuple[list[int], list[int]]]:
    """The released trainer's rule, from its preprocessing function and forward pass (see `demur.tokens.views`).

    Tokenise prefix and prefix + text, each cut to the block; mask as many labels as the prefix has tokens; where
    ``safe`` is the string "true", every label that is left becomes the fixed token. (Its random dropping left out.)
    """
    made = []
    for line in lines:
        fields = json.loads(line)
        assert set(fields) == {"prefix", "text", "safe"}
        assert fields["safe"] in ("true", "false")
        before = tokenizer(fields["prefix"], truncation=True, max_length=block)["input_ids"]
        ids = tokenizer(fields["prefix"] + fields["text"], truncation=True, max_length=block)["input_ids"]
        labels = list(ids)
        labels[: len(before)] = [-100] * len(before)
        if fields["safe"] == "true":
            labels = [fixed if label != -100 else -100 for label in labels]
        made.append((ids, labels))
    return made


@pytest.mark.parametrize("block", [1024, 60])
@pytest.mark.parametrize("load", [bpe, with_bos, unigram, smollm2])
def test_the_published_loader_builds_our_labels(load: Any, block: int) -> None:
    tokenizer = load()
    table, template = rows(), derta_template(tokenizer.eos_token)
    fixed = replace(find_fixed(tokenizer, template, REFUSAL), start=None)  # the published trainer has one number
    view = TokenView(tokenizer, template, fixed, block=block)
    lines, left = derta_jsonl(table, tokenizer.eos_token)
    assert left.num_rows == 0
    assert view.fixed is not None
    published = published_labels(tokenizer, list(json_lines(lines)), view.fixed.id, block)
    good, bad = view.table(table)
    ours = {each["record_id"]: (each["input_ids"], each["labels"]) for each in good.to_pylist()}
    assert set(bad["reason"].to_pylist()) <= {REASONS[4]}
    for key, expected in zip(lines["record_id"].to_pylist(), published, strict=True):
        if key in ours:
            assert ours[key] == expected
        else:
            assert set(expected[1]) == {-100}, "what we reject, the published trainer would not learn from at all"
    assert len(ours) > (80 if block == 1024 else 10)


def test_the_flag_says_transition_not_safety() -> None:
    table = rows(4)
    view, _ = derta_jsonl(table)
    for fields, each in zip(view.to_pylist(), table.to_pylist(), strict=True):
        assert fields["safe"] == ("true" if each["kind"] == "rto" else "false")
        assert fields["prefix"] == f"[INST] {each['prompt']} [\\INST]" + (
            " " + each["context_prefix"] if each["context_prefix"] else ""
        )
        joint = "" if each["context_prefix"][-1:].isspace() else " "
        assert fields["text"] == joint + each["target"] + "<|end_of_text|>"


def test_a_merged_seam_is_where_the_published_rule_goes_wrong() -> None:
    tokenizer = bpe()
    template = derta_template(tokenizer.eos_token)
    broken = row("prefix_mle", "Paint it?", "The forbidden colour ", "imaginary")
    view, _ = derta_jsonl(broken, tokenizer.eos_token)
    ((_, labels),) = published_labels(tokenizer, list(json_lines(view)), 0, 1024)
    learnt = tokenizer.decode([label for label in labels if label != -100])
    assert not learnt.startswith("imaginary"), "the first word of the target is masked with its space"
    _, bad = TokenView(tokenizer, template).table(broken)
    assert bad["reason"].to_pylist() == [REASONS[1]]


def test_messages_never_train_on_a_harmful_prefix() -> None:
    table = rows()
    view, left = messages(table)
    assert view.num_rows + left.num_rows == table.num_rows
    kinds = dict(zip(table["record_id"].to_pylist(), table.to_pylist(), strict=True))
    for each in view.to_pylist():
        origin = kinds[each["record_id"]]
        assert origin["kind"] != "rto"
        assert origin["context_prefix"] == ""
        assert [turn["content"] for turn in each["messages"]] == [origin["prompt"], origin["target"]]
    assert left["reason"].to_pylist().count("this layout cannot say that labels differ from the text") == 30


def test_prompt_completion_is_the_sequence_of_the_token_rows() -> None:
    tokenizer = bpe()
    template = Template.of(tokenizer)
    table = rows()
    view, left = prompt_completion(table, template)
    assert left.num_rows == 30
    good, _ = TokenView(tokenizer, template, find_fixed(tokenizer, template, REFUSAL)).table(table)
    tokens = {each["record_id"]: each for each in good.to_pylist()}
    for each in view.to_pylist():
        expected = tokens[each["record_id"]]
        ids = tokenizer(each["prompt"] + each["completion"])["input_ids"]
        assert ids == expected["input_ids"]
        assert len(tokenizer(each["prompt"])["input_ids"]) == expected["target_start"]


def test_preference_sets_the_refusal_against_the_harmful_response() -> None:
    table = rows(10)
    view, left = preference(table)
    assert view.num_rows == 10
    assert left.num_rows == 0
    source = triples(10)
    for number, each in enumerate(view.to_pylist()):
        assert each["prompt"] == [{"role": "user", "content": source["prompt"][number].as_py()}]
        assert each["chosen"][0]["content"] == source["safe"][number].as_py()
        assert each["rejected"][0]["content"] == source["harmful"][number].as_py()
    no_refusals = table.filter(pa.compute.equal(table["kind"], "rto"))
    view, left = preference(no_refusals)
    assert view.num_rows == 0
    assert set(left["reason"].to_pylist()) == {"its refusal is not in the table"}
    no_harm = table.filter(pa.compute.not_equal(table["kind"], "rto"))
    assert set(preference(no_harm)[1]["reason"].to_pylist()) == {"there is no harmful response to set against it"}


def test_other_trainers_layouts_hold_the_same_rows() -> None:
    template = Template.of(bpe())
    turns, parts = messages(rows()), alpaca(rows())
    assert parts[0].select(["instruction", "output"]).to_pylist() == [
        {"instruction": asked["content"], "output": said["content"]} for asked, said in turns[0]["messages"].to_pylist()
    ]
    assert parts[1].equals(turns[1])
    pairs, pieces = prompt_completion(rows(), template), segments(rows(), template)
    assert pieces[1].equals(pairs[1])
    assert [[(each["label"], each["text"]) for each in row] for row in pieces[0]["segments"].to_pylist()] == [
        [(False, row["prompt"]), (True, row["completion"])] for row in pairs[0].to_pylist()
    ]
    sided, preferred = turns_of_sides(rows()), preference(rows())
    assert sided[0].num_rows > 0
    assert sided[0]["messages"].to_pylist() == preferred[0]["prompt"].to_pylist()
    assert [[row["chosen"], row["rejected"]] for row in sided[0].to_pylist()] == [
        [*row["chosen"], *row["rejected"]] for row in preferred[0].to_pylist()
    ]


def test_the_assistant_text_is_the_joined_turn() -> None:
    assert assistant_text("The colour", "Sorry.") == "The colour Sorry."


def test_views_load_as_datasets(tmp_path: Any) -> None:
    import datasets

    view, _ = derta_jsonl(rows(5))
    file = tmp_path / "derta.json"
    file.write_text("".join(json_lines(view)), encoding="utf-8")
    loaded = datasets.Dataset.from_json(str(file), cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["prefix", "text", "safe"]
    assert loaded.num_rows == 15
    assert loaded[0]["safe"] == "false"


def test_the_settings_of_the_collator() -> None:
    with pytest.raises(ValueError, match="out of range"):
        Collator(pad=-1)
