"""The pages: of a set that Demur built, and of anybody's files. Each is one file, which loads nothing."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demur.checks.engine import check
from demur.errors import printable
from demur.files.whole import write_whole
from demur.pages.environment import environment
from demur.records.hazards import HAZARDS
from demur.reports.built import About, about, previous
from demur.reports.checked import Checked
from demur.sets.folder import BuiltSet, is_built

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "demur.reports"

_WORDS: dict[str, str] = {str(code): words for code, words in HAZARDS.items()}


def page_of(found: About) -> str:
    """The page of a built set, in HTML; the same set gives the same bytes."""
    made = (
        _pages()
        .get_template("built.html.jinja")
        .render(about=found, manifest=found.manifest, script=_script(), hazards=HAZARDS, checked=found.checked)
    )
    return made.rstrip() + "\n"


def page_of_files(checked: Checked, called: str) -> str:
    """The page of anybody's files: what was read as what, and what was found."""
    made = _pages().get_template("files.html.jinja").render(checked=checked, called=called)
    return made.rstrip() + "\n"


def report_of(
    place: str | Path,
    out: Path,
    *,
    called: str,
    since: tuple[str, Path] | None = None,
    repo: str | None = None,
    with_text: bool = False,
) -> dict[str, Any]:
    """Write the page of a built set's folder, or of anybody's files; gives what it says, for programs.

    Args:
        place: a built folder, or a file, folder or URL as `demur check` reads them.
        out: the page.
        called: what the page calls it.
        since: what the version before is called, and its folder.
        repo: where a version lies, whose version before is looked for there.
        with_text: put the texts of pairs and findings into the page, hidden until somebody asks for each.

    Raises:
        UsageError, ManifestError: what cannot be read.
        OutputError: the page cannot be written.
    """
    if since or (isinstance(place, Path) and is_built(place)):
        built = BuiltSet.open(Path(place))
        found = about(built, called, since or previous(built.manifest, repo), with_text=with_text)
        text, said = page_of(found), found.as_dict()
    else:
        checked = Checked(check(place, show_text=with_text), with_text)
        text = printable(page_of_files(checked, called))
        report = checked.report
        said = {"files": report.files, "rows": report.rows, "findings": report.counts}
    write_whole(out, text, "The page cannot be written")
    return {"page": str(out), "bytes": len(text.encode()), **said}


@cache
def _script() -> str:
    return (resources.files(_PACKAGE) / "heat.js").read_text(encoding="utf-8")


def _pages() -> Environment:
    pages = environment(_PACKAGE)
    pages.filters["words"] = _words
    return pages


def _words(value: str, dim: str) -> str:
    """A value of a dimension in words: hazards have codes."""
    return _WORDS.get(value, value) if dim == "hazard" else value
