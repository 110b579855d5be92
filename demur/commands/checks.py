"""Commands that judge: the invariants of safety data, and what each rule demands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.commands.common import FINDINGS, UNJUDGED, as_json, in_group, in_parts, offline, place_of, print_json, told
from demur.commands.completion import LAYOUTS, PROFILES, PROTECTED, RULES
from demur.errors import plain, printable
from demur.files.whole import write_whole
from demur.inputs import There
from demur.progress import quiet as quieted
from demur.progress import verbose as asked_for_more
from demur.progress import warn

if TYPE_CHECKING:
    from demur.checks.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--map",
    "mapping",
    metavar="MAP",
    help="A layout's name, a TOML file, or prompt=NAME,response=NAME; a name may be a path: messages=talk[].text.",
    shell_complete=LAYOUTS,
)
@click.option(
    "--profile",
    metavar="NAME",
    help="What rows are for: sft, dpo, eval or judgements; its rules run.",
    shell_complete=PROFILES,
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    help="Only these rules: code, name, or DMR1 for a family.",
    shell_complete=RULES,
)
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out.", shell_complete=RULES)
@click.option(
    "--against",
    multiple=True,
    metavar="SET",
    help="Protected sets: sketch, a source, a sketch or a file of prompts, a built folder.",
    shell_complete=PROTECTED,
)
@click.option("--split", "splits", multiple=True, metavar="FILE=NAME", help="The split of a file.")
@click.option("--license", metavar="ID", help="The license of the whole, where no page beside the data states it.")
@click.option("--whole", is_flag=True, help="Judge the whole data set of each file: for commit hooks.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "advice", "never"]),
    help="The least severity that gives exit code 1. [default: warning]",
)
@click.option(
    "--allow-unjudged/--no-allow-unjudged",
    default=None,
    help="Pass although something could not be judged in some file, which else gives exit code 3.",
)
@click.option("--baseline", type=_FILE, help="Tell only findings that this file does not know.")
@click.option("--write-baseline", type=_FILE, help="Write what is found to this file, as known.")
@click.option("--fix", is_flag=True, help="Do not judge, but write mended copies of the files to --fixed DIR.")
@click.option("--fixed", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where --fix writes.")
@click.option("--explain-layout", is_flag=True, help="Do not judge, but tell how each file is read.")
@click.option("--statistics", is_flag=True, help="Count by rule, with rows and their share, in place of findings.")
@click.option("--max-findings", type=click.IntRange(0), help="List at most so many; the rest is counted.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit", "sarif", "github"]), help="[default: text]"
)
@click.option("--output", type=_FILE, help="Write the report here, not to the screen.")
@click.option("-q", "--quiet", is_flag=True, help="Only the last line of the summary; no findings as text.")
@click.option("-v", "--verbose", is_flag=True, help="Also layouts by file, seconds by rule, all that was not judged.")
@click.option(
    "--settings",
    type=There(dir_okay=False),
    help="By default demur.toml or [tool.demur.check] in pyproject.toml, from the first path upwards.",
)
@click.option("--limit", "limits", multiple=True, metavar="NAME=N", help="How much an input may cost: docs/check.md.")
@click.option("--show-text", is_flag=True, help="Show the beginning of each row's prompt. It may ask for harm.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), hidden=True, help="The day that waivers are judged on.")
@in_parts
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
    settings: Path | None,
    whole: bool,
    fix: bool,
    fixed: Path | None,
    explain_layout: bool,
    limits: tuple[str, ...],
    **how: Any,
) -> None:
    """Check safety data: folders that Demur built, and anybody's Parquet, JSON, JSON Lines and CSV files.

    A PATH is a file, a folder, a URL of either that fsspec knows (s3://, https:// ...), or a data set on the Hub at a
    tag, branch or commit: OWNER/NAME@REVISION.
    Nothing that is checked is executed, and no text is shown unless --show-text asks for it. With --engine or --work,
    files are read in parts: docs/engines.md.
    """
    from demur.checks.settings import find_settings, limits_of, read_settings
    from demur.checks.whole import widened
    from demur.commands.common import splits_of
    from demur.files.bounds import limits_said, within
    from demur.files.remote import local

    places = [place_of(path, offline) for path in paths]
    # a set from the Hub brings no settings: it would choose its own rules
    named = settings is not None
    settings = settings or find_settings(Path(places[0]) if Path(paths[0]).exists() else Path.cwd())
    said = read_settings(settings)
    ctx.with_resource(within({**limits_of(said, settings, named=named), **limits_said(limits)}))
    if whole:
        places = [*widened(local(places), said.data, settings and settings.parent)]
    if fix or fixed:
        _fix(local(places), mapping or said.map, fix, fixed, as_json)
        return
    rules: dict[str, Any] = {
        "select": how.pop("select") or said.select,
        "ignore": (*how.pop("ignore"), *said.ignore),
        "profile": how.pop("profile") or said.profile,
    }
    given = {
        **rules,
        "mapping": mapping or said.map,
        "splits": splits_of(splits),
        "against": how.pop("against") or said.against,
        "license": how.pop("license") or said.license,
        "offline": offline,
        "claims": said.claims,
    }
    if explain_layout:
        _explain(local(places), as_json=as_json, **given)
        return
    how["form"] = how["form"] or ("json" if as_json else said.format or "text")
    how |= {"quiet": how["quiet"] or quieted(), "verbose": how["verbose"] or asked_for_more()}
    _judge(ctx, places, settings, said, given, **how)


def _judge(
    ctx: click.Context,
    places: list[str | Path],
    settings: Path | None,
    said: Settings,
    given: dict[str, Any],
    *,
    form: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
    show_text: bool,
    allow_unjudged: bool | None,
    fail_on: Any,
    write_baseline: Path | None,
    **how: Any,
) -> None:
    from demur.checks import baseline as known
    from demur.checks.outputs import OUTPUTS
    from demur.checks.profiles import chosen
    from demur.checks.rule import severity_of
    from demur.checks.settings import applied
    from demur.checks.sharded import checked
    from demur.checks.telling import statistics, summary_of, table_of

    baseline = None if write_baseline else how.pop("baseline") or (said.baseline and Path(said.baseline))
    report = checked(places, how["parts"], **given, show_text=show_text, marked=bool(baseline or write_baseline))
    if settings:
        ran = {rule.code for rule in chosen(given["select"], given["ignore"], given["profile"])}
        report = applied(report, said, settings, (how["today"] or datetime.now(UTC)).date(), [*map(Path, places)], ran)
    if write_baseline:
        count = known.write_baseline(write_baseline, report)
        if form == "json":
            print_json({"baseline": str(write_baseline), "known": count})
        else:
            told(f"{write_baseline}: {count:,} findings are known from now on")
        return
    if baseline:
        report = known.without_known(report, known.read_baseline(baseline), baseline, [*report.layouts])
    most = said.max_findings if how["max_findings"] is None else how["max_findings"]
    counted = statistics(report) if how["statistics"] else ()
    report = replace(report, fail_on=fail_on or said.fail_on, statistics=counted).shortened(most)
    text = printable(OUTPUTS[form](report))
    if form == "text" and report.statistics:
        text = table_of(report)
    if output:
        write_whole(output, text, "The report cannot be written")
    elif form != "text" or not quiet:
        click.echo(text, nl=False)
    if form == "text" or output:
        for line in summary_of(report, quiet=quiet, verbose=verbose):
            (warn if report.total else click.echo)(printable(plain(line)))
    if any(report.fails(severity_of(code)) for code in report.counts):
        ctx.exit(FINDINGS)
    if report.unjudged_files and not (said.allow_unjudged if allow_unjudged is None else allow_unjudged):
        warn(f"Not everything could be judged (exit code {UNJUDGED}); --allow-unjudged passes.")
        ctx.exit(UNJUDGED)


def _fix(places: list[Path], mapping: Any, fix: bool, fixed: Path | None, as_json: bool) -> None:
    from dataclasses import asdict

    from demur.checks.layouts import layout_of
    from demur.checks.mend import mend

    if not fix or fixed is None:
        msg = "Files are never mended in place: --fix --fixed DIR writes mended copies to DIR."
        raise click.UsageError(msg)
    done = mend(places, fixed, None if mapping is None else layout_of(mapping))
    if as_json:
        print_json([{**asdict(each), "file": str(each.file), "out": str(each.out)} for each in done])
        return
    for each in done:
        told(each)


def _explain(places: list[Path], *, mapping: Any, splits: dict[str, str], as_json: bool, **how: Any) -> None:
    from demur.checks.explained import explained
    from demur.checks.layouts import layout_of
    from demur.checks.profiles import chosen

    rules = chosen(how["select"], how["ignore"], how["profile"])
    layout = None if mapping is None else layout_of(mapping)
    if as_json:
        print_json([{"path": str(each), "lines": [*explained(each, layout, splits, rules)]} for each in places])
        return
    for place in places:
        for line in explained(place, layout, splits, rules):
            click.echo(plain(line))


COMMANDS = in_group("checks", check)
