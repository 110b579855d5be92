"""``demur judgements``: what judges said of generations that users bring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from demur.audits.audit import Drawn, audit
from demur.inputs import There

_PATH = There()


@audit(
    "judgements",
    click.Argument(["paths"], metavar="FILE...", nargs=-1, required=True, type=_PATH),
    click.Option(
        ["--items"],
        metavar="FILE_OR_FOLDER",
        type=_PATH,
        help="The items that must be judged: a built folder, or any table.",
    ),
    click.Option(["--id", "column"], metavar="COLUMN", help="Their ids; by default record_id, else item_id, else id."),
    click.Option(
        ["--config"], metavar="NAME", help="Config of a built folder; by default its first one, of query sets all."
    ),
    click.Option(
        ["--vocabulary", "vocabularies"],
        metavar="JUDGE=NAME",
        multiple=True,
        help="The words of a judge, where its rows do not say: harm, refusal, shieldlm, correctness, keyword, answer,"
        " useful, language_flaws, wildguard.",
    ),
    click.Option(
        ["--threshold", "thresholds"],
        metavar="JUDGE=NUMBER",
        multiple=True,
        help="From where on a judge's score is the first word of its vocabulary.",
    ),
    click.Option(
        ["--family", "families"],
        metavar="NAME=MODEL,...",
        multiple=True,
        help="Print one table by family of models, set and side (subset), with a column for each judge.",
    ),
    click.Option(
        ["--by"],
        type=click.Choice(["run", "attack", "base", "hazard", "model"]),
        help="Of a built set of attacks: what is counted together, within the days of its judges; by default its runs.",
    ),
    draws=True,
)
def judgements(
    paths: tuple[Path, ...],
    items: Path | None,
    column: str | None,
    config: str | None,
    vocabularies: tuple[str, ...] = (),
    thresholds: tuple[str, ...] = (),
    families: tuple[str, ...] = (),
    by: Any = None,
) -> Drawn:
    """Summarise what judges said of generations: shares of harm, or of refusals, with n and intervals, and agreement.

    A FILE holds judgements (any table that `demur check` reads), is a log of Inspect (.eval, JSON), or an artifact as
    JailbreakBench publishes them (JSON); of a folder, all such files below it are read, tables of JSON Lines and
    Parquet. Of a folder of attacks that `demur build` wrote, what was published of the responses to them is counted, by
    run or as --by says. Nothing is generated and no model is called.
    """
    from demur.audits.judgements.grid import families_of, grid
    from demur.audits.judgements.items import read_items
    from demur.audits.judgements.measure import summarise
    from demur.audits.judgements.published import notes_of, read_published
    from demur.audits.judgements.reading import read_judgements
    from demur.audits.judgements.vocabularies import Declared
    from demur.project import bundled
    from demur.sets.folder import BuiltSet, is_built
    from demur.sources.declared import schemas

    named = families_of(families)
    attacks = len(paths) == 1 and is_built(paths[0])
    if by and not attacks:
        msg = "--by is of one folder of attacks that demur build wrote."
        raise click.UsageError(msg)
    if items is None and (column or (config and not attacks)):
        msg = "--id and --config say where the items of --items are; name those, too."
        raise click.UsageError(msg)
    if attacks and items is None:
        built = BuiltSet.open(paths[0])
        rows, places = read_published(built, config, by or "run")
        found = replace(summarise(rows, places, None, (str(paths[0]),)), notes=notes_of(built, config))
        return replace(found, grid=grid(found.verdicts, named)) if named else found
    expected = read_items(items, column, config).of if items else None
    declared = Declared.of(vocabularies, thresholds)
    rows, places = read_judgements(paths, schemas(bundled())["judgement"], declared)
    declared.used({row["judge"] for row in rows})
    found = summarise(rows, places, expected, tuple(str(path) for path in paths))
    return replace(found, grid=grid(found.verdicts, named)) if named else found
