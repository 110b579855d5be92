"""The same responses in every form that people have them in, and files that are none."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.audits.score.answers import Answer, Wanted
from demur.audits.score.items import Items
from demur.audits.score.joining import join
from demur.audits.score.reading import read_answers
from demur.errors import FormatError, UsageError
from demur.sets.folder import BuiltSet
from tests.audits.score.conftest import NO, YES, rates, right, run, scored, write

Prompts = dict[str, str]


def rows(items: Items) -> list[dict[str, Any]]:
    return [{"record_id": item.id, "response": right(item)} for item in items.rows]


def jsonl(path: Path, items: Items, prompts: Prompts) -> Path:
    return write(path / "m.jsonl", rows(items))


def table(path: Path, items: Items, prompts: Prompts) -> Path:
    with (path / "m.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "completion", "model"])
        writer.writerows([item.id, right(item), "m"] for item in items.rows)
    return path / "m.csv"


def parquet(path: Path, items: Items, prompts: Prompts) -> Path:
    given = [{"prompt": prompts[item.id], "output": right(item), "model_name": "m"} for item in items.rows]
    pq.write_table(pa.Table.from_pylist(given), path / "m.parquet")
    return path / "m.parquet"


def batch(path: Path, items: Items, prompts: Prompts) -> Path:
    """As OpenAI documents the output of its batch API, and vLLM writes it."""
    return write(path / "m.jsonl", (
        {"id": f"batch_req_{item.id}", "custom_id": item.id, "error": None, "response": {"status_code": 200, "body": {
            "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": right(item)}}]}}}
        for item in items.rows
    ))  # fmt: skip


def garak(path: Path, items: Items, prompts: Prompts) -> Path:
    """As garak 0.12 writes a report: an attempt when it was made, and again when it was judged."""
    setup = {"entry_type": "start_run setup", "plugins.target_type": "test", "plugins.target_name": "m"}
    attempts = [
        {"entry_type": "attempt", "uuid": item.id, "status": status, "notes": {},
         "prompt": {"turns": [{"role": "user", "content": {"text": prompts[item.id], "lang": "en"}}]},
         "outputs": [{"text": right(item), "lang": "en"}]}
        for item in items.rows for status in (1, 2)
    ]  # fmt: skip
    return write(path / "m.report.jsonl", [setup, *attempts, {"entry_type": "completion", "run": "x"}])


def lm_eval(path: Path, items: Items, prompts: Prompts) -> Path:
    """As lm-eval 0.4 writes samples: a line for each document and filter."""
    return write(path / "m" / "samples_mild_2026-01-01.jsonl", (
        {"doc_id": row, "doc": {"record_id": item.id, "prompt": prompts[item.id]}, "target": item.expected,
         "resps": [[right(item)]], "filtered_resps": ["x"], "filter": name}
        for name in ("none", "judge") for row, item in enumerate(items.rows)
    ))  # fmt: skip


def inspect(path: Path, items: Items, prompts: Prompts) -> Path:
    """As Inspect 0.3 writes a log in JSON; by default it drops the record id."""
    samples = [
        {"id": row, "epoch": 1, "input": prompts[item.id], "metadata": {"expected": item.expected},
         "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": right(item)}}]}}
        for row, item in enumerate(items.rows, 1)
    ]  # fmt: skip
    (path / "log.json").write_text(json.dumps({"version": 2, "eval": {"model": "m"}, "samples": samples}))
    return path / "log.json"


FORMS = (jsonl, table, parquet, batch, garak, lm_eval, inspect)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rates(
    form: Callable[[Path, Items, Prompts], Path], items: Items, prompts: Prompts, tmp_path: Path
) -> None:
    found = scored(items, read_answers([form(tmp_path, items, prompts)]))
    assert [each.model for each in found.models] == ["m"]
    refuse = sum(item.expected == "refuse" for item in items.rows)
    assert (rates(found)["refusal"], rates(found)["over_refusal"]) == ((refuse,) * 2, (0, len(items.rows) - refuse))
    by_prompt = form in (parquet, garak, inspect)
    assert set(found.joined.values()) == {"prompt" if by_prompt else "record id"}


def test_the_command_reads_a_folder_of_them(folder: BuiltSet, items: Items, prompts: Prompts, tmp_path: Path) -> None:
    for number, form in enumerate((jsonl, table, batch)):
        (tmp_path / str(number)).mkdir()
        form(tmp_path / str(number), items, prompts).rename(tmp_path / f"m{number}{form.__name__}.jsonl"
                                                            if form is not table else tmp_path / "m1.csv")  # fmt: skip
    done = run("score", tmp_path / "m0jsonl.jsonl", tmp_path / "m1.csv", "--items", folder.path,
               "--split", "test", "--split", "validation", "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert [each["model"] for each in json.loads(done.stdout)["models"]] == ["m", "m0jsonl"]


@pytest.mark.parametrize("form", [batch, garak, inspect])
def test_what_failed_is_no_answer(
    form: Callable[[Path, Items, Prompts], Path], items: Items, prompts: Prompts, tmp_path: Path
) -> None:
    path = form(tmp_path, items, prompts)
    if form is batch:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines[0] |= {"response": None, "error": {"code": "timeout"}}
        lines[1]["response"] |= {"status_code": 500, "body": {}}
        write(path, lines)
    elif form is garak:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines[1:5]:  # both entries of two attempts
            line["outputs"] = [None]
        write(path, lines)
    else:
        log = json.loads(path.read_text())
        log["samples"][0] |= {"error": {"message": "it broke"}, "output": {"choices": []}}
        log["samples"][1]["output"] |= {"choices": [], "error": "it broke"}
        path.write_text(json.dumps(log))
    found = read_answers([path])
    assert [answer.errored for answer in found] == [True, True] + [False] * (len(items.rows) - 2)
    with pytest.raises(FormatError, match="2 failed"):
        join(found, items, "m")
    kept = join(found, items, "m", allow_missing=True)
    assert sum(run.failed for run in kept.runs) == sum(run.missing for run in kept.runs if run.answers) == 2


def test_several_outputs_are_samples(items: Items, prompts: Prompts, tmp_path: Path) -> None:
    item = items.rows[0]
    path = write(tmp_path / "m.jsonl", [
        {"custom_id": item.id, "response": {"body": {"model": "m", "choices": [
            {"message": {"content": NO}}, {"message": {"content": [{"type": "text", "text": YES}]}},
            {"message": {"content": None, "refusal": NO}}]}}}
    ])  # fmt: skip
    found = read_answers([path])
    assert [(answer.sample, answer.response) for answer in found] == [("1", NO), ("2", YES), ("3", NO)]


def test_epochs_attachments_and_scores_of_inspect(items: Items, prompts: Prompts, tmp_path: Path) -> None:
    item = items.rows[0]
    turns = [{"role": "system", "content": "x"}, {"role": "user", "content": prompts[item.id]}]
    samples = [
        {"id": 1, "epoch": epoch, "input": turns,
         "metadata": {"record_id": item.id}, "attachments": {"abc": YES}, "scores": {"own": {"value": "C"}},
         "output": {"choices": [{"message": {"content": "attachment://abc"}}]}}
        for epoch in (1, 2)
    ]  # fmt: skip
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"eval": {"model": "m"}, "samples": samples}))
    found = read_answers([path], Wanted(verdicts="own"))
    assert [(each.sample, each.response, each.id, each.sha256, each.verdict) for each in found] == [
        (epoch, YES, item.id, item.sha256, "C") for epoch in "12"
    ]
    with pytest.raises(FormatError, match="no score of 'other'"):
        read_answers([path], Wanted(verdicts="other"))


def test_a_response_that_is_missing_is_empty(tmp_path: Path) -> None:
    found = read_answers([write(tmp_path / "m.jsonl", [{"id": "a", "response": None}, {"id": "b", "response": ""}])])
    assert [(each.id, each.response) for each in found] == [("a", None), ("b", "")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "holds no responses"),
        ([{"response": NO}], "no column with record ids or prompts"),
        ([{"id": "a", "text": NO}], "no column with responses"),
        ([{"id": "a", "response": NO}, {"id": None, "response": NO}], "row 1: has neither an id nor a prompt"),
        ([{"id": "a", "response": [NO]}], "row 0: the response is no text"),
        ([{"id": "a", "response": 7}], "row 0: the response is no text"),
        ([{"id": "a", "response": NO}, {"id": "b", "response": 7}], "column 'response' holds number and text"),
        ([{"doc": {"id": "a"}, "resps": [[["x", 1]]], "filter": "none"}], "row 0: is no generation of lm-eval"),
        ([{"doc": {}, "resps": [[NO]], "filter": "none"}], "row 0: has neither an id nor a prompt"),
    ],
)
def test_files_that_are_none(lines: list[dict[str, Any]], said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as raised:
        read_answers([write(tmp_path / "m.jsonl", lines)])
    assert said in str(raised.value)
    assert NO not in str(raised.value)


def test_other_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("x")
    with pytest.raises(UsageError, match="Unknown kind of file"):
        read_answers([tmp_path / "m.txt"])
    with pytest.raises(UsageError, match="holds no responses"):
        read_answers([tmp_path])
    for text, said in (("{", "line 1"), ("[]", "is no log of Inspect"), ('{"eval": {}}', "holds no responses")):
        (tmp_path / "log.json").write_text(text)
        with pytest.raises(FormatError, match=said):
            read_answers([tmp_path / "log.json"])


def test_columns_can_be_named(items: Items, prompts: Prompts, tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", [
        {"prompt": f"<user>{prompts[item.id]}", "asked": prompts[item.id], "said": YES, "seed": 3, "grade": 1}
        for item in items.rows
    ])  # fmt: skip
    (found, *_) = read_answers([path], Wanted(prompt="asked", response="said", verdicts="grade"))
    assert found == Answer(path, 0, YES, None, None, items.rows[0].sha256, "3", "1")
    with pytest.raises(FormatError, match="no column 'sayd'"):
        read_answers([path], Wanted(response="sayd"))
