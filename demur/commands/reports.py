"""``demur report``: what was measured, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from demur.audits.score.audit import score
from demur.commands.audits import measured
from demur.commands.common import as_json, in_group, print_json, told
from demur.errors import UsageError

if TYPE_CHECKING:
    from demur.audits.score.report import Scores

_OUT = click.Option(
    ["--out"],
    required=True,
    metavar="PAGE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page, an .html file.",
)


@as_json
def _report(out: Path, as_json: bool, **inputs: Any) -> None:
    from demur.audits.score.page import write_page

    if out.suffix.lower() not in (".html", ".htm"):
        msg = "A page is an .html file"
        raise UsageError(msg, where=out, expected="a name that ends in .html", got=out.suffix or "no ending")
    found = cast("Scores", measured(score, inputs))
    write_page(found, out)
    if as_json:
        print_json({"page": str(out), **found.as_dict()})
    else:
        told(f"{out}: {found.title}; {', '.join(each.model for each in found.models)}")


report = click.command(
    "report",
    params=[*score.inputs, _OUT],
    help="Write the scores of responses (see `demur score`) as one page: HTML by itself, which loads nothing.",
)(_report)

COMMANDS = in_group("audits", report)
