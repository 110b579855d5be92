"""A mirror that joins a second file to its rows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from demur.errors import FormatError
from demur.sources.formats import read_rows
from demur.sources.mirror import Join, Mirror, github
from demur.sources.source import Source
from tests.small import small_source

JOIN = Join(file="questions.csv", on=("question", "index"), columns={"index": None, "text": "prompt"})
ROWS = b"question,answer\n2,Blue.\n1,Red.\n2,Green.\n"
QUESTIONS = b"index,text\n1,Which rose?\n2,Which fence?\n3,Which gate?\n"


def mirror(**more: Any) -> Mirror:
    columns: dict[str, str | None] = {"question": "question", "answer": "response"}
    return github("demo/teas", "rows.csv", columns=columns, **{"join": JOIN, **more})


def read(rows: bytes, questions: bytes) -> list[Any]:
    source: Source = small_source("teas", ("prompt",), dict, "response")
    return read_rows(source, mirror(), {"rows.csv": rows, "questions.csv": questions})


def test_every_row_gets_the_columns_of_its_key() -> None:
    assert [(row["prompt"], row["response"]) for row in read(ROWS, QUESTIONS)] == [
        ("Which fence?", "Blue."),
        ("Which rose?", "Red."),
        ("Which fence?", "Green."),
    ]
    assert mirror().paths == ("rows.csv", "questions.csv"), "both are pinned"


def test_a_key_that_is_missing_or_stands_twice_is_an_error() -> None:
    with pytest.raises(FormatError, match="not in the joined file"):
        read(ROWS + b"9,Grey.\n", QUESTIONS)
    with pytest.raises(FormatError, match="A key stands twice"):
        read(ROWS, QUESTIONS + b"1,Which tulip?\n")


def test_a_join_is_on_declared_columns() -> None:
    with pytest.raises(ValidationError, match="the join is on columns that are not declared"):
        mirror(join=JOIN.model_copy(update={"on": ("number", "index")}))
