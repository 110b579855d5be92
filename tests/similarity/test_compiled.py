from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pyarrow as pa
import pytest

from demur.protected.near import decontaminate
from demur.protected.prompts import Background, Protected
from demur.similarity import View, cross_join, self_join
from demur.similarity.joins import Index
from demur.similarity.sets import build
from demur.text import compiled as _compiled
from demur.text.columns import fold_confusables_array, normalise_array


def test_every_kernel_is_compiled_once(tmp_path: Path) -> None:
    """A second signature (another dtype, a read-only array) would double the first compile."""
    texts = ["a b c d", "a b c d e", "Ünder 東京 a b c d", None, "?"]
    views: tuple[View, ...] = ("token", "word3", "char")
    for column in (texts, [], pa.array(texts), pa.chunked_array([texts, texts]), ["ascii only"] * 300):
        for view in views:
            self_join(column, view=view, threshold=0.5)
            cross_join(column, texts, view=view, threshold=0.5)
        protected = Protected.from_texts([text for text in texts if text], background=Background.of(column))
        decontaminate(column, protected)
        protected.write(tmp_path / "sketch.parquet")
        decontaminate(column, Protected.read(tmp_path / "sketch.parquet"))
    sets, keys = build(pa.array(texts, pa.large_string()), "token"), pa.array(range(5), pa.uint64()).to_numpy()
    assert not keys.flags.writeable
    for apart in (None, keys):
        Index.of(sets, 0.5, apart=apart).probe(0, sets, apart=apart)
    normalise_array(pa.array(texts))
    fold_confusables_array(pa.array(texts).slice(1))
    kernels = {name: made for name, made in _compiled.MACHINES.items() if not name.startswith("demur.tokens")}
    assert len(kernels) >= 10
    assert {name: made.nopython_signatures for name, made in kernels.items() if len(made.nopython_signatures) > 1} == {}


@pytest.mark.parametrize(("asked", "expected"), [("3", 3), ("0", 1)])
def test_thread_count(asked: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", asked)
    assert _compiled.thread_count() == expected
    assert _compiled.thread_count(7) == 7
    monkeypatch.delenv("NUMBA_NUM_THREADS")
    assert _compiled.thread_count() >= 1


@pytest.mark.parametrize("rows", [0, 1, 5, 4096, 100_001])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_ranges_cover_all_rows_once(rows: int, threads: int) -> None:
    pieces = _compiled.ranges(rows, threads)
    assert [row for first, last in pieces for row in range(first, last)] == list(range(rows))


def test_kernels_do_without_scipy_and_leave_products_of_matrices_to_others() -> None:
    said = """
        import sys
        import numpy as np
        from demur.similarity import self_join
        from demur.text.compiled import MACHINES
        self_join(["one two three"] * 3, view="token", threshold=0.5)
        print(len(MACHINES) > 0, "scipy.linalg" in sys.modules)
        import numba
        print(numba.njit(lambda one, two: np.dot(one, two))(np.eye(2), np.ones((2, 2))).tolist())
    """
    done = subprocess.run([sys.executable, "-c", dedent(said)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True False", "[[1.0, 1.0], [1.0, 1.0]]"]
