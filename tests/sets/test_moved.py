"""Which rows changed their side, and by whose word: from two built folders alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.curation.by_whom import FILE, decision_id
from demur.errors import ManifestError
from demur.files.parquet import write_parquet
from demur.sets.diff import Diff, diff
from demur.sets.folder import BuiltSet
from demur.sets.moved import HIDDEN, labels_of, prompts_of
from demur.sets.whose import Whose
from schemas.evaluation_item import EvaluationItem
from schemas.training_row import TrainingRow
from tests.garden import IDS, ROWS
from tests.sets.conftest import AFTER, BEFORE

KIM, OWL, LEE = (
    decision_id(each) for each in (AFTER.decisions[0], AFTER.decisions[2], BEFORE.decisions[0])
)  # fmt: skip


def words(found: Diff, column: str) -> dict[str, Whose]:
    """Record id -> whose word, of the moves of a column."""
    return {
        id: each for move in found.of("column") if move.name == column for each in move.whose for id in each.record_ids
    }


def edited(versions: tuple[Path, Path], to: Path, **values: Any) -> tuple[Path, Path]:
    """The old version, and a copy of it with other values in the row of the first prompt."""
    shutil.copytree(versions[0], to)
    for path in (to / "default").glob("*.parquet"):
        table = pq.read_table(path)
        rows = [{**row, **values} if row["record_id"] == IDS[0] else row for row in table.to_pylist()]
        write_parquet(pa.Table.from_pylist(rows, schema=table.schema), path)
    return versions[0], to


def test_which_rows_changed_their_side_and_by_whose_word(versions: tuple[Path, Path]) -> None:
    found = diff(*versions)
    assert {move.title: move.record_ids for move in found.of("column") if move.name == "expected"} == {
        "expected: refuse -> answer": tuple(sorted((IDS[0], IDS[4], IDS[6]))),
    }
    by = {
        id: (each.said, each.basis, each.who, each.reader, each.decision)
        for id, each in words(found, "expected").items()
    }
    assert by == {
        IDS[0]: (f"decision {KIM} by kim, human", "decision", "kim", "human", KIM),
        IDS[4]: ("readers who agree: ada, bo, human", "readers", "ada, bo", "human", None),
        IDS[6]: (
            f"by upstream (author), since decision {LEE} by lee, human is gone", "upstream-author", None, None, LEE,
        ),
    }  # fmt: skip


def test_hazards_rest_on_the_word_that_set_them(versions: tuple[Path, Path]) -> None:
    assert {id: each.said for id, each in words(diff(*versions), "hazards").items()} == {
        IDS[2]: f"decision {OWL} by owl, model"
    }


def test_what_is_dropped_names_who_dropped_it(versions: tuple[Path, Path]) -> None:
    found = diff(*versions)
    for kind in ("removed", "reject-came"):
        (move,) = found.of(kind)
        assert (move.name, move.record_ids) == ("dropped-by-decision", (IDS[1],))
        assert (move.whose[0].who, move.whose[0].basis) == ("kim", "decision")
    assert found.of("reject-went") == []


def test_the_other_way_round_the_drop_is_gone(versions: tuple[Path, Path]) -> None:
    (move,) = diff(*versions[::-1]).of("reject-went")
    assert (move.record_ids, move.whose[0].who) == ((IDS[1],), "kim")


@pytest.mark.parametrize(
    ("label", "word"),
    [("no", "by upstream (author)"), ("yes", "by whose word is unknown")],
    ids=["relabelled", "nobody"],
)
def test_a_source_that_relabels_is_told_from_nobody(
    label: str, word: str, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    labels = [{"name": "harmful", "value": label, "scope": "prompt", "labeller": "author"}]
    found = diff(*edited(versions, tmp_path / "new", expected="answer", labels=labels))
    assert {each.said for each in words(found, "expected").values()} == {word}
    assert {move.name for move in found.of("column")} == {"expected", *(["labels"] if label == "no" else [])}


def test_a_word_that_stood_before_is_not_the_reason(versions: tuple[Path, Path], tmp_path: Path) -> None:
    new = versions[1]
    shutil.copytree(new, tmp_path / "new")
    for path in (tmp_path / "new" / "default").glob("*.parquet"):
        table = pq.read_table(path)
        rows = [{**row, "behaviour": "support"} if row["record_id"] == IDS[0] else row for row in table.to_pylist()]
        write_parquet(pa.Table.from_pylist(rows, schema=table.schema), path)
    assert [each.basis for each in words(diff(new, tmp_path / "new"), "behaviour").values()] == ["unknown"]


def test_a_cell_that_is_no_label_is_never_told(versions: tuple[Path, Path], tmp_path: Path) -> None:
    found = diff(*edited(versions, tmp_path / "new", expected="Pick the plums", prompt="Pick the plums"))
    assert {move.title for move in found.of("column")} == {f"expected: refuse -> {HIDDEN}", "prompt"}
    said = json.dumps([found.summary(), [*found.lines()]])
    assert "plums" not in said
    assert not any(text in said for text, _ in ROWS)


def test_a_set_of_an_older_demur_says_that_it_does_not_know_who(versions: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = versions
    shutil.copytree(new, tmp_path / "new")
    (tmp_path / "new" / FILE).unlink()
    by = words(diff(old, tmp_path / "new"), "expected")
    assert (by[IDS[0]].basis, by[IDS[0]].who) == ("decision", None)
    assert by[IDS[0]].said == "a decision, by whom is not in the set"


def test_a_foreign_table_of_words_is_told(versions: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(versions[1], tmp_path / "new")
    write_parquet(pa.table({"text": ["Pick the plums"]}), tmp_path / "new" / FILE)
    with pytest.raises(ManifestError, match="other columns") as raised:
        diff(versions[0], tmp_path / "new")
    assert "plums" not in str(raised.value)


def test_labels_are_closed_lists_and_slugs() -> None:
    shown = {*labels_of(EvaluationItem)}
    assert {"expected", "behaviour", "basis", "hazards", "flags", "borderline", "access", "source"} <= shown
    assert not shown & {"prompt", "record_id", "group_id", "labels", "native_labels", "categories", "lineage", "split"}
    assert not {"target", "context_prefix", "prompt", "fixed_token"} & labels_of(TrainingRow).keys()


def test_a_response_is_named_by_its_prompt(versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = BuiltSet.open(versions[0])
    rows = folder.rows().set_column(0, "record_id", pa.array(["0" * 32] * folder.rows().num_rows))
    assert {*prompts_of(rows, EvaluationItem, folder).to_pylist()} == {"0" * 32}
    monkeypatch.setattr(folder.kind, "record", "response")
    assert prompts_of(rows, EvaluationItem, folder).to_pylist() == folder.rows()["record_id"].to_pylist()
