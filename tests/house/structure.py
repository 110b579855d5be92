"""The structure of the tree, counted from its imports: ``python -m tests.house.structure [ROOT]`` prints it.

A *room* is a package of ``demur/``, or a module that lies loose at its root; an *arrow* leads from a room to one that
imports, once however many names; it *runs back up* where the law of imports forbids it.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

LAW = (
    ("errors", "inputs", "progress", "draws", "rates", "project"),
    ("files",),
    ("text", "pages"),
    ("similarity", "tokens", "records"),
    ("sources", "groups"),
    ("shards",),
    ("protected",),
    ("curation",),
    ("sets",),
    ("checks",),
    ("kinds",),
    ("release", "audits", "review", "exports", "start"),
    ("reports",),
    ("commands",),
    ("cli", "inspect_tasks"),
)
"""Rooms from left to right: one imports only from those to its left, the ground's from one another."""

FLOOR = {room: number for number, floor in enumerate(LAW) for room in floor}


class Tree:
    """The modules of ``demur/`` below a root, and what each imports."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules: dict[str, Path] = {}
        for path in sorted((root / "demur").rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if "_project" not in parts:
                self.modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        self.imports = {name: self._imported(path) for name, path in self.modules.items()}

    def _imported(self, path: Path) -> set[str]:
        """Every module of demur that a file imports, wherever the statement stands."""
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                modules = {name for name in whole if name in self.modules}
                found |= modules or {node.module}
        return {name for name in found if name.partition(".")[0] in ("demur", "builders", "schemas")}

    def room(self, module: str) -> str:
        """The package at the top of demur that a module lies in, or itself."""
        return module.split(".")[1] if "." in module else module

    def package(self, module: str) -> str:
        """The package that a module lies in, at whatever depth."""
        return module if self.modules[module].name == "__init__.py" else module.rpartition(".")[0]

    @property
    def rooms(self) -> list[str]:
        """Packages, and loose modules of the root."""
        loose = [name for name in self.modules if name.count(".") == 1 and self.package(name) == "demur"]
        return sorted({self.package(name) for name in self.modules} - {"demur"} | {*loose})

    def _place(self, module: str) -> str:
        package = self.package(module) if module in self.modules else module.rpartition(".")[0]
        return module if package == "demur" else package

    @property
    def arrows(self) -> set[tuple[str, str]]:
        """From each room to those that it imports."""
        return {
            (self._place(one), self._place(two))
            for one, imported in self.imports.items()
            for two in imported
            if one != "demur" and two in self.modules and two != "demur" and self._place(one) != self._place(two)
        }

    def against_the_law(self) -> list[str]:
        """Imports that run back up, by module."""
        return [
            f"{one} imports {two}"
            for one, imported in self.imports.items()
            for two in sorted(imported)
            if one != "demur" and two.startswith("demur.") and not self._allowed(self.room(one), self.room(two))
        ]

    def _allowed(self, one: str, two: str) -> bool:
        if one not in FLOOR or two not in FLOOR:
            return False
        return one == two or FLOOR[two] < FLOOR[one] or FLOOR[one] == FLOOR[two] == 0

    def circles(self) -> list[list[str]]:
        """Modules that import one another, round about (Tarjan's strongly connected components).

        The face of the whole is left out: it names everything, for type checkers alone, and holds the version.
        """
        inner = {one: imported for one, imported in self.imports.items() if one != "demur"}
        graph = {one: {two for two in imported if two in inner} for one, imported in inner.items()}
        order: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        found = []

        def visit(node: str) -> None:
            order[node] = low[node] = len(order)
            stack.append(node)
            for other in graph[node]:
                if other not in order:
                    visit(other)
                    low[node] = min(low[node], low[other])
                elif other in stack:
                    low[node] = min(low[node], order[other])
            if low[node] == order[node]:
                circle = []
                while True:
                    circle.append(stack.pop())
                    if circle[-1] == node:
                        break
                if len(circle) > 1:
                    found.append(sorted(circle))

        for node in graph:
            if node not in order:
                visit(node)
        return found

    def lines(self) -> dict[str, int]:
        """Lines of every module."""
        return {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in self.modules.items()}


def summary(root: Path) -> str:
    """The numbers of a tree."""
    tree = Tree(root)
    lines = tree.lines()
    depth: defaultdict[int, int] = defaultdict(int)
    for count in lines.values():
        depth[(count > 300) + (count > 350)] += 1
    back = {(tree.room(each.split()[0]), tree.room(each.split()[2])) for each in tree.against_the_law()}
    return "\n".join(
        [
            f"rooms {len(tree.rooms)}, modules {len(tree.modules)}, lines {sum(lines.values())}",
            f"arrows {len(tree.arrows)}, imports against the law {len(tree.against_the_law())} ({len(back)} of rooms)",
            f"circles of modules {len(tree.circles())}",
            f"modules over 300 lines {depth[1] + depth[2]}, over 350 {depth[2]}",
        ]
    )


if __name__ == "__main__":
    print(summary(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))  # noqa: T201
