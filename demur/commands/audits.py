"""Commands that measure: one for every audit, which shows its result as tables, as JSON, or as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from demur.audits.audit import SET, TAXONOMY, Audit, audits
from demur.commands.common import as_json, in_group, in_parts, print_json, project_of

if TYPE_CHECKING:
    from demur.audits.audit import Drawn, Result

_plot = click.option(
    "--plot", "drawn", type=click.Path(path_type=Path, dir_okay=False), help="Draw it: an .svg or .png file."
)


def measured(audit: Audit, inputs: dict[str, Any]) -> Result:
    """What an audit finds; sets and taxonomies among its inputs are opened for it."""
    for each in audit.inputs:
        if each.type is TAXONOMY and each.name and inputs[each.name] is not None:
            from demur.records.taxonomies import taxonomy_of

            inputs[each.name] = taxonomy_of(project_of(click.get_current_context()), inputs[each.name])
        if each.type is SET and each.name and inputs[each.name] is not None:
            from demur.release.opening import load

            inputs[each.name] = load(inputs[each.name])
    return audit.measure(**inputs)


def command_of(audit: Audit) -> click.Command:
    """The command of an audit."""

    @as_json
    def run(as_json: bool, drawn: Path | None = None, **inputs: Any) -> None:
        if drawn:
            from demur.audits import plots

            plots.check_path(drawn)  # before anything is measured for it
        found = measured(audit, inputs)
        if drawn:
            cast("Drawn", found).plot(drawn)
        if as_json:
            print_json(found.as_dict())
        else:
            found.show()

    declared = click.command(audit.name, params=[*audit.inputs], help=audit.summary)
    made = in_parts(run) if audit.parts else run
    return declared(_plot(made) if audit.draws else made)


COMMANDS = in_group("audits", *map(command_of, audits()))
