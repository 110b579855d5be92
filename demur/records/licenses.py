"""The closed list of licenses, and what a data set built from several of them may be released under.

Each license names the licenses that an adaptation may carry (``into``). The output license is the least strict one
that every input allows; where none is left, two named sources cannot stand in one config. Source: Creative Commons
compatibility chart and license texts; SPDX ids in lower case, as the Hub spells them. Not legal advice: a floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from demur.errors import LicenseError, nearest


@dataclass(frozen=True)
class License:
    """One license of the closed list.

    Attributes:
        id: lower-case SPDX id, or ``none-stated`` / ``vendor-terms``.
        into: ids that an adaptation of this material may carry.
        commercial: whether commercial use is allowed.
        redistribution: whether the text may be published again.
    """

    id: str
    name: str
    into: frozenset[str]
    commercial: bool = True
    redistribution: bool = True


# From the least to the most strict; the order decides which of several allowed outputs is taken.
_NONCOMMERCIAL = ("cc-by-nc-4.0", "cc-by-nc-sa-4.0")
_SHARE_ALIKE = ("cc-by-sa-3.0", "cc-by-sa-4.0")
_ATTRIBUTION = ("odc-by", "cc-by-4.0")
_ALL = ("cc0-1.0", "mit", "apache-2.0", *_ATTRIBUTION, *_SHARE_ALIKE, *_NONCOMMERCIAL)
_AFTER = {id: frozenset(_ALL[i:]) for i, id in enumerate(_ALL)}

LICENSES: dict[str, License] = {
    license.id: license
    for license in (
        License("cc0-1.0", "Creative Commons Zero 1.0", _AFTER["cc0-1.0"]),
        License("mit", "MIT License", _AFTER["mit"]),
        License("apache-2.0", "Apache License 2.0", _AFTER["apache-2.0"]),
        License("afl-3.0", "Academic Free License 3.0", _AFTER["apache-2.0"]),
        License("odc-by", "Open Data Commons Attribution 1.0", _AFTER["odc-by"]),
        License("cc-by-4.0", "Creative Commons Attribution 4.0", _AFTER["cc-by-4.0"]),
        License("cc-by-sa-3.0", "Creative Commons Attribution-ShareAlike 3.0", frozenset(_SHARE_ALIKE)),
        License("cc-by-sa-4.0", "Creative Commons Attribution-ShareAlike 4.0", frozenset({"cc-by-sa-4.0"})),
        License(
            "cc-by-nc-4.0",
            "Creative Commons Attribution-NonCommercial 4.0",
            frozenset(_NONCOMMERCIAL),
            commercial=False,
        ),
        License(
            "cc-by-nc-sa-4.0",
            "Creative Commons Attribution-NonCommercial-ShareAlike 4.0",
            frozenset({"cc-by-nc-sa-4.0"}),
            commercial=False,
        ),
        License("vendor-terms", "Terms of a model vendor", frozenset(), commercial=False, redistribution=False),
        License("none-stated", "No license stated", frozenset(), commercial=False, redistribution=False),
    )
}


def license_of(id: str, where: str) -> License:
    """Look a license up in the closed list.

    Raises:
        LicenseError: the id is not in the list.

    Example:
        >>> license_of("mit", "demo").commercial
        True
    """
    if id not in LICENSES:
        msg = f"License {id!r} is not in the closed list"
        raise LicenseError(
            msg,
            where=where,
            expected="a lower-case SPDX id",
            got=id,
            fix=nearest(id, LICENSES),
        )
    return LICENSES[id]


def combine(licenses: Mapping[str, str], where: str = "config") -> License:
    """Compute the license of a config from its sources' licenses.

    Args:
        licenses: source name -> license id.
        where: the config's name, for the message.

    Raises:
        LicenseError: a source without the right to redistribute, or two sources whose licenses exclude each other.

    Example:
        >>> combine({"a": "mit", "b": "cc-by-4.0"}).id
        'cc-by-4.0'
        >>> combine({"a": "cc-by-sa-3.0", "b": "cc-by-nc-sa-4.0"}, "default")
        Traceback (most recent call last):
        demur.errors.LicenseError: Licenses cannot be combined: 'a' (cc-by-sa-3.0) and 'b' (cc-by-nc-sa-4.0)
          where:    default
          expected: a license that adaptations of both may carry
          got:      none
          fix:      Put the two sources into different configs.
    """
    found = {source: license_of(id, source) for source, id in sorted(licenses.items())}
    for source, license in found.items():
        if not license.redistribution:
            msg = f"Source {source!r} may not be redistributed ({license.name.lower()})"
            raise LicenseError(
                msg,
                where=where,
                expected="a license that allows redistribution",
                got=license.id,
                fix="Leave the source out of this config; it stays quarantined until its license is known.",
            )
    allowed = frozenset(_ALL).intersection(*(license.into for license in found.values()))
    if allowed:
        return LICENSES[min(allowed, key=_ALL.index)]
    one, two = _first_clash(found)
    msg = f"Licenses cannot be combined: {one!r} ({found[one].id}) and {two!r} ({found[two].id})"
    raise LicenseError(
        msg,
        where=where,
        expected="a license that adaptations of both may carry",
        got="none",
        fix="Put the two sources into different configs.",
    )


def of_references(licenses: Mapping[str, str], where: str = "config") -> License:
    """The license that stands over a config of references: the strictest of its sources', which nobody has lifted.

    References hold hashes, places and labels, no text; who restores the text is bound by its source's own license.

    Args:
        licenses: source name -> license id.
        where: the config's name, for the message.

    Example:
        >>> of_references({"a": "mit", "b": "none-stated"}).id
        'none-stated'
    """
    if any(not license_of(id, source).redistribution for source, id in licenses.items()):
        return LICENSES[max(licenses.values(), key=list(LICENSES).index)]
    return combine(licenses, where)


def _first_clash(found: Mapping[str, License]) -> tuple[str, str]:
    """The first two sources, by name, that no license can hold together.

    ``into`` sets are suffixes or up-sets of one short list, so whenever the whole intersection is empty a pair is too.
    """
    return next((one, two) for one, two in combinations(found, 2) if not found[one].into & found[two].into)
