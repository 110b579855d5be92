"""JSON and CSV as all readers take them, with lines; what is broken is told without quoting it."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from demur.files.bounds import TooLarge, bounds

Pairs: TypeAlias = Callable[[list[tuple[str, Any]]], dict[str, Any]] | None

MOST_TOML, _PARTS = 1 << 18, 64  # bytes of a file; dots of a line, beside those in quotes
_quoted = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
_space = re.compile(r"[ \t\n\r]*").match


class Broken(ValueError):
    """A text that is no JSON, or no CSV.

    Attributes:
        what: the parser's word for it, which quotes nothing.
        line: of the text, from 1: where JSON breaks, or where the broken record of CSV begins; None if unknown.
        column: of JSON, from 1.
    """

    def __init__(self, what: str, line: int | None = None, column: int | None = None) -> None:
        self.what, self.line, self.column = what, line, column
        super().__init__(what if column is None else f"line {line}, column {column}: {what}")


def parse_json(text: str, hook: Pairs = None) -> Any:
    """The value of a JSON text; a hook makes its objects of their members.

    Raises:
        Broken: it is none, is nested too deeply, or holds a number too long to be read.

    Example:
        >>> parse_json('{"id": 1,}')
        Traceback (most recent call last):
        demur.files.syntax.Broken: line 1, column 10: Expecting property name enclosed in double quotes
    """
    try:
        return json.loads(text, object_pairs_hook=hook)
    except json.JSONDecodeError as error:
        raise Broken(error.msg, error.lineno, error.colno) from None
    except (ValueError, RecursionError) as error:
        raise Broken(_said(error)) from None


def _said(error: Exception) -> str:
    """Why a parser gave up without a place, in words."""
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    return "a number in it is too long" if isinstance(error, ValueError) else "it is nested too deeply"


def parse_toml(data: bytes) -> dict[str, Any]:
    """The table of a small TOML file.

    Raises:
        Broken: it is none, is larger than settings are, is nested too deeply, or has keys of too many parts, of which
            the parser keeps every beginning.

    Example:
        >>> parse_toml(b"cell = 1")
        {'cell': 1}
    """
    if len(data) > MOST_TOML or any(line.count(b".") > _PARTS for line in _quoted.sub(b"", data).splitlines()):
        msg = "it is too large, or a key in it is too long"
        raise Broken(msg)
    try:
        return tomllib.loads(data.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at (line \d+, column \d+)", str(error))  # no more of it: it may quote what stands there
        raise Broken(f"no TOML, at {place[1]}" if place else "no TOML, at its end") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Broken(_said(error)) from None


class Doubled(dict[str, Any]):
    """A JSON object in which a key stands twice; as everywhere, the last one counts.

    Attributes:
        key: the one that stands there most often.
    """

    key: str = ""


def doubled(text: str, value: Any) -> bool:
    """Whether an object of a JSON text may hold a key twice: it ends more names than its value has keys.

    Example:
        >>> doubled('{"a": 1, "a": 2}', {"a": 2}), doubled('{"a": {"b": 1}}', {"a": {"b": 1}}), doubled("7", 7)
        (True, False, False)
    """
    names = text.count('":') + text.count('" :')
    if isinstance(value, dict) and names <= len(value):
        return False  # as nearly every row of texts alone
    return names > 0 and isinstance(value, dict | list) and names > _keys(value)


def _keys(value: Any) -> int:
    """The number of keys of all objects in a JSON value; called for every line, so without functions inside."""
    count, todo = 0, [value]
    for each in todo:
        if type(each) is dict:
            count += len(each)
            each = each.values()
        for inner in each:
            if type(inner) is dict or type(inner) is list:
                todo.append(inner)
    return count


def first_doubled(value: Any) -> str | None:
    """The first key that stands twice in an object, of a value that was parsed with `pairs`."""
    if isinstance(value, Doubled):
        return value.key
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((key for each in inner if (key := first_doubled(each)) is not None), None)


def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members, as `json` calls it; marked where a key stands twice.

    Example:
        >>> first_doubled(json.loads('[{"a": {"b": 1, "b": 2}}]', object_pairs_hook=pairs))
        'b'
    """
    made = dict(members)
    if len(made) == len(members):
        return made
    marked = Doubled(made)
    marked.key = Counter(key for key, _ in members).most_common(1)[0][0]
    return marked


def listed(text: str, hook: Pairs = None) -> tuple[list[Any], list[int]] | None:
    """The members of a JSON list, and the line on which each begins; None if the text is anything else, or broken.

    Example:
        >>> listed('[{"id": 1},' + chr(10) + ' {"id": 2}]')
        ([{'id': 1}, {'id': 2}], [1, 2])
    """
    start = _after(text, 0)
    if not text.startswith("[", start):
        return None
    decode = json.JSONDecoder(object_pairs_hook=hook).raw_decode
    members: list[Any] = []
    lines: list[int] = []
    place, counted, line = _after(text, start + 1), 0, 1
    if text.startswith("]", place):
        return (members, lines) if _after(text, place + 1) == len(text) else None
    while True:
        line += text.count("\n", counted, place)
        counted = place
        try:
            member, end = decode(text, place)
        except (ValueError, RecursionError):
            return None
        members.append(member)
        lines.append(line)
        place = _after(text, end)
        if not text.startswith(",", place):
            break
        place = _after(text, place + 1)
    return (members, lines) if text.startswith("]", place) and _after(text, place + 1) == len(text) else None


def _after(text: str, place: int) -> int:
    """The first place from here on that is no white space of JSON's."""
    found = _space(text, place)
    return found.end() if found else place


def csv_records(lines: Iterable[str], separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    r"""Every record of CSV that is not blank, with the line on which it begins.

    Args:
        lines: with their ends as they are: files and texts are opened with ``newline=""``.
        separator: of cells.

    Raises:
        Broken: a quoted cell is not closed, or something stands beside its quotes.
        TooLarge: a cell has more than `Bounds.cell` characters.

    Example:
        >>> list(csv_records(['a,b' + chr(10), chr(10), '"two' + chr(10), 'lines",1' + chr(10), 'x,y']))
        [(1, ['a', 'b']), (3, ['two\nlines', '1']), (5, ['x', 'y'])]
    """
    csv.field_size_limit(bounds().cell)
    records = csv.reader(lines, delimiter=separator, strict=True)
    line = 1
    try:
        for record in records:
            if record:
                yield line, record
            line = records.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            msg = "a cell has"
            raise TooLarge(msg, "cell") from None
        raise Broken(str(error), line) from None
