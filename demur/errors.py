"""One root exception; every error says what, where, expected, got and what to do.

No error of Demur's ever holds the text of a prompt or a response: it names the source, the row and the record id.
"""

from __future__ import annotations

import difflib
import json
import re
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[\w.:/+\[\]-]{1,40}", re.ASCII)
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Signs that steer a terminal, break a line, or turn the order of others."""
_ORDER = re.compile(r"^\s*::|##\[")
"""What a line begins with, or holds, that the runners of GitHub and Azure take for a command."""
_ITEM = "\n            "
_LONG, _KEY = 4000, 80


class DemurError(Exception):
    """What went wrong, where, what was expected, what was found, and what to do about it.

    Example:
        >>> print(DemurError("Wrong checksum", where="advbench.csv", expected="6cd1", got="ffff", fix="Fetch again."))
        Wrong checksum
          where:    advbench.csv
          expected: 6cd1
          got:      ffff
          fix:      Fetch again.
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        expected: object = None,
        got: object = None,
        fix: str | None = None,
    ) -> None:
        self.what, self.where, self.expected, self.got, self.fix = what, where, expected, got, fix
        facts = {"where": where, "expected": expected, "got": got, "fix": fix}
        lines = [f"  {name + ':':<9} {_items(fact)}" for name, fact in facts.items() if fact is not None]
        super().__init__("\n".join([plain(what), *lines]))

    @property
    def brief(self) -> str:
        """The error on one line, for a list of them.

        Example:
            >>> DemurError("Wrong checksum", where="advbench.csv", expected="6cd1", got="ffff").brief
            'Wrong checksum (advbench.csv): expected 6cd1, got ffff'
        """
        facts = [
            f"{name} {plain(fact)}"
            for name, fact in (("expected", self.expected), ("got", self.got))
            if fact is not None
        ]
        return f"{plain(self.what)} ({plain(self.where)})" + (f": {', '.join(facts)}" if facts else "")


class UsageError(DemurError, ValueError):
    """The command was asked for something that does not exist or does not fit together."""


class ProjectError(DemurError, LookupError):
    """The project root, or a file in it, is missing or cannot be loaded."""


class BuilderError(DemurError, ValueError):
    """A builder's own function failed, or gave something that no rows can be made of."""


class PinError(DemurError, LookupError):
    """A source has no pin for the bytes that were asked for."""


class FetchError(DemurError, OSError):
    """No mirror of a source gave its bytes."""


class ChecksumError(FetchError):
    """Bytes arrived, but they are not the pinned ones."""


class FormatError(DemurError, ValueError):
    """A file is not in the format, encoding or column layout that its source declares."""


class RowError(DemurError, ValueError):
    """A row breaks the schema of its kind."""


class LicenseError(DemurError, ValueError):
    """A license is not in the closed list, or the licenses of two sources cannot be combined."""


class OutputError(DemurError, OSError):
    """The output folder cannot be written, or somebody else is writing it."""


class BusyError(OutputError):
    """Somebody else is writing there now."""


class ManifestError(DemurError, ValueError):
    """A manifest is missing, broken, or does not describe the files beside it."""


class HubError(DemurError, OSError):
    """The Hub did not do what was asked; ``status`` is its HTTP status, None where it did not answer.

    No such message ever holds a token: it is made of the status and the request's place, never of headers.
    """

    status: int | None = None


def plain(text: object) -> str:
    r"""A name, a value or a message on one line, as terminals and logs of CI may show it: nothing in it is a command.

    Control characters, line breaks and signs that turn the order of others are spelt out, and so is what a runner of
    CI takes for an order. Every message goes through here; what is long is cut.

    Example:
        >>> plain("odd" + chr(27) + "[31m" + chr(10) + "name.csv"), plain("::error::x.csv"), plain("a:b::c [red]")
        ('odd\\x1b[31m\\x0aname.csv', '\\x3a:error::x.csv', 'a:b::c [red]')
    """
    said = str(text)
    said = said if len(said) <= _LONG else f"{said[:_LONG]} ..."
    return said if said.isascii() and said.isprintable() and ":" not in said and "#" not in said else _spelt(said)


