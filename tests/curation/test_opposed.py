"""Verdicts on pairs of opposite sides: read whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from demur.curation.opposed import FILE, read_opposed
from demur.errors import FormatError
from demur.project import Project

ONE, TWO = "0" * 32, "1" * 32
HEAD = "record_id,twin,reader,verdict"


def written(root: Path, *lines: str) -> Project:
    path = root / FILE
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Project(root)


def test_no_file_is_no_verdict(tmp_path: Path) -> None:
    assert read_opposed(Project(tmp_path)) == {}


def test_verdicts_of_several_readers(tmp_path: Path) -> None:
    project = written(tmp_path, HEAD, f"{ONE},{TWO},model-1,yes", f"{ONE},{TWO},human-1,side")
    assert read_opposed(project) == {(ONE, TWO): {"model-1": "yes", "human-1": "side"}}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("record_id,twin",), "other columns"),
        ((HEAD, f"{TWO},{ONE},model-1,yes"), "not the smaller one"),
        ((HEAD, f"{ONE},{TWO},,yes"), "no reader"),
        ((HEAD, f"{ONE},{TWO},model-1,perhaps"), "a verdict that is none of yes, topic, intent, side"),
        ((HEAD, f"{ONE},{TWO},model-1"), "3 cells"),
        ((HEAD, *[f"{ONE},{TWO},model-1,yes"] * 2), "judged one pair twice"),
    ],
)
def test_a_broken_file_is_refused(lines: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=said):
        read_opposed(written(tmp_path, *lines))
