"""Commands about schemas: write them, compare them."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import FINDINGS, as_json, in_group, print_json, project_of, told
from demur.commands.completion import ROWS
from demur.files.whole import write_all


@click.group()
def schema() -> None:
    """The schemas of every kind of row, of source declarations and of manifests."""


@schema.command()
@click.argument("to", type=click.Path(path_type=Path, file_okay=False))
@as_json
@click.pass_context
def export(ctx: click.Context, to: Path, as_json: bool) -> None:
    """Write every schema as JSON Schema into a folder."""
    from demur.sets.exported import exported
    from demur.sources import declared

    to.mkdir(parents=True, exist_ok=True)
    texts = exported(declared.schemas(project_of(ctx)))
    write_all(to, texts, "The schema cannot be written")
    for name in texts if not as_json else ():
        told(to / name)
    if as_json:
        print_json({"folder": str(to), "files": [*texts]})


@schema.command("diff")
@click.argument("old", shell_complete=ROWS)
@click.argument("new", shell_complete=ROWS)
@as_json
@click.pass_context
def schema_changes(ctx: click.Context, old: str, new: str, as_json: bool) -> None:
    """Compare two schemas of rows, field by field: would a reader of the old rows break?

    OLD and NEW are JSON Schema files, folders with a schema.json, or kinds of row by name.
    """
    from dataclasses import asdict

    from demur.sets.exported import changes_between
    from demur.sources import declared

    changes = changes_between(old, new, declared.schemas(project_of(ctx)))
    breaking = any(change.breaking for change in changes)
    bump = "major" if breaking else "minor" if changes else None
    if as_json:
        print_json({"bump": bump, "changes": [asdict(change) for change in changes]})
    else:
        for change in changes:
            click.echo(str(change))
        click.echo(f"a {bump} version" if bump else "no difference")
    if breaking:
        ctx.exit(FINDINGS)


COMMANDS = in_group("sets", schema)
