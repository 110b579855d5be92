"""What a builder's function broke: its column, its step, its line and the fix; never a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from demur.errors import BuilderError, UsageError
from demur.kinds.evaluation import Evaluation
from demur.sets.door import at_the_door
from demur.sets.pipeline import build
from demur.sources.fetch import Places
from schemas.evaluation_item import EvaluationItem
from tests.conftest import files_of
from tests.garden import BUILDER, ROWS, garden, to_rows

KIND = Evaluation(row=EvaluationItem)


def without_source(records: pa.Table) -> pa.Table:
    return to_rows(records).drop_columns(["source"])


def shorter(records: pa.Table) -> pa.Table:
    return to_rows(records.slice(1))


def turned(records: pa.Table) -> pa.Table:
    made = to_rows(records)
    return made.take(pa.array(range(len(made) - 1, -1, -1)))


def a_list(records: pa.Table) -> pa.Table:
    return records.to_pylist()


def raises(records: pa.Table) -> pa.Table:
    return {"a": records}[records["prompt"][0].as_py()]


def empty_stratum(records: pa.Table) -> pa.Table:
    made = to_rows(records)
    return made.set_column(made.schema.get_field_index("stratum"), "stratum", pa.nulls(len(made), pa.string()))


def numbers(records: pa.Table) -> pa.Table:
    made = to_rows(records)
    return made.set_column(made.schema.get_field_index("source"), "source", pa.array([[1]] * len(made)))


def twice(records: pa.Table) -> pa.Table:
    made = to_rows(records)
    return made.append_column("split", made["split"])


@pytest.mark.parametrize(
    ("function", "what", "fix"),
    [
        (without_source, "gave no column 'source'", 'records.append_column("source"'),
        (shorter, "gave another number of rows", "a Reject"),
        (turned, "another order", "Leave the rows in their order"),
        (a_list, "gave no table", "Return the records"),
        (raises, "function failed (KeyError for <", "Correct that line"),
        (empty_stratum, "Column 'stratum' is empty in some rows", "Fill it in"),
        (numbers, "Column 'source' cannot be what the rows hold", "Make it string"),
        (twice, "gave column 'split' twice", "set_column"),
    ],
)
def test_what_was_broken_is_told_at_the_door(
    function: Callable[[pa.Table], pa.Table], what: str, fix: str, tmp_path: Path
) -> None:
    with garden(tmp_path) as project:
        done = build(project, BUILDER, tmp_path / "out", Places(offline=True))
        before = files_of(done.out)
        with pytest.raises(BuilderError) as caught:
            build(project, BUILDER.model_copy(update={"to_rows": function}), tmp_path / "out", Places(offline=True))
    assert what in caught.value.what
    assert fix in str(caught.value.fix)
    assert f"garden-eval/default, step `{function.__name__}` ({__file__}, line " in str(caught.value.where)
    assert not any(text in str(caught.value) for text, _ in ROWS)
    assert files_of(done.out) == before


def test_a_failure_names_the_line_that_failed_and_an_error_of_demurs_stays_what_it_is() -> None:
    records = pa.table({"prompt": ["What do herons eat?"]})
    with pytest.raises(BuilderError) as caught:
        at_the_door(raises, KIND, "set/config")(records)
    line = raises.__code__.co_firstlineno + 1
    assert caught.value.got == f"raised in {__file__}, line {line}"

    def own(records: pa.Table) -> pa.Table:
        msg = "of its own"
        raise UsageError(msg)

    with pytest.raises(UsageError, match="of its own"):
        at_the_door(own, KIND, "set/config")(records)
