"""The words under the fields of a schema, read from its file when somebody asks for them.

pydantic would read them as a class is made (``use_attribute_docstrings``), and look through all modules for the file:
that costs every start.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path


@cache
def words(file: str, name: str) -> Mapping[str, str | None]:
    """What stands under each field of a class; None where nothing does, and no field where nobody knows.

    Args:
        file: of the module.
        name: as in ``__qualname__``.
    """
    body = _classes(file).get(name, [])
    found: dict[str, str | None] = {}
    for field, below in pairwise([*body, ast.Pass()]):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = below.value if isinstance(below, ast.Expr) else None
            text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else None
            found[field.target.id] = None if text is None else inspect.cleandoc(text)
    return found


@cache
def _classes(file: str) -> dict[str, list[ast.stmt]]:
    """The bodies of the classes that a file of Python defines."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return dict(_inside(tree.body, ""))


def _inside(body: list[ast.stmt], above: str) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{above}{node.name}", node.body
            yield from _inside(node.body, f"{above}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield from _inside(node.body, f"{above}{node.name}.<locals>.")
