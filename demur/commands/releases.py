"""Commands about releases, on the Hub and in stores: release, pull, verify, log, hydrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demur.commands.common import FINDINGS, as_json, in_group, named_project, offline, print_json, project_of, told
from demur.commands.completion import BUILDERS, CONFIGS
from demur.inputs import There
from demur.progress import say

if TYPE_CHECKING:
    from demur.release.plan import Plan, Same
    from demur.release.preview import Preview

VERSION = "OWNER/NAME@vX.Y.Z|STORE/NAME@vX.Y.Z"
"""On the Hub, or in a store: ``folder:DIR``, or a URL that fsspec knows."""


@click.command()
@click.argument("name", shell_complete=BUILDERS)
@click.option(
    "--to",
    "to",
    required=True,
    metavar="OWNER/NAME|STORE",
    help="The data set repository on the Hub; or a store, folder:DIR or a URL such as s3://bucket/sets.",
)
@click.option(
    "--folder",
    type=There(file_okay=False),
    help="Release this built folder; by default the set is built now, on the last release's splits.",
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    help="Build this config; by default all that PyPI alone can serve.",
    shell_complete=CONFIGS,
)
@click.option("--message", metavar="TEXT", help="What to say of it in the changelog, in a line; `demur log` shows it.")
@click.option("--yes", is_flag=True, help="Carry the plan out; without it, the plan is shown and nothing is written.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing, even with --yes.")
@click.option("--public", is_flag=True, help="Make the repository public once the release is proven.")
@click.option("--without-gate", is_flag=True, help="Release rows that are not public to a store, which has no gate.")
@click.option("--replace", is_flag=True, help="Go on although somebody committed by hand since the last release.")
@offline
@as_json
@click.pass_context
def release(
    ctx: click.Context,
    name: str,
    to: str,
    folder: Path | None,
    configs: tuple[str, ...],
    message: str | None,
    yes: bool,
    dry_run: bool,
    public: bool,
    without_gate: bool,
    replace: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Publish a data set as the next version: checked, diffed, one commit, proven by a fresh download, one tag."""
    from datetime import UTC, datetime

    from demur.errors import UsageError
    from demur.files.temporary import temporary
    from demur.release.hub import Hub
    from demur.release.made import made
    from demur.release.plan import Plan, plan
    from demur.release.publish import publish
    from demur.release.store import Store, is_store
    from demur.release.version import message_of
    from demur.sources.fetch import Places

    if is_store(to) and public:
        msg = "--public is for the Hub"
        raise UsageError(msg, fix="A store is opened by whoever keeps the folder or the bucket: leave it out.")
    if without_gate and not is_store(to):
        msg = "--without-gate is for stores"
        raise UsageError(msg, fix="The Hub has a gate, and it is set where a row is not public: leave it out.")
    message = message_of(message)
    project = project_of(ctx)
    place = Store.of(f"{to.rstrip('/')}/{name}", writing=True) if is_store(to) else Hub.of(to)
    with temporary("release") as work:
        built = made(
            place, project, name, work, folder=folder, configs=configs, places=Places(offline=offline),
            warn=lambda warning: say(f"warning: {warning}"),
        )  # fmt: skip
        today = datetime.now(UTC).date().isoformat()
        planned = plan(place, built, project, work, today, replace, without_gate, message)
        if not isinstance(planned, Plan):
            _left(planned, public, yes, dry_run, as_json)
            return
        shown = _laid_out(planned)
        if as_json:
            print_json({**planned.as_dict(), "look": shown.as_dict() if shown else None})
        else:
            for line in (*planned.lines(), *(shown.lines() if shown else ())):
                click.echo(line)
        if dry_run or not yes:
            _unwritten(dry_run)
            return
        tell = say if as_json else told
        commit = publish(planned, tell, public)
        tell(f"released {place.repo}@{planned.change.version} ({commit})")


def _laid_out(planned: Plan) -> Preview | None:
    """What one looks at before one says yes; a folder that cannot be written keeps nobody from a release."""
    from demur.errors import OutputError
    from demur.release.preview import preview

    try:
        return preview(planned)
    except OutputError as error:
        say(f"warning: there is nothing to look at: {error.what} ({error.where})")
        return None


