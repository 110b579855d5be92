"""A project root: the folder with ``builders/``, ``schemas/`` and ``cards/`` that the command works on.

It is the project the user stands in, or else the copy bundled with Demur. A folder whose ``demur.toml`` says
``[project] extends = "demur"`` holds only what it adds or replaces. Installed packages offer sources and builders by
entry points.

The engine never imports a builder, a schema, a kind or a carrier by name; this module finds and loads modules, and
knows nothing of what they declare.
"""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from demur.errors import ProjectError, UsageError, nearest
from demur.project.imports import GROUPS, Imports, Part
from demur.project.owners import SAFE, foreign, upwards

T = TypeVar("T")

FILE = "demur.toml"
DEMUR, OWN = "demur", "project"
GONE = "If an installed package offered it, install that again."


@dataclass(frozen=True)
class Declared(Generic[T]):
    """One declaration, whose it is, and whose it takes the place of, if it does."""

    value: T
    by: str
    over: str | None = None


@dataclass(frozen=True)
class Project:
    """The declarations below one root folder.

    Attributes:
        recorded: pins that take the place of the project's own, such as those of a manifest that is rebuilt.
        packages: whether installed packages are asked for what they offer, which loads their code.
    """

    root: Path
    recorded: Mapping[str, Any] = field(default_factory=dict)
    packages: bool = field(default=False, kw_only=True)

    @property
    def cards(self) -> Path:
        """The folder of card templates."""
        return self.root / "cards"

    @cached_property
    def extends(self) -> bool:
        """Whether it adds to what came with Demur."""
        return (_table(self.root) or {}).get("extends") == DEMUR

    @cached_property
    def is_bundled(self) -> bool:
        """Whether it is what came with Demur."""
        return self.root.resolve() == bundled().root.resolve()

    @cached_property
    def is_alone(self) -> bool:
        """Whether it is what came with Demur, and no installed package adds to it."""
        return self.is_bundled and not any(map(self._imports.offered, GROUPS))

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """Its own root, and behind it the one that it extends."""
        return (self.root, bundled().root) if self.extends and not self.is_bundled else (self.root,)

    def declared(self, package: str, kind: type[T]) -> dict[str, T]:
        """Everything of a class that the modules of a package declare, by its ``name``.

        Raises:
            ProjectError: a file cannot be loaded, or a name is declared twice.
        """
        return {name: each.value for name, each in self.found(package, kind).items()}

    def named(self, package: str, kind: type[T], names: Iterable[str]) -> dict[str, T]:
        """At least the declarations of these names, each by the file of its name alone; all, where those do not do.

        Where something else may take the place of what came with Demur, every file is asked.

        Raises:
            ProjectError: a file cannot be loaded, or a name is declared twice.
        """
        found: dict[str, T] = {}
        files = self._files(package) if self.is_alone else {}
        for name in names:
            if (stem := name.replace("-", "_")) in files:
                for value in vars(self._imports.load(f"{package}.{stem}")).values():
                    if isinstance(value, kind) and value.name == name:  # type: ignore[attr-defined]
                        found[name] = value
        return found if found.keys() >= {*names} else self.declared(package, kind)

    def found(self, package: str, kind: type[T]) -> dict[str, Declared[T]]:
        """The same, with whose each is: a project's own takes the place of what it extends.

        Raises:
            ProjectError: a file cannot be loaded, or a name is declared twice.
        """
        found: dict[str, Declared[T]] = {}
        known: set[int] = set()
        for part in self.parts(package):
            mine: dict[str, T] = {}
            for module in part.modules:
                for value in vars(module).values():
                    if not isinstance(value, kind) or id(value) in known:
                        continue
                    name: str = value.name  # type: ignore[attr-defined]
                    if name in mine and mine[name] is not value:
                        msg = f"{kind.__name__} {name!r} is declared twice"
                        raise ProjectError(msg, where=module.__file__, fix="Rename one of the two.")
                    if name in found and part.by != OWN:
                        msg = f"{kind.__name__} {name!r} is declared by two packages"
                        raise ProjectError(
                            msg,
                            where=f"{found[name].by} and {part.by}",
                            fix="Uninstall one of the two, or declare it in a project of your own.",
                        )
                    mine[name] = value
            found |= {name: Declared(each, part.by, _by(found.get(name))) for name, each in mine.items()}
            known |= {id(each) for each in mine.values()}
        return found

    def classes(self, package: str, base: type[T]) -> dict[str, type[T]]:
        """The last class of a base that each module of a package defines, by the module's name."""
        return _last(self.modules(package), base)

    def class_in(self, package: str, stem: str, base: type[T]) -> type[T]:
        """The last class of a base that one module of a package defines.

        Raises:
            ProjectError: the file cannot be loaded.
        """
        return _last([self._imports.load(f"{package}.{stem}")], base)[stem]

    def modules(self, package: str) -> list[ModuleType]:
        """The modules of a package of the project, loaded; those of installed packages left out.

        Raises:
            ProjectError: there is no such folder, or a file cannot be loaded.
        """
        return [self._imports.load(f"{package}.{stem}") for stem in self.stems(package)]

    def parts(self, package: str) -> list[Part]:
        """The modules of a package by whose they are: what came with Demur first, the project's own last.

        Raises:
            ProjectError: there is no such folder, or a file or an installed package cannot be loaded.
        """
        own: list[ModuleType] = []
        base: list[ModuleType] = []
        for stem, path in sorted(self._files(package).items()):
            mine = self.extends and path.is_relative_to(self.root)
            (own if mine or not (self.extends or self.is_bundled) else base).append(
                self._imports.load(f"{package}.{stem}")
            )
        parts = [Part(DEMUR, tuple(base)), *self._imports.offered(package), Part(OWN, tuple(own))]
        return [part for part in parts if part.modules]

    def stems(self, package: str) -> list[str]:
        """The names of the modules of a package, sorted.

        Raises:
            ProjectError: there is no such folder.
        """
        return sorted(self._files(package))

    def shadowed(self, package: str) -> list[str]:
        """Names of files of a package that take the place of files of the project that is extended."""
        first, *behind = [{path.stem for path in folder.glob("*.py")} for folder in self.folders(package)] or [set()]
        return sorted(first.intersection(*behind) - {"__init__"}) if behind else []

    def folders(self, package: str) -> list[Path]:
        """The folders of a package, the project's own first."""
        return self._imports.folders(package)

    @cached_property
    def _imports(self) -> Imports:
        return Imports(self.roots, self.packages and (self.extends or self.is_bundled))

    def _files(self, package: str) -> dict[str, Path]:
        if not (folders := self.folders(package)):
            msg = "The project has no such folder"
            raise ProjectError(
                msg,
                where=self.root.joinpath(*package.split(".")),
                fix="Run the command inside a project, or name one with --project.",
            )
        found = {path.stem: path for folder in reversed(folders) for path in folder.glob("*.py")}
        found.pop("__init__", None)
        roots = [root.resolve() for root in self.roots]
        inside = {folder: _is_below(folder, roots) for folder in folders}
        for path in found.values():
            if not (_is_below(path, roots) if path.is_symlink() else inside[path.parent]):
                msg = "A file of the project is a link that leads out of it"
                raise ProjectError(msg, where=path, fix="Copy the file into the project.")
        return found


