"""From triples of a prompt and two responses to their three rows."""

from __future__ import annotations

import pyarrow as pa
import pytest

from demur.errors import RowError
from demur.kinds.training.laws import LAWS
from demur.kinds.training.triples import rows_of
from demur.text.units import ends
from tests.tokens.conftest import bpe, triples

NAMES = sorted(LAWS)


@pytest.mark.parametrize("name", NAMES)
def test_rows_hold_the_first_k_units_byte_for_byte(name: str) -> None:
    table = triples(60)
    rows = rows_of(table, LAWS[name], seed=1, tokenizer=bpe())
    assert rows["kind"].to_pylist() == ["refusal_mle", "prefix_mle", "rto"] * 60
    for row in rows.to_pylist():
        harmful, safe = table["harmful"][row["triple"]].as_py(), table["safe"][row["triple"]].as_py()
        assert row["target"] == (harmful if row["kind"] == "rto" else safe)
        assert harmful.startswith(row["context_prefix"])
        if row["kind"] == "prefix_mle":
            assert (row["k"] == 0) == (row["context_prefix"] == "")
            units = bpe()(harmful, return_offsets_mapping=True)["offset_mapping"]
            places = [end for _, end in units] if LAWS[name].unit == "token" else ends(harmful, "word")
            assert row["n"] == len(places)
            assert row["context_prefix"] == harmful[: places[row["k"] - 1] if row["k"] else 0]
        else:
            assert (row["context_prefix"], row["k"], row["n"]) == ("", None, None)


def test_rows_are_the_same_in_any_order() -> None:
    table = triples(40)
    one = {row["record_id"]: row for row in rows_of(table, LAWS["derta-released"], 1).to_pylist()}
    two = {
        row["record_id"]: row
        for row in rows_of(table.take(list(range(39, -1, -1))), LAWS["derta-released"], 1).to_pylist()
    }
    assert len(one) == 120
    for key, row in one.items():
        assert {**row, "triple": 0} == {**two[key], "triple": 0}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("", "Sorry.", "Blue is out."), "the prompt is empty"),
        (("Which?", " ", "Blue is out."), "the safe response is empty"),
        (("Which?", "Sorry.", "\n"), "the harmful response is empty"),
        (("Which?", "Blue is out.", "blue  is OUT!"), "the safe and the harmful response are equal"),
    ],
)
def test_what_is_no_triple(texts: tuple[str, str, str], message: str) -> None:
    table = triples(2)
    columns = dict(zip(("prompt", "safe", "harmful"), ([text] for text in texts), strict=True))
    with pytest.raises(RowError, match=message) as error:
        rows_of(pa.concat_tables([table, pa.table(columns)]), LAWS["derta-paper"].counted_in("word"), 1)
    assert "triple 2" in str(error.value)
