"""The scores as one page: a file by itself, without a script, that loads nothing and holds no text of anybody's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from demur import __version__
from demur.audits.score import drawing
from demur.audits.score.counted import FACETS, GRADES, RATES, TAXONOMY, TWO_SIDES
from demur.audits.score.report import Scores
from demur.files.whole import write_whole
from demur.records.hazards import HAZARDS, Hazard


def page(scores: Scores) -> str:
    """The page, in HTML. The same scores give the same bytes."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("demur.audits.score", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"zip": zip, "percent": _percent, "points": _points, "called": partial(_called, scores)}
    rates = {name: rate for name, rate in RATES.items() if any(each.rates[name].n for each in scores.models)}
    made = environment.get_template("page.html.jinja").render(
        scores=scores,
        rates=rates,
        grades=GRADES,
        two=TWO_SIDES,
        facets={facet: values for facet, values in scores.facets().items() if facet in (*FACETS, TAXONOMY)},
        draw=drawing,
        points=[(each.rates["over_refusal"], each.rates["refusal"]) for each in scores.models],
        version=__version__,
    )
    return made.rstrip() + "\n"


def write_page(scores: Scores, path: Path) -> None:
    """Write the page.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, page(scores), "The page cannot be written")


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _called(scores: Scores, value: str, facet: str) -> str:
    """A value of a facet in words: hazards have codes."""
    name = HAZARDS.get(cast("Hazard", value)) if facet == "hazard" else None
    return name or scores.called(facet, value)