def _last(modules: Iterable[ModuleType], base: type[T]) -> dict[str, type[T]]:
    return {
        module.__name__.rpartition(".")[2]: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    }


def _is_below(path: Path, roots: Iterable[Path]) -> bool:
    return any(path.resolve().is_relative_to(root) for root in roots)


def _by(found: Declared[Any] | None) -> str | None:
    return found.by if found else None


def bundled() -> Project:
    """The copy that came with Demur: inside the wheel, or the checkout that an editable install points to."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_project"
    return Project(inside if inside.is_dir() else package.parent)


def find(start: Path | None = None) -> Project:
    """The project that ``start`` (by default the current folder) stands in, or else the bundled one.

    The search ends at the repository's root, or at the user's home.

    Raises:
        ProjectError: the project belongs to another user, whose code is not run.
    """
    for folder in upwards(start or Path.cwd()):
        if _is_project(folder):
            return at(folder)
    return replace(bundled(), packages=True)


def at(root: Path) -> Project:
    """The project of a folder.

    Raises:
        ProjectError: it is none, it extends something unknown, or it belongs to another user.
    """
    if not _is_project(root):
        msg = "There is no project"
        expected = f"a {FILE} with [project], or builders/sources and schemas"
        raise ProjectError(msg, where=root, expected=expected, fix=f"Begin one: demur init {root}")
    for path in (root, root / FILE, root / "builders", root / "schemas"):
        if path.exists() and foreign(path):
            msg = "The project belongs to another user, and its code is not run"
            fix = f"If you trust it, call the folder safe: {SAFE}={root}"
            raise ProjectError(msg, where=path, got=f"uid {path.stat().st_uid}", fix=fix)
    table = _table(root) or {}
    if unknown := sorted(table.keys() - {"extends"}):
        msg = f"No key {unknown[0]!r} in [project]"
        raise ProjectError(msg, where=root / FILE, fix="Known: extends.")
    if table.get("extends", DEMUR) != DEMUR:
        msg = "A project extends Demur, or nothing"
        raise ProjectError(msg, where=root / FILE, expected=f'extends = "{DEMUR}"', got=table["extends"])
    return Project(root, packages=True)


def _is_project(folder: Path) -> bool:
    return _table(folder) is not None or ((folder / "builders" / "sources").is_dir() and (folder / "schemas").is_dir())


def _table(root: Path) -> dict[str, Any] | None:
    """What ``demur.toml`` says of the project; None if it says nothing of one."""
    path = root / FILE
    if not path.is_file():
        return None
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError) as error:
        msg = "The project's file cannot be read"
        raise ProjectError(msg, where=path, expected="TOML", got=type(error).__name__) from error
    return found if isinstance(found, dict) else None


def pick(known: Mapping[str, T], name: str, what: str, where: object = None, more: str = "") -> T:
    """The declaration of a name.

    Raises:
        UsageError: there is none; a near name is suggested, and ``more`` said.
    """
    if name not in known:
        msg = f"No {what} {name!r}"
        raise UsageError(msg, where=where, fix=f"{nearest(name, known)} {more}".strip())
    return known[name]


def names_in(package: str) -> list[str]:
    """The names of the modules and packages inside a package of Demur's, sorted; private ones left out."""
    return sorted(each.name for each in _inside(package))


def packages_in(package: str) -> list[str]:
    """The names of the packages alone."""
    return sorted(each.name for each in _inside(package) if each.ispkg)


def _inside(package: str) -> tuple[pkgutil.ModuleInfo, ...]:
    paths: Iterable[str] = importlib.import_module(package).__path__
    return _listed(tuple((path, Path(path).stat().st_mtime_ns) for path in paths))


@cache
def _listed(folders: tuple[tuple[str, int], ...]) -> tuple[pkgutil.ModuleInfo, ...]:
    """The modules inside folders, each with the time of its last change."""
    found = pkgutil.iter_modules([path for path, _ in folders])
    return tuple(each for each in found if not each.name.startswith("_"))


def submodule(package: str, name: str) -> ModuleType:
    """One module inside a package of Demur's."""
    return importlib.import_module(f"{package}.{name}")


def submodules(package: str) -> list[ModuleType]:
    """All modules inside a package of Demur's, loaded."""
    return [submodule(package, name) for name in names_in(package)]