def plain_lines(text: object) -> str:
    r"""The same of a text of several lines, which stay lines.

    Example:
        >>> print(plain_lines("one" + chr(10) + "  ::warning::two" + chr(7)))
        one
          \x3a:warning::two\x07
    """
    return "\n".join(map(_spelt, str(text).split("\n")))


def as_lines(value: object) -> str:
    r"""A value as JSON on several lines, in which what a terminal would obey is spelt out as JSON spells it.

    Example:
        >>> as_lines(chr(27) + chr(0x9B) + "lake")
        '"\\u001b\\u009blake"'
    """
    said = json.dumps(value, indent=1, ensure_ascii=False)
    return _UNSEEN.sub(lambda sign: sign[0] if sign[0] == "\n" else f"\\u{ord(sign[0]):04x}", said)


def _spelt(line: str) -> str:
    line = _UNSEEN.sub(lambda sign: f"\\x{ord(sign[0]):02x}" if sign[0] < "\u0100" else f"\\u{ord(sign[0]):04x}", line)
    return _ORDER.sub(lambda order: order[0].replace(":", "\\x3a", 1).replace("#", "\\x23", 1), line)


def _items(fact: object) -> str:
    """A fact of an error: one line, or a list of such."""
    return _ITEM.join(map(plain, str(fact).split(_ITEM)))


def shown(cell: object) -> str:
    """A cell or column name as a message may show it: in full if it is a number or one short word, else its length.

    Example:
        >>> shown("goal_2"), shown(7), shown("A prompt, or part of one")
        ("'goal_2'", '7', '<24 characters>')
    """
    if cell is None or isinstance(cell, bool | int | float):
        return repr(cell)
    text = str(cell)
    return repr(text) if _WORD.fullmatch(text) else f"<{len(text)} characters>"


def issues(error: Any) -> list[str]:
    """What pydantic's ValidationError found, a line each: place and message, without the values, which may be texts."""
    found = error.errors(include_input=False, include_url=False)
    return [": ".join(filter(None, (".".join(map(_key, each["loc"])), _said(each)))) for each in found]


def _said(issue: Mapping[str, Any]) -> str:
    """What pydantic says is wrong, or an error of ours that a validator raised."""
    own = issue.get("ctx", {}).get("error")
    if not isinstance(own, DemurError):
        return str(issue["msg"])
    return f"{own.what}{'' if own.what[-1:] in '.?' else '.'} {own.fix}" if own.fix else own.what


def _key(key: object) -> str:
    """A key on the way to what is wrong; one that is no name, but perhaps a text, as its length."""
    said = str(key)
    return plain(said) if len(said) <= _KEY and not any(map(str.isspace, said)) else f"<{len(said)} characters>"


def innermost(error: BaseException, *below: str) -> str | None:
    """File and line of the innermost frame of an error that lies in one of some files or folders; None if none does.

    Example:
        >>> try:
        ...     1 / 0
        ... except ZeroDivisionError as error:
        ...     innermost(error, "/no/such/folder") is None
        True
    """
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno))
    for file, line in reversed(frames):
        if file.startswith(below):
            return f"{file}, line {line}"
    return None


def nearest(name: str, names: Iterable[str]) -> str:
    """A "did you mean" sentence for a name that is not among the known ones.

    Example:
        >>> nearest("advbnech", ["advbench", "xstest"])
        "Did you mean 'advbench'?"
        >>> nearest("zzz", ["advbench", "xstest"])
        'Known: advbench, xstest.'
    """
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known) or 'none'}."


def nearest_path(path: Path) -> str | None:
    """A "did you mean" sentence for a path that is not there, where something beside it is called nearly alike.

    Example:
        >>> nearest_path(Path("no-such-folder/a.csv")) is None
        True
    """
    names = list[str]()
    with suppress(OSError):
        names = sorted(each.name for each in path.parent.iterdir())[:1000]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {str(path.with_name(close[0]))!r}?" if close else None


def printable(text: str) -> str:
    """A text that any file can hold: bytes of file names that are no UTF-8 become the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
