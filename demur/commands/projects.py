"""Commands that begin things: a project, a source, a builder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.commands.common import as_json, in_group, offline, print_json, project_of, told


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@as_json
def init(folder: Path, as_json: bool) -> None:
    """Begin a project of your own: it sees all that comes with Demur, builds a small set, and has a green test."""
    from demur.sources.fetch import Places
    from demur.start.project import init as run

    run(folder, Places(offline=True))
    if as_json:
        print_json({"folder": str(folder), "builder": "example-eval", "source": "example"})
        return
    told(f"{folder}: a project that extends Demur. Next: cd {folder}; demur build example-eval")


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
@as_json
@click.pass_context
def source(
    ctx: click.Context,
    /,
    what: str,
    harmful: str | None,
    inner: str | None,
    offline: bool,
    as_json: bool,
    **said: str | None,
) -> None:
    """Declare rows of your own, after a look at them: declaration, sidecar, made-up fixtures and pins."""
    from demur.sources.fetch import Places
    from demur.start.declaration import Asked
    from demur.start.source import new_source
    from demur.start.telling import facts, lines

    asked = Asked(**{name: value for name, value in {**said, "harmful": harmful}.items() if value})  # type: ignore[arg-type]
    done = new_source(_own(ctx), what, asked, Places(offline=offline), inner)
    if as_json:
        print_json(facts(done))
        return
    for line in lines(done, asked):
        told(line)


@new.command("builder")
@click.argument("name")
@click.option("--kind", default="evaluation", show_default=True, help="Of the set.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="By default all that the project declares.")
@as_json
@click.pass_context
def builder(ctx: click.Context, name: str, kind: str, sources: tuple[str, ...], as_json: bool) -> None:
    """Declare a set over your sources."""
    from demur.start.builder import new_builder

    path = new_builder(_own(ctx), name, kind, sources)
    made = path.stem.replace("_", "-")
    if as_json:
        print_json({"name": made, "kind": kind, "file": str(path)})
    else:
        told(f"{path}: written. Next: demur build {made}")


def _own(ctx: click.Context) -> Any:
    """The project that is written to, which is never the one that came with Demur."""
    from demur.errors import UsageError

    project = project_of(ctx)
    if project.is_bundled and not ctx.find_root().obj:
        msg = "You stand in no project of your own"
        raise UsageError(msg, where=Path.cwd(), fix="Begin one (demur init FOLDER), or name one with --project.")
    return project


COMMANDS = in_group("sets", init, new)
