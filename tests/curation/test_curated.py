from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from demur.curation.annotations import Annotation
from demur.curation.curated import (
    COLUMNS,
    ORDER,
    curate,
    different_texts,
    links_of,
    prompt_ids,
    same_texts,
    sides,
    split_off,
)
from demur.curation.decisions import Decision
from demur.curation.lookup import find, full_ids, prompts_of, records_of
from demur.curation.meaning.pairs import SCHEMA as PAIR_COLUMNS
from demur.curation.meaning.pairs import Pairs
from demur.curation.project import Curation, curation_of
from demur.curation.queue import queue_of
from demur.curation.resolve import resolve_all
from demur.curation.shown import show
from demur.curation.twins import near_by_words
from demur.curation.worddiff import WordDiff
from demur.errors import UsageError
from demur.files.digest import text_sha256
from demur.project import Project
from demur.sets.diff import diff
from demur.sets.folder import BuiltSet
from demur.sets.pipeline import Build, build
from demur.sources.fetch import Places
from tests.garden import BUILDER, IDS, ROWS, garden
from tests.small import Small


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with garden(tmp_path_factory.mktemp("garden")) as made:
        yield made


@pytest.fixture(scope="module")
def records(project: Small) -> pa.Table:
    return pa.concat_tables(list(records_of(project, ["garden"], Places(offline=True))))


