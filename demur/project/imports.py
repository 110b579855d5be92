"""Modules of a project, and of installed packages that add to one: whichever other project's have the same names.

A command may load two projects: a private one, and the bundled one, whose schemas judge anybody's data. Packages that
offer sources name the schemas too, so each project loads them for itself.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from demur.errors import ProjectError, innermost, issues

_PACKAGES = ("builders", "builders.sources", "schemas")
_TOPS = ("builders", "schemas")
GROUPS = {"builders.sources": "demur.sources", "builders": "demur.builders"}
"""Packages of a project -> the entry points by which installed packages add to them."""
_loaded: dict[Path, dict[str, ModuleType]] = {}
"""Modules of every project that was loaded so far, by its root."""


@dataclass(frozen=True)
class Part:
    """Some of the modules of a package of a project, and whose they are.

    Attributes:
        by: ``demur``, ``project``, or name and version of an installed package.
    """

    by: str
    modules: tuple[ModuleType, ...]


@dataclass(frozen=True)
class Imports:
    """What the names ``builders`` and ``schemas`` mean for one project.

    Attributes:
        roots: the project's own folder, and behind it the one that it extends.
        packages: whether installed packages are asked.
    """

    roots: tuple[Path, ...]
    packages: bool = field(default=False)

    @cached_property
    def root(self) -> Path:
        """The project's own folder."""
        return self.roots[0].resolve()

    def folders(self, package: str) -> list[Path]:
        """The folders of a package, the project's own first."""
        folders = (root.joinpath(*package.split(".")) for root in self.roots)
        return [folder for folder in folders if folder.is_dir()]

    def load(self, name: str) -> ModuleType:
        """A module of the project.

        Raises:
            ProjectError: it cannot be loaded.
        """
        if name in _loaded.get(self.root, {}):
            return _loaded[self.root][name]
        with self._here():
            try:
                return importlib.import_module(name)
            except Exception as error:
                msg = "A file of the project cannot be loaded"
                got = " in ".join(filter(None, (_said(error), innermost(error, *map(str, self.roots)))))
                raise ProjectError(msg, where=f"{self.roots[0]}: {name}", got=got) from error

    def offered(self, package: str) -> list[Part]:
        """What installed packages add to a package: the module that each names, and those inside it.

        Raises:
            ProjectError: one cannot be loaded.
        """
        return [self._offered(entry) for entry in self._entries(package)]

    def _offered(self, entry: EntryPoint) -> Part:
        with self._here():
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

    def _entries(self, package: str) -> Sequence[EntryPoint]:
        return self._installed.get(package, ())

    @cached_property
    def _installed(self) -> dict[str, list[EntryPoint]]:
        """What installed packages offer, asked once: every package's metadata is read for it."""
        found: dict[str, list[EntryPoint]] = {}
        for package, group in GROUPS.items() if self.packages else ():
            named = {(_dist(each), each.name, each.value): each for each in entry_points(group=group)}
            found[package] = [named[key] for key in sorted(named)]
        return found

    @contextmanager
    def _here(self) -> Iterator[None]:
        """Let the names mean this project's packages; others of these names come back after."""
        root, tops = self.root, {*_TOPS}
        tops |= {each.value.partition(".")[0] for package in GROUPS for each in self._entries(package)}
        names = [name for name in sys.modules if name.partition(".")[0] in tops]
        foreign = {name: sys.modules.pop(name) for name in names if not _mine(name, root)}
        sys.modules.update(_loaded.get(root, {}))
        before, sys.path[:0] = [*sys.path], [str(each) for each in self.roots]
        try:
            if len(self.roots) > 1:
                self._laid_over()
            yield
        finally:
            sys.path[:] = before
            _loaded[root] = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
            if foreign:
                for name in _loaded[root]:
                    del sys.modules[name]
                sys.modules.update(foreign)

    def _laid_over(self) -> None:
        """Let modules be found in the project's own folders first, and then in those behind."""
        importlib.invalidate_caches()  # a file may just have been written
        for package in _PACKAGES:
            if folders := self.folders(package):
                importlib.import_module(package).__path__ = [str(folder.resolve()) for folder in folders]


def _mine(name: str, root: Path) -> bool:
    """Whether a loaded module is this project's: as it was loaded for it or, if for none, by where it lies."""
    module = sys.modules[name]
    owners = [each for each, modules in _loaded.items() if modules.get(name) is module]
    where = module.__file__ or next(iter(getattr(module, "__path__", ())), "")
    return root in owners if owners else Path(where).resolve().is_relative_to(root)


def _dist(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _said(error: Exception) -> str:
    """What is wrong with a declaration; of pydantic's error the first issue, without its values."""
    return issues(error)[0] if hasattr(error, "errors") else f"{type(error).__name__}: {error}"
