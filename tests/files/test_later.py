from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from demur.files.later import without_pandas

HIDDEN = {
    "before Arrow": "without_pandas()\nwithout_pandas()\nimport pyarrow as pa\n",
    "after Arrow": "import pyarrow as pa\nwithout_pandas()\nwithout_pandas()\n",
}
ASKS = {
    "by name": "import pandas",
    "by Arrow": "table.to_pandas()\nimport pandas",
    "for a part": "import pandas.core.frame\nimport pandas",
    "whether it is there": "from importlib.util import find_spec\nassert find_spec('pandas')\nimport pandas",
}


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("asks", ASKS)
def test_pandas_waits_until_somebody_asks_for_it_by_name(hidden: str, asks: str) -> None:
    """From then on Arrow reads its columns as it would have, which a list of the same values shows."""
    pytest.importorskip("pandas")
    done = ended(
        f"import sys\nfrom demur.files.later import without_pandas\n{HIDDEN[hidden]}"
        "table = pa.table({'a': [1, None], 'b': pa.array([{'c': 'd'}, None])})\n"
        f"print('pandas' in sys.modules)\n{ASKS[asks]}\nimport pandas\nwithout_pandas()\n"
        "print(pa.array(pandas.Series(['a', None])).null_count, pa.array(pandas.Series([1.5, None])).null_count)\n"
        "print(pa.array(pandas.Categorical(['a', 'b'])).type.index_type, table.to_pandas()['a'].count())\n"
        "print(pa.Table.from_pandas(pandas.DataFrame({'a': ['x', None]}))['a'].null_count)\n"
        "print(sum(type(each).__module__ == 'demur.files.later' for each in sys.meta_path))"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "1", "1", "int8", "1", "1", "0"]


def test_what_is_imported_stays() -> None:
    """In a process that has pandas nothing waits for anything."""
    pytest.importorskip("pandas")
    before = list(sys.meta_path)
    without_pandas()
    assert sys.meta_path == before


@pytest.mark.parametrize("command", ["check", "decontaminate", "group", "refusal-position"])
def test_commands_need_no_pandas(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "Name a lake.", "response": "Garda."}\n' * 2)
    path, out = str(tmp_path / "a.jsonl"), str(tmp_path / "out")
    more = {
        "check": ["--license", "mit"],
        "decontaminate": ["--against", path],
        "group": ["--out", out],
        "refusal-position": [],
    }[command]
    done = ended(
        "import atexit, sys\nfrom demur.cli import main\n"
        "atexit.register(lambda: print('pyarrow' in sys.modules, 'pandas' in sys.modules))\n"
        f"sys.argv = ['demur', {command!r}, {path!r}, *{more!r}]\nmain()"
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.endswith("True False\n"), done.stdout[-200:] + done.stderr
