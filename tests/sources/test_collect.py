"""Rows to records: what becomes of rejects, and how a row that fails is named without its text."""

from __future__ import annotations

from typing import Any

import pytest

from demur.errors import RowError
from demur.records.record import harmful
from demur.sources.collect import collect
from demur.sources.fetch import Fetched
from demur.sources.mirror import Pin, github
from demur.sources.source import At, Raw, Reject, Source
from schemas.prompt import Prompt
from tests.conftest import COMMIT

TEXT = "How long should black tea be left in the pot?"
MIRROR = github("demo/tea", "a.csv", columns={"q": "prompt", "topic": "topic"})


def to_records(row: Raw) -> Any:
    if row["topic"] is None:
        return Reject(reason="no-topic")
    made = Prompt(prompt=row["prompt"], labels=(harmful("no", by="author"),), categories=(row["topic"],))
    return [made, made] if row["topic"] == "twice" else made


def fetched(*rows: Raw, **more: Any) -> Fetched:
    source = Source(
        name="tea-time",
        title="Tea",
        homepage="https://example.org",
        license="mit",
        languages=("en",),
        kind="prompt",
        mirrors=(MIRROR,),
        **{"to_records": to_records, **more},
    )
    return Fetched(source, MIRROR, Pin(mirror=MIRROR.id, revision=COMMIT, files={}), "cache", {}, list(rows))


def test_a_row_gives_one_record_several_or_a_reject() -> None:
    rows = [{"prompt": TEXT, "topic": topic} for topic in ("tea", None, "twice")]
    records, rejects = collect([fetched(*rows)], Prompt, {"tea-time": {"tea": ("spc",), "twice": ()}})
    assert [(each["row"], each["source"]) for each in records["lineage"].to_pylist()] == [
        (0, "tea-time"),
        (2, "tea-time"),
        (2, "tea-time"),
    ]
    assert records["hazards"].to_pylist() == [["spc"], [], []]
    said = rejects.select(["source", "row", "native_id", "reason"]).to_pylist()
    assert said == [{"source": "tea-time", "row": 1, "native_id": None, "reason": "no-topic"}]


def test_a_row_function_with_two_parameters_sees_where_the_row_stands() -> None:
    seen: list[At] = []

    def placed(row: Raw, at: At) -> Any:
        seen.append(at)
        return Reject("second") if at.row else to_records(row)

    rows: list[Raw] = [{"prompt": TEXT, "topic": "tea"}, {"prompt": TEXT, "topic": "milk"}]
    records, rejects = collect([fetched(*rows, key="topic", to_records=placed)], Prompt, {"tea-time": {"tea": ()}})
    assert seen == [At(0, "tea"), At(1, "milk")]
    assert (len(records), rejects["reason"].to_pylist()) == (1, ["second"])

    def counted(row: Raw, found: int = 0) -> Any:
        return to_records(row)

    assert len(collect([fetched(rows[0], to_records=counted)], Prompt, {"tea-time": {"tea": ()}})[0]) == 1


def test_a_row_function_that_fails_names_its_line() -> None:
    def failing(row: Raw) -> Any:
        return 1 / len(row["no such column"])

    with pytest.raises(RowError) as caught:
        collect([fetched({"prompt": TEXT, "topic": "tea"}, to_records=failing)], Prompt, {})
    line = failing.__code__.co_firstlineno + 1
    assert f"no entry for <14 characters> ({__file__}, line {line})" in str(caught.value.where)


def test_the_native_id_and_the_terms_of_the_source_come_along() -> None:
    row = {"prompt": TEXT, "topic": "tea"}
    given = fetched(row, key="topic", use_limits=("eval_only",))
    records, _ = collect([given], Prompt, {"tea-time": {"tea": ()}})
    (record,) = records.to_pylist()
    assert (record["lineage"]["native_id"], record["use_limits"], record["access"]) == ("tea", ["eval_only"], "public")


@pytest.mark.parametrize(
    ("more", "row", "said"),
    [
        ({}, {"prompt": "", "topic": "tea"}, "tea-time row 1: prompt: String should"),
        ({}, {"prompt": TEXT, "topic": "milk"}, "Native category 'milk' is not in the crosswalk of 'tea-time'"),
        (
            {"to_records": lambda row: {"yes": 1}[row["topic"]]},
            {"topic": "milk"},
            "row function has no entry for 'milk'",
        ),
        ({"to_records": lambda row: 1 / 0}, {"topic": "milk"}, "row function failed: ZeroDivisionError"),
        ({"to_records": lambda row: "tea"}, {"topic": "milk"}, "The row function gave a str, not a Prompt"),
    ],
)
def test_a_row_that_fails_is_named_and_not_quoted(more: dict[str, Any], row: Raw, said: str) -> None:
    good: Raw = {"prompt": TEXT, "topic": "yes"}
    with pytest.raises(RowError) as caught:
        collect([fetched(good, row, **more)], Prompt, {"tea-time": {"yes": ()}})
    assert said in str(caught.value)
    assert TEXT not in str(caught.value)


def test_all_issues_are_counted_and_ten_are_shown() -> None:
    with pytest.raises(RowError, match="12 issues in the rows") as caught:
        collect([fetched(*[{"prompt": "", "topic": "tea"}] * 12)], Prompt, {})
    assert str(caught.value.where).count("tea-time row") == 10
