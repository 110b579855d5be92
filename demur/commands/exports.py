"""Commands that hand a set to other programs: one below ``demur export`` for every export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from demur.commands.common import as_json, in_group, offline, print_json, told
from demur.exports.export import Export, exports


def command_of(export: Export) -> click.Command:
    """The command of an export."""

    @click.argument("place", metavar="SET")
    @click.option(
        "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write, as a whole."
    )
    @click.option("--config", help="Config of the set; by default its first one.")
    @click.option("--split", "splits", multiple=True, help="Write this split; by default all of the config's.")
    @offline
    @as_json
    def run(
        place: str, out: Path, config: str | None, splits: tuple[str, ...], offline: bool, as_json: bool, **inputs: Any
    ) -> None:
        from demur.release.opening import load

        done = export.run(load(place, offline=offline), out, config, splits, **inputs)
        if as_json:
            print_json(done)
            return
        for name, rows in done["files"].items():
            told(f"{out / name}: {rows:,} rows")
        for reason, rows in done["left_out"].items():
            told(f"left out: {rows:,} rows: {reason}")

    return click.command(export.name, params=[*export.inputs], help=export.summary)(run)


@click.group("export")
def export() -> None:
    """Write a built set, or a version of one (OWNER/NAME@vX.Y.Z), as another program reads it."""


for _each in exports():
    export.add_command(command_of(_each))

COMMANDS = in_group("sets", export)
