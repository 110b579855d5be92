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
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from demur.errors import ProjectError, UsageError, innermost, issues, nearest
from demur.owners import SAFE, foreign, upwards

T = TypeVar("T")

FILE = "demur.toml"
DEMUR, OWN = "demur", "project"
GONE = "If an installed package offered it, install that again."
_GROUPS = {"builders.sources": "demur.sources", "builders": "demur.builders"}
"""Packages of a project -> the entry points by which installed packages add to them."""


@dataclass(frozen=True)
class Part:
    """Some of the modules of a package of a project, and whose they are.

    Attributes:
        by: ``demur``, ``project``, or name and version of an installed package.
    """

    by: str
    modules: tuple[ModuleType, ...]


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
    packages: bool = False

    @property
    def cards(self) -> Path:
        """The folder of card templates."""
        return self.root / "cards"

    @cached_property
    def extends(self) -> bool:
        """Whether it adds to what came with Demur."""
        return (_table(self.root) or {}).get("extends") == DEMUR

    @property
    def is_bundled(self) -> bool:
        """Whether it is what came with Demur."""
        return self.root.resolve() == bundled().root.resolve()

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
        return {
            module.__name__.rpartition(".")[2]: value
            for module in self.modules(package)
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
        }

    def modules(self, package: str) -> list[ModuleType]:
        """The modules of a package of the project, loaded; those of installed packages left out.

        Raises:
            ProjectError: there is no such folder, or a file cannot be loaded.
        """
        files = self._files(package)
        return [self._load(f"{package}.{stem}") for stem in sorted(files)]

    def parts(self, package: str) -> list[Part]:
        """The modules of a package by whose they are: what came with Demur first, the project's own last.

        Raises:
            ProjectError: there is no such folder, or a file or an installed package cannot be loaded.
        """
        own: list[ModuleType] = []
        base: list[ModuleType] = []
        for stem, path in sorted(self._files(package).items()):
            mine = self.extends and path.is_relative_to(self.root)
            (own if mine or not (self.extends or self.is_bundled) else base).append(self._load(f"{package}.{stem}"))
        offered = [self._offered(each) for each in self._entries(package)]
        parts = [Part(DEMUR, tuple(base)), *offered, Part(OWN, tuple(own))]
        return [part for part in parts if part.modules]

    def shadowed(self, package: str) -> list[str]:
        """Names of files of a package that take the place of files of the project that is extended."""
        first, *behind = [{path.stem for path in folder.glob("*.py")} for folder in self.folders(package)] or [set()]
        return sorted(first.intersection(*behind) - {"__init__"}) if behind else []

    def folders(self, package: str) -> list[Path]:
        """The folders of a package, the project's own first."""
        folders = (root.joinpath(*package.split(".")) for root in self.roots)
        return [folder for folder in folders if folder.is_dir()]

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
        for path in found.values():
            if not any(path.resolve().is_relative_to(root.resolve()) for root in self.roots):
                msg = "A file of the project is a link that leads out of it"
                raise ProjectError(msg, where=path, fix="Copy the file into the project.")
        return found

    def _load(self, name: str) -> ModuleType:
        """Import a module of the project: of this one, whichever other project's modules have the same names."""
        root = self.root.resolve()
        if name in _loaded.get(root, {}):
            return _loaded[root][name]
        with _imports_of(self):
            try:
                return importlib.import_module(name)
            except Exception as error:
                msg = "A file of the project cannot be loaded"
                got = " in ".join(filter(None, (_said(error), innermost(error, *map(str, self.roots)))))
                raise ProjectError(msg, where=f"{self.root}: {name}", got=got) from error

    def _entries(self, package: str) -> list[EntryPoint]:
        if not self.packages or not (self.extends or self.is_bundled) or package not in _GROUPS:
            return []
        found = {(_dist(each), each.name, each.value): each for each in entry_points(group=_GROUPS[package])}
        return [found[key] for key in sorted(found)]

    def _offered(self, entry: EntryPoint) -> Part:
        """The module that an installed package offers, and those inside it."""
        with _imports_of(self):
            try:
                top = importlib.import_module(entry.value)
                inside = pkgutil.iter_modules(getattr(top, "__path__", ()))
                more = [importlib.import_module(f"{entry.value}.{each.name}") for each in inside]
            except Exception as error:
                msg = "An installed package cannot be loaded"
                raise ProjectError(
                    msg,
                    where=f"{_dist(entry)}: {entry.group} = {entry.value!r}",
                    got=_said(error),
                    fix="Such an entry point names a module. Install a version that fits, or uninstall the package.",
                ) from error
        return Part(_dist(entry), (top, *more))


def _by(found: Declared[Any] | None) -> str | None:
    return found.by if found else None


def _dist(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _said(error: Exception) -> str:
    """What is wrong with a declaration; of pydantic's error the first issue, without its values."""
    return issues(error)[0] if hasattr(error, "errors") else f"{type(error).__name__}: {error}"


_PACKAGES = ("builders", "schemas")
_loaded: dict[Path, dict[str, ModuleType]] = {}
"""Modules of every project that was loaded so far, by its root."""


@contextmanager
def _imports_of(project: Project) -> Iterator[None]:
    """Let the names ``builders`` and ``schemas`` mean this project's packages; others of these names come back after.

    A command may load two projects: a private one, and the bundled one, whose schemas judge data of anybody's. Packages
    that offer sources name the schemas too, so each project loads them for itself.
    """
    root = project.root.resolve()
    offered = {each.value.partition(".")[0] for package in _GROUPS for each in project._entries(package)}
    tops = {*_PACKAGES, *offered}
    names = [name for name in sys.modules if name.partition(".")[0] in tops]
    foreign = {name: sys.modules.pop(name) for name in names if not _mine(name, root)}
    sys.modules.update(_loaded.get(root, {}))
    before, sys.path[:0] = [*sys.path], [str(each) for each in project.roots]
    try:
        if len(project.roots) > 1:
            _laid_over(project)
        yield
    finally:
        sys.path[:] = before
        _loaded[root] = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
        if foreign:
            for name in _loaded[root]:
                del sys.modules[name]
            sys.modules.update(foreign)


def _laid_over(project: Project) -> None:
    """Let modules of the project's packages be found in its own folders first, and then in those behind."""
    for package in ("builders", "builders.sources", "schemas"):
        if folders := project.folders(package):
            module = importlib.import_module(package)
            module.__path__ = [str(folder.resolve()) for folder in folders]


def _mine(name: str, root: Path) -> bool:
    """Whether a loaded module is this project's: as it was loaded for it or, if for none, by where it lies."""
    module = sys.modules[name]
    owners = [each for each, modules in _loaded.items() if modules.get(name) is module]
    where = module.__file__ or next(iter(getattr(module, "__path__", ())), "")
    return root in owners if owners else Path(where).resolve().is_relative_to(root)


def bundled() -> Project:
    """The copy that came with Demur: inside the wheel, or the checkout that an editable install points to."""
    package = Path(__file__).resolve().parent
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


def _inside(package: str) -> list[pkgutil.ModuleInfo]:
    paths: Iterable[str] = importlib.import_module(package).__path__
    return [each for each in pkgutil.iter_modules(paths) if not each.name.startswith("_")]


def submodule(package: str, name: str) -> ModuleType:
    """One module inside a package of Demur's."""
    return importlib.import_module(f"{package}.{name}")


def submodules(package: str) -> list[ModuleType]:
    """All modules inside a package of Demur's, loaded."""
    return [submodule(package, name) for name in names_in(package)]
