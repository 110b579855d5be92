"""Commands about likeness: groups of near-duplicates, and protected evaluation prompts."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

import click

from demur.commands.common import (
    FINDINGS,
    as_json,
    fetched_file,
    in_group,
    in_parts,
    offline,
    print_json,
    project_of,
    shared_file,
    told,
)
from demur.commands.completion import LAYOUTS, PROTECTED
from demur.progress import say


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--out", required=True, help="Folder to write: labels-*.parquet.")
@click.option("--column", help="The column of texts or turns; by default text, else all that a row says.")
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
    paths: tuple[str, ...],
    out: str,
    column: str | None,
    engine: str,
    scheduler: str | None,
    workers: int | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Group similar rows, exactly; on a Dask cluster too. A killed run goes on where it was.

    PATHs are Parquet files, folders of them, or any other files that `demur check` reads, whose texts are written once
    more for the run; each may be a URL that fsspec knows.
    """
    from dataclasses import asdict

    from demur.checks.tables import as_parquet
    from demur.groups.sharded import open_engine, run

    options = {name: value for name, value in how.items() if value is not None}
    work = options.get("work") or posixpath.join(out, "_work")
    with (
        as_parquet(paths, column, work) as (places, called),
        open_engine(engine, scheduler=scheduler, workers=workers) as opened,
    ):
        done = run(places, out, engine=opened, column=column or "text", called=called, **options)
    if as_json:
        print_json(asdict(done))
        return
    told(
        f"{done.rows} rows, {done.groups} groups, {done.duplicates} duplicates, largest group {done.largest}, "
        f"{done.seconds:.1f} s"
    )
    if done.resumed:
        say(f"{done.resumed} of {done.tasks} tasks were done by an earlier run")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--column", help="Column with the texts to judge, or a path to them; by default as `demur check` reads.")
@click.option(
    "--map",
    "mapping",
    metavar="MAP",
    help="Which columns are what, as `demur check --map` has it.",
    shell_complete=LAYOUTS,
)
@click.option(
    "--against",
    default="sketch",
    show_default=True,
    help="The bundled sketch, another sketch, a file of prompts (of the same --column), or SOURCE[,SOURCE].",
    shell_complete=PROTECTED,
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the evidence, a Parquet file.")
@in_parts
@offline
@as_json
@click.pass_context
def decontaminate(
    ctx: click.Context,
    files: tuple[str, ...],
    column: str | None,
    mapping: str | None,
    against: str,
    out: Path | None,
    parts: dict[str, Any],
    offline: bool,
    as_json: bool,
) -> None:
    """Find rows of files, in any shape that `demur check` reads, that are near protected evaluation prompts.

    Every prompt is judged, and every turn of a user; rows are counted through all files. A FILE may be a URL that
    fsspec knows (s3://, https:// ...). With --engine or --work, files are read in parts: docs/engines.md.
    """
    from itertools import chain

    from demur.checks.screening import Screening, screen_sharded
    from demur.checks.speech import asked, prompts
    from demur.files.parquet import write_parquet
    from demur.files.whole import replacing
    from demur.protected.screen import protected_of, screen
    from demur.shards import opened_work
    from demur.sources.fetch import Places

    if column and mapping:
        msg = "--column names one column, --map several: give one of them."
        raise click.UsageError(msg)
    project = project_of(ctx)
    shared = [shared_file(ctx, file, offline) for file in files] if parts else []
    fetched = [] if parts else [fetched_file(ctx, file, offline) for file in files]
    protected = protected_of(against, lambda path: prompts(path, column), project, Places(offline=offline))
    if parts:
        with opened_work(**parts) as work:
            found = screen_sharded(shared, Screening(column, mapping, protected=protected), work)
    else:
        read = (asked(place, column, mapping, called) for place, called in fetched)
        found = screen(chain.from_iterable(read), protected, where=", ".join(called for _, called in fetched))
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
@as_json
@click.pass_context
def write_sketch(ctx: click.Context, offline: bool, as_json: bool) -> None:
    """Hash the protected evaluation sources into builders/protected*.parquet, which hold no text."""
    from demur.protected import sketch
    from demur.sources.fetch import Places

    project = project_of(ctx)
    places, facts = Places(offline=offline), []
    for path, build in (
        (sketch.sketch_path(project), sketch.build),
        (sketch.training_path(project), sketch.build_training),
    ):
        made = build(project, places)
        made.write(path)
        said = {"path": str(path), "prompts": len(made), "sources": len({*made.sources}), "bytes": path.stat().st_size}
        facts.append(said)
        if not as_json:
            told("{path}: {prompts} prompts of {sources} sources, {bytes:,} bytes".format(**said))
    if as_json:
        print_json(facts)


COMMANDS = (*in_group("sets", group), *in_group("checks", decontaminate, write_sketch))
