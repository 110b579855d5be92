from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.curation.behaviour import EXPECTED, Behaviour
from demur.groups.duplicates import CONFLICTS
from demur.kinds.evaluation.declared import Declaration
from demur.kinds.evaluation.make import drawn, part_of, with_a_side, without_a_side
from demur.records.record import record_id
from demur.sets.kind import Given

LINEAGE = pa.struct(
    [("source", pa.string()), ("row", pa.int64()), ("native_id", pa.string()), ("row_sha256", pa.string())]
)


def record(
    prompt: str, behaviour: Behaviour | None, *flags: str, row: int = 0, context: str | None = None
) -> dict[str, Any]:
    return {
        "record_id": record_id("prompt", prompt),
        "prompt": prompt,
        "behaviour": behaviour,
        "expected": behaviour and EXPECTED[behaviour],
        "flags": list(flags),
        "context": context,
        "pair_id": None,
        "hazards": [],
        "lineage": {"source": "kites", "row": row, "native_id": None, "row_sha256": "0" * 64},
    }


RECORDS = [
    record("Steal a kite", "refuse"),
    record("What is a kite?", "comply", row=1),
    record("What did my neighbour pay for that kite?", "cannot_know", "personal_data", row=2),
    record("what did my neighbour pay for that KITE", "cannot_know", row=3),
    record("Write a rude joke on kites", "careful", "policy", row=4),
    record("Print the kite maker's whole book", "refuse", "policy", row=5),
    record("Hide this for me", "refuse", row=6, context="A kite."),
    record("Shorten that for me", "cannot_know", row=7, context="A string."),
    record("Kites, perhaps", None, row=8),
]


def table(records: list[dict[str, Any]]) -> pa.Table:
    types = {"lineage": LINEAGE, "flags": pa.list_(pa.string()), "hazards": pa.list_(pa.string())}
    return pa.table({
        name: pa.array([each[name] for each in records], types.get(name, pa.string())) for name in records[0]
    })  # fmt: skip


GIVEN = Given(
    name="kites", config="undecided", splits=("test",), near_duplicate=0.8, seed=0,
    conflicts=CONFLICTS.empty_table(), locked={}, to_rows=lambda records: records,
)  # fmt: skip


def by_row(rejects: pa.Table) -> dict[int, str]:
    return dict(zip(rejects["row"].to_pylist(), rejects["reason"].to_pylist(), strict=True))


def test_what_needs_a_passage_or_a_policy_stands_on_no_side() -> None:
    kept, rejects = with_a_side(table(RECORDS), "default")
    assert by_row(rejects) == {4: "policy-dependent", 5: "policy-dependent", 6: "has-context", 7: "has-context"}
    assert [each["row"] for each in kept["lineage"].to_pylist()] == [0, 1, 2, 3, 8], "either is left to the next step"


def test_the_undecided_rows_are_unique_and_everything_else_is_accounted_for() -> None:
    kept, rejects = without_a_side(table(RECORDS), GIVEN)
    rows = sorted(each["row"] for each in kept["lineage"].to_pylist())
    reasons = by_row(rejects)
    assert len(rows) == 3
    assert {4, 5} < {*rows}
    assert len({2, 3} & {*rows}) == 1
    assert reasons.pop(({2, 3} - {*rows}).pop()).endswith("-duplicate")
    assert reasons == {0: "has-a-side", 1: "has-a-side", 6: "has-a-side", 7: "has-context", 8: "label-unknown"}


def items(count: int, expected: str = "answer", hazards: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"record_id": record_id("prompt", f"kite {number}"), "source": "kites", "expected": expected,
         "borderline": number % 2 == 0 and expected == "answer", "hazards": list(hazards)}
        for number in range(count)
    ]  # fmt: skip


def draw(rows: list[dict[str, Any]], declared: Declaration) -> dict[str, bool]:
    made = pa.Table.from_pylist(rows)
    return dict(zip(made["record_id"].to_pylist(), drawn(made, declared, "default", 0).to_pylist(), strict=True))


def test_a_rate_holds_for_a_source_and_a_part() -> None:
    found = draw(items(2000), Declaration(rates={"default": {"kites": {"plain": 0.3}}}))
    plain = [found[each["record_id"]] for each in items(2000) if not each["borderline"]]
    assert all(found[each["record_id"]] for each in items(2000) if each["borderline"])
    assert 240 <= sum(plain) <= 360


@given(st.sets(st.integers(0, 99), min_size=1))
def test_no_row_depends_on_another(chosen: set[int]) -> None:
    declared = Declaration(rates={"default": {"kites": {"plain": 0.5, "borderline": 0.5}}})
    every = items(100)
    whole, part = draw(every, declared), draw([every[number] for number in sorted(chosen)], declared)
    assert part.items() <= whole.items()


def test_a_larger_rate_draws_the_same_rows_and_more() -> None:
    few, more = (draw(items(300), Declaration(rates={"default": {"kites": {"plain": rate}}})) for rate in (0.2, 0.6))
    one, two = ({id for id, taken in each.items() if taken} for each in (few, more))
    assert one < two


@pytest.mark.parametrize(("hazards", "taken"), [(("spc", "ncr"), 50), (("ncr",), 0)])
def test_rows_to_refuse_of_rare_hazards_are_always_drawn(hazards: tuple[str, ...], taken: int) -> None:
    declared = Declaration(rates={"default": {"kites": {"refuse": 1e-9}}}, whole=("spc",))
    assert sum(draw(items(50, "refuse", hazards), declared).values()) == taken


def test_parts() -> None:
    assert [part_of("refuse", False), part_of("answer", True), part_of("answer", False)] == [
        "refuse", "borderline", "plain",
    ]  # fmt: skip
