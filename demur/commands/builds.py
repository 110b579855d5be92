"""Commands about built sets: build, rebuild, count."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demur.audits.audit import TAXONOMY
from demur.commands.common import FINDINGS, as_json, in_group, lock_file, offline, print_json, project_of, tell, told
from demur.commands.completion import ADDITIONS, BUILDERS, CONFIGS
from demur.errors import nearest
from demur.inputs import There
from demur.progress import quiet, say

if TYPE_CHECKING:
    from demur.project import Project


@click.command()
@click.argument("name", required=False, shell_complete=BUILDERS)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write; by default build/NAME.")
@click.option(
    "--add",
    "added",
    multiple=True,
    metavar="CONFIG=SOURCE[,SOURCE]",
    help="Further sources for one config.",
    shell_complete=ADDITIONS,
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    help="Build this config; by default all that PyPI alone can serve.",
    shell_complete=CONFIGS,
)
@lock_file
@offline
@as_json
@click.pass_context
def build(
    ctx: click.Context,
    name: str | None,
    out: Path | None,
    added: tuple[str, ...],
    configs: tuple[str, ...],
    lock: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Build a data set from its pinned sources; without a name, list what can be built.

    The last good output stays until the new one is complete.
    """
    from demur.files.folder import straight
    from demur.sets.builder import builder_of
    from demur.sets.pipeline import build as run
    from demur.sets.show import build_summary
    from demur.sources.fetch import Places

    project = project_of(ctx)
    tell(project)
    if name is None:
        if out or added or configs or lock:
            msg = "These options are for building one data set: name it."
            raise click.UsageError(msg)
        _list(project, as_json)
        return
    builder = builder_of(project, name)
    done = run(
        project,
        builder,
        straight(out or Path("build") / name),
        Places(offline=offline),
        _added(added, [config.name for config in builder.configs]),
        lock,
        configs,
    )
    for warning in done.warnings:
        say(f"warning: {warning}")
    if as_json:
        print_json(
            {
                "out": str(done.out),
                "seconds": round(done.seconds, 1),
                "mirrors": dict(done.mirrors),
                **done.manifest.model_dump(mode="json"),
            }
        )
    elif not quiet():
        build_summary(done)


def _list(project: Project, as_json: bool) -> None:
    from demur.sets.buildable import buildable, buildable_lines

    found = buildable(project)
    if as_json:
        print_json(found)
        return
    for line in buildable_lines(found):
        click.echo(line)


def _added(values: tuple[str, ...], configs: list[str]) -> dict[str, tuple[str, ...]]:
    added: dict[str, tuple[str, ...]] = {}
    for value in values:
        config, _, names = value.partition("=")
        if config not in configs:
            msg = f"--add {value}: no config {config!r}. {nearest(config, configs)}"
            raise click.UsageError(msg)
        added[config] = (*added.get(config, ()), *filter(None, names.split(",")))
    return added


@click.command()
@click.argument("manifest", type=There())
@lock_file
@offline
@as_json
@click.pass_context
def rebuild(ctx: click.Context, manifest: Path, lock: Path | None, offline: bool, as_json: bool) -> None:
    """Build again from a manifest: the same bytes, or the first difference named."""
    from dataclasses import asdict

    from demur.release.rebuild import rebuild as run
    from demur.sources.fetch import Places

    project = project_of(ctx)
    tell(project)
    done = run(project, manifest, Places(offline=offline), lock)
    if as_json:
        print_json([asdict(difference) for difference in done.differences])
    elif done.differences:
        click.echo(f"{done.manifest.name}: {len(done.differences)} differences; the first: {done.differences[0]}")
    else:
        told(f"{done.manifest.name}: equal, {len(done.manifest.files)} files with the same sha256")
    if done.differences:
        ctx.exit(FINDINGS)


taxonomy = click.option(
    "--taxonomy",
    metavar="NAME|FILE",
    help="Count by this taxonomy of hazards, too: a name, or a table of one's own (docs/taxonomies.md).",
    type=TAXONOMY,
)


@click.command()
@click.argument("folder", type=There(file_okay=False))
@taxonomy
@as_json
@click.pass_context
def stats(ctx: click.Context, folder: Path, taxonomy: str | None, as_json: bool) -> None:
    """Count a built folder's rows by split, source, hazard and expectation."""
    from demur.records.taxonomies import taxonomy_of
    from demur.sets.show import stats_tables
    from demur.sets.stats import stats as count

    counted = count(folder, taxonomy_of(project_of(ctx), taxonomy) if taxonomy else None)
    if as_json:
        print_json(counted)
    else:
        stats_tables(counted)


COMMANDS = in_group("sets", build, rebuild, stats)
