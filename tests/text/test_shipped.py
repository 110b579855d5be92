"""Kernels that come with a wheel: used where all that they were made from is here, and nowhere else.

A copy of the package stands for an installed one; its file of kernels holds one, compiled by a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
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
    from llvmlite import binding
    from numba.core import event

    class Compiled(event.Listener):
        count = 0
        def on_start(self, what): self.count += 1
        def on_end(self, what): pass

    has = binding.get_host_cpu_features
    without = dict(zip(sys.argv[2:], [False] * 99))
    binding.get_host_cpu_features = lambda: binding.FeatureMap({**has(), **without})
    listener = Compiled()
    event.register("numba:compile", listener)
    from demur.checks._sums import sum_bytes
    from demur.text import compiled, shipped

    data, offsets = np.frombuffer(b"boat lamp", np.uint8), np.array([0, 4, 9], sys.argv[1])
    out = np.zeros(2, np.uint64)
    sum_bytes(data, offsets, np.array([1, 300, 5, 7, 11], np.uint64), out)
    print(json.dumps([listener.count, out.tolist(), shipped.__file__]))
"""
"""A kernel is called with places of 32 or of 64 bits, on a processor that lacks some features."""

PACK = """
    from pathlib import Path
    shipped.pack(Path("demur/kernels.zip"), compiled.MACHINES)
"""
usable = shipped._usable.__wrapped__
MODULE = "demur/checks/_sums.py"


def run(package: Path, cache: Path, *lacks: str, places: str = "int64", more: str = "", **level: str) -> int:
    """Let a new process call the kernel; how often numba compiled. What the kernel gives is always the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", dedent(WORK) + dedent(more), places, *lacks],
        cwd=package,
        env={**kept, "PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache), **level},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    compiled, found, module = json.loads(done.stdout)
    assert Path(module).is_relative_to(package)
    factors = (1, 300, 5, 7, 11)
    sums = [sum((byte + 1) * by for byte, by in zip(text, factors, strict=False)) for text in (b"boat", b" lamp")]
    assert found == [each | 1 for each in sums]
    return int(compiled)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that carries the kernel."""
    pytest.importorskip("numba")
    package = tmp_path_factory.mktemp("made")
    for room in ("", "text", "checks"):
        (package / "demur" / room).mkdir(exist_ok=True)
        for path in (ROOT / "demur" / room).glob("*.py"):
            shutil.copy(path, package / "demur" / room / path.name)
    assert run(package, package / "cache", more=PACK, **shipped.LEVEL) > 0
    return package


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """The package, to change."""
    return shutil.copytree(made / "demur", tmp_path / "site" / "demur").parent


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


def test_a_first_run_compiles_nothing(made: Path, tmp_path: Path) -> None:
    assert run(made, tmp_path / "new") == 0
    assert [*(tmp_path / "new").rglob("*.nbc")] == []


def test_without_the_file_all_is_compiled_and_kept(package: Path, tmp_path: Path) -> None:
    file_of(package).unlink()
    assert run(package, tmp_path / "new") > 0
    assert run(package, tmp_path / "new") == 0


def test_another_signature_is_compiled_and_kept(made: Path, tmp_path: Path) -> None:
    assert run(made, tmp_path / "new", places="int32") > 0
    assert run(made, tmp_path / "new", places="int32") == 0
    assert run(made, tmp_path / "new") == 0


def test_a_changed_module_takes_none(package: Path, tmp_path: Path) -> None:
    with (package / MODULE).open("a", encoding="utf-8") as file:
        file.write("#")
    assert run(package, tmp_path / "new") > 0


def test_a_processor_that_lacks_a_feature_takes_none(made: Path, tmp_path: Path) -> None:
    assert run(made, tmp_path / "new", "avx512f", "sha") == 0
    assert run(made, tmp_path / "new", "avx2") > 0


def test_whoever_asks_numba_for_another_processor_gets_it(made: Path, tmp_path: Path) -> None:
    assert run(made, tmp_path / "new", NUMBA_CPU_NAME="generic") > 0


@pytest.mark.parametrize("feature", shipped.FEATURES)
def test_every_feature_is_asked_for(feature: str, monkeypatch: pytest.MonkeyPatch) -> None:
    binding = pytest.importorskip("llvmlite.binding")
    everything = dict.fromkeys(shipped.FEATURES, True)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: everything)
    assert shipped._runs()
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: {**everything, feature: False})
    assert not shipped._runs()


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
        lambda index: index["sources"].update({"demur.checks._sums": "0" * 64}),
        lambda index: index["sources"].update({"demur.no_such_module": "0" * 64}),
        lambda index: index.pop("made"),
        lambda index: index.update(kernels=None),
    ],
    ids=["numba", "llvmlite", "python", "numpy", "system", "settings", "features", "source", "module", "cut", "none"],
)
def test_what_was_made_from_anything_else_is_not_used(package: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    assert usable(file_of(package)) != {}
    in_index(package, change)
    assert usable(file_of(package)) == {}


@pytest.mark.parametrize("how", ["empty", "cut", "another", "one byte"])
def test_a_damaged_file_is_not_used_and_the_work_is_done(package: Path, tmp_path: Path, how: str) -> None:
    file = file_of(package)
    data = file.read_bytes()
    half = len(data) // 2
    byte = bytes([data[half] ^ 1])
    file.write_bytes(
        {"empty": b"", "cut": data[:half], "another": b"boat" * 999, "one byte": data[:half] + byte + data[half + 1 :]}[
            how
        ]
    )
    assert run(package, tmp_path / "new") > 0


@pytest.mark.parametrize("data", [b"boat", pickle.dumps(("boat",) * 9)], ids=["bytes", "tuple"])
def test_code_that_is_none_is_not_used_and_the_work_is_done(package: Path, tmp_path: Path, data: bytes) -> None:
    """With its own digest, and with another."""
    contents = members(package)
    (digest,) = contents.keys() - {"index.json"}
    rewrite(package, {**contents, digest: data})
    assert run(package, tmp_path / "new") > 0
    own = hashlib.sha256(data).hexdigest()
    index = contents["index.json"].replace(digest.encode(), own.encode())
    rewrite(package, {"index.json": index, own: data})
    assert run(package, tmp_path / "other") > 0


def test_nothing_with_another_digest_is_unpickled(package: Path, tmp_path: Path) -> None:
    contents = members(package)
    (digest,) = contents.keys() - {"index.json"}
    left = tmp_path / "left"
    rewrite(package, {**contents, digest: b"cos\nmkdir\n(V%s\ntR." % str(left).encode()})
    assert run(package, tmp_path / "new") > 0
    assert not left.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_leaves_the_index_as_it_is_or_unused(made: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = file_of(made).read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1) | st.integers(len(whole) - 2000, len(whole) - 1))
    bits = data.draw(st.integers(0, 255))
    place = tmp_path / "kernels.zip"
    place.write_bytes(whole[:at] + (bytes([whole[at] ^ bits]) + whole[at + 1 :] if bits else b""))
    assert usable(place) in ({}, usable(file_of(made)))


def test_kernels_of_this_processor_are_not_packed(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    with pytest.raises(ValueError, match="another processor"):
        shipped.pack(tmp_path / "kernels.zip", {})
    assert not [*tmp_path.iterdir()]


def test_the_file_names_no_place_of_the_machine_that_made_it(made: Path) -> None:
    assert not [name for name, data in members(made).items() if str(made).encode() in data]
