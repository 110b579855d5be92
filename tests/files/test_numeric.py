from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from demur.files.numeric import cells_of, to_arrow

VALUES = [np.arange(9)[::2], np.zeros(0, np.uint16), np.array([1.5, np.nan]), np.arange(11) % 3 == 0]


@pytest.mark.parametrize("values", VALUES, ids=lambda values: str(values.dtype))
def test_numbers_are_those_of_pyarrow(values: np.ndarray) -> None:
    found = to_arrow(values)
    found.validate(full=True)
    assert found.type == pa.array(values).type
    assert np.array_equal(found.to_numpy(zero_copy_only=False), values, equal_nan=values.dtype.kind == "f")


def test_a_join_needs_no_pandas() -> None:
    code = (
        "import sys\nfrom demur.files.numeric import repeated\n"
        "from demur.similarity import components, onepass, self_join\nonepass.LEAST = 0\n"
        "assert components(20, self_join(repeated('a b c d e', 20), view='word3', threshold=0.8)).sum() == 0\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("time", [pa.timestamp("s"), pa.timestamp("us", tz="Lake/Garda")])
def test_cells_with_times_that_python_has_not(time: pa.DataType) -> None:
    times = pa.array([9_000_000_000_000, 1], time)
    notes = pa.StructArray.from_arrays([pa.array(["a", "b"]), times], ["note", "when"])
    column = pa.ListArray.from_arrays([0, 1, 2, 2], notes)
    found = cells_of(column)
    assert len(found) == 3
    assert isinstance(found[0], str)
    assert found[2] == []
    assert cells_of(column.slice(1)) == found[1:]
