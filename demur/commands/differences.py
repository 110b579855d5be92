"""``demur diff``: what differs between two built folders or versions."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import FINDINGS, as_json, in_group, print_json


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--rows", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows that differ, as Parquet.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write it as one page, record ids and all."
)
@click.option("--offline", is_flag=True, help="Leave the network alone: only what was pulled before.")
@as_json
@click.pass_context
def diff(
    ctx: click.Context, old: str, new: str, rows: Path | None, html: Path | None, offline: bool, as_json: bool
) -> None:
    """Compare two built folders or versions: labels that moved, and by whose word; rejects, terms; never a text."""
    from demur.files.parquet import write_parquet
    from demur.files.remote import named
    from demur.files.whole import replacing
    from demur.release.pull import source_folder
    from demur.release.version import bump_of
    from demur.sets.diff import diff as run
    from demur.sets.diff_page import write_page
    from demur.sets.manifest_file import read_manifest

    folders = source_folder(old, offline), source_folder(new, offline)
    found = run(*folders)
    bump = None if found.empty else bump_of(found)[0]
    if rows:
        with replacing(rows, "The rows cannot be written", folders=True) as part:
            write_parquet(found.rows, part)
    if html:
        write_page(found, read_manifest(folders[1]).title, named(old), named(new), html)
    if as_json:
        print_json({"bump": bump, **found.summary()})
    else:
        for line in found.lines():
            click.echo(line)
        if bump:
            click.echo(f"a {bump} version")
    if not found.empty:
        ctx.exit(FINDINGS)


COMMANDS = in_group("releases", diff)
