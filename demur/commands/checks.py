"""Commands that judge: invariants and schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.commands.common import FINDINGS, as_json, offline, print_json, project_of
from demur.files.whole import write_whole
from demur.sources import declared

if TYPE_CHECKING:
    from demur.checks.finding import Finding, Report
    from demur.records.schema_diff import FieldChange


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--map", "mapping", metavar="MAP", help="A layout's name, a TOML file, or prompt=NAME,response=NAME.")
@click.option("--select", multiple=True, metavar="RULE", help="Only these rules: code, name, or DMR1 for a family.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out.")
@click.option(
    "--against", multiple=True, metavar="SET", help="Protected sets: sketch, a source, a sketch or a file of prompts."
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

    A PATH is a file, a folder, or a data set on the Hub at a tag, branch or commit: OWNER/NAME@REVISION.
    Nothing that is checked is executed, and no text is shown unless --show-text asks for it.
    """
    from demur.checks.engine import check as run
    from demur.checks.outputs import OUTPUTS, printable
    from demur.checks.rule import selected
    from demur.checks.settings import applied, find_settings, read_settings

    places = [_place(path, offline) for path in paths]
    # a set from the Hub brings no settings: it would choose its own rules
    settings = settings or find_settings(places[0] if Path(paths[0]).exists() else Path.cwd())
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
        report = applied(report, said, settings, (today or datetime.now(UTC)).date(), places, ran)
    report = report.shortened(said.max_findings if max_findings is None else max_findings)
    form = form or ("json" if as_json else said.format or "text")
    text = OUTPUTS[form](report) if form in OUTPUTS else "".join(f"{line_of(each)}\n" for each in report.findings)
    if output:
        write_whole(output, printable(text), "The report cannot be written")
    else:
        click.echo(printable(text), nl=False)
    if form == "text" or output:
        for line in summary_of(report):
            click.echo(line, err=bool(report.total))
    if report.total:
        ctx.exit(FINDINGS)


def _place(text: str, offline: bool) -> Path:
    """A path, or where the files of a data set on the Hub lie after their download."""
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


def line_of(finding: Finding) -> str:
    """A finding as compilers print theirs: place, code, name, message, record id, and what to do."""
    from demur.checks.rules import RULES

    name = RULES[finding.code].name if finding.code in RULES else ""
    column = f" (column {finding.column})" if finding.column else ""
    id = f" [{finding.record_id}]" if finding.record_id else ""
    line = f"{finding.where}: {finding.code} {name}: {finding.message}{column}{id}. {finding.fix}"
    return line if finding.text is None else f"{line}\n    {finding.excerpt!r}"


def summary_of(report: Report) -> list[str]:
    """Findings by rule, and what was read as what."""
    from demur.checks.rules import RULES

    lines = [
        f"{code} {RULES[code].name if code in RULES else ''}: {count:,}"
        + (f" ({report.more[code]:,} not listed)" if report.more.get(code) else "")
        for code, count in report.counts.items()
    ]
    by_layout: dict[str, int] = {}
    for layout in report.layouts.values():
        by_layout[layout] = by_layout.get(layout, 0) + 1
    layouts = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(by_layout.items()))
    read = f"{report.files:,} {'file' if report.files == 1 else 'files'}, {report.rows:,} rows"
    waived = f", {sum(report.waived.values())} waived" if report.waived else ""
    return [*lines, f"{read}{f', read as {layouts}' if layouts else ''}: {report.total or 'no'} findings{waived}"]


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


@click.group()
def schema() -> None:
    """The schemas of every kind of row, of source declarations and of manifests."""


@schema.command()
@click.argument("to", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def export(ctx: click.Context, to: Path) -> None:
    """Write every schema as JSON Schema into a folder."""
    from demur.sets.exported import exported

    to.mkdir(parents=True, exist_ok=True)
    for name, text in exported(declared.schemas(project_of(ctx))).items():
        write_whole(to / name, text, "The schema cannot be written")
        click.echo(to / name)


@schema.command("diff")
@click.argument("old")
@click.argument("new")
@as_json
@click.pass_context
def schema_changes(ctx: click.Context, old: str, new: str, as_json: bool) -> None:
    """Compare two schemas of rows, field by field: would a reader of the old rows break?

    OLD and NEW are JSON Schema files, folders with a schema.json, or kinds of row by name.
    """
    from dataclasses import asdict

    both = {name: _schema(ctx, name) for name in (old, new)}
    for name, schema in both.items():
        _changes(schema, schema, name)  # whichever cannot be read is the one to name
    changes = _changes(both[old], both[new], f"{old}, {new}")
    breaking = any(change.breaking for change in changes)
    bump = "major" if breaking else "minor" if changes else None
    if as_json:
        print_json({"bump": bump, "changes": [asdict(change) for change in changes]})
    else:
        for change in changes:
            click.echo(str(change))
        click.echo(f"a {bump} version" if bump else "no difference")
    if breaking:
        ctx.exit(FINDINGS)


def _changes(old: dict[str, Any], new: dict[str, Any], where: str) -> list[FieldChange]:
    """What changed.

    Raises:
        UsageError: a schema is broken, or of a form that no rows of Demur's have.
    """
    from demur.errors import UsageError
    from demur.records.schema_diff import schema_diff

    try:
        return schema_diff(old, new)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        msg = "Not a JSON Schema of rows that can be compared"
        expected = "objects as fields, values that fit their keywords, references within the file, none to itself"
        raise UsageError(msg, where=where, expected=expected) from None


def _schema(ctx: click.Context, name: str) -> dict[str, Any]:
    """The JSON Schema that a file, a folder or a kind of row has.

    Raises:
        UsageError: there is none, or it is no schema of an object.
    """
    import json

    from demur.errors import UsageError, nearest
    from demur.sets.exported import exported

    path = Path(name) / "schema.json" if Path(name).is_dir() else Path(name)
    if path.is_file():
        try:
            found = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
            msg = "Not a JSON Schema of rows"
            raise UsageError(msg, where=path, expected="a JSON object with properties")
        return found
    kinds = {file.removesuffix(".json"): text for file, text in exported(declared.schemas(project_of(ctx))).items()}
    if name not in kinds:
        msg = f"No schema {name!r}"
        raise UsageError(
            msg, expected="a file, a folder with a schema.json, or a kind of row", fix=nearest(name, kinds)
        )
    known: dict[str, Any] = json.loads(kinds[name])
    return known


COMMANDS = (check, explain, schema)
