"""What a shell may complete: names that the project declares, and those that Demur knows. docs/cli.md says how.

A completion that fails completes nothing: a message in the middle of somebody's line would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from demur.project import Project
    from demur.sets.builder import Builder

Names = Callable[[click.Context], Iterable[str | tuple[str, str]]]
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completes(names: Names, *, files: bool = False, several: bool = False) -> Complete:
    """What click asks for completions.

    Args:
        names: every name, or every name with a word about it.
        files: whether a path may stand there as well.
        several: whether names joined by commas may.
    """

    def complete(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        before, comma, last = begun.rpartition(",") if several else ("", "", begun)
        try:
            known = [each if isinstance(each, tuple) else (each, "") for each in names(ctx)]
        except Exception:  # whatever it is, the command itself will tell
            known = []
        found = [CompletionItem(before + comma + name, help=said) for name, said in known if name.startswith(last)]
        return found or ([CompletionItem(begun, type="file")] if files else [])

    return complete


def _project(ctx: click.Context) -> Project:
    from demur.project import find

    return find(ctx.obj)


def _builders(ctx: click.Context) -> dict[str, Builder]:
    from demur.sets.builder import builders

    return builders(_project(ctx))


def _builder_names(ctx: click.Context) -> list[tuple[str, str]]:
    return [(name, each.title) for name, each in sorted(_builders(ctx).items())]


def _source_names(ctx: click.Context) -> list[tuple[str, str]]:
    from demur.sources import declared

    return [(name, each.title) for name, each in sorted(declared.sources(_project(ctx)).items())]


def _config_names(ctx: click.Context) -> list[str]:
    """Those of the set that stands before; of all sets where none does."""
    known = _builders(ctx)
    said = (ctx.params.get("name"), *ctx.args)  # click has not told the arguments yet where an option lacks its value
    mine = [known[name] for name in said if name in known]
    return list(dict.fromkeys(config.name for each in mine or known.values() for config in each.configs))


def _additions(ctx: click.Context) -> list[str]:
    return [f"{config}={source}" for config in _config_names(ctx) for source, _ in _source_names(ctx)]


def _rule_names(ctx: click.Context) -> list[tuple[str, str]]:
    from demur.checks.rules import RULES

    codes = [(code, rule.name) for code, rule in RULES.items()]
    return [*codes, *((rule.name, code) for code, rule in RULES.items())]


def _layout_names(ctx: click.Context) -> list[str]:
    from demur.checks.layouts import layouts

    return sorted(layouts())


def _profile_names(ctx: click.Context) -> list[tuple[str, str]]:
    from demur.checks.profiles import PROFILES

    return [(name, each.summary) for name, each in PROFILES.items()]


def _row_names(ctx: click.Context) -> list[str]:
    from demur.sources import declared

    return sorted(declared.schemas(_project(ctx)))


BUILDERS: Any = completes(_builder_names)
CONFIGS: Any = completes(_config_names)
ADDITIONS: Any = completes(_additions)
SOURCES: Any = completes(_source_names)
SOURCES_OR_BUILDERS: Any = completes(lambda ctx: [*_source_names(ctx), *_builder_names(ctx)])
PROTECTED: Any = completes(
    lambda ctx: [("sketch", "the bundled sketch"), *_source_names(ctx)], files=True, several=True
)
RULES: Any = completes(_rule_names, several=True)
LAYOUTS: Any = completes(_layout_names, files=True)
PROFILES: Any = completes(_profile_names)
ROWS: Any = completes(_row_names, files=True)
