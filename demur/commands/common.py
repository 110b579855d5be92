"""What several commands share: groups of the help, options, exit codes, the project that is worked on, JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from demur.errors import as_lines, nearest_path, plain_lines
from demur.inputs import There
from demur.progress import quiet

if TYPE_CHECKING:
    from demur.project import Project

FINDINGS, USAGE, UNJUDGED, INTERRUPTED = 1, 2, 3, 130

GROUPS = {
    "sources": "where rows come from, and what people decided about them",
    "sets": "built, counted, grouped and handed on",
    "checks": "rules, leaks and labels that look wrong",
    "releases": "versions, and what differs between them",
    "audits": "what a model, a judge or a published artefact is worth",
}
"""The groups of ``demur --help``, in its order."""

_GROUP: dict[click.Command, str] = {}


def in_group(name: str, *commands: click.Command) -> tuple[click.Command, ...]:
    """Declare the group of commands in the help; here and nowhere else."""
    if name not in GROUPS:
        msg = f"No group {name!r}: {', '.join(GROUPS)}"
        raise ValueError(msg)
    _GROUP.update(dict.fromkeys(commands, name))
    return commands


def group_of(command: click.Command) -> str | None:
    """The group that a command was declared in."""
    return _GROUP.get(command)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value, for programs.")
offline = click.option("--offline", is_flag=True, help="Leave the network alone: cache and mirror folders only.")
lock_file = click.option("--lock", type=There(dir_okay=False), help="splits.lock of an earlier release.")


_ENGINE = (
    click.option("--engine", type=click.Choice(["serial", "dask"]), default="serial", help="What runs parts of files."),
    click.option("--scheduler", metavar="ADDRESS", help="A running Dask scheduler; by default a cluster here."),
    click.option("--workers", type=click.IntRange(1), help="Local Dask processes, or how many workers to wait for."),
    click.option("--shard-rows", type=click.IntRange(1), help="Rows of a part, about; bounds a worker's memory."),
    click.option("--work", metavar="FOLDER", help="Keep what parts give here, for all workers: a killed run goes on."),
)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a command that says itself what it leaves."""


def in_parts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say where parts of files run. The command gets them as ``parts``, empty if nobody asks for any."""

    @wraps(command)
    def run(*args: Any, engine: str, **given: Any) -> Any:
        said = {name: given.pop(name) for name in ("scheduler", "workers", "shard_rows", "work")}
        said = {name: value for name, value in said.items() if value is not None}
        parts = {"engine": engine, **said} if said or engine != "serial" else {}
        try:
            return command(*args, parts=parts, **given)
        except KeyboardInterrupt as stopped:
            left = "; finished parts are kept, and the same command goes on from there" if parts else ""
            raise Interrupted(left) from stopped

    for option in reversed(_ENGINE):
        run = option(run)
    return run


def project_of(ctx: click.Context) -> Project:
    """The project that ``--project`` names, or that the current folder stands in, which is told, or the bundled one."""
    from demur.progress import detail, say
    from demur.project import at, find

    if ctx.obj:
        project = at(ctx.obj)
        detail(f"project: {project.root}")
        return project
    project = find()
    (detail if project.is_bundled else say)(f"project: {project.root}")
    return project


def tell(project: Project) -> None:
    """Say what a project takes the place of."""
    from demur.progress import say
    from demur.sets.show import told

    for line in told(project):
        say(f"note: {line}")


def named_project(ctx: click.Context) -> Project:
    """The project that ``--project`` names, or the bundled one: no code is loaded that nobody asked for."""
    from demur.project import at, bundled

    return at(ctx.obj) if ctx.obj else bundled()


def fetched_file(ctx: click.Context, text: str, offline: bool) -> tuple[Path, str]:
    """A file that stands in an argument, and what it is called: of a URL, a copy until the command ends."""
    from demur.files.remote import fetched, is_url, reachable

    if not is_url(text):
        return There(dir_okay=False).convert(text, _argument(ctx), ctx), text
    places, names = ctx.with_resource(fetched([reachable(text, offline)]))
    return places[0], names.get(places[0], text)


def shared_file(ctx: click.Context, text: str, offline: bool) -> str:
    """A file that stands in an argument, as workers see it: a URL, or its whole path."""
    from demur.files.remote import is_url, reachable

    if is_url(text):
        return reachable(text, offline)
    return str(There(dir_okay=False).convert(text, _argument(ctx), ctx).absolute())


def _argument(ctx: click.Context) -> click.Parameter | None:
    """What an error names: the command's argument."""
    return next((each for each in ctx.command.params if isinstance(each, click.Argument)), None)


def place_of(text: str, offline: bool) -> str | Path:
    """A path, a URL, or where the files of a data set on the Hub lie after their download."""
    from demur.files.remote import is_url, reachable

    if is_url(text):
        return reachable(text, offline)
    if not text:
        msg = "A path is empty, as a variable is that nobody set; '.' is the folder that this runs in."
        raise click.BadParameter(msg, param_hint="PATH")
    path = Path(text)
    if path.exists() or "@" not in text:
        if not path.exists():
            msg = " ".join(filter(None, (f"Path {text!r} does not exist.", nearest_path(path))))
            raise click.BadParameter(msg, param_hint="PATH")
        return path
    from demur.release.pull import snapshot

    return snapshot(text, offline)


def local(places: Sequence[str | Path]) -> list[Path]:
    """Places on this machine, where no other will do."""
    from demur.errors import UsageError
    from demur.files.remote import is_url

    for each in places:
        if is_url(each):
            msg = "This works on files of this machine only"
            raise UsageError(msg, where=str(each), fix="Fetch the files first, or check the URL as it is.")
    return [*map(Path, places)]


def told(line: object) -> None:
    """Print what a command did, unless ``-q`` asks for errors alone; facts that were asked for are always printed."""
    if not quiet():
        click.echo(plain_lines(line))


def print_json(value: Any) -> None:
    """Print a value for programs: one JSON object or list, and nothing else on standard output."""
    click.echo(as_lines(value))


def splits_of(pairs: Sequence[str]) -> dict[str, str]:
    """What ``--split`` says: the split of each file."""
    for pair in pairs:
        if "=" not in pair:
            msg = f"Invalid value for '--split': {pair!r} is not FILE=NAME."
            raise click.UsageError(msg)
    return dict(pair.rsplit("=", 1) for pair in pairs)
