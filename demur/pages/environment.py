"""The one Jinja environment of Demur's pages."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from demur import __version__
from demur.pages import drawing

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str) -> Environment:
    """An environment for the templates of a package, which may extend ``frame.html.jinja``.

    Everything is escaped, and an undefined name is an error. Globals: ``draw`` (`demur.pages.drawing`), ``style``,
    ``version``, ``digest`` (of a script or a style, for a content security policy).

    Args:
        package: whose folder holds the templates, as ``demur.reports``.

    Example:
        >>> environment("demur.pages").from_string("{{ 1234 | count }}: {{ 0.5 | percent }} %").render()
        '1,234: 50.0 %'
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("demur.pages", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"count": count, "percent": percent, "points": points, "zip": zip}
    made.globals |= {"draw": drawing, "style": style(), "version": __version__, "digest": digest}
    return made


@cache
def style() -> Markup:
    """The style of all pages, light and dark."""
    return Markup((resources.files("demur.pages") / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own


def digest(text: str) -> str:
    """What a content security policy calls a script or a style that stands in the page.

    Example:
        >>> digest("")
        "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def count(number: int) -> str:
    """A count, with commas."""
    return f"{number:,}"


def percent(share: float) -> str:
    """A share in percent, without the sign."""
    return f"{100 * share:.1f}"


def points(share: float) -> str:
    """A difference of shares, in points of percent."""
    return f"{100 * share:+.1f}"
