"""The command that summarises judgements of generations."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import as_json, print_json
from demur.sources import declared


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--items",
    metavar="FILE_OR_FOLDER",
    type=click.Path(path_type=Path, exists=True),
    help="The items that must be judged: a built folder, or a Parquet, JSON Lines or CSV file.",
)
@click.option("--id", "column", metavar="COLUMN", help="Their ids; by default record_id, else item_id, else id.")
@click.option("--config", metavar="NAME", help="Config of a built folder; by default its first one, of query sets all.")
@click.option("--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: an .svg or .png file.")
@as_json
def judgements(
    paths: tuple[Path, ...],
    items: Path | None,
    column: str | None,
    config: str | None,
    drawn: Path | None,
    as_json: bool,
) -> None:
    """Summarise what judges said of generations: shares of harm with n and intervals, and how far judges agree.

    A FILE holds judgements (JSON Lines, Parquet), or is an artifact as JailbreakBench publishes them (JSON); of a
    folder, all such files below it are read. Nothing is generated and no model is called.
    """
    from demur.audits import plots
    from demur.audits.judgements import report
    from demur.audits.judgements.items import read_items
    from demur.audits.judgements.judgements import summarise
    from demur.project import bundled

    if items is None and (column or config):
        msg = "--id and --config say where the items of --items are; name those, too."
        raise click.UsageError(msg)
    if drawn:
        plots.check_path(drawn)
    expected = read_items(items, column, config).of if items else None
    done = summarise(*report.read_judgements(paths, declared.schemas(bundled())["judgement"]), expected)
    if drawn:
        report.plot(done, drawn)
    if as_json:
        print_json({"files": [str(path) for path in paths], **done.as_dict()})
    else:
        report.show(done)


COMMANDS = (judgements,)
