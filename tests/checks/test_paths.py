"""`--map` with paths: into objects, into lists of turns, nested or as JSON; what leads nowhere is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import Report, check
from demur.checks.layouts import layout_of
from demur.checks.paths import Reached
from demur.errors import UsageError

LAKE, RIVER, TEST = "Name a lake in Italy.", "Which river crosses Turin?", "How do I carve a wooden spoon from birch?"


def talk(*texts: str, who: tuple[str, str] = ("human", "gpt")) -> list[dict[str, str]]:
    return [{"speaker": who[place % 2], "utterance": text} for place, text in enumerate(texts)]


ROWS: list[dict[str, Any]] = [
    {"talk": talk(LAKE, "Garda.", RIVER, "The Po."), "meta": {"n": "a1", "of": {"split": "train"}}},
    {"talk": talk(RIVER, "The Po."), "meta": {"n": "a2", "of": {"split": "train"}}},
    {"talk": talk(LAKE, "Garda.", RIVER, ""), "meta": {"n": "a3", "of": {"split": "test"}}},
]


def write(folder: Path, rows: list[dict[str, Any]], *, nested: bool) -> Path:
    if nested:
        pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
        return folder / "rows.parquet"
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "rows.jsonl"


def told(report: Report) -> list[tuple[str, int | None, str | None]]:
    return [(each.code, each.row, each.record_id) for each in report.findings]


@pytest.mark.parametrize("nested", [False, True])
def test_turns_roles_ids_and_splits_are_reached(tmp_path: Path, nested: bool) -> None:
    path = write(tmp_path, [*ROWS, {**ROWS[1], "meta": {"n": "a4", "of": {"split": "train"}}}], nested=nested)
    mapping = "messages=talk[].utterance,role=talk[].speaker,id=meta.n,split=meta.of.split"
    report = check(path, mapping, license="mit", ignore=["DMR101"])
    assert told(report) == [("DMR012", 2, "a3"), ("DMR102", 3, "a4")]
    assert report.findings[0].message == "has an empty turn: turn 4 (assistant)"
    assert report.findings[0].column == "talk[].utterance"


def test_a_mapping_file_has_paths_too(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('columns = { messages = "talk[].utterance", role = "talk[].speaker" }\n')
    report = check(write(tmp_path, ROWS, nested=False), str(tmp_path / "mine.toml"), license="mit")
    assert [(each.code, each.row) for each in report.findings] == [("DMR012", 2)]


def test_the_roles_are_those_of_the_file(tmp_path: Path) -> None:
    rows = [{"talk": talk("Hello there, who is it?", LAKE, who=("gpt", "human"))}]
    path = write(tmp_path, rows, nested=False)
    report = check(path, "messages=talk[].utterance,role=talk[].speaker", license="mit")
    assert [each.message for each in report.findings] == ["has turns of user and assistant that do not take turns"]
    assert check(path, "messages=talk[].utterance", license="mit").findings == ()


def test_every_turn_of_the_user_is_held_against_protected_prompts(tmp_path: Path) -> None:
    turns = [{"text": text} for text in (LAKE, "Garda.", TEST, "So.")]
    path = write(tmp_path, [{"talk": turns}], nested=False)
    (tmp_path / "own.jsonl").write_text(json.dumps({"prompt": TEST}) + "\n")
    report = check(path, "messages=talk[].text", license="mit", against=[str(tmp_path / "own.jsonl")])
    assert [(each.code, each.message[:13]) for each in report.findings] == [("DMR104", "turn 3 (user)")]


@pytest.mark.parametrize(
    ("mapping", "near"),
    [
        ("prompt=meta.qestion", "Did you mean 'question'?"),
        ("prompt=mta.question", "Did you mean 'meta'?"),
        ("prompt=meta.question,messages=talk[].utterence", "Did you mean 'utterance'?"),
        ("prompt=qestion", "Did you mean 'question'?"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_path_that_leads_nowhere_names_what_is_near(tmp_path: Path, mapping: str, near: str, nested: bool) -> None:
    rows = [{"meta": {"question": LAKE}, "talk": talk(LAKE, "Garda."), "question": RIVER}]
    report = check(write(tmp_path, rows, nested=nested), mapping, license="mit", select=["DMR005"])
    (finding,) = report.findings
    assert finding.message.endswith(near)


def test_a_column_that_is_called_like_a_path_is_itself(tmp_path: Path) -> None:
    rows = [{"meta.q": LAKE, "meta": {"q": ""}}, {"meta.q": LAKE, "meta": {"q": ""}}]
    report = check(write(tmp_path, rows, nested=False), "prompt=meta.q", license="mit")
    assert told(report) == [("DMR102", 1, None)]


def test_a_path_that_ends_in_a_list_reaches_the_list(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": LAKE}, {"role": "assistant", "content": " "}]
    for nested in (False, True):
        path = write(tmp_path, [{"data": {"turns": turns}}], nested=nested)
        for mapping in ("messages=data.turns", "messages=data.turns[]"):
            assert [each.code for each in check(path, mapping, license="mit").findings] == ["DMR012"], mapping


def test_later_rows_without_the_field_have_nothing_there() -> None:
    reached, layout = Reached(), layout_of("prompt=meta.q,id=meta.n")
    first = reached.add(pa.RecordBatch.from_pylist([{"meta": '{"q": "a", "n": 1}'}]), layout)
    later = reached.add(pa.RecordBatch.from_pylist([{"meta": "{}"}, {"meta": None}, {"meta": "[broken"}]), layout)
    assert first.to_pylist() == [{"meta": '{"q": "a", "n": 1}', "meta.q": "a", "meta.n": 1}]
    assert [row["meta.q"] for row in later.to_pylist()] == [None, None, None]


def test_roles_stand_in_the_list_of_the_turns() -> None:
    for roles in ("speaker", "other[].speaker", "talk.speaker"):
        with pytest.raises(UsageError, match=r"role=talk\[\].NAME"):
            layout_of(f"messages=talk[].utterance,role={roles}")


def test_sides_alone_are_a_mapping(tmp_path: Path) -> None:
    rows = [{"good": talk(LAKE, "Garda."), "bad": talk(LAKE, "Garda.")}]
    path = write(tmp_path, rows, nested=True)
    found = check(path, "chosen=good[].utterance,rejected=bad[].utterance", license="mit", select=["DMR312"])
    assert told(found) == [("DMR312", 0, None)]


@pytest.mark.parametrize("file", [False, True])
def test_a_mapping_keeps_what_rows_are_for(tmp_path: Path, file: bool) -> None:
    """Alpaca's columns are trained on, whoever names them; a prompt alone is not."""
    mapping = "prompt=instruction,response=output"
    if file:
        mapping = str(tmp_path / "mine.toml")
        (tmp_path / "mine.toml").write_text('columns = { prompt = "instruction", response = "output" }\n')
    for more, trained in (({"output": "Garda.", "input": ""}, True), ({"answer": "Garda."}, False)):
        path = write(tmp_path, [{"instruction": LAKE, **more}], nested=False)
        said = check(path, mapping, license="mit").unjudged
        assert any(each.what == "contamination" for each in said) != trained
