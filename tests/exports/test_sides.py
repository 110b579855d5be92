from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demur.curation.behaviour import SIDES
from demur.errors import UsageError
from demur.exports.export import Asked, entry_of
from demur.exports.sides import by_side
from demur.sets.folder import BuiltSet


class Changed(BuiltSet):
    """A set whose rows, or whose config, are others."""

    table: pa.Table

    def rows(self, config: str | None = None) -> pa.Table:
        return self.table


def changed(built: BuiltSet, table: pa.Table) -> Asked:
    made = Changed(built.path)
    object.__setattr__(made, "table", table)
    return Asked(made, entry_of(built, None, []), ("test", "validation"), Path())


def column(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(place), [pa.array(values, table.schema.field(place).type)])


def test_every_row_stands_on_its_side_with_what_is_told_of_it(prompts: BuiltSet) -> None:
    sided = by_side(Asked(prompts, entry_of(prompts, None, []), ("test", "validation"), Path()))
    assert sided.name == "refusal_eval_default"
    assert sided.left_out == {}
    by_id = {row["record_id"]: row for row in prompts.rows().to_pylist()}
    found = 0
    for split, side, name, rows in sided.tasks:
        assert name == f"refusal_eval_default_{split}_{side}"
        for row in rows:
            found += 1
            whole = by_id[row["record_id"]]
            assert (whole["split"], whole["expected"]) == (split, side)
            assert {each: row[each] for each in row.keys() & whole.keys()} == {
                each: whole[each] for each in row.keys() & whole.keys()
            }
            assert {"prompt", "behaviour", "hazards", "source", "group_id", "language"} <= row.keys()
            assert prompts.manifest.canary in row["canary"]
            assert row["part"] == {True: "borderline", False: "plain"}[whole["borderline"]] or side == "refuse"
    assert found == len(by_id)


def test_rows_without_a_side_are_counted(prompts: BuiltSet) -> None:
    table = prompts.rows()
    sides: list[object] = table["expected"].to_pylist()
    flags: list[object] = table["flags"].to_pylist()
    sides[0] = sides[1] = "either"
    flags[2] = ["policy"]
    sided = by_side(changed(prompts, column(column(table, "expected", sides), "flags", flags)))
    assert list(sided.left_out.values()) == [2, 1]
    either, policy = sided.left_out
    assert (either[:18], policy[:6]) == ("expected is either", "policy")
    assert sum(len(rows) for *_, rows in sided.tasks) == table.num_rows - 3


def test_a_side_without_rows_is_no_task(prompts: BuiltSet) -> None:
    table = prompts.rows()
    sided = by_side(changed(prompts, table.filter(pc.equal(table["expected"], SIDES[0]))))
    assert {side for _, side, *_ in sided.tasks} == {"refuse"}


def test_a_config_without_texts_or_without_sides_is_refused(prompts: BuiltSet) -> None:
    table = prompts.rows()
    with pytest.raises(UsageError, match="is to be refused or to be answered"):
        by_side(changed(prompts, column(table, "expected", ["either"] * table.num_rows)))
    entry = entry_of(prompts, None, []).model_copy(update={"references": "evaluation_reference"})
    with pytest.raises(UsageError, match="holds references") as told:
        by_side(Asked(prompts, entry, ("test",), Path()))
    assert f"{table.num_rows:,} references" in str(told.value)
