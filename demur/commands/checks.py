"""Commands that judge: the invariants of safety data, and what each rule demands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from demur.commands.common import FINDINGS, as_json, offline
from demur.files.remote import is_url, reachable
from demur.files.whole import write_whole


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--map",
    "mapping",
    metavar="MAP",
    help="A layout's name, a TOML file, or prompt=NAME,response=NAME; a name may be a path: messages=talk[].text.",
)
@click.option("--select", multiple=True, metavar="RULE", help="Only these rules: code, name, or DMR1 for a family.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out.")
@click.option(
    "--against",
    multiple=True,
    metavar="SET",
    help="Protected sets: sketch, a source, a sketch or a file of prompts, a built folder.",
)
@click.option("--split", "splits", multiple=True, metavar="FILE=NAME", help="The split of a file.")
@click.option("--license", metavar="ID", help="The license of the whole, where no page beside the data states it.")
@click.option("--max-findings", type=click.IntRange(0), help="List at most so many; the rest is counted.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit", "sarif", "github"]), help="[default: text]"
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report here, not to the screen."
)
@click.option(
    "--settings",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="By default demur.toml or [tool.demur.check] in pyproject.toml, from the first path upwards.",
)
@click.option("--show-text", is_flag=True, help="Show the beginning of each row's prompt. It may ask for harm.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), hidden=True, help="The day that waivers are judged on.")
@offline
@as_json
@click.pass_context
def check(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    mapping: str | None,
    splits: tuple[str, ...],
    offline: bool,
    as_json: bool,
    form: str | None,
    output: Path | None,
    settings: Path | None,
    max_findings: int | None,
    today: datetime | None,
    **how: Any,
) -> None:
    """Check safety data: folders that Demur built, and anybody's Parquet, JSON, JSON Lines and CSV files.

    A PATH is a file, a folder, a URL of either that fsspec knows (s3://, https:// ...), or a data set on the Hub at a
    tag, branch or commit: OWNER/NAME@REVISION.
    Nothing that is checked is executed, and no text is shown unless --show-text asks for it.
    """
    from demur.checks.engine import check as run
    from demur.checks.outputs import OUTPUTS, printable, summary_of
    from demur.checks.rule import selected
    from demur.checks.settings import applied, find_settings, read_settings

    places = [_place(path, offline) for path in paths]
    # a set from the Hub brings no settings: it would choose its own rules
    settings = settings or find_settings(Path(places[0]) if Path(paths[0]).exists() else Path.cwd())
    said = read_settings(settings)
    given: dict[str, Any] = {
        "select": how.pop("select") or said.select,
        "ignore": (*how.pop("ignore"), *said.ignore),
        "against": how.pop("against") or said.against,
        "license": how.pop("license") or said.license,
    }
    report = run(places, mapping or said.map, splits=_splits(splits), offline=offline, **given, **how)
    if settings:
        ran = {rule.code for rule in selected(given["select"], given["ignore"])}
        report = applied(report, said, settings, (today or datetime.now(UTC)).date(), [*map(Path, places)], ran)
    report = report.shortened(said.max_findings if max_findings is None else max_findings)
    form = form or ("json" if as_json else said.format or "text")
    text = printable(OUTPUTS[form](report))
    if output:
        write_whole(output, text, "The report cannot be written")
    else:
        click.echo(text, nl=False)
    if form == "text" or output:
        for line in summary_of(report):
            click.echo(line, err=bool(report.total))
    if report.total:
        ctx.exit(FINDINGS)


def _place(text: str, offline: bool) -> str | Path:
    """A path, a URL, or where the files of a data set on the Hub lie after their download."""
    if is_url(text):
        return reachable(text, offline)
    path = Path(text)
    if path.exists() or "@" not in text:
        if not path.exists():
            msg = f"Path {text!r} does not exist."
            raise click.BadParameter(msg, param_hint="PATH")
        return path
    from demur.release.pull import snapshot

    return snapshot(text, offline)


def _splits(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            msg = f"Invalid value for '--split': {pair!r} is not FILE=NAME."
            raise click.UsageError(msg)
    return dict(pair.rsplit("=", 1) for pair in pairs)


@click.command("rule")
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a rule, by code or name; without one, list all rules."""
    from demur.checks.docs import page
    from demur.checks.rule import rule_of
    from demur.checks.rules import RULES

    if code is not None:
        click.echo(page(rule_of(code)), nl=False)
        return
    for each in RULES.values():
        click.echo(f"{each.code} {each.name}: {each.summary}")


COMMANDS = (check, explain)
