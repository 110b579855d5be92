"""A project root: the folder with ``builders/``, ``schemas/`` and ``cards/`` that the command works on.

It is the checkout the user stands in, or else the copy bundled with Demur. The engine never imports a builder, a
schema, a kind or a carrier by name; this module finds and loads modules, and knows nothing of what they declare.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from demur.errors import ProjectError, UsageError, issues, nearest

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """The declarations below one root folder.

    Attributes:
        recorded: pins that take the place of the project's own, such as those of a manifest that is rebuilt.
    """

    root: Path
    recorded: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cards(self) -> Path:
        """The folder of card templates."""
        return self.root / "cards"

    def declared(self, package: str, kind: type[T]) -> dict[str, T]:
        """Everything of a class that the modules of a package declare, by its ``name``.

        Raises:
            ProjectError: a file cannot be loaded, or a name is declared twice.
        """
        found: dict[str, T] = {}
        for module in self.modules(package):
            for value in vars(module).values():
                if isinstance(value, kind):
                    name: str = value.name  # type: ignore[attr-defined]
                    if name in found and found[name] is not value:
                        msg = f"{kind.__name__} {name!r} is declared twice"
                        raise ProjectError(msg, where=module.__file__, fix="Rename one of the two.")
                    found[name] = value
        return found

    def classes(self, package: str, base: type[T]) -> dict[str, type[T]]:
        """The last class of a base that each module of a package defines, by the module's name."""
        return {
            module.__name__.rpartition(".")[2]: value
            for module in self.modules(package)
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        }

    def modules(self, package: str) -> list[ModuleType]:
        """The modules of a package of the project, loaded.

        Raises:
            ProjectError: there is no such folder, or a file cannot be loaded.
        """
        folder = self.root.joinpath(*package.split("."))
        if not folder.is_dir():
            msg = "The project has no such folder"
            raise ProjectError(
                msg,
                where=folder,
                fix="Run the command inside a checkout, or name one with --project.",
            )
        return [self._load(f"{package}.{path.stem}") for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]

    def _load(self, name: str) -> ModuleType:
        """Import a module of the project: of this one, whichever other project's modules have the same names."""
        root = self.root.resolve()
        if name in _loaded.get(root, {}):
            return _loaded[root][name]
        with _imports_of(root):
            try:
                return importlib.import_module(name)
            except Exception as error:
                msg = "A file of the project cannot be loaded"
                raise ProjectError(msg, where=f"{self.root}: {name}", got=_said(error)) from error


def _said(error: Exception) -> str:
    """What is wrong with a declaration; of pydantic's error the first issue, without its values."""
    return issues(error)[0] if hasattr(error, "errors") else f"{type(error).__name__}: {error}"


_PACKAGES = ("builders", "schemas")
_loaded: dict[Path, dict[str, ModuleType]] = {}
"""Modules of every project that was loaded so far, by its root."""


@contextmanager
def _imports_of(root: Path) -> Iterator[None]:
    """Let the names ``builders`` and ``schemas`` mean this project's packages; others of these names come back after.

    A command may load two projects: a private one, and the bundled one, whose schemas judge data of anybody's.
    """
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    foreign = {name: sys.modules.pop(name) for name in names if not _below(sys.modules[name], root)}
    sys.modules.update(_loaded.get(root, {}))
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
        _loaded[root] = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in _PACKAGES}
        if foreign:
            for name in _loaded[root]:
                del sys.modules[name]
            sys.modules.update(foreign)


def _below(module: ModuleType, root: Path) -> bool:
    return Path(module.__file__ or "").resolve().is_relative_to(root)


def bundled() -> Project:
    """The copy that came with Demur: inside the wheel, or the checkout that an editable install points to."""
    package = Path(__file__).resolve().parent
    inside = package / "_project"
    return Project(inside if inside.is_dir() else package.parent)


def find(start: Path | None = None) -> Project:
    """The project that ``start`` (by default the current folder) stands in, or else the bundled one."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "builders" / "sources").is_dir() and (folder / "schemas").is_dir():
            return Project(folder)
    return bundled()


def pick(known: Mapping[str, T], name: str, what: str) -> T:
    """The declaration of a name.

    Raises:
        UsageError: there is none; a near name is suggested.
    """
    if name not in known:
        msg = f"No {what} {name!r}"
        raise UsageError(msg, fix=nearest(name, known))
    return known[name]


def names_in(package: str) -> list[str]:
    """The names of the modules and packages inside a package of Demur's, sorted; private ones left out."""
    return sorted(each.name for each in _inside(package))


def packages_in(package: str) -> list[str]:
    """The names of the packages alone."""
    return sorted(each.name for each in _inside(package) if each.ispkg)


def _inside(package: str) -> list[pkgutil.ModuleInfo]:
    paths: Iterable[str] = importlib.import_module(package).__path__
    return [each for each in pkgutil.iter_modules(paths) if not each.name.startswith("_")]


def submodule(package: str, name: str) -> ModuleType:
    """One module inside a package of Demur's."""
    return importlib.import_module(f"{package}.{name}")


def submodules(package: str) -> list[ModuleType]:
    """All modules inside a package of Demur's, loaded."""
    return [submodule(package, name) for name in names_in(package)]