def said(place: int, behaviour: str, reader: str = "a", **more: Any) -> Annotation:
    text = ROWS[place][0]
    return Annotation(
        record_id=IDS[place], text_sha256=text_sha256(text), reader=reader, kind="model", guideline="1.1",
        behaviour=behaviour, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def decided(place: int, action: str, **more: Any) -> Decision:
    known: dict[str, Any] = {
        "record_id": IDS[place], "text_sha256": text_sha256(ROWS[place][0]), "action": action, "reason": "Read again.",
        "who": "kim", "when": "2026-11-26", "source": "garden",
    }  # fmt: skip
    return Decision(**{**known, **more})


def curation(
    annotations: Sequence[Annotation] = (), *decisions: Decision, pairs: Sequence[tuple[int, int, float]] = ()
) -> Curation:
    rows = [(*sorted((IDS[one], IDS[two])), cosine, "all-minilm-l6-v2", None) for one, two, cosine in pairs]
    columns = list(zip(*sorted(rows), strict=True)) or [()] * len(PAIR_COLUMNS)
    table = pa.table(
        [pa.array(cells, field.type) for cells, field in zip(columns, PAIR_COLUMNS, strict=True)], schema=PAIR_COLUMNS
    )
    return Curation(resolved=resolve_all(annotations), decisions=decisions, pairs=Pairs(table))


def column(table: pa.Table, name: str) -> dict[str, Any]:
    return dict(zip(table["record_id"].to_pylist(), table[name].to_pylist(), strict=True))


def test_without_curation_the_source_speaks(records: pa.Table) -> None:
    found = curate(records, Curation())
    assert column(found.records, "basis")[IDS[0]] == "upstream-author"
    assert sides(found.records).to_pylist() == [{"yes": "yes", "no": "no"}.get(label, "unknown") for _, label in ROWS]
    assert {*COLUMNS.names} <= {*found.records.column_names}
    assert (found.effects, found.stale) == ({}, ())


def test_whose_word_wins(records: pa.Table) -> None:
    """Decision, adjudicator, readers who agree, then the source; one reader alone does not count by default."""
    read = [
        *(said(0, "comply", each) for each in "ab"),
        said(1, "refuse", "a"), said(1, "comply", "b"), said(1, "careful", "c", adjudicates=True),
        said(2, "refuse", "a"),
        *(said(4, "refuse", each) for each in "ab"),
        *(said(5, "cannot_know", each) for each in "ab"),
    ]  # fmt: skip
    found = curate(records, curation(read, decided(4, "relabel", behaviour="support")))
    assert column(found.records, "basis") == dict(
        zip(
            IDS,
            ("readers", "adjudicated", "upstream-author", "upstream-author", "decision", "readers", "upstream-author"),
            strict=True,
        )
    )
    assert column(found.records, "expected") == dict(
        zip(IDS, ("answer", "answer", "answer", "answer", "answer", "either", "answer"), strict=True)
    )
    assert found.effects == {
        "relabelled refuse -> answer by adjudicated": 1,
        "relabelled refuse -> answer by decision": 1,
        "relabelled refuse -> answer by readers": 1,
    }
    single = curate(records, curation(read), (*ORDER[:3], "reader", *ORDER[3:]))
    assert column(single.records, "basis")[IDS[2]] == "reader"


def test_hazards_and_flags_come_with_who_gave_them(records: pa.Table) -> None:
    read = [said(0, "refuse", each, hazards=("dfm", "oth"), flags=("policy",)) for each in "ab"]
    found = curate(records, curation(read, decided(1, "hazards", hazards=("ncr",)))).records
    assert column(found, "hazards")[IDS[0]] == ["dfm", "oth"]
    assert (column(found, "hazards_by")[IDS[0]], column(found, "hazards_by")[IDS[1]]) == ("readers", "decision")
    assert column(found, "hazards")[IDS[1]] == ["ncr"]
    assert column(found, "flags")[IDS[0]] == ["policy"]


def test_what_is_left_out_says_why(records: pa.Table) -> None:
    read = [
        *(said(0, "unusable", each) for each in "ab"),
        *(said(1, "refuse", each, flags=("needs_context",)) for each in "ab"),
        said(2, "refuse", "a"), said(2, "comply", "b"),
        *(said(3, "unusable", each) for each in "ab"),
    ]  # fmt: skip
    found = curate(records, curation(read, decided(4, "drop"), decided(3, "relabel", behaviour="comply")))
    kept, rejects = split_off(found.records)
    assert dict(zip(rejects["record_id"].to_pylist(), rejects["reason"].to_pylist(), strict=True)) == {
        IDS[0]: "unusable", IDS[1]: "needs-context", IDS[2]: "readers-disagree", IDS[4]: "dropped-by-decision",
    }  # fmt: skip
    assert kept.num_rows + rejects.num_rows == records.num_rows
    assert found.effects["dropped by decision"] == 1


def test_a_decision_about_a_text_that_changed_or_went_is_stale(records: pa.Table) -> None:
    changed = decided(0, "drop", text_sha256="1" * 64)
    gone = decided(1, "drop", record_id="f" * 32)
    elsewhere = decided(2, "drop", record_id="e" * 32, source="meadow")
    found = curate(records, curation((), changed, gone, elsewhere))
    assert [each.why for each in found.stale] == ["the text changed", "garden has no such row any more"]
    assert split_off(found.records)[1].num_rows == 0


def test_meaning_and_decisions_say_what_is_one(records: pa.Table) -> None:
    pairs = [(2, 3, 0.9), (3, 6, 0.86), (0, 1, 0.84)]
    decisions = (decided(3, "not-same-as", other=IDS[6]), decided(0, "same-as", other=IDS[4]))
    what = curation((), *decisions, pairs=pairs)
    links = links_of(curate(records, what).records, what)
    found = {
        frozenset((IDS[one], IDS[two]))
        for one, two in zip(links["row"].to_pylist(), links["twin"].to_pylist(), strict=True)
    }
    assert found == {frozenset((IDS[2], IDS[3])), frozenset((IDS[0], IDS[4]))}
    assert dict(same_texts(what)) == {IDS[0]: IDS[4]}
    assert different_texts(what) == {frozenset((IDS[3], IDS[6]))}


def made(project: Small, out: Path, what: Curation) -> Build:
    return build(project, BUILDER, out, Places(offline=True), curation=what)


def test_one_decision_more_changes_the_rows_it_names_and_the_diff_says_so(project: Small, tmp_path: Path) -> None:
    read = [*(said(3, "careful", each) for each in "ab")]
    before = made(project, tmp_path / "before", curation(read))
    again = made(project, tmp_path / "again", curation(read))
    assert before.manifest.files == again.manifest.files
    after = made(project, tmp_path / "after", curation(read, decided(0, "relabel", behaviour="correct")))
    found = diff(before.out, after.out)
    assert {row["record_id"] for row in found.rows.to_pylist()} == {IDS[0]}
    (side,) = (move for move in found.of("column") if move.name == "expected")
    (word,) = side.whose
    assert (side.was, side.now, word.record_ids) == ("refuse", "answer", (IDS[0],))
    assert (word.basis, word.who, word.reader) == ("decision", "kim", "human")
    assert any(f"expected: refuse -> answer: 1 (record {IDS[0]}; decision {word.decision} by kim" in line
               for line in found.lines())  # fmt: skip
    dropped = made(project, tmp_path / "dropped", curation(read, decided(1, "drop")))
    gone = diff(before.out, dropped.out)
    assert [(row["record_id"], row["change"]) for row in gone.rows.to_pylist()] == [(IDS[1], "removed")]
    (move,) = gone.of("removed")
    assert (move.name, move.record_ids, move.whose[0].who) == ("dropped-by-decision", (IDS[1],), "kim")
    assert [each.record_ids for each in gone.of("reject-came")] == [(IDS[1],)]


def test_a_stale_decision_is_a_warning_of_the_build_and_stands_in_the_manifest(project: Small, tmp_path: Path) -> None:
    done = made(project, tmp_path / "out", curation((), decided(0, "drop", text_sha256="1" * 64)))
    assert any("stale decision" in each and IDS[0] in each for each in done.warnings)
    assert [each.record_id for each in BuiltSet.open(done.out).manifest.curation.stale] == [IDS[0]]


def test_pairs_by_meaning_stand_in_one_split(project: Small, tmp_path: Path) -> None:
    every = [(one, two, 0.9) for one in range(len(ROWS)) for two in range(one)]
    splits = {
        name: {*BuiltSet.open(made(project, tmp_path / name, curation(pairs=pairs)).out).rows()["split"].to_pylist()}
        for name, pairs in (("apart", []), ("together", every))
    }
    assert len(splits["apart"]) == 2
    assert len(splits["together"]) == 1


def test_what_waits_for_a_decision(records: pa.Table) -> None:
    read = [said(2, "refuse", "a"), said(2, "comply", "b"), *(said(3, "comply", each) for each in "ab")]
    what = curation(read, decided(0, "drop", text_sha256="1" * 64), pairs=[(0, 2, 0.9), (3, 6, 0.82), (1, 4, 0.99)])
    found = queue_of(records, what)
    assert found.counts == {"readers-disagree": 1, "label-conflict": 1, "stale-decision": 1, "near-by-meaning": 1}
    assert "text" not in str([each.as_dict() for each in found.waiting]).replace("the text changed", "")
    settled = queue_of(
        records, curation(read, decided(2, "keep"), decided(3, "not-same-as", other=IDS[6]), pairs=[(3, 6, 0.82)])
    )
    assert settled.counts == {}


def test_a_text_is_found_and_shown_masked(records: pa.Table) -> None:
    what = curation([said(2, "comply", each) for each in "ab"], decided(2, "keep"))
    (id,) = full_ids([IDS[2][:9]], prompt_ids(records))
    near = near_by_words([records], [id])
    assert near == []
    (found,) = show(
        prompts_of([records], {id}), find([records], {id}), [id], [(id, IDS[3], "by meaning", 0.8)], what, []
    )
    masked, open_ = "\n".join(found.lines()), "\n".join(found.lines(text=True))
    assert ROWS[2][0] not in masked
    assert ROWS[2][0] in open_
    assert "keep" in masked
    assert "text" not in found.as_dict()["places"][0]
    assert found.as_dict(text=True)["places"][0]["text"] == ROWS[2][0]


@pytest.mark.parametrize("given", ["abc", "0" * 8, ""])
def test_an_id_that_fits_no_text_or_several_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match=r"record id|ids that begin"):
        full_ids([given], ["00000000a", "00000000b"])


def test_words_that_differ(records: pa.Table) -> None:
    same = WordDiff.of("a b", "a b")
    assert (same.marked, same.masked) == ("a b", "2 words shared, 0 only in the first, 0 only in the second")
    assert near_by_words([records], [IDS[0]]) == []


def test_a_private_project_has_its_own_curation_and_may_inherit(tmp_path: Path) -> None:
    assert curation_of(Project(tmp_path)).resolved == {}
    settings = tmp_path / "builders" / "curation" / "curation.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("inherits = true\n")
    assert len(curation_of(Project(tmp_path)).resolved) > 8000
