"""What a build keeps of decisions and readings: who, what kind of reader, which decision; never a reason or a text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from demur.curation.annotations import Annotation
from demur.curation.by_whom import BY_WHOM, by_whom, decision_id
from demur.curation.curated import curate
from demur.curation.decisions import Decision
from demur.curation.project import Curation
from demur.curation.resolve import resolve_all
from demur.records.record import harmful
from tests.garden import IDS, ROWS

HASH = "0" * 64


def decided(id: str, who: str = "kim", **more: Any) -> Decision:
    known: dict[str, Any] = {"action": "drop", "reason": "garbled", "when": "2026-11-26", "source": "garden"}
    return Decision(record_id=id, text_sha256=HASH, who=who, **{**known, **more})


def read(id: str, behaviour: Any, reader: str, **more: Any) -> Annotation:
    return Annotation(
        record_id=id, text_sha256=HASH, reader=reader, kind="model", guideline="1.1", behaviour=behaviour, **more
    )


def test_decisions_and_readings_of_prompts_that_are_here() -> None:
    decisions = [
        decided(IDS[0], "model:owl", action="hazards", hazards=("ncr", "vcr")),
        decided(IDS[1], action="relabel", behaviour="comply"),
        decided(IDS[1], action="not-same-as", other=IDS[0]),
        decided(IDS[5]),
    ]
    resolved = resolve_all([read(IDS[0], "comply", "b"), read(IDS[0], "comply", "a"), read(IDS[5], "comply", "a")])
    table = by_whom([IDS[1], IDS[0]], decisions, resolved)
    assert table.schema.equals(BY_WHOM)
    known = [(row["record_id"], row["action"], row["value"], row["who"], row["kind"]) for row in table.to_pylist()]
    assert known == sorted([
        (IDS[0], "hazards", "ncr,vcr", "owl", "model"),
        (IDS[0], "read", "comply", "a, b", "model"),
        (IDS[1], "not-same-as", IDS[0], "kim", "human"),
        (IDS[1], "relabel", "comply", "kim", "human"),
    ], key=lambda row: row[0])  # fmt: skip
    assert "garbled" not in str(table.to_pylist())


def test_an_adjudicator_is_the_one_who_is_named() -> None:
    resolved = resolve_all([
        read(IDS[0], "comply", "a"), read(IDS[0], "refuse", "b"), read(IDS[0], "comply", "c", adjudicates=True),
    ])  # fmt: skip
    (row,) = by_whom(IDS, (), resolved).to_pylist()
    assert (row["basis"], row["who"], row["decision"]) == ("adjudicated", "c", None)


def test_readers_who_disagree_are_all_named() -> None:
    (row,) = by_whom(IDS, (), resolve_all([read(IDS[0], "comply", "b"), read(IDS[0], "refuse", "a")])).to_pylist()
    assert (row["basis"], row["value"], row["who"]) == ("disagreement", None, "a, b")


def test_the_order_of_decisions_plays_no_part_and_an_id_follows_from_what_is_said() -> None:
    one, two = decided(IDS[0]), decided(IDS[1])
    assert by_whom(IDS, [one, two], {}).equals(by_whom(IDS[::-1], [two, one], {}))
    assert len({decision_id(each) for each in (one, two, decided(IDS[0], reason="other"))}) == 3


def test_a_stale_decision_is_nobodys_word() -> None:
    records = pa.table({
        "record_id": IDS[:1], "prompt": [ROWS[0][0]], "hazards": pa.array([[]], pa.list_(pa.string())),
        "context": pa.nulls(1, pa.string()), "labels": [[harmful("yes", by="author").model_dump()]],
        "lineage": [{"source": "garden", "row": 0}],
    })  # fmt: skip
    found = curate(records, Curation(decisions=(decided(IDS[0]),)))
    assert (len(found.stale), found.by_whom.num_rows) == (1, 0)
