"""Findings follow from the rows: not from the format, from how a reader gives turns, or from where batches end."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.checks.engine import check
from demur.files.bounds import within

Row = dict[str, Any]
Told = list[tuple[int | None, str, str | None, str]]

WHOLE, FEW = 1 << 24, 400
"""Bytes of a batch: all rows of these files, or a few."""


def lines(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def document(path: Path, rows: list[Row]) -> None:
    path.write_text(json.dumps(rows), encoding="utf-8")


def parquet(path: Path, rows: list[Row]) -> None:
    names = dict.fromkeys(name for row in rows for name in row)
    pq.write_table(pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]), path)


WAYS: dict[str, Callable[[Path, list[Row]], None]] = {"jsonl": lines, "json": document, "parquet": parquet}


def told(path: Path, batch: int, **how: Any) -> Told:
    with within({"batch": batch}):
        found = check(path, license="mit", **how).findings
    rows = re.compile(r"\S*set\.\w+: row \d+|\S*set\.\w+:\d+|\b(?:line|row) \d+")
    return [(each.row, each.code, each.column, rows.sub("a row", each.message)) for each in found]


def ways(folder: Path, rows: list[Row], **how: Any) -> dict[tuple[str, int], Told]:
    found = {}
    for name, write in WAYS.items():
        write(folder / f"set.{name}", rows)
        for batch in (WHOLE, FEW):
            found[name, batch] = told(folder / f"set.{name}", batch, **how)
    return found


def chat(asked: str, said: str | None, **more: str) -> list[Row]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": said, **more}]


def lamps(count: int) -> list[Row]:
    return [{"prompt": f"Where is lamp number {number} of the old harbour?"} for number in range(count)]


@pytest.mark.parametrize("name", ["answer", "output", "completion", "response", "context", "tools"])
def test_a_column_that_comes_late_makes_no_other_row(name: str, tmp_path: Path) -> None:
    rows = [*lamps(20), lamps(1)[0], {"prompt": "Where is the tea?", name: "It stands in the kitchen."}]
    for found in ways(tmp_path, rows, select=["DMR102"]).values():
        assert found == [(20, "DMR102", None, "the same texts as a row")]


def test_answers_in_different_columns_are_different_rows(tmp_path: Path) -> None:
    asked, said = "Where is the lamp?", "It stands in the hall."
    rows: list[Row] = [{"prompt": asked, "answer": said, "generation": None}]
    rows += [{"prompt": asked, "answer": None, "generation": said}, {"prompt": asked, "model_output": said}]
    for found in ways(tmp_path, rows, select=["DMR102"]).values():
        assert found == []
    for found in ways(tmp_path, [*rows, rows[1]], select=["DMR102"]).values():
        assert [row for row, *_ in found] == [3]


@pytest.mark.parametrize("name", ["label", "answer_label"])
def test_rows_before_a_label_have_none(name: str, tmp_path: Path) -> None:
    """Of a label that is about answers, those are asked that have one."""
    rows = [*lamps(30), *({**row, name: "safe"} for row in lamps(40)[30:])]
    if name != "label":
        rows = [{**row, "response": "It stands left of the gate." if at % 2 else None} for at, row in enumerate(rows)]
    said = "30 of 40" if name == "label" else "15 of 20"
    for found in ways(tmp_path, rows, select=["DMR202", "DMR208"]).values():
        assert [(code, message[:8]) for _, code, _, message in found] == [("DMR202", said)]


@pytest.mark.parametrize("last", ["train", "validation"])
def test_whether_a_file_teaches_is_what_all_its_rows_say(last: str, tmp_path: Path) -> None:
    rows = [
        {**row, "response": "Blue." if at < 120 else "Left of the gate, where the boats go out in the evening.",
         "split": "test" if at < 120 else last}
        for at, row in enumerate(lamps(160))
    ]  # fmt: skip
    for found in ways(tmp_path, rows, select=["DMR315"]).values():
        assert ["120 of 160" in message for *_, message in found] == ([True] if last == "train" else [])


def test_a_side_may_be_missing_in_all_rows_of_a_batch(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"chosen": chat(**lamp), "rejected": chat(lamp["asked"], "No idea at all.")}
        for lamp in ({"asked": row["prompt"], "said": "Left of the gate."} for row in lamps(6))
    ]
    rows.append({"chosen": chat("Where is the tea?", "It stands in the kitchen."), "rejected": None})
    empty = (6, "DMR006", "rejected", "the rejected is empty")
    for found in ways(tmp_path, rows, select=["DMR004", "DMR006", "DMR010"]).values():
        assert found == [empty]
    for found in ways(tmp_path, rows[6:], select=["DMR004", "DMR006", "DMR010"]).values():
        assert found == [(0, *empty[1:])]


@pytest.mark.parametrize("odd", [{}, {"name": "helper"}])
def test_letters_are_those_of_all_turns(odd: Row, tmp_path: Path) -> None:
    """Rows with ids are the same only if they are spelt the same; keys and their order are no letters."""
    asked = "Where is the lamp"
    turned = [{"content": turn["content"], "role": turn["role"]} for turn in chat(asked, "In the hall")]
    chats = [chat(asked, "In the Hall"), chat(asked, "In the hall!"), chat(asked, " In the Hall "), turned, turned]
    rows = [{"id": f"r{at}", "messages": each} for at, each in enumerate(chats)]
    rows += [{"id": f"s{at}", "messages": chat(row["prompt"], "In town")} for at, row in enumerate(lamps(9))]
    rows.append({"id": "t", "messages": chat("Where is the tea?", "In the kitchen", **odd)})
    for found in ways(tmp_path, rows, select=["DMR102"]).values():
        assert [row for row, *_ in found] == [2]
    rows[1] = {"id": "r1", "messages": turned}
    rows[0] = {"id": "r0", "messages": chat(asked, "In the hall")}
    for found in ways(tmp_path, rows, select=["DMR102"]).values():
        assert [row for row, *_ in found] == [1, 3, 4]


def test_a_turn_whose_role_is_empty_has_none(tmp_path: Path) -> None:
    turns = [{"from": "", "value": "Where is the lamp?"}, {"from": "gpt", "value": "In the hall."}]
    rows = [{"conversations": turns}, {"conversations": [{"from": "human", "value": "And the tea?"}, turns[1]]}]
    for found in ways(tmp_path, rows, select=["DMR012"]).values():
        assert found == [(0, "DMR012", "conversations", "has a turn without a role")]


def test_marks_are_those_of_the_row(tmp_path: Path) -> None:
    """Whatever reads the turns, a finding in a baseline stays known."""
    rows: list[Row] = [{"messages": chat("Where is lamp\ufffd one?", "In the hall.")}]
    rows += [{"messages": chat("Where is lamp\ufffd two?", None)}, {"messages": chat("And the tea?", "In town.")}]
    marks = set()
    for odd in ({}, {"name": "helper"}):
        rows[2] = {"messages": chat("And the tea?", "In town.", **odd)}
        for name, write in WAYS.items():
            write(tmp_path / f"set.{name}", rows)
            report = check(tmp_path / f"set.{name}", license="mit", select=["DMR002"], marked=True)
            marks.add(tuple(each.mark for each in report.findings))
    assert len(marks) == 1
    assert len({*marks.pop()}) == 2


WORDS = ["lamp", "river", "tea", "harbour", "gate", "boat", "window", "bread", "lake", "stone", "garden", "clock"]
ODD = (
    "",
    " ",
    "N/A",
    "Caf\u00c3\u00a9",
    "a &amp; b",
    "TODO",
    "[Your Name]",
    "\ufffd",
    "Sorry, but I cannot help with that.",
)


def text(draw: random.Random) -> str | None:
    if draw.random() < 0.12:
        return draw.choice((*ODD, None))
    words = draw.choices(WORDS, k=draw.choice([2, 3, 3, 12]))
    return " ".join(words) + draw.choice([".", "?", "", " "])


SIDES = ("chosen", "rejected")
SHAPES = {"answers": ("prompt", "response"), "chats": (), "pairs": SIDES, "texts": ("prompt", *SIDES)}
COLUMNS = ("id", "split", "label", "category", "license", "output", "system")


def row(draw: random.Random, shape: str, at: int, columns: Sequence[str]) -> Row:
    def turns() -> list[Row] | None:
        said = chat(text(draw) or "", text(draw))
        if draw.random() < 0.1:
            said[draw.randrange(2)]["name"] = "helper"
        return None if draw.random() < 0.05 else said

    made: Row = {"messages": turns()} if shape == "chats" else {}
    for name in SHAPES[shape]:
        made[name] = turns() if shape == "pairs" else text(draw)
    late = at > 25
    for name, values, chance in (
        ("id", [f"r{at}", f"r{at}", "r0"], 1.0),
        ("split", ["train", "test", "eval"], 0.95),
        ("label", ["safe", "harmful", "Safe"], 0.9),
        ("category", ["noise", "ice"], 0.8),
        ("license", ["mit"], 0.5 * late),
        ("output", [text(draw)], 0.3 * late),
        ("system", ["Be brief."], 0.1 * late),
    ):
        if name in columns and draw.random() < chance:
            made[name] = draw.choice(values)
    return made


@pytest.mark.parametrize("seed", range(12))
def test_rows_of_any_shape(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    shape = [*SHAPES][seed % 4]
    columns = [name for name in COLUMNS if draw.random() < 0.6]
    if shape == "chats":  # the columns of the first rows say how a file is read, and an output would be the answer
        columns = [name for name in columns if name != "output"]
    rows = [row(draw, shape, at, columns) for at in range(45)]
    rows += [dict(draw.choice(rows)) for _ in range(5)]
    first, *others = ways(tmp_path, rows).values()
    assert first
    for found in others:
        assert found == first


@pytest.mark.parametrize("seed", range(4))
def test_turns_that_nobody_reads_as_turns(seed: int, tmp_path: Path) -> None:
    """A list of turns stands for an id, an answer that the layout does not know, one side alone, or a label."""
    draw = random.Random(seed)  # noqa: S311
    odd = [draw.choice(("output", "completion"))]
    odd += draw.sample(("id", "system", "category", "split", "source", "rejected", "is_safe"), k=2)
    rows: list[Row] = []
    for at in range(40):
        rows.append({"prompt": text(draw), "response": text(draw), "label": draw.choice(["safe", "harmful"])})
        if "rejected" in odd:
            rows[-1]["chosen"] = bool(at % 2)
        for name in odd:
            rows[-1][name] = None if draw.random() < 0.1 else chat(draw.choice(WORDS), draw.choice(WORDS))
    rows += [dict(draw.choice(rows)) for _ in range(5)]
    rows.append({**draw.choice(rows), odd[0]: chat("Where is the lamp?", "In the hall.")})
    first, *others = ways(tmp_path, rows).values()
    assert first
    for found in others:
        assert found == first


@pytest.mark.parametrize("ending", ["", "\n"])  # a blank line leaves the lines to the slower reader
def test_turns_that_nobody_reads_tell_rows_apart_and_are_told(ending: str, tmp_path: Path) -> None:
    asked = "Where is the lamp of the old harbour?"
    rows = [
        {"prompt": asked, "output": "In the hall.", "generation": chat(asked, said)} for said in ("Here.", "There.")
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[1]]) + ending, encoding="utf-8")
    report = check(path, license="mit")
    same = [(each.row, each.message) for each in report.findings if each.code == "DMR102"]
    assert same == [(2, "the same texts as line 2")]
    assert "columns of texts generation" in [each.what for each in report.unjudged]


@pytest.mark.parametrize("name", ["notes", "id", "tools", "messages"])
def test_times_that_python_has_not_end_no_check(name: str, tmp_path: Path) -> None:
    far = pa.array([9_000_000_000_000] * 2, pa.timestamp("s"))
    fields = [pa.array(["user"] * 2), pa.array([["Where is the lamp?"]] * 2), far]
    cells = pa.ListArray.from_arrays([0, 1, 2], pa.StructArray.from_arrays(fields, ["role", "content", "when"]))
    pq.write_table(pa.table({"prompt": ["Where is the old lamp?"] * 2, name: cells}), tmp_path / "a.parquet")
    report = check(tmp_path / "a.parquet", license="mit", marked=True)
    assert (report.files, report.rows) == (1, 2)
