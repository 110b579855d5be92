"""Commands about sources: list, fetch, pin."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import USAGE, as_json, offline, print_json, project_of, tell
from demur.errors import DemurError


@click.command()
@as_json
@click.pass_context
def sources(ctx: click.Context, as_json: bool) -> None:
    """List every declared source: license, rows, carriers, and whether it is ready to be used."""
    from demur.sets.show import source_rows, source_table
    from demur.sources import declared

    project = project_of(ctx)
    tell(project)
    rows = source_rows(declared.sources(project).values(), declared.origins(project))
    if as_json:
        print_json(rows)
    else:
        click.echo(source_table(rows))


@click.command()
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every pinned source.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a mirror folder, for DEMUR_MIRROR on another machine.",
)
@offline
@click.pass_context
def fetch(ctx: click.Context, names: tuple[str, ...], every: bool, to: Path | None, offline: bool) -> None:
    """Fetch sources into the cache, and prove that their rows are the pinned ones."""
    from demur.progress import track
    from demur.sources import declared
    from demur.sources.fetch import Places, fetch_all, store

    project = project_of(ctx)
    if every == bool(names):
        msg = "Name sources, or give --all."
        raise click.UsageError(msg)
    wanted = (
        [source for source in declared.sources(project).values() if source.pin]
        if every
        else [declared.source_of(project, name) for name in names]
    )
    for each in track(fetch_all(wanted, Places(offline=offline)), "sources fetched", len(wanted)):
        for error in each.failures:
            click.echo(f"warning: {each.source.name}: {error.what} ({error.where})", err=True)
        if to:
            store(each, to)
        digest = each.source.pin.digest[:12] if each.source.pin else "none"
        click.echo(f"{each.source.name}: {len(each.rows)} rows, digest {digest}, {each.mirror.id} ({each.place})")
    if every and (left := sorted(source.name for source in declared.sources(project).values() if not source.pin)):
        click.echo(f"not pinned: {', '.join(left)}", err=True)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every declared source.")
@offline
@click.pass_context
def pin(ctx: click.Context, names: tuple[str, ...], every: bool, offline: bool) -> None:
    """Resolve every mirror of a source to exact bytes and write them to builders/sources/pins.json."""
    from demur.errors import PinError, UsageError
    from demur.project import DEMUR
    from demur.sources import declared
    from demur.sources.fetch import Places
    from demur.sources.pin import pin as pin_source
    from demur.sources.pins import read_pins, write_pins

    project = project_of(ctx)
    if every == bool(names):
        msg = "Name sources, or give --all."
        raise click.UsageError(msg)
    wanted = (
        list(declared.sources(project).values()) if every else [declared.source_of(project, name) for name in names]
    )
    failed = False
    owners = declared.origins(project) if project.is_bundled else {}
    for source in wanted:
        if source.name in owners and owners[source.name].by != DEMUR:
            msg = f"Source {source.name!r} of {owners[source.name].by} is pinned in a project of your own"
            raise UsageError(msg, where=project.root, fix="Begin one: demur init FOLDER.")
        try:
            done = pin_source(source, Places(offline=offline))
        except DemurError as error:
            click.echo(f"{source.name}: not pinned: {error}", err=True)
            failed = failed or not (
                every and isinstance(error, PinError)
            )  # with --all, an unreachable mirror is no news
            continue
        write_pins(declared.pins_file(project), {**read_pins(declared.pins_file(project)), source.name: done.pin})
        kept = ", ".join(pin.mirror for pin in done.pin.mirrors)
        click.echo(f"{source.name}: {done.pin.rows} rows, digest {done.pin.digest[:12]}, {kept}")
        for id, reason in done.unreached.items():
            click.echo(f"{source.name}: {id} not reached: {reason.what}", err=True)
    if failed:
        ctx.exit(USAGE)


COMMANDS = (sources, fetch, pin)
