"""The command about meaning: compute the pairs of prompts, check them, count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from demur.commands.common import FINDINGS, as_json, in_group, offline, print_json, project_of, told
from demur.commands.completion import BUILDERS, SOURCES
from demur.progress import say

if TYPE_CHECKING:
    from demur.project import Project


@click.command()
@click.option(
    "--source",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only these; by default every pinned source.",
    shell_complete=SOURCES,
)
@click.option("--check", is_flag=True, help="Say whether the file covers the declared pins; needs no encoder.")
@click.option("--show", is_flag=True, help="Count the pairs of the file by band, source and cluster.")
@click.option(
    "--opposites",
    metavar="SET",
    help="Only pairs of opposite sides, of a set's sources, in a file of their own.",
    shell_complete=BUILDERS,
)
@offline
@as_json
@click.pass_context
def pairs(
    ctx: click.Context,
    names: tuple[str, ...],
    check: bool,
    show: bool,
    opposites: str | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Find prompts that mean the same, and write their ids and cosines to builders/curation/pairs.parquet."""
    from demur.curation.meaning.compute import Prompts, comparable, compute
    from demur.curation.meaning.pairs import pairs_path, read_pairs
    from demur.curation.meaning.report import Coverage, Summary
    from demur.errors import FormatError
    from demur.sources.fetch import Places

    if check and show:
        msg = "--check and --show are two questions: ask one."
        raise click.UsageError(msg)
    project = project_of(ctx)
    if opposites:
        _opposites(project, opposites, offline, as_json)
        return
    read, unread = comparable(project, names)
    if check:
        coverage = Coverage.of(read_pairs(project), read, unread)
        print_json(coverage.as_dict()) if as_json else click.echo(coverage.lines())
        if not coverage.complete:
            ctx.exit(FINDINGS)
        return
    places = Places(offline=offline)
    if show:
        made = read_pairs(project)
        sources = [source for source in read if source.name in made.sources]
    else:
        sources, old = read, None
        try:
            old = read_pairs(project, any_model=True)
        except FormatError as error:  # what cannot be read is written anew
            say(f"warning: {error.brief}; it is written anew, and verdicts in it are lost")
    prompts = Prompts.of(sources, places)
    if not show:
        made = compute(prompts, places.cache.root, old)
        made.write(pairs_path(project))
        if old and (gone := len(old.verdicts()) - len(made.verdicts())):
            say(f"warning: {gone} verdicts went with pairs that are not found any more")
    summary = Summary.of(made, prompts, pairs_path(project))
    if as_json:
        print_json(summary.as_dict())
        return
    click.echo(summary.lines()) if show else told(summary.lines())
    for source in unread:
        say(f"{source.name}: not compared, no encoder reads {', '.join(source.languages)}")


def _opposites(project: Project, name: str, offline: bool, as_json: bool) -> None:
    from demur.curation.meaning.opposites import compute_opposites, opposites_path
    from demur.sets.builder import builder_of
    from demur.sources import declared
    from demur.sources.fetch import Places

    sources = [declared.source_of(project, each) for each in builder_of(project, name).sources]
    made, path = compute_opposites(project, sources, Places(offline=offline)), opposites_path(project)
    made.write(path)
    said = {"path": str(path), "bytes": path.stat().st_size, "pairs": len(made.table), "sources": len(made.sources)}
    if as_json:
        print_json(said)
        return
    told("{path}: {bytes:,} bytes; {pairs:,} pairs of opposite sides from {sources} sources".format(**said))


COMMANDS = in_group("sources", pairs)
