"""The guideline that lies beside the text: the project's own, else the one that came with Demur."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from demur.errors import FormatError
from demur.files.digest import text_sha256
from demur.project import Project, bundled

PLACES = (Path("builders") / "curation" / "guideline.md", Path("docs") / "guideline.md")
_VERSION = re.compile(r"\bversion (\d+(?:\.\d+)+)", re.IGNORECASE)


@dataclass(frozen=True)
class Guideline:
    """What readers keep to.

    Attributes:
        version: that the page names first, else the beginning of its sha256: labels name it.
        page: as HTML, in which nothing of the file is markup but what Markdown means, and nothing leads elsewhere.
    """

    version: str
    page: Markup


def guideline_of(project: Project | None = None) -> Guideline:
    """The guideline of a project.

    Raises:
        FormatError: it cannot be read.
    """
    roots = (*(project.roots if project else ()), bundled().root)
    path = next((root / place for root in roots for place in PLACES if (root / place).is_file()), None)
    if path is None:
        return Guideline("unknown", Markup("<p>This project has no guideline.</p>"))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        msg = "The guideline cannot be read"
        raise FormatError(msg, where=path, expected="Markdown in UTF-8", got=type(error).__name__) from None
    named = _VERSION.search(text)
    return Guideline(named[1] if named else f"sha256-{text_sha256(text)[:12]}", rendered(text))


def rendered(text: str) -> Markup:
    """Markdown as HTML: markup of the file's own is text, links and pictures are left out.

    Example:
        >>> print(rendered("# A [b](https://example.org) <i>c</i>"))
        <h2>A b &lt;i&gt;c&lt;/i&gt;</h2>
        <BLANKLINE>
    """
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    made = MarkdownIt("js-default")

    def nothing(_self: object, _tokens: Sequence[Token], _place: int, *_more: object) -> str:
        return ""

    for name in ("link_open", "link_close", "image"):
        made.add_render_rule(name, nothing)
    tokens = made.parse(text)
    for token in tokens:
        token.attrs.clear()
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    return Markup(made.renderer.render(tokens, made.options, {}))  # noqa: S704 - markup of the file was escaped
