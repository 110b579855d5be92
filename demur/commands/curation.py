"""Commands about what readers said: import it, and measure how far they agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demur.commands.common import as_json, in_group, offline, print_json, project_of, told
from demur.commands.completion import SOURCES
from demur.curation.behaviour import READER_KINDS
from demur.inputs import There
from demur.progress import say

if TYPE_CHECKING:
    from demur.project import Project
    from demur.records.record import Tri


@click.group()
def curation() -> None:
    """What readers said of texts: bring it in, and see how far they agree."""


@curation.command("import")
@click.argument("file", type=There(dir_okay=False))
@click.option("--name", metavar="NAME", help="Of the campaign; by default the file's name.")
@click.option(
    "--texts",
    type=There(dir_okay=False),
    help="Which text each record id means: record_id, prompt_sha256, sources.",
)
@click.option("--reader-kind", "kind", type=click.Choice(READER_KINDS), help="Who the readers are.")
@click.option("--adjudicator", "adjudicators", metavar="NAME", multiple=True, help="A reader who saw others' classes.")
@click.option("--verify", is_flag=True, help="Fetch the pinned sources, and find every text there, unchanged.")
@offline
@as_json
@click.pass_context
def import_(
    ctx: click.Context,
    file: Path,
    name: str | None,
    texts: Path | None,
    kind: str | None,
    adjudicators: tuple[str, ...],
    verify: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Import readers' labels into builders/curation/annotations/NAME.csv, if nothing is wrong with any line.

    FILE is CSV: in the form of that folder, or record_id, reader, guideline, behaviour, hazards, flags with --texts and
    --reader-kind. A second reader who contradicts the first is no error: the text waits for a decision.
    """
    from demur.curation.annotations import read_annotations
    from demur.curation.campaign import campaigns_of
    from demur.curation.importing import Told, import_labels
    from demur.curation.reports import imported_dict, imported_lines
    from demur.sources.fetch import Places

    project = project_of(ctx)
    said = Told(texts, kind, adjudicators)  # type: ignore[arg-type]
    name = name or file.stem.lower().replace("_", "-")
    done = import_labels(project, file, name, said, verify=verify, places=Places(offline=offline))
    if as_json:
        print_json(imported_dict(done))
    else:
        told("\n".join(imported_lines(done)))
    described = campaigns_of(project).get(name)
    for issue in described.against(read_annotations(done.path)) if described else ():
        say(f"warning: {done.path.with_suffix('.toml')} is out of date: {issue}")


@curation.command()
@click.option("--guideline", metavar="VERSION", help="Only texts read by this version of the guideline.")
@click.option(
    "--gold",
    metavar="SOURCE",
    default="xstest",
    show_default=True,
    help="A source whose labels people gave.",
    shell_complete=SOURCES,
)
@offline
@as_json
@click.pass_context
def agreement(ctx: click.Context, guideline: str | None, gold: str, offline: bool, as_json: bool) -> None:
    """How far readers agree beyond chance, by source and class, and how right they are where people labelled.

    Cohen's kappa for every two readers, Krippendorff's alpha where there are more or where some did not read all, with
    95 % intervals by bootstrap of texts.
    """
    from demur.curation import reports
    from demur.curation.agreement import agreement as measure
    from demur.curation.annotations import annotations_of
    from demur.curation.campaign import campaigns_of

    project = project_of(ctx)
    done = measure(annotations_of(project), guideline, _gold(project, gold, offline=offline))
    campaigns = campaigns_of(project)
    if as_json:
        print_json({**done.as_dict(), "gold_source": gold, "campaigns": sorted(campaigns)})
    else:
        reports.show_agreement(done, gold, campaigns.values())


def _gold(project: Project, name: str, *, offline: bool) -> dict[str, Tri]:
    """Record id -> the side that people put it on; none, and a warning, if the source cannot be had."""
    from demur.curation.texts import texts_of
    from demur.errors import FetchError, PinError
    from demur.sources.fetch import Places

    try:
        known = texts_of(project, [name], Places(offline=offline))
    except (FetchError, PinError) as error:
        say(f"warning: not held against {name}: {error.what}")
        return {}
    return {id: text.places[0].harmful for id, text in known.items()}


COMMANDS = in_group("sources", curation)
