"""``demur new source``: a declaration, its sidecar, made-up fixtures and pins, from a look at a file's rows.

No row is copied: what is written holds names of columns, labels and categories, and texts of our own.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from demur.errors import UsageError
from demur.files.syntax import parse_json
from demur.files.whole import write_whole
from demur.project import Project
from demur.records.terms import is_own
from demur.sources import declared
from demur.sources.carriers.carrier import Placed
from demur.sources.fetch import Places
from demur.sources.formats import native_rows, read_rows
from demur.sources.mirror import Mirror, mirror
from demur.sources.pin import pin, resolve
from demur.sources.pins import SourcePin, read_pins, write_pins
from demur.start.declaration import Asked, columns_of, declaration, sidecar
from demur.start.fixtures import made_up
from demur.start.naming import identifier
from demur.start.sniff import Sniffed, sniff

_PAGES = {
    "github": re.compile(
        r"https://(?:github\.com/(?P<at>[\w.-]+/[\w.-]+)/(?:blob|raw)/[^/]+|raw\.githubusercontent\.com/"
        r"(?P<raw>[\w.-]+/[\w.-]+)/(?:refs/heads/)?[^/]+)/(?P<file>[^?#]+)"
    ),
    "hub": re.compile(
        r"https://huggingface\.co/datasets/(?P<at>[\w.-]+/[\w.-]+)(?P<raw>)/(?:blob|resolve|raw)/[^/]+/(?P<file>[^?#]+)"
    ),
}
_ENDINGS = (".csv", ".jsonl", ".json", ".parquet", ".txt")


@dataclass(frozen=True)
class NewSource:
    """What was written, and what was seen.

    Attributes:
        name: of the source.
        files: everything that was written, below the project's root.
        copied: where a file that lay outside the project lies now.
    """

    name: str
    sniffed: Sniffed
    pin: SourcePin
    files: tuple[Path, ...]
    copied: Path | None = None


def new_source(project: Project, what: str, asked: Asked, places: Places, file: str | None = None) -> NewSource:
    """Declare a file of one's own, a URL, or a file of a data set on the Hub, as a source of a project.

    Args:
        project: whose ``builders/sources`` gets it.
        what: a path, a URL, or OWNER/NAME.
        asked: what the rows do not tell.
        places: where bytes may come from.
        file: which file of OWNER/NAME.

    Raises:
        UsageError: no such thing, or a source of this name is declared here.
        FormatError: no column holds prompts.
    """
    scheme, address, names, copied = _placed(project, what, file)
    name = identifier(asked.name or PurePosixPath(names[0] if names else address).name.partition(".")[0])
    folder = project.root / "builders" / "sources"
    if (folder / f"{name}.py").exists():
        msg = f"The project declares {name.replace('_', '-')!r} already"
        raise UsageError(msg, where=folder / f"{name}.py", fix="Give another --name, or delete the file.")
    if copied:
        (project.root / copied).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(what, project.root / copied)
    found = mirror(scheme, address, *names, columns={})
    if is_own(asked.license) and isinstance(found.via, Placed):  # then nobody else is told where it lies
        team = identifier(project.root.resolve().name)
        found = found.model_copy(update={"private": f"{team}/{name}".replace("_", "-")})
    found, rows = _rows(found, resolve(found, places, project.root)[1])
    seen = sniff(rows, found.id)
    found = found.model_copy(update={"columns": columns_of(seen), "optional": seen.optional})
    fixtures = project.root / "tests" / "fixtures" / "sources" / name.replace("_", "-")
    fixture = fixtures / scheme / PurePosixPath(found.files[0]).name
    texts: dict[Path, str | bytes] = {
        folder / f"{name}.py": declaration(name, found, seen, asked),
        folder / f"{name}.toml": sidecar(name, found, seen, asked),
        fixture: made_up(seen, found),
    }
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text, "The new source cannot be written")
        made = declared.source_of(project, name.replace("_", "-"))
        golden = [
            [each.model_dump(mode="json") for each in made.records_of(row, number)]
            for number, row in enumerate(read_rows(made, made.mirrors[0], {found.files[0]: fixture.read_bytes()}))
        ]
        write_whole(fixtures / "records.json", json.dumps(golden, indent=1) + "\n", "The new source cannot be written")
        pinned = pin(made, places).pin
    except BaseException:
        for path in (*texts, fixtures / "records.json"):
            path.unlink(missing_ok=True)
        raise
    pins = declared.pins_file(project)
    write_pins(pins, {**read_pins(pins), made.name: pinned})
    return NewSource(made.name, seen, pinned, (*texts, fixtures / "records.json", pins), copied)


def _placed(project: Project, what: str, file: str | None) -> tuple[str, str, tuple[str, ...], Path | None]:
    """The carrier of what was named, its address and files, and where a file from outside is to be copied."""
    for scheme, pattern in _PAGES.items():
        if page := pattern.fullmatch(what):
            return scheme, page["at"] or page["raw"], (page["file"],), None
    if "://" in what:
        return ("https" if what.startswith("http") else "fsspec"), what, (), None
    path = Path(what)
    if path.is_file():
        below = path.resolve().is_relative_to(project.root.resolve())
        mine = path.resolve().relative_to(project.root.resolve()) if below else Path("data") / path.name
        if not below and (project.root / mine).exists() and (project.root / mine).read_bytes() != path.read_bytes():
            msg = "Another file of this name lies in the project"
            raise UsageError(msg, where=project.root / mine, fix="Rename one of the two.")
        return "local", mine.as_posix(), (), None if below else mine
    if re.fullmatch(r"[\w.-]+/[\w.-]+", what) and not path.exists():
        return "hub", what, (file or _only_file(what),), None
    msg = "There is nothing of this name"
    raise UsageError(msg, where=what, expected="a file, a URL, or OWNER/NAME of a data set on the Hub")


def _only_file(address: str) -> str:
    """The one file of a data set on the Hub that can be read.

    Raises:
        UsageError: there is none, there are several, or nobody answers.
    """
    from huggingface_hub import HfApi

    try:
        names = [name for name in HfApi().list_repo_files(address, repo_type="dataset") if _readable(name)]
    except Exception as error:  # the client's HTTP library, and with it the error, differs between its releases
        msg = "There is no such file, and the Hub did not answer"
        raise UsageError(msg, where=address, got=type(error).__name__) from error
    if len(names) != 1:
        msg = "Which file of the data set is not told"
        raise UsageError(msg, where=address, got=", ".join(names[:20]) or "none", fix="Name it: --file PATH.")
    return names[0]


def _readable(name: str) -> bool:
    return name.removesuffix(".gz").endswith(_ENDINGS)


def _rows(found: Mirror, files: Mapping[str, bytes]) -> tuple[Mirror, list[Mapping[str, Any]]]:
    """The native rows of the first file; of a JSON document, the key of the list of rows as well."""
    name, data = next(iter(files.items()))
    if found.format == "json":
        document = parse_json(data.decode("utf-8-sig", "replace"))
        if isinstance(document, dict):
            lists = [key for key, value in document.items() if isinstance(value, list) and value]
            found = found.model_copy(update={"records": lists[0] if len(lists) == 1 else None})
    return found, native_rows(data, name, found)
