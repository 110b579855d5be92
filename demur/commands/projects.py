"""Commands that begin things: a project, a source, a builder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.commands.common import offline, project_of


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Begin a project of your own: it sees all that comes with Demur, builds a small set, and has a green test."""
    from demur.sources.fetch import Places
    from demur.start.project import init as run

    run(folder, Places(offline=True))
    click.echo(f"{folder}: a project that extends Demur. Next: cd {folder}; demur build example-eval")


@click.group()
def new() -> None:
    """Write a declaration into your project: a source, a builder."""


@new.command("source")
@click.argument("what", metavar="FILE|URL|OWNER/NAME")
@click.option("--name", help="Of the source; by default that of the file.")
@click.option("--title", help="By default the name, spelt out.")
@click.option("--license", default="proprietary", show_default=True, metavar="ID", help="What the rows are under.")
@click.option("--harmful", type=click.Choice(["yes", "no"]), help="What all prompts are, where no column says it.")
@click.option(
    "--by",
    type=click.Choice(["human", "author", "model"]),
    default="author",
    show_default=True,
    help="Who labelled it.",
)
@click.option("--file", "inner", metavar="PATH", help="Which file of OWNER/NAME.")
@offline
@click.pass_context
def source(
    ctx: click.Context, /, what: str, harmful: str | None, inner: str | None, offline: bool, **told: str | None
) -> None:
    """Declare rows of your own, after a look at them: declaration, sidecar, made-up fixtures and pins."""
    from demur.sources.fetch import Places
    from demur.start.declaration import Asked
    from demur.start.source import new_source
    from demur.start.telling import lines

    asked = Asked(**{name: value for name, value in {**told, "harmful": harmful}.items() if value})  # type: ignore[arg-type]
    done = new_source(_own(ctx), what, asked, Places(offline=offline), inner)
    for line in lines(done, asked):
        click.echo(line)


@new.command("builder")
@click.argument("name")
@click.option("--kind", default="evaluation", show_default=True, help="Of the set.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="By default all that the project declares.")
@click.pass_context
def builder(ctx: click.Context, name: str, kind: str, sources: tuple[str, ...]) -> None:
    """Declare a set over your sources."""
    from demur.start.builder import new_builder

    path = new_builder(_own(ctx), name, kind, sources)
    click.echo(f"{path}: written. Next: demur build {path.stem.replace('_', '-')}")


def _own(ctx: click.Context) -> Any:
    """The project that is written to, which is never the one that came with Demur."""
    from demur.errors import UsageError

    project = project_of(ctx)
    if project.is_bundled and not ctx.find_root().obj:
        msg = "You stand in no project of your own"
        raise UsageError(msg, where=Path.cwd(), fix="Begin one (demur init FOLDER), or name one with --project.")
    return project


COMMANDS = (init, new)
