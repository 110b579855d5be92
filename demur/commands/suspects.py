"""The command that ranks rows whose label looks wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.commands.common import as_json, in_group, offline, print_json, project_of
from demur.commands.completion import SOURCES_OR_BUILDERS
from demur.inputs import There
from demur.progress import say

if TYPE_CHECKING:
    from demur.curation.suspects import Case
    from demur.project import Project


@click.command()
@click.argument("names", metavar="[SOURCE_OR_SET]...", nargs=-1, shell_complete=SOURCES_OR_BUILDERS)
@click.option("--top", metavar="N", type=click.IntRange(min=1), default=100, show_default=True, help="Rows to show.")
@click.option(
    "--pairs",
    "pairs_file",
    type=There(dir_okay=False),
    help="Twins in meaning: record_id, twin, cosine; by default builders/curation/pairs.parquet, if it is there.",
)
@click.option(
    "--embeddings",
    "vectors_file",
    type=There(dir_okay=False),
    help="Parquet of record_id and vector, in place of pairs.",
)
@offline
@as_json
@click.pass_context
def suspects(
    ctx: click.Context,
    names: tuple[str, ...],
    top: int,
    pairs_file: Path | None,
    vectors_file: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Rank rows whose label looks wrong: refuse or not, against their words, their twins and their readers.

    Of the sources named, or of those that a set is made of; by default of all that readers read. A suspect is no
    verdict: look at it, and decide. No text is shown.
    """
    from demur.curation.annotations import annotations_of
    from demur.curation.decisions import decisions_of
    from demur.curation.suspects import cases_of
    from demur.curation.suspects import suspects as rank
    from demur.curation.texts import texts_of
    from demur.sources.fetch import Places

    project = project_of(ctx)
    annotations = annotations_of(project)
    wanted = _sources(project, names) or sorted({source for each in annotations for source in each.sources})
    if not wanted:
        msg = "Nobody read anything yet: name sources, or a set."
        raise click.UsageError(msg)
    cases = cases_of(texts_of(project, wanted, Places(offline=offline)), annotations, decisions_of(project))
    vectors = _vectors(vectors_file, cases) if vectors_file else None
    standard = project.root / "builders" / "curation" / "pairs.parquet"
    chosen = pairs_file or (standard if standard.is_file() else None)
    found = rank(cases, annotations, _table(chosen, "record_id", "twin", "cosine") if chosen else None, vectors)
    if as_json:
        meaning = vectors_file or chosen
        facts = {"sources": wanted, "texts": len(cases), "meaning": str(meaning) if meaning else None}
        print_json({**facts, "suspects": [each.as_dict() for each in found[:top]]})
        return
    for each in found[:top]:
        more = f" and {each.rows - 1} more" if each.rows > 1 else ""
        click.echo(
            f"{each.score:.3f} {each.record_id}  {each.source} row {each.row}{more}: {each.label}, by {each.whose}"
        )
        for reason in each.reasons:
            click.echo(f"        {reason}")
    say(f"{min(top, len(found))} of {len(found):,} labelled texts of {len(wanted)} sources")
    if not (vectors_file or chosen):
        say("no pairs: twins in meaning played no part")


def _sources(project: Project, names: tuple[str, ...]) -> list[str]:
    """The sources that are meant: a name may be a source's or a set's."""
    from demur.project import pick
    from demur.sets.builder import builders
    from demur.sources import declared

    if not names:
        return []
    means = {name: each.sources for name, each in builders(project).items()}
    means |= {name: (name,) for name in declared.sources(project)}
    return sorted({source for name in names for source in pick(means, name, "source or set")})


def _table(path: Path, *columns: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from demur.errors import FormatError

    try:
        return pq.read_table(path, columns=list(columns))
    except (OSError, pa.ArrowException) as error:
        msg = "The Parquet file cannot be read"
        expected = f"columns {', '.join(columns)}"
        raise FormatError(msg, where=path, expected=expected, got=type(error).__name__) from None


def _vectors(path: Path, cases: list[Case]) -> Any:
    """One vector a case, in their order."""
    import numpy as np

    from demur.errors import FormatError

    table = _table(path, "record_id", "vector")
    vectors = dict(zip(table["record_id"].to_pylist(), table["vector"].to_pylist(), strict=True))
    if missing := [case.known.record_id for case in cases if case.known.record_id not in vectors]:
        msg = f"{len(missing):,} texts have no vector"
        raise FormatError(msg, where=path, expected=f"a vector for each of {len(cases):,} texts", got=missing[0])
    return np.array([vectors[case.known.record_id] for case in cases], np.float32)


COMMANDS = in_group("checks", suspects)
