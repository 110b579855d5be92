from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from demur.files.numeric import to_arrow

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


def test_a_check_needs_no_pandas(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Name a lake.", "response": "Garda."}\n' * 2)
    code = (
        "import sys\nfrom demur.cli import main\n"
        f"main(['check', {str(tmp_path)!r}, '--license', 'mit'], standalone_mode=False)\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "DMR102" in done.stdout
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize(
    "asks", ["import pandas", "table.to_pandas()\nimport pandas", "import pandas.core.frame\nimport pandas"]
)
def test_pandas_waits_until_somebody_asks_for_it_by_name(asks: str) -> None:
    """From then on Arrow reads its columns as it would have, which a list of the same values shows."""
    pytest.importorskip("pandas")
    code = (
        "import sys\nimport pyarrow as pa\nfrom demur.files.numeric import without_pandas\nwithout_pandas()\n"
        "table = pa.table({'a': [1, None], 'b': pa.array([{'c': 'd'}, None])})\n"
        f"print('pandas' in sys.modules)\n{asks}\nimport pandas\nwithout_pandas()\n"
        "print(pa.array(pandas.Series(['a', None])).null_count, pa.array(pandas.Series([1.5, None])).null_count)\n"
        "print(pa.array(pandas.Categorical(['a', 'b'])).type.index_type, table.to_pandas()['a'].count())\n"
        "print(pa.Table.from_pandas(pandas.DataFrame({'a': ['x', None]}))['a'].null_count)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "1", "1", "int8", "1", "1"]
