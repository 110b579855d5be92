"""Commands about built sets: build, rebuild, count."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import FINDINGS, as_json, lock_file, offline, print_json, project_of, tell
from demur.errors import nearest


@click.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write; by default build/NAME.")
@click.option("--add", "added", multiple=True, metavar="CONFIG=SOURCE[,SOURCE]", help="Further sources for one config.")
@click.option("--config", "configs", multiple=True, help="Build this config; by default all that PyPI alone can serve.")
@lock_file
@offline
@as_json
@click.pass_context
def build(
    ctx: click.Context,
    name: str,
    out: Path | None,
    added: tuple[str, ...],
    configs: tuple[str, ...],
    lock: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Build a data set from its pinned sources; the last good output stays until the new one is complete."""
    from demur.sets.builder import builder_of
    from demur.sets.pipeline import build as run
    from demur.sets.show import build_summary
    from demur.sources.fetch import Places

    project = project_of(ctx)
    tell(project)
    builder = builder_of(project, name)
    done = run(
        project,
        builder,
        out or Path("build") / name,
        Places(offline=offline),
        _added(added, [config.name for config in builder.configs]),
        lock,
        configs,
    )
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json(
            {
                "out": str(done.out),
                "seconds": round(done.seconds, 1),
                "mirrors": dict(done.mirrors),
                **done.manifest.model_dump(mode="json"),
            }
        )
    else:
        build_summary(done)


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
@click.argument("manifest", type=click.Path(path_type=Path, exists=True))
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
        click.echo(f"{done.manifest.name}: equal, {len(done.manifest.files)} files with the same sha256")
    if done.differences:
        ctx.exit(FINDINGS)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@as_json
def stats(folder: Path, as_json: bool) -> None:
    """Count a built folder's rows by split, source, hazard and expectation."""
    from demur.sets.show import stats_tables
    from demur.sets.stats import stats as count

    counted = count(folder)
    if as_json:
        print_json(counted)
    else:
        stats_tables(counted)


COMMANDS = (build, rebuild, stats)
