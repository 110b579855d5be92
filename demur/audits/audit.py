"""What an audit is: its inputs, how it measures, and a result that explains itself.

An audit is a package of `demur.audits`. Its module ``audit`` declares one function with `audit`, and the command of
that name is there: nothing else names an audit. ``demur --help`` reads every declaration, so a declaration imports
nothing heavy; what its function needs, the function imports.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from demur.project import packages_in, submodule

PACKAGE = "demur.audits"


SET = click.types.StringParamType()
"""The type of an input that is a set: the command opens it, a folder or a released version, and hands it on."""


class TaxonomyType(click.types.StringParamType):
    """The name of a taxonomy, or the path of its file."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names of the project's taxonomies, else files."""
        from demur.errors import DemurError
        from demur.project import find
        from demur.records.taxonomies import taxonomies

        try:
            known = taxonomies(find(ctx.obj))
        except DemurError:  # the command itself will tell
            known = {}
        found = [CompletionItem(name, help=each.title) for name, each in known.items() if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]


TAXONOMY = TaxonomyType()
"""The type of an input that is a taxonomy of hazards: the command opens it, by its name or from its file."""


class Result(ABC):
    """What an audit found."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """For programs: what JSON can hold."""

    @abstractmethod
    def show(self) -> None:
        """Print it for people: shares with n and intervals, never a text."""


class Drawn(Result):
    """A result that can be drawn."""

    @abstractmethod
    def plot(self, path: Path) -> None:
        """Draw it.

        Raises:
            UsageError: another kind of file than .svg or .png, or matplotlib is not installed.
            OutputError: the file cannot be written.
        """


@dataclass(frozen=True)
class Audit:
    """One audit.

    Attributes:
        name: of its command.
        inputs: what it is asked with, as click's arguments and options, by the names of ``measure``'s arguments.
        measure: from the inputs to the result.
        draws: whether the result is `Drawn`; then the command has ``--plot``.
        parts: whether ``measure`` takes ``parts``, how parts of files run (see `demur.shards.opened_work`).
    """

    name: str
    inputs: tuple[click.Parameter, ...]
    measure: Callable[..., Result]
    draws: bool
    parts: bool = False

    @property
    def summary(self) -> str:
        """What it does, in words: the documentation of its function."""
        return inspect.getdoc(self.measure) or ""


def audit(
    name: str, *inputs: click.Parameter, draws: bool = False, parts: bool = False
) -> Callable[[Callable[..., Result]], Audit]:
    """Turn a function from inputs to a result into an `Audit`.

    Example:
        >>> @audit("length", click.Argument(["text"]))
        ... def length(text: str) -> Result:
        ...     "Count the letters of a text."
        ...     raise NotImplementedError
        >>> length.name, length.summary
        ('length', 'Count the letters of a text.')
    """

    def declare(measure: Callable[..., Result]) -> Audit:
        return Audit(name, inputs, measure, draws, parts)

    return declare


def audits() -> list[Audit]:
    """Every audit, in the order of their packages' names."""
    modules = [submodule(PACKAGE, f"{name}.audit") for name in packages_in(PACKAGE)]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Audit)]
