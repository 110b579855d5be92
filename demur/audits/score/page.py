"""The scores as one page: a file by itself, without a script, that loads nothing and holds no text of anybody's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

from demur.audits.score.counted import FACETS, GRADES, RATES, TAXONOMY, TWO_SIDES
from demur.audits.score.drawing import two_sided
from demur.audits.score.report import Scores
from demur.files.whole import write_whole
from demur.pages.environment import environment
from demur.records.hazards import HAZARDS, Hazard


def page(scores: Scores) -> str:
    """The page, in HTML. The same scores give the same bytes."""
    pages = environment("demur.audits.score")
    pages.filters["called"] = partial(_called, scores)
    rates = {name: rate for name, rate in RATES.items() if any(each.rates[name].n for each in scores.models)}
    made = pages.get_template("page.html.jinja").render(
        scores=scores,
        rates=rates,
        grades=GRADES,
        two=TWO_SIDES,
        facets={facet: values for facet, values in scores.facets().items() if facet in (*FACETS, TAXONOMY)},
        two_sided=two_sided,
        points=[(each.rates["over_refusal"], each.rates["refusal"]) for each in scores.models],
    )
    return made.rstrip() + "\n"


def write_page(scores: Scores, path: Path) -> None:
    """Write the page.

    Raises:
        OutputError: the file cannot be written.
    """
    write_whole(path, page(scores), "The page cannot be written")


def _called(scores: Scores, value: str, facet: str) -> str:
    """A value of a facet in words: hazards have codes."""
    name = HAZARDS.get(cast("Hazard", value)) if facet == "hazard" else None
    return name or scores.called(facet, value)
