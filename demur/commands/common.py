"""What several commands share: options, exit codes, the project that is worked on, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from demur.project import Project

FINDINGS, USAGE, UNJUDGED, INTERRUPTED = 1, 2, 3, 130

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
offline = click.option("--offline", is_flag=True, help="Leave the network alone: cache and mirror folders only.")
lock_file = click.option(
    "--lock", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="splits.lock of an earlier release."
)


def project_of(ctx: click.Context) -> Project:
    """The project that ``--project`` names, or that the current folder stands in, which is told, or the bundled one."""
    from demur.project import at, find

    if ctx.obj:
        return at(ctx.obj)
    project = find()
    if not project.is_bundled:
        click.echo(f"project: {project.root}", err=True)
    return project


def tell(project: Project) -> None:
    """Say what a project takes the place of."""
    from demur.sets.show import told

    for line in told(project):
        click.echo(f"note: {line}", err=True)


def named_project(ctx: click.Context) -> Project:
    """The project that ``--project`` names, or the bundled one: no code is loaded that nobody asked for."""
    from demur.project import at, bundled

    return at(ctx.obj) if ctx.obj else bundled()


def fetched_file(ctx: click.Context, text: str, offline: bool) -> tuple[Path, str]:
    """A file that stands in an argument, and what it is called: of a URL, a copy until the command ends."""
    from demur.files.remote import fetched, is_url, reachable

    if not is_url(text):
        click.Path(exists=True, dir_okay=False).convert(text, None, ctx)
        return Path(text), text
    places, names = ctx.with_resource(fetched([reachable(text, offline)]))
    return places[0], names.get(places[0], text)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))
