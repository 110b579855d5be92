"""The ``demur`` command: the group that holds every command, and how errors become messages and exit codes.

Exit codes: 0 fine, 1 findings, 2 usage or environment, 3 something could not be judged, 130 interrupted.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import re
import shutil
import sys
import time
import traceback
from contextlib import suppress
from importlib.metadata import requires
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import click

from demur import __version__
from demur.commands.common import GROUPS, INTERRUPTED, USAGE, Interrupted, group_of
from demur.errors import DemurError, nearest, plain_lines
from demur.files.bounds import TooLarge
from demur.files.later import without_pandas
from demur.inputs import There
from demur.progress import QUIET, VERBOSE, detail, loudness
from demur.project import submodules


class Commands(click.Group):
    """A group that lists commands by what they are about, suggests near names, and turns errors into exit codes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for every group of commands."""
        width = max(map(len, self.commands))
        for group, about in (*GROUPS.items(), (None, "")):
            mine = [each for each in self.commands.values() if group_of(each) == group and not each.hidden]
            if mine:
                with formatter.section(f"{group.capitalize()}: {about}" if group else "Others"):
                    limit = formatter.width - 6 - width
                    formatter.write_dl(
                        [(f"{each.name:{width}}", each.get_short_help_str(limit)) for each in sorted(mine, key=_name)]
                    )

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command, or say which was meant."""
        unknown = args and not args[0].startswith("-") and args[0] not in self.commands
        if unknown and not ctx.resilient_parsing:  # which is how a shell asks for completions
            ctx.fail(f"No command {args[0]!r}. {nearest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors end in one message, never in a traceback, whose last line might quote a row."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except DemurError as error:
            message, code = f"Error: {error}", USAGE
        except KeyboardInterrupt as stopped:
            left = str(stopped) if isinstance(stopped, Interrupted) else "; the next run resumes from the cache"
            message, code = f"Interrupted. The last good output is untouched{left}.", INTERRUPTED
        except Exception as error:
            if os.environ.get("DEMUR_DEBUG"):
                raise
            message, code = f"Error: {_unforeseen(error)}", USAGE
        with suppress(OSError):  # nobody may be there to read it
            click.echo(plain_lines(message), err=True)
        return ctx.exit(code)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run; where not even a message can be written, the exit code alone tells."""
        if not extra.get("standalone_mode", True):
            return super().main(*args, **extra)
        if not args and "args" not in extra:  # the process is ours: declarations and rows stay, so look at them seldom
            gc.set_threshold(100_000, 50, 50)
            atexit.register(gc.freeze)  # and what is left at the end goes with the process: nobody looks for garbage
            without_pandas()
            for stream in (sys.stdout, sys.stderr):  # what a terminal cannot show is escaped
                if isinstance(stream, TextIOWrapper):
                    stream.reconfigure(errors="backslashreplace")
        code: Any = 0
        try:
            super().main(*args, **extra)
        except SystemExit as ended:
            code = ended.code
        except OSError:
            if os.environ.get("DEMUR_DEBUG"):
                raise
            code = USAGE
        lost = _is_lost(sys.stdout)
        if not _is_lost(sys.stderr) and lost and not code:
            click.echo("Error: The output cannot be written", err=True)
        sys.exit(USAGE if lost and not code else code)


def _is_lost(stream: TextIO | None) -> bool:
    """Whether a stream cannot take what waits for it; that goes nowhere then: Python would end with its own code."""
    if stream is None:
        return False
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        return True
    return False


def _unforeseen(error: Exception) -> DemurError:
    """An error that no part of Demur foresaw, by its kind and place."""
    if isinstance(error, ModuleNotFoundError) and (extra := _extra_with(error.name or "")):
        what = "This needs a package that is not installed"
        return DemurError(what, got=f"no {error.name}", fix=f"Run `pip install 'demur[{extra}]'`.")
    if isinstance(error, UnicodeEncodeError) and error.reason.startswith("surrogates"):
        what = "Something is no text in UTF-8: most likely the name of a file or folder"
        return DemurError(what, fix="Give it a name in UTF-8.")  # it may be a row's, and is not shown
    if isinstance(error, FileNotFoundError) and not _is_somewhere():
        return DemurError("The folder that this command runs in is gone", fix="Go to another folder.")
    if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITTEN:
        return DemurError("The output cannot be written", got=error.strerror, fix="Make room, or write it elsewhere.")
    if isinstance(error, shutil.Error):  # of a whole folder: each file, its copy, and why
        _, where, why = error.args[0][-1]
        return DemurError("Files cannot be copied", where=where, got=why, fix="Make room, or see what can be read.")
    if isinstance(error, OSError) and error.errno in _UNWRITTEN and error.filename2 is not None:
        return DemurError("A file cannot be written", where=error.filename2, got=error.strerror, fix="Make room.")
    if isinstance(error, OSError) and error.filename is not None:
        return DemurError("A file cannot be used", where=error.filename, got=error.strerror)
    if isinstance(error, TooLarge):
        return DemurError("A file is not read, because it may take down a machine", got=error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return DemurError(
        f"Demur failed in a way it should not ({type(error).__name__})",
        where=f"{frame.filename}, line {frame.lineno}",
        fix="Please report it; DEMUR_DEBUG=1 shows the whole traceback, which may quote rows.",
    )


_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF, errno.EFBIG)


def _is_somewhere() -> bool:
    with suppress(FileNotFoundError):
        return bool(Path.cwd())
    return False


def _extra_with(module: str) -> str | None:
    """The smallest extra of Demur that brings a module; None if none does."""
    top = module.partition(".")[0]
    name = {"sklearn": "scikit-learn"}.get(top, top.replace("_", "-"))
    extras: dict[str, list[str]] = {}
    for each in requires("demur") or ():
        package, _, extra = each.partition("extra ==")
        if extra:
            extras.setdefault(extra.strip(" \"'"), []).append(re.split(r"[^\w.-]", package)[0])
    with_it = [extra for extra, packages in extras.items() if name in packages]
    return min(with_it, key=lambda extra: len(extras[extra]), default=None)


def _name(command: click.Command) -> str:
    return command.name or ""


def _root(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.obj = value


def _louder(ctx: click.Context, _: click.Parameter, level: int | None) -> None:
    if level is None or ctx.resilient_parsing:
        return
    ctx.with_resource(loudness(level))
    started = time.monotonic()
    ctx.call_on_close(lambda: detail(f"{time.monotonic() - started:.1f} s in all"))


EVERYWHERE = (
    click.Option(
        ["--project", "project_root"],
        type=There(file_okay=False),
        help="Project root; by default found from here.",
        callback=_root,
        expose_value=False,
        is_eager=True,
    ),
    click.Option(
        ["-q", "--quiet", "loud"],
        flag_value=QUIET,
        type=int,
        default=None,
        help="Errors only, and the facts that were asked for.",
        callback=_louder,
        expose_value=False,
        is_eager=True,
    ),
    click.Option(
        ["-v", "--verbose", "louder"],
        flag_value=VERBOSE,
        type=int,
        default=None,
        help="Also places and seconds.",
        callback=_louder,
        expose_value=False,
        is_eager=True,
    ),
)
"""Options that stand before a command or after it; a command's own of the same name goes before."""


def everywhere(command: click.Command) -> click.Command:
    """Give a command, and those inside it, the options that every one has."""
    own = {option for each in command.params for option in each.opts}
    command.params += [each for each in EVERYWHERE if not own & {*each.opts}]
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        everywhere(each)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="demur")
def main() -> None:
    """Build, check and rebuild refusal-training and refusal-evaluation sets from public sources."""


for _noun in submodules("demur.commands"):
    for _command in getattr(_noun, "COMMANDS", ()):
        main.add_command(_command)
everywhere(main)

if __name__ == "__main__":
    sys.exit(main())
