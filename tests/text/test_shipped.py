"""Kernels that come with a wheel: used where all that they were made from is here, and nowhere else.

A copy of the package stands for an installed one; its file of kernels holds two, compiled by a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.text import shipped
from tests.conftest import ROOT

WORK = """
    import json, sys
    import numpy as np
    import pyarrow as pa
    from numba.core import event

    class Compiled(event.Listener):
        count = 0
        def on_start(self, what): self.count += 1
        def on_end(self, what): pass

    listener = Compiled()
    event.register("numba:compile", listener)
    from demur.groups.splits import assign_codes
    from demur.similarity.prefix import count_rows
    from demur.text import compiled, shipped

    keys = pa.array([f"row {row}" for row in range(100_000)])
    codes, _ = assign_codes(keys, np.arange(100_000), {"train": 0.5, "test": 0.5})
    print(json.dumps([listener.count, int((codes * np.arange(len(codes))).sum()), shipped.__file__]))
"""
PACK = """
    from pathlib import Path
    shipped.pack(Path(sys.argv[1]), compiled.MACHINES)
"""
KERNEL = "demur.groups._positions.hash_keys"


def run(package: Path, cache: Path, script: str = WORK, *arguments: str, **more: str) -> tuple[int, int]:
    """How often numba compiled, and what came of the work."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", dedent(script), *arguments],
        cwd=package,
        env={**kept, "PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    compiled, found, module = json.loads(done.stdout.splitlines()[0])
    assert Path(module).is_relative_to(package)
    return compiled, found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A package that carries the kernels, and what the work gives where numba compiles it."""
    pytest.importorskip("numba")
    if not shipped._runs():
        pytest.skip("the processor is below x86-64-v3")
    package = tmp_path_factory.mktemp("made")
    for room in ("", "files", "text", "groups", "similarity"):
        (package / "demur" / room).mkdir(exist_ok=True, parents=True)
        for path in (ROOT / "demur" / room).glob("*.py"):
            shutil.copy(path, package / "demur" / room / path.name)
    level = {"NUMBA_CPU_NAME": shipped.CPU, "NUMBA_CPU_FEATURES": shipped.features(), "PYTHONHASHSEED": "0"}
    place = str(package / "demur" / "kernels.zip")
    compiled, found = run(package, package / "cache", dedent(WORK) + dedent(PACK), place, **level)
    assert compiled
    return package, found


@pytest.fixture
def package(made: tuple[Path, int], tmp_path: Path) -> Path:
    """The package, to change."""
    return Path(shutil.copytree(made[0] / "demur", tmp_path / "site" / "demur")).parent


def file_of(package: Path) -> Path:
    return package / "demur" / "kernels.zip"


def members(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file_of(package)) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewrite(package: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file_of(package), "w") as file:
        for name, data in contents.items():
            file.writestr(name, data)


def in_index(package: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    contents = members(package)
    index = json.loads(contents["index.json"])
    change(index)
    rewrite(package, {**contents, "index.json": json.dumps(index).encode()})


def test_a_first_run_compiles_nothing_and_gives_the_same(made: tuple[Path, int], tmp_path: Path) -> None:
    package, found = made
    assert run(package, tmp_path / "new") == (0, found)
    (package / "demur" / "kernels.zip").rename(tmp_path / "away.zip")
    try:
        compiled, same = run(package, tmp_path / "other")
    finally:
        (tmp_path / "away.zip").rename(package / "demur" / "kernels.zip")
    assert compiled > 0
    assert same == found


def test_another_signature_is_compiled_and_kept(made: tuple[Path, int], tmp_path: Path) -> None:
    package, found = made
    more = """
        sizes, lists = np.zeros(3, np.int32), np.zeros(3, np.int32)
        print(json.dumps(listener.count))
    """
    other = dedent(WORK).replace("pa.array([", "pa.array(['long ' * 60, ").replace("np.arange(100_000)", "np.arange(9)")
    assert other != dedent(WORK)
    del more, found
    assert package


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index["made"].update(numba="0.0.1"),
        lambda index: index["made"].update(llvmlite="0.0.1"),
        lambda index: index["made"].update(python="cpython-399"),
        lambda index: index["made"].update(numpy="1"),
        lambda index: index["made"].update(system="riscv64-unknown-linux-gnu"),
        lambda index: index["made"]["settings"].update(OPT="0"),
        lambda index: index["made"]["features"].append("avx512f"),
        lambda index: index["sources"].update({"demur.groups._positions": "0" * 64}),
        lambda index: index["sources"].update({"demur.no_such_module": "0" * 64}),
        lambda index: index.pop("made"),
        lambda index: index.update(kernels=None),
    ],
    ids=["numba", "llvmlite", "python", "numpy", "system", "settings", "features", "source", "module", "cut", "none"],
)
def test_what_was_made_from_anything_else_is_not_used(package: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    usable = shipped._usable.__wrapped__
    index = json.loads(members(package)["index.json"])
    assert usable(file_of(package)) == index["kernels"]
    in_index(package, change)
    assert usable(file_of(package)) == {}
