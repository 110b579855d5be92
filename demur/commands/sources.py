"""Commands about sources: list, fetch, pin."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import USAGE, as_json, in_group, offline, print_json, project_of, tell, told
from demur.commands.completion import SOURCES
from demur.errors import DemurError
from demur.progress import say, warn


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
@click.argument("names", nargs=-1, shell_complete=SOURCES)
@click.option("--all", "every", is_flag=True, help="Every pinned source.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a mirror folder, for DEMUR_MIRROR on another machine.",
)
@offline
@as_json
@click.pass_context
def fetch(
    ctx: click.Context, names: tuple[str, ...], every: bool, to: Path | None, offline: bool, as_json: bool
) -> None:
    """Fetch sources into the cache, and prove that their rows are the pinned ones."""
    from demur.sources import declared
    from demur.sources.fetch import Places, store
    from demur.sources.watched import size_of, watched

    project = project_of(ctx)
    if every == bool(names):
        msg = "Name sources, or give --all."
        raise click.UsageError(msg)
    wanted = (
        [source for source in declared.sources(project).values() if source.pin]
        if every
        else [declared.source_of(project, name) for name in names]
    )
    facts = []
    for each in watched(wanted, Places(offline=offline)):
        for error in each.failures:
            say(f"warning: {each.source.name}: {error.what} ({error.where})")
        if to:
            store(each, to)
        digest = each.source.pin.digest if each.source.pin else None
        said = {"name": each.source.name, "rows": len(each.rows), "digest": digest, "mirror": each.mirror.id}
        facts.append({**said, "place": each.place, "bytes": size_of(each)})
        if not as_json:
            told(
                "{name}: {rows} rows, digest {short}, {mirror} ({place})".format(
                    **facts[-1], short=(digest or "none")[:12]
                )
            )
    if as_json:
        print_json(facts)
    if every and (left := sorted(source.name for source in declared.sources(project).values() if not source.pin)):
        say(f"not pinned: {', '.join(left)}")


@click.command()
@click.argument("names", nargs=-1, shell_complete=SOURCES)
@click.option("--all", "every", is_flag=True, help="Every declared source.")
@offline
@as_json
@click.pass_context
def pin(ctx: click.Context, names: tuple[str, ...], every: bool, offline: bool, as_json: bool) -> None:
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
    failed, facts = False, []
    owners = declared.origins(project) if project.is_bundled else {}
    for source in wanted:
        if source.name in owners and owners[source.name].by != DEMUR:
            msg = f"Source {source.name!r} of {owners[source.name].by} is pinned in a project of your own"
            raise UsageError(msg, where=project.root, fix="Begin one: demur init FOLDER.")
        try:
            done = pin_source(source, Places(offline=offline))
        except DemurError as error:
            warn(f"{source.name}: not pinned: {error}")
            failed = failed or not (
                every and isinstance(error, PinError)
            )  # with --all, an unreachable mirror is no news
            continue
        write_pins(declared.pins_file(project), {**read_pins(declared.pins_file(project)), source.name: done.pin})
        mirrors = [pin.mirror for pin in done.pin.mirrors]
        facts.append({"name": source.name, "rows": done.pin.rows, "digest": done.pin.digest, "mirrors": mirrors})
        facts[-1]["unreached"] = {id: reason.what for id, reason in done.unreached.items()}
        if not as_json:
            told(f"{source.name}: {done.pin.rows} rows, digest {done.pin.digest[:12]}, {', '.join(mirrors)}")
        for id, reason in done.unreached.items():
            say(f"{source.name}: {id} not reached: {reason.what}")
    if as_json:
        print_json(facts)
    if failed:
        ctx.exit(USAGE)


COMMANDS = in_group("sources", sources, fetch, pin)
