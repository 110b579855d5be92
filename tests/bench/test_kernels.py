"""Kernels of a wheel: the work that compiles them reaches all; a wheel that carries them compiles none."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.kernels import kernels
from tests.conftest import ROOT

CHECK = """
import sys
from numba.core import event

class Compiled(event.Listener):
    count = 0
    def on_start(self, what): self.count += 1
    def on_end(self, what): pass

listener = Compiled()
event.register("numba:compile", listener)
import demur
from demur import check
from demur.text.compiled import MACHINES

check(sys.argv[1], license="mit")
print(demur.__file__, listener.count, len(MACHINES))
"""


def test_all_kernels_of_the_source_are_known() -> None:
    """`bench.kernels` ends where its work does not reach one of these."""
    found = set()
    for path in (ROOT / "demur").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(each, ast.Name) and each.id == "kernel" for each in node.decorator_list
            ):
                found.add(f"{module}.{node.name}")
    assert "demur.text._fold.fold_rows" in found
    assert kernels() == found


@pytest.mark.network
@pytest.mark.skipif(os.environ.get("DEMUR_NETWORK") != "1", reason="DEMUR_NETWORK is not 1")
@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="kernels are for Linux x86-64")
def test_an_installed_wheel_with_kernels_compiles_none(tmp_path: Path) -> None:
    pins = str(ROOT / "constraints.txt")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(
        build, check=True, capture_output=True, env={**os.environ, "DEMUR_KERNELS": "1", "PIP_CONSTRAINT": pins}
    )
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.split("-")[2:4] == [f"cp{sys.version_info.major}{sys.version_info.minor}", "none"]
    with zipfile.ZipFile(wheel) as file:
        assert file.namelist().count("demur/kernels.zip") == 1
    place = str(tmp_path / "site")  # numba is that of development, demur that of the wheel
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    with (tmp_path / "train.jsonl").open("w", encoding="utf-8") as rows:
        for row in range(60_000):
            answer = f"Lamp {row} of the harbour stands left of the old gate, and is lit at night."
            rows.write(json.dumps({"prompt": f"Where is lamp number {row}?", "response": answer}) + "\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHECK, str(tmp_path / "train.jsonl")],
        cwd=tmp_path,
        env={**kept, "HOME": str(tmp_path / "home"), "PYTHONPATH": place},
        capture_output=True,
        text=True,
        check=True,
    )
    where, compiled, used = done.stdout.split()
    assert Path(where).is_relative_to(place)
    assert int(compiled) == 0
    assert int(used) > 3
