"""What the benchmarks import from Demur is there, also what they import only once they run."""

from __future__ import annotations

import ast
from importlib import import_module

import pytest

from tests.conftest import ROOT

MODULES = sorted((ROOT / "bench").glob("*.py"))


def names(module: str) -> set[tuple[str, str]]:
    tree = ast.parse((ROOT / "bench" / f"{module}.py").read_text(encoding="utf-8"))
    return {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "demur"
        for alias in node.names
    }


def test_the_benchmarks_use_demur() -> None:
    assert sum(bool(names(path.stem)) for path in MODULES) > 8


@pytest.mark.parametrize("module", [path.stem for path in MODULES])
def test_every_name_is_there(module: str) -> None:
    missing = []
    for package, name in sorted(names(module)):
        if not hasattr(import_module(package), name):
            try:
                import_module(f"{package}.{name}")
            except ModuleNotFoundError:
                missing.append(f"{package}.{name}")
    assert missing == []
