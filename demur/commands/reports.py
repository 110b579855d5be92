"""``demur report``: a set, anybody's rows, or what was measured of responses, as one page."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from demur.audits.score.audit import score
from demur.commands.audits import measured
from demur.commands.common import as_json, in_group, offline, place_of, print_json, told
from demur.errors import UsageError, plain

if TYPE_CHECKING:
    from demur.audits.score.report import Scores

_PLACES = click.Argument(["paths"], metavar="FOLDER|OWNER/NAME@V|RESPONSES...", nargs=-1, required=True)
_OUT = click.Option(
    ["--out"],
    required=True,
    metavar="PAGE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page, an .html file.",
)
_TEXT = click.Option(
    ["--with-text"],
    is_flag=True,
    help="Put texts of pairs and findings into the page, each hidden until it is clicked. They may ask for harm.",
)
_SINCE = click.Option(
    ["--since"],
    metavar="FOLDER|OWNER/NAME@V",
    help="Tell what changed since this version of the set; by default the one before, where it was pulled.",
)
_RESPONSES = [each for each in score.inputs if each.name != "paths"]


def _optional(option: click.Parameter) -> click.Parameter:
    made = copy.copy(option)
    made.required = False
    return made


@as_json
@offline
@click.pass_context
def _report(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    out: Path,
    with_text: bool,
    since: str | None,
    offline: bool,
    as_json: bool,
    **inputs: Any,
) -> None:
    if out.suffix.lower() not in (".html", ".htm"):
        msg = "A page is an .html file"
        raise UsageError(msg, where=out, expected="a name that ends in .html", got=out.suffix or "no ending")
    given = [each.opts[0] for each in _RESPONSES if each.name and _given(ctx, each.name)]
    if inputs["items"] is not None:
        if with_text or since:
            msg = "--with-text and --since are for the page of a set: a page of responses (--items) holds no texts."
            raise click.UsageError(msg)
        _of_responses(ctx, paths, out, inputs, as_json)
    elif given:
        msg = f"{', '.join(given)} is about RESPONSES: name the set that was asked with --items, too."
        raise click.UsageError(msg)
    elif len(paths) > 1:
        msg = "One folder, file or version at a time; for RESPONSES, name the set that was asked with --items."
        raise click.UsageError(msg)
    else:
        _of_set(paths[0], out, with_text, since, offline, as_json)


def _given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE


def _of_responses(ctx: click.Context, paths: tuple[str, ...], out: Path, inputs: dict[str, Any], as_json: bool) -> None:
    from demur.audits.score.page import write_page

    argument = next(each for each in score.inputs if each.name == "paths")
    inputs["paths"] = argument.type_cast_value(ctx, paths)
    found = cast("Scores", measured(score, inputs))
    write_page(found, out)
    if as_json:
        print_json({"page": str(out), **found.as_dict()})
    else:
        told(f"{out}: {found.title}; {', '.join(each.model for each in found.models)}")


def _of_set(text: str, out: Path, with_text: bool, since: str | None, offline: bool, as_json: bool) -> None:
    """No project is loaded: a folder that brings one is read as data, as `demur check` does."""
    from demur.release.pull import source_folder
    from demur.reports.page import report_of

    place, called, repo = _place(text, offline)
    before = (_called(since), source_folder(since, offline)) if since else None
    said = report_of(place, out, called=called, since=before, repo=repo, with_text=with_text)
    if as_json:
        print_json(said)
        return
    found = sum(said["findings"].values())
    told(f"{out}: {plain(called)}, {said['bytes']:,} bytes; {f'{found:,}' if found else 'no'} findings")


def _place(text: str, offline: bool) -> tuple[str | Path, str, str | None]:
    """Where a set or files lie, what they are called, and of a version its place: it is pulled, and proven."""
    from demur.release.pull import source_folder
    from demur.release.reference import Ref

    if not Path(text).exists() and "@" in text:
        try:
            ref = Ref.parse(text)
        except UsageError:  # a tag, branch or commit of any data set on the Hub
            return place_of(text, offline), text, None
        return source_folder(text, offline), _called(text), ref.repo
    return place_of(text, offline), _called(text), None


def _called(text: str) -> str:
    """The last part of a path; of anything else, what it is called."""
    from demur.files.remote import named

    return Path(text).absolute().name if Path(text).exists() else named(text)


report = click.command(
    "report",
    params=[_PLACES, *map(_optional, _RESPONSES), _OUT, _TEXT, _SINCE],
    help="Write one page, HTML by itself, which loads nothing: of a set (a built FOLDER, a version), of files as `demur"
    " check` reads them, or, with --items, of the scores of RESPONSES (see `demur score`).",
)(_report)

COMMANDS = in_group("audits", report)
