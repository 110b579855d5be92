"""Commands about likeness: groups of near-duplicates, and protected evaluation prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.commands.common import FINDINGS, as_json, offline, print_json, project_of


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--out", required=True, help="Folder to write: labels-*.parquet.")
@click.option("--column", default="text", show_default=True, help="The text column.")
@click.option(
    "--view",
    type=click.Choice(["token", "word3", "char"]),
    default="word3",
    show_default=True,
    help="What is compared.",
)
@click.option("--threshold", type=float, default=0.8, show_default=True, help="Smallest Jaccard index of a pair.")
@click.option(
    "--engine", type=click.Choice(["serial", "dask"]), default="serial", show_default=True, help="What runs the shards."
)
@click.option("--scheduler", metavar="ADDRESS", help="A running Dask scheduler; by default a cluster on this machine.")
@click.option("--workers", type=click.IntRange(1), help="Local Dask processes, or how many workers to wait for.")
@click.option("--shard-rows", type=click.IntRange(1), help="Rows of a task, at most; bounds a worker's memory.")
@click.option("--work", metavar="FOLDER", help="Results of tasks, shared by all workers; by default in --out.")
@as_json
def group(
    paths: tuple[str, ...], out: str, engine: str, scheduler: str | None, workers: int | None, as_json: bool, **how: Any
) -> None:
    """Group similar rows of Parquet files, exactly; on a Dask cluster too. A killed run goes on where it was."""
    from dataclasses import asdict

    from demur.groups.sharded import open_engine, run

    options = {name: value for name, value in how.items() if value is not None}
    with open_engine(engine, scheduler=scheduler, workers=workers) as opened:
        done = run(paths, out, engine=opened, **options)
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{done.rows} rows, {done.groups} groups, {done.duplicates} duplicates, largest group {done.largest}, "
        f"{done.seconds:.1f} s"
    )
    if done.resumed:
        click.echo(f"{done.resumed} of {done.tasks} tasks were done by an earlier run", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--column", default="prompt", show_default=True, help="Column with the texts to judge.")
@click.option(
    "--against",
    default="sketch",
    show_default=True,
    help="The bundled sketch, another sketch, a file of prompts (same column), or SOURCE[,SOURCE].",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the evidence, a Parquet file.")
@offline
@as_json
@click.pass_context
def decontaminate(
    ctx: click.Context, file: Path, column: str, against: str, out: Path | None, offline: bool, as_json: bool
) -> None:
    """Find rows of a Parquet, JSON Lines or CSV file that are near protected evaluation prompts."""
    from demur.files.parquet import write_parquet
    from demur.files.whole import replacing
    from demur.protected.screen import protected_of, screen
    from demur.sources.fetch import Places

    project = project_of(ctx)
    found = screen(file, column, protected_of(against, column, project, Places(offline=offline)))
    if out:
        with replacing(out, "The evidence cannot be written", folders=True) as part:
            write_parquet(found.evidence, part)
    if as_json:
        print_json(found.summary())
    else:
        click.echo(found.table())
    if found.evidence.num_rows:
        ctx.exit(FINDINGS)


@click.command("sketch")
@offline
@click.pass_context
def write_sketch(ctx: click.Context, offline: bool) -> None:
    """Hash the protected evaluation sources into builders/protected*.parquet, which hold no text."""
    from demur.protected import sketch
    from demur.sources.fetch import Places

    project = project_of(ctx)
    places = Places(offline=offline)
    for path, build in (
        (sketch.sketch_path(project), sketch.build),
        (sketch.training_path(project), sketch.build_training),
    ):
        made = build(project, places)
        made.write(path)
        click.echo(f"{path}: {len(made)} prompts of {len(set(made.sources))} sources, {path.stat().st_size:,} bytes")


COMMANDS = (group, decontaminate, write_sketch)
