"""Commands of the curator's loop: see a text, decide about it, and see what waits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.commands.common import as_json, in_group, offline, print_json, project_of, told
from demur.commands.completion import SOURCES as SOURCE_NAMES

if TYPE_CHECKING:
    from demur.curation.lookup import Place
    from demur.project import Project

SOURCES = click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Look in this source alone; repeatable.",
    shell_complete=SOURCE_NAMES,
)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@SOURCES
@click.option("--show-text", is_flag=True, help="Show the texts; they may be harmful.")
@as_json
@offline
@click.pass_context
def show(
    ctx: click.Context, ids: tuple[str, ...], sources: tuple[str, ...], show_text: bool, as_json: bool, offline: bool
) -> None:
    """Show what is known of a text: where it stands, its labels and whose, its twins, what was decided.

    ID is a record id, or its first eight digits or more. Texts are masked unless --show-text.
    """
    from demur.curation.annotations import annotations_of
    from demur.curation.lookup import find, full_ids
    from demur.curation.project import curation_of
    from demur.curation.shown import show as shown
    from demur.curation.twins import near_by_words

    project = project_of(ctx)
    tables = _tables(project, sources, offline)
    curation = curation_of(project)
    wanted = full_ids(ids, _ids(tables))
    near = [
        (one, two, "by words, token-set Jaccard", similarity) for one, two, similarity in near_by_words(tables, wanted)
    ]
    near += [
        (one, two, "by meaning, cosine", cosine)
        for one, two, cosine in zip(
            *(curation.pairs.table[name].to_pylist() for name in ("record_id", "twin", "cosine")), strict=True
        )
        if one in wanted or two in wanted
    ]
    every = {*wanted, *(id for one, two, *_ in near for id in (one, two))}
    places = find(tables, every)
    mine = _prompts(tables, {*wanted})
    found = shown(mine, places, wanted, near, curation, annotations_of(project))
    if as_json:
        print_json([each.as_dict(text=show_text) for each in found])
        return
    for each in found:
        for line in each.lines(text=show_text):
            click.echo(line)


@click.command()
@click.argument("id")
@click.argument("action", type=click.Choice(["drop", "relabel", "hazards", "keep", "same-as", "not-same-as"]))
@click.argument("value", required=False)
@click.option("--reason", required=True, help="Why, in one line, without the text.")
@click.option("--who", required=True, envvar="DEMUR_CURATOR", help="Who decides; by default DEMUR_CURATOR.")
@click.option("--evidence", help="What it rests on: a page, readers, a pair's cosine.")
@click.option("--when", default=None, metavar="YYYY-MM-DD", help="The day; by default today.")
@click.option("--replace", is_flag=True, help="Put it in the place of a decision that contradicts it.")
@SOURCES
@offline
@as_json
@click.pass_context
def decide(
    ctx: click.Context,
    id: str,
    action: str,
    value: str | None,
    reason: str,
    who: str,
    evidence: str | None,
    when: str | None,
    replace: bool,
    sources: tuple[str, ...],
    offline: bool,
    as_json: bool,
) -> None:
    """Decide about a text: it enters every build from now on, and stays.

    VALUE is the behaviour of `relabel` (refuse, correct, careful, support, cannot_know, comply), the hazards of
    `hazards` (codes joined by commas), or the other text's id of `same-as` and `not-same-as`.
    """
    from pydantic import ValidationError

    from demur.curation.decisions import FILE, Decision
    from demur.curation.decisions import decide as write
    from demur.curation.lookup import find, full_ids
    from demur.errors import UsageError, issues

    project = project_of(ctx)
    tables = _tables(project, sources, offline)
    known = _ids(tables)
    (mine,) = full_ids([id], known)
    place: Place = find(tables, {mine})[mine][0]
    said: dict[str, Any] = {}
    if action == "relabel":
        said = {"behaviour": value}
    elif action == "hazards":
        said = {"hazards": tuple(sorted((value or "").split(",")))}
    elif action in ("same-as", "not-same-as"):
        said = {"other": full_ids([value or ""], known)[0]}
    elif action in ("drop", "keep") and value:
        msg = f"{action!r} takes no value"
        raise UsageError(msg, got=value, fix="Give the reason with --reason.")
    try:
        made = Decision(
            record_id=mine,
            text_sha256=place.sha256,
            action=action,  # type: ignore[arg-type]
            reason=reason,
            who=who,
            when=when or date.today().isoformat(),
            evidence=evidence,
            source=place.source,
            **said,
        )
    except ValidationError as error:
        msg = "The decision is not complete"
        raise UsageError(msg, where=f"{mine} {action}", got=issues(error)[0]) from None
    path: Path = project.root / FILE
    write(path, made, replace=replace)
    if as_json:
        print_json({"path": str(path), "decision": made.model_dump(mode="json")})
    else:
        told(f"{mine}: {action}{f' {value}' if value else ''}, written to {path}")


@click.command()
@SOURCES
@click.option("--reason", "only", help="List only what waits for this reason.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="List so many of each reason.")
@click.option("--suspects", type=click.IntRange(0), default=0, metavar="N", help="And the N rows that look wrongest.")
@as_json
@offline
@click.pass_context
def queue(
    ctx: click.Context,
    sources: tuple[str, ...],
    only: str | None,
    top: int,
    suspects: int,
    as_json: bool,
    offline: bool,
) -> None:
    """List what waits for a decision, why, and how many."""
    from demur.curation.annotations import annotations_of
    from demur.curation.project import curation_of
    from demur.curation.queue import queue_of, waiting_suspects

    project = project_of(ctx)
    records = _prompts(_tables(project, sources, offline))
    curation = curation_of(project)
    looked = waiting_suspects(records, curation, annotations_of(project))[:suspects] if suspects else []
    found = queue_of(records, curation, looked)
    waiting = [each for each in found.waiting if only in (None, each.reason)]
    if as_json:
        print_json({"counts": found.counts, "waiting": [each.as_dict() for each in waiting]})
        return
    for reason, count in found.counts.items():
        if only in (None, reason):
            click.echo(f"{reason}: {count}")
            for each in [each for each in waiting if each.reason == reason][:top]:
                other = f" and {each.other}" if each.other else ""
                click.echo(f"  {each.record_id}{other} ({each.source}): {each.detail}")
    click.echo(f"{sum(found.counts.values())} wait; `demur show ID` tells of one, `demur decide` decides")


def _tables(project: Project, sources: tuple[str, ...], offline: bool) -> list[Any]:
    from demur.curation.lookup import records_of
    from demur.sources.fetch import Places

    return list(records_of(project, sources, Places(offline=offline)))


def _ids(tables: list[Any]) -> set[str]:
    from demur.curation.curated import prompt_ids

    return {id for table in tables for id in prompt_ids(table)}


def _prompts(tables: list[Any], wanted: set[str] | None = None) -> Any:
    """One table of the prompts of all tables, those of responses among them, each under the id of its prompt."""
    from demur.curation.lookup import prompts_of

    return prompts_of(tables, wanted)


COMMANDS = in_group("sources", show, decide, queue)
