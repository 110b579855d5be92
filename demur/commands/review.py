"""``demur review``: the local page on which a person reads texts and decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.commands.common import as_json, in_group, offline, print_json, project_of, told
from demur.commands.completion import SOURCES
from demur.inputs import There

if TYPE_CHECKING:
    from demur.project import Project
    from demur.review.desk import Desk

_QUEUES = ("conflicts", "pairs", "suspects", "stale", "findings", "rows", "second")
_FOLDER = There(file_okay=False)


@click.command()
@click.argument("folder", metavar="[PROJECT|FOLDER]", required=False, type=_FOLDER)
@click.option("--reader", metavar="NAME", envvar="DEMUR_CURATOR", help="Who reads; by default DEMUR_CURATOR.")
@click.option("--queue", type=click.Choice(_QUEUES), help="Begin with this queue.")
@click.option("--rows", type=click.IntRange(1), default=50, show_default=True, help="How many rows are drawn.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Texts of this source; repeatable.",
              shell_complete=SOURCES)  # fmt: skip
@click.option("--built", multiple=True, type=_FOLDER, help="Built folders to check; by default those in build/.")
@click.option(
    "--annotations",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Of a built folder: write labels to this CSV file; without it, nothing is written.",
)
@click.option("--read-only", is_flag=True, help="Write nothing.")
@click.option("--port", type=click.IntRange(0, 65535), help="By default the first free one from 8717; 0 is any.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--let-others-read", "others", is_flag=True, help="Allow a --host that other machines can reach.")
@click.option("--no-open", is_flag=True, help="Open no browser.")
@offline
@as_json
@click.pass_context
def review(
    ctx: click.Context,
    /,
    folder: Path | None,
    reader: str | None,
    queue: str | None,
    rows: int,
    annotations: Path | None,
    read_only: bool,
    port: int | None,
    host: str,
    others: bool,
    no_open: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Open a page on this machine to read what waits, one text at a time, and decide with keys.

    Of a PROJECT (by default yours) decisions and labels go into builders/curation/. Of a FOLDER that Demur built or
    pulled, labels go to --annotations FILE, if there is one. Texts stay masked until a key is pressed. Ctrl-C ends it.
    """
    from demur.review.app import Review
    from demur.review.guard import Secrets
    from demur.review.guideline import guideline_of
    from demur.review.server import host_of, listening, needed, opened, serve
    from demur.review.start import session_of

    needed()
    host = host_of(host, others)
    desk, project = _desk(ctx, folder, annotations, given)
    guideline = guideline_of(project)
    read_only = read_only or (project is None and annotations is None)
    session = session_of(desk, reader, guideline.version, annotations, rows=rows, read_only=read_only)
    if queue and queue not in session.queues:
        msg = f"There is no queue {queue!r} here: {', '.join(session.queues)}."
        raise click.UsageError(msg)
    with listening(host, port) as place:
        secrets = Secrets()
        made = Review(session, guideline, secrets, place.port, exposed=others, start=queue).app
        url = f"{place.origin}/open?token={secrets.token}"
        if as_json:
            print_json(
                {
                    "url": url,
                    "port": place.port,
                    "reader": session.reader or None,
                    "read_only": read_only,
                    "queues": session.queues,
                }
            )
        else:
            click.echo(f"{url}\nThe address is a key: who has it reads and writes. Ctrl-C ends.")
        with opened(url, wanted=not (no_open or as_json)):
            serve(made, place)
    if not as_json:
        told(f"{len(session.done)} written in this session")


def _desk(
    ctx: click.Context, folder: Path | None, annotations: Path | None, given: dict[str, Any]
) -> tuple[Desk, Project | None]:
    from demur.errors import UsageError
    from demur.project import at
    from demur.review.desk import folder_desk, project_desk
    from demur.sets.folder import is_built
    from demur.sources.fetch import Places

    if folder and is_built(folder):
        if given["sources"] or given["built"]:
            msg = "--source and --built are of projects, and this is a built folder"
            raise UsageError(msg, where=folder)
        return folder_desk(folder), None
    if annotations:
        msg = "--annotations is for built folders: labels of a project go into builders/curation/annotations"
        raise UsageError(msg, where=annotations)
    project = at(folder) if folder else project_of(ctx)
    return project_desk(project, given["sources"], given["built"], Places(offline=given["offline"])), project


COMMANDS = in_group("sources", review)
