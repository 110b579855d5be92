"""A project root: the folder with ``builders/``, ``schemas/`` and ``cards/`` that the command works on.

It is the checkout the user stands in, or else the copy bundled with Demur. The engine never imports a builder or a
schema by name; this module finds and loads them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from demur.errors import ProjectError, UsageError, issues, nearest
from demur.source import Source, SourcePin, read_pins
from demur.taxonomy import Crosswalk, load_crosswalk

if TYPE_CHECKING:
    from demur.builder import Builder
    from demur.record import Frozen

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """The declarations below one root folder.

    Attributes:
        recorded: pins that take the place of the project's own, such as those of a manifest that is rebuilt.
    """

    root: Path
    recorded: Mapping[str, SourcePin] = field(default_factory=dict)

    @property
    def pins(self) -> Path:
        """The file that ``demur pin`` writes."""
        return self.root / "builders" / "sources" / "pins.json"

    @property
    def cards(self) -> Path:
        """The folder of card templates and the bibliography."""
        return self.root / "cards"

    def crosswalk(self) -> Crosswalk:
        """The table from every source's native categories to the shared hazards."""
        return load_crosswalk(self.root / "builders" / "crosswalk.toml")

    def sources(self) -> dict[str, Source]:
        """Every declared source by name, each with its pin.

        Raises:
            ProjectError: a file cannot be loaded, or a name is declared twice.
        """
        pins = {**read_pins(self.pins), **self.recorded}
        found = {source.name: source for source in self._declared("builders.sources", Source)}
        return {name: source.model_copy(update={"pin": pins.get(name)}) for name, source in sorted(found.items())}

    def source(self, name: str) -> Source:
        """One declared source.

        Raises:
            UsageError: there is none of that name.
        """
        return _pick(self.sources(), name, "source")

    def builders(self) -> dict[str, Builder]:
        """Every declared builder by name."""
        from demur.builder import Builder

        return {builder.name: builder for builder in self._declared("builders", Builder)}

    def builder(self, name: str) -> Builder:
        """One declared builder.

        Raises:
            UsageError: there is none of that name.
        """
        return _pick(self.builders(), name, "builder")

    def schemas(self) -> dict[str, type[Frozen]]:
        """Every kind of row by its file's name, such as ``evaluation_item``."""
        from demur.record import Frozen

        kinds: dict[str, type[Frozen]] = {}
        for module in self._modules("schemas"):
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Frozen) and value.__module__ == module.__name__:
                    kinds[module.__name__.rpartition(".")[2]] = value
        return kinds

    def _declared(self, package: str, kind: type[T]) -> list[T]:
        found: dict[str, T] = {}
        for module in self._modules(package):
            for value in vars(module).values():
                if isinstance(value, kind):
                    name: str = value.name  # type: ignore[attr-defined]
                    if name in found and found[name] is not value:
                        msg = f"{kind.__name__} {name!r} is declared twice"
                        raise ProjectError(
                            msg,
                            where=module.__file__,
                            fix="Rename one of the two.",
                        )
                    found[name] = value
        return list(found.values())

    def _modules(self, package: str) -> list[ModuleType]:
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
                got = issues(error)[0] if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
                raise ProjectError(msg, where=f"{self.root}: {name}", got=got) from error


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


def _pick(known: dict[str, T], name: str, what: str) -> T:
    if name not in known:
        msg = f"No {what} {name!r}"
        raise UsageError(msg, fix=nearest(name, known))
    return known[name]