def _left(same: Same, public: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """What is left to do where no row differs."""
    from demur.release.publish import settle

    left, latest = same.left(public), same.state.latest
    if as_json:
        print_json({"repo": same.place.repo, "version": latest, "unchanged": True, "left": left})
    else:
        told(f"{same.place.repo}: nothing differs from its last release, {latest}")
        for each in left:
            click.echo(f"  left to do: {each}")
    if left and (dry_run or not yes):
        _unwritten(dry_run)
    elif left:
        settle(same, say if as_json else told, public)


def _unwritten(dry_run: bool) -> None:
    say("Nothing was written." + ("" if dry_run else " --yes carries the plan out."))


@click.command()
@click.argument("version", metavar=VERSION)
@click.option("--to", "out", type=click.Path(path_type=Path, file_okay=False), help="Copy the files here as well.")
@click.option("--offline", is_flag=True, help="Leave the network alone: only what was pulled before.")
@as_json
def pull(version: str, out: Path | None, offline: bool, as_json: bool) -> None:
    """Download exactly one version, proven file by file; never another one, online or not."""
    from demur.release.pull import copy_to
    from demur.release.pull import pull as run
    from demur.release.reference import Ref

    ref = Ref.parse(version)
    done = run(ref, ref.place, offline)
    if out:
        copy_to(done, out)
    where = out or done.folder
    if as_json:
        print_json(
            {"version": str(ref), "commit": done.commit, "folder": str(where), "files": len(done.manifest.files)}
        )
    else:
        told(f"{ref}: {len(done.manifest.files)} files as its manifest says, commit {done.commit}")
        told(where)


@click.command()
@click.argument("version", metavar=VERSION)
@click.option("--rebuild", "again", is_flag=True, help="Build it again from its sources, too, and compare every byte.")
@offline
@as_json
@click.pass_context
def verify(ctx: click.Context, version: str, again: bool, offline: bool, as_json: bool) -> None:
    """Download a version into an empty cache, prove every file, and check its invariants; optionally rebuild it."""
    from demur.release.reference import Ref
    from demur.release.verify import verify as run
    from demur.sources.fetch import Places

    tell = say if as_json else told
    failed = run(Ref.parse(version), named_project(ctx), tell, Places(offline=offline) if again else None)
    if as_json:
        print_json({"version": version, "rebuilt": again, "failed": failed})
    for line in () if as_json else failed:
        click.echo(line)
    if failed:
        ctx.exit(FINDINGS)
    tell("all invariants hold" + (", and a rebuild from the sources gives the same bytes" if again else ""))


@click.command()
@click.argument("repo", metavar="OWNER/NAME|STORE/NAME")
@as_json
def log(repo: str, as_json: bool) -> None:
    """List the versions of a data set, newest first: day, commit, what changed and why."""
    from demur.files.remote import named
    from demur.release.log import log as run

    entries = run(repo)
    if as_json:
        print_json([each.as_dict() for each in entries or ()])
    elif entries is None:
        click.echo(f"{named(repo)}: no release")
    else:
        for line in (line for each in entries for line in each.lines()):
            click.echo(line)


@click.command()
@click.argument("references", metavar=f"FOLDER|{VERSION}")
@click.option("--to", "out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write.")
@offline
@as_json
@click.pass_context
def hydrate(ctx: click.Context, references: str, out: Path, offline: bool, as_json: bool) -> None:
    """Restore the texts of references from their pinned sources, each proven by its hash."""
    from demur.release.pull import source_folder
    from demur.sets.hydrate import hydrate as run
    from demur.sources.fetch import Places

    done = run(named_project(ctx), source_folder(references, offline), out, Places(offline=offline))
    if as_json:
        print_json({"folder": str(out), "rows": dict(done.rows)})
        return
    for config, rows in done.rows.items():
        told(f"{config}: {rows} rows restored, every one proven by its hash")
    told(out)


COMMANDS = in_group("releases", release, pull, verify, log, hydrate)
