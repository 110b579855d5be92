from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demur.curation.decisions import Decision, decide, decisions_of, read_decisions, write_decisions
from demur.errors import FormatError, UsageError
from demur.project import Project

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


def decision(id: str = A, action: str = "drop", **more: Any) -> Decision:
    said = {"record_id": id, "text_sha256": "0" * 64, "action": action, "reason": "It is garbled.", "who": "kim",
            "when": "2026-11-26", "source": "garden", **more}  # fmt: skip
    return Decision.model_validate_json(json.dumps(said))


def test_a_file_is_sorted_whatever_the_order_and_reads_back(tmp_path: Path) -> None:
    made = [decision(C), decision(A, "relabel", behaviour="careful"), decision(B, "same-as", other=C)]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    write_decisions(one, made)
    write_decisions(two, reversed(made))
    assert one.read_bytes() == two.read_bytes()
    assert [each.record_id for each in read_decisions(one)] == [A, B, C]
    assert sorted(read_decisions(one), key=str) == sorted(made, key=str)


def test_no_file_holds_no_decision(tmp_path: Path) -> None:
    assert read_decisions(tmp_path / "none.jsonl") == []
    assert decisions_of(Project(tmp_path)) == []


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("relabel", {}),
        ("relabel", {"behaviour": "polite"}),
        ("drop", {"behaviour": "comply"}),
        ("same-as", {}),
        ("same-as", {"other": A}),
        ("hazards", {"hazards": ["xyz"]}),
        ("forget", {}),
        ("drop", {"reason": "two\nlines"}),
    ],
)
def test_a_decision_that_is_not_complete_is_refused(action: str, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"validation error|takes|compared"):
        decision(A, action, **more)


def test_a_broken_line_is_named_and_nothing_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    write_decisions(path, [decision(A), decision(B)])
    path.write_text(path.read_text() + '{"record_id": "x"\n')
    with pytest.raises(FormatError, match=r"(?s)no decision was applied.*line 3"):
        read_decisions(path)


def test_marks_of_a_merge_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    write_decisions(path, [decision(A)])
    path.write_text("<<<<<<< HEAD\n" + path.read_text() + "=======\n>>>>>>> theirs\n")
    with pytest.raises(FormatError, match=r"(?s)line 1.*keep the lines of both"):
        read_decisions(path)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (decision(A), decision(A, "keep")),
        (decision(A, "relabel", behaviour="refuse"), decision(A, "relabel", behaviour="comply")),
        (decision(A, "same-as", other=B), decision(B, "not-same-as", other=A)),
        (decision(A, "hazards", hazards=["vcr"]), decision(A, "hazards", hazards=["ncr"])),
    ],
)
def test_decisions_that_contradict_each_other_are_both_named(tmp_path: Path, one: Decision, two: Decision) -> None:
    path = tmp_path / "decisions.jsonl"
    write_decisions(path, [one, two])
    with pytest.raises(FormatError, match=r"(?s)contradict.*lines 1 and 2") as error:
        read_decisions(path)
    assert one.action in str(error.value)
    assert two.action in str(error.value)


def test_a_circle_of_same_as_names_every_line(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    write_decisions(
        path, [decision(A, "same-as", other=B), decision(B, "same-as", other=C), decision(C, "same-as", other=A)]
    )
    with pytest.raises(FormatError, match=r"(?s)in a circle.*lines 1, 2, 3"):
        read_decisions(path)


def test_deciding_again_asks_to_replace(tmp_path: Path) -> None:
    path = tmp_path / "builders" / "curation" / "decisions.jsonl"
    decide(path, decision(A))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"(?s)stands already.*by kim.*--replace"):
        decide(path, decision(A, "keep", who="lee"))
    assert path.read_bytes() == before
    decide(path, decision(A, "keep", who="lee"), replace=True)
    assert [each.action for each in read_decisions(path)] == ["keep"]
    decide(path, decision(A, "hazards", hazards=["ncr"]))
    assert [each.action for each in read_decisions(path)] == ["hazards", "keep"]
