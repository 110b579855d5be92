"""Commands that judge: invariants and schemas."""

from __future__ import annotations

from pathlib import Path

import click

from demur.commands.common import FINDINGS, as_json, print_json, project_of


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@as_json
@click.pass_context
def check(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Check that a built folder keeps the invariants; never imports code from the current folder."""
    from dataclasses import asdict

    from demur.check import check as run

    findings = run(folder)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            click.echo(str(finding))
        click.echo(
            f"{folder}: {len(findings)} findings" if findings else f"{folder}: all invariants hold", err=bool(findings)
        )
    if findings:
        ctx.exit(FINDINGS)


@click.group()
def schema() -> None:
    """The schemas of every kind of row, of source declarations and of manifests."""


@schema.command()
@click.argument("to", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def export(ctx: click.Context, to: Path) -> None:
    """Write every schema as JSON Schema into a folder."""
    from demur.schema import exported

    to.mkdir(parents=True, exist_ok=True)
    for name, text in exported(project_of(ctx).schemas()).items():
        (to / name).write_text(text, encoding="utf-8")
        click.echo(to / name)


COMMANDS = (check, schema)
