"""What users ask and what is answered, in every shape; and what cannot be read is an error, not a row passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from demur.audits.position.measure import measure
from demur.checks.speech import asked, prompts, rows_as_texts
from demur.cli import main
from demur.errors import FormatError, UsageError

MILD, ASKED = "Name a lake in Italy.", "Explain to the lighthouse keeper why his cormorants refuse to sing"
NO, YES = "I'm sorry, but I cannot help with that.", "Lake Garda is one of them."


def turns(*texts: str, names: tuple[str, str, str, str] = ("role", "content", "user", "assistant")) -> list[Any]:
    role, content, *who = names
    return [{role: who[place % 2], content: text} for place, text in enumerate(texts)]


SHARE = ("from", "value", "human", "gpt")
SHAPES: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": ASKED, "response": YES},
    "alpaca input": {"instruction": MILD, "input": ASKED, "output": YES},
    "messages": {"messages": turns(MILD, YES, ASKED, YES)},
    "parts": {"messages": [{"role": role, "content": [{"type": "text", "text": text}]}
                           for role, text in (("user", MILD), ("assistant", YES), ("user", ASKED))]},
    "sharegpt": {"conversations": turns(MILD, YES, ASKED, YES, names=SHARE)},
    "implicit": {"chosen": turns(MILD, YES, ASKED, YES), "rejected": turns(MILD, YES, ASKED, NO)},
    "hh": {side: f"\n\nHuman: {MILD}\n\nAssistant: {YES}\n\nHuman: {ASKED}\n\nAssistant: {answer}"
           for side, answer in (("chosen", YES), ("rejected", NO))},
    "request": {"custom_id": "a", "body": {"messages": turns(ASKED)}},
    "mapped": {"talk": [{"t": MILD}, {"t": YES}, {"t": ASKED}]},
}  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(command: str, *arguments: object) -> Result:
    return CliRunner().invoke(main, [command, *map(str, arguments)])


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_turn_of_a_user_is_screened(tmp_path: Path, shape: str, suffix: str) -> None:
    against = write(tmp_path / "own.jsonl", [{"prompt": ASKED}])
    mild = json.loads(json.dumps(SHAPES[shape]).replace(ASKED, "And which of them is the deepest, would you say?"))
    path = write(tmp_path / f"x{suffix}", [mild, SHAPES[shape], mild])
    more = ["--map", "messages=talk[].t"] if shape == "mapped" else []
    done = run("decontaminate", path, "--against", against, "--out", tmp_path / "found.parquet", *more)
    assert done.exit_code == 1, done.output
    assert "3 rows, 1 contaminated" in done.output
    assert {*pq.read_table(tmp_path / "found.parquet")["row"].to_pylist()} == {1}
    assert "cormorants" not in done.output


def test_a_file_of_prompts_may_have_any_shape(tmp_path: Path) -> None:
    against = write(tmp_path / "own.jsonl", [SHAPES["sharegpt"]])
    assert prompts(against) == [MILD, ASKED]
    done = run("decontaminate", write(tmp_path / "x.jsonl", [SHAPES["hh"]]), "--against", against)
    assert (done.exit_code, "1 rows, 1 contaminated" in done.output) == (1, True)
    report = run("check", tmp_path / "x.jsonl", "--license", "mit", "--against", against, "--select", "DMR104")
    assert (report.exit_code, "DMR104" in report.output) == (1, True)


def test_what_the_assistant_says_is_nobody_s_prompt(tmp_path: Path) -> None:
    against = write(tmp_path / "own.jsonl", [{"prompt": ASKED}])
    path = write(tmp_path / "x.jsonl", [{"messages": turns(MILD, ASKED)}])
    assert run("decontaminate", path, "--against", against).exit_code == 0


def test_a_url_is_screened_and_named(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    system.pipe({"/said/a.jsonl": json.dumps({"prompt": ASKED}).encode(), "/said/b.jsonl": b"[1]\n"})
    try:
        against = write(tmp_path / "own.jsonl", [{"prompt": ASKED}])
        done = run("decontaminate", "memory://said/a.jsonl", "--against", against, "--offline")
        broken = run("decontaminate", "memory://said/b.jsonl", "--against", against)
    finally:
        system.rm("/said", recursive=True)
    assert (done.exit_code, "1 rows, 1 contaminated" in done.output) == (1, True), done.output
    assert (broken.exit_code, "memory://said/b.jsonl, line 1" in broken.output.replace("///", "//")) == (2, True)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": 7}, "text or null in 'prompt'"),
        ({"prompt": {"a": 1}}, "text or null in 'prompt'"),
        ({"messages": [{"role": "user", "content": 7}]}, "a turn that is no text"),
        ({"messages": {"a": 1}}, "no list of turns"),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    good = {"prompt": MILD} if "prompt" in row else {"messages": turns(MILD, YES)}
    path = write(tmp_path / "x.jsonl", [good, row])
    with pytest.raises(FormatError) as told:
        list(asked(path))
    assert message in str(told.value)
    assert "line 2" in str(told.value)


def test_a_file_without_such_a_column(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [{"promt_": MILD, "n": 1}])
    for column, near in ((None, "promt_"), ("promt", "promt_"), ("promt_.text", "Known: none")):
        with pytest.raises(UsageError, match="No such column") as told:
            list(asked(path, column))
        assert near in str(told.value)
    with pytest.raises(UsageError, match="Unknown kind of file"):
        list(asked(tmp_path / "x.md"))
    both = run("decontaminate", path, "--column", "promt_", "--map", "prompt=promt_")
    assert (both.exit_code, "give one of them" in both.output) == (2, True)


def test_a_plain_cell_beside_turns_is_asked_too(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [{"prompt": f"Human: {MILD}\n\nAssistant: {YES}"}, {"prompt": ASKED}])
    assert prompts(path) == [MILD, ASKED]


def starts(path: Path, **how: Any) -> dict[str, tuple[int, int, int]]:
    """By part: refusals, responses, and those that are empty."""
    parts = measure(path, **how).parts
    return {
        part.name: (part.positions.refusals.count, part.positions.refusals.n, part.positions.empty) for part in parts
    }


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_where_refusals_begin_in_every_shape(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    assert starts(write(path, [{"messages": turns(MILD, YES, ASKED, NO)}] * 2)) == {path.name: (2, 4, 0)}
    assert starts(write(path, [{"conversations": turns(MILD, NO, names=SHARE)}])) == {path.name: (1, 1, 0)}
    sides = {f"{path.name}: chosen": (0, 1, 0), f"{path.name}: rejected": (1, 1, 0)}
    assert starts(write(path, [SHAPES["implicit"]])) == sides
    assert starts(write(path, [SHAPES["hh"]])) == sides
    assert starts(path, column="rejected") == {path.name: (1, 2, 0)}
    whole = {"prompt": turns(MILD), "completion": turns("", NO)[1:], "label": True}
    assert starts(write(path, [whole])) == {path.name: (1, 1, 0)}
    rows = [{"talk": [{"t": MILD}, {"t": NO}], "kind": "a"}, {"talk": [{"t": MILD}, {"t": YES}], "kind": "b"}]
    assert starts(write(path, rows), column="talk[].t", where={"kind": "a"}) == {path.name: (1, 2, 0)}


def test_all_that_a_row_says(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [SHAPES["alpaca input"], {"instruction": None}])
    assert [part.to_pylist() for part in rows_as_texts(path)] == [[f"{MILD}\n{ASKED}\n{YES}", None]]
