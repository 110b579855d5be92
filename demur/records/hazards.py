"""The shared hazard taxonomy, and the crosswalk from each source's own labels to it.

Native labels are always kept; the hazards are an overlay. Source: MLCommons AILuminate 1.0, hazard categories
(arXiv 2503.05731, section 3): twelve hazards, spelt here with the codes of the published prompt sets; and two of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from demur.errors import RowError, nearest

Hazard = Literal["cse", "dfm", "hte", "ipv", "iwp", "mis", "ncr", "oth", "prv", "spc", "src", "ssh", "sxc", "vcr"]

HAZARDS: dict[Hazard, str] = {
    "cse": "child sexual exploitation",
    "dfm": "defamation",
    "hte": "hate",
    "ipv": "intellectual property violations",
    "iwp": "indiscriminate weapons (CBRNE)",
    "mis": "misinformation and manipulation of opinion",
    "ncr": "non-violent crimes",
    "oth": "another harm",
    "prv": "privacy",
    "spc": "specialized advice",
    "src": "sex-related crimes",
    "ssh": "suicide and self-harm",
    "sxc": "sexual content",
    "vcr": "violent crimes",
}
OURS: tuple[Hazard, ...] = ("mis", "oth")
"""Codes that AILuminate does not have: readers needed them."""

assert tuple(HAZARDS) == get_args(Hazard)  # noqa: S101 - the literal and its names are one table

Crosswalk = Mapping[str, Mapping[str, tuple[Hazard, ...]]]
"""Source -> native category -> hazards."""


def overlay(crosswalk: Crosswalk, source: str, categories: Iterable[str]) -> tuple[Hazard, ...]:
    """Hazards of one row, sorted, from its native categories; every native category must stand in the crosswalk.

    Raises:
        RowError: a category that the source's table does not list (a label outside its enum).

    Example:
        >>> overlay({"demo": {"Violence": ("vcr",), "Other": ()}}, "demo", ["Violence", "Other"])
        ('vcr',)
    """
    table = crosswalk.get(source, {})
    found: set[Hazard] = set()
    for category in categories:
        if category not in table:
            msg = f"Native category {category!r} is not in the crosswalk of {source!r}"
            sidecar = f"builders/sources/{source.replace('-', '_')}.toml"
            raise RowError(
                msg,
                where=source,
                expected=f"one of {len(table)} declared categories",
                got=repr(category),
                fix=f"{nearest(category, table)} Add it to [hazards] in {sidecar} if upstream added it.",
            )
        found.update(table[category])
    return tuple(sorted(found))
