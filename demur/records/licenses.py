"""The closed list of licenses, licenses of one's own, and what a set built from several of them may be released under.

Each license names the licenses that an adaptation may carry (``into``). The output license is the least strict one
that every input allows; where none is left, two named sources cannot stand in one config. Source: Creative Commons
compatibility chart and license texts; SPDX ids in lower case, as the Hub spells them. Not legal advice: a floor.

A license of one's own (``proprietary``, or any ``LicenseRef-NAME``) is what its declared terms say, and is never lost
in another: what holds its rows is under ``cc-by-4.0 AND LicenseRef-NAME``. Expressions are kept as alternatives of
licenses that hold together (``mit OR cc-by-4.0 AND odc-by``), which needs no parser to be read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product

from demur.errors import LicenseError, nearest
from demur.records.terms import PROPRIETARY, Terms, is_own


@dataclass(frozen=True)
class License:
    """One license of the closed list, one's own, or several that hold together.

    Attributes:
        id: lower-case SPDX id, or ``none-stated`` / ``vendor-terms``; an own id; an expression of them.
        into: ids that an adaptation of this material may carry.
        commercial: whether commercial use is allowed.
        redistribution: whether the text may be published again.
        share_alike: whether adaptations must carry the same license.
        attribution: lines that go along with the rows.
        own: ids of licenses of one's own that it is made of.
    """

    id: str
    name: str
    into: frozenset[str]
    commercial: bool = True
    redistribution: bool = True
    share_alike: bool = False
    attribution: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def terms(self) -> Terms:
        """What it comes to."""
        return Terms(
            redistribution=self.redistribution,
            commercial=self.commercial,
            share_alike=self.share_alike,
            attribution="; ".join(self.attribution) or None,
        )


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
        License(
            "cc-by-sa-3.0", "Creative Commons Attribution-ShareAlike 3.0", frozenset(_SHARE_ALIKE), share_alike=True
        ),
        License(
            "cc-by-sa-4.0", "Creative Commons Attribution-ShareAlike 4.0", frozenset({"cc-by-sa-4.0"}), share_alike=True
        ),
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
            share_alike=True,
        ),
        License("vendor-terms", "Terms of a model vendor", frozenset(), commercial=False, redistribution=False),
        License("none-stated", "No license stated", frozenset(), commercial=False, redistribution=False),
    )
}

ORDER = list(LICENSES)
"""From the least to the most strict."""


def own_in(id: str) -> tuple[str, ...]:
    """The licenses of one's own in an expression.

    Example:
        >>> own_in("cc-by-4.0 AND LicenseRef-Acme")
        ('LicenseRef-Acme',)
    """
    return tuple(sorted({part for parts in alternatives(id) for part in parts if is_own(part)}))


def alternatives(id: str) -> list[tuple[str, ...]]:
    """The alternatives of a license as `demur.records.spdx.normal` gives it, each the ids that hold together.

    Example:
        >>> alternatives("mit OR cc-by-4.0 AND odc-by")
        [('mit',), ('cc-by-4.0', 'odc-by')]
    """
    return [tuple(parts.split(" AND ")) for parts in id.split(" OR ")]


def license_of(id: str, where: str, terms: Mapping[str, Terms] | None = None) -> License:
    """Look a license up.

    Args:
        id: as `demur.records.spdx.normal` gives it.
        where: for the message.
        terms: of licenses of one's own; None where they were judged before, and all that is left is to name them.

    Raises:
        LicenseError: the id is not in the list, or an own one whose terms nobody declared.

    Example:
        >>> license_of("mit", "demo").commercial
        True
        >>> license_of("proprietary", "demo", {"proprietary": Terms()}).redistribution
        False
    """
    if id in LICENSES:
        return LICENSES[id]
    ways = alternatives(id)
    if len(ways) > 1 or len(ways[0]) > 1:
        return _either(id, [_both([license_of(part, where, terms) for part in parts]) for parts in ways])
    if not is_own(id):
        msg = f"License {id!r} is not in the closed list"
        raise LicenseError(
            msg,
            where=where,
            expected="a lower-case SPDX id",
            got=id,
            fix=nearest(id, LICENSES),
        )
    if terms is not None and id not in terms:
        msg = f"Nobody declares the terms of {id!r}"
        raise LicenseError(msg, where=where, expected="terms=Terms(redistribution=..., commercial=..., ...)")
    said = Terms(redistribution=True, commercial=True) if terms is None else terms[id]
    return License(
        id,
        "Proprietary" if id == PROPRIETARY else id.removeprefix("LicenseRef-").replace("-", " "),
        frozenset(),
        said.commercial,
        said.redistribution,
        said.share_alike,
        (said.attribution,) if said.attribution else (),
        (id,),
    )


def _both(licenses: list[License]) -> License:
    """All of several licenses together."""
    if len(licenses) == 1:
        return licenses[0]
    return License(
        " AND ".join(each.id for each in licenses),
        " and ".join(each.name for each in licenses),
        frozenset.intersection(*(each.into for each in licenses)),
        all(each.commercial for each in licenses),
        all(each.redistribution for each in licenses),
        any(each.share_alike for each in licenses),
        tuple(line for each in licenses for line in each.attribution),
        tuple(id for each in licenses for id in each.own),
    )


def _either(id: str, licenses: list[License]) -> License:
    """One of several licenses, of which whoever takes the rows may choose."""
    if len(licenses) == 1:
        return licenses[0]
    return License(
        id,
        " or ".join(each.name for each in licenses),
        frozenset.union(*(each.into for each in licenses)),
        any(each.commercial for each in licenses),
        any(each.redistribution for each in licenses),
        all(each.share_alike for each in licenses),
        tuple(line for each in licenses for line in each.attribution),
        tuple(id for each in licenses for id in each.own),
    )


def strictness(id: str, terms: Mapping[str, Terms] | None = None) -> float:
    """Where a license stands between the least and the most strict; one's own stands just after its like.

    Example:
        >>> strictness("mit") < strictness("cc-by-4.0") < strictness("none-stated")
        True
    """
    if id in LICENSES:
        return ORDER.index(id)
    found = license_of(id, id, terms)
    if not found.redistribution:
        return len(ORDER)
    like = ("cc-by-4.0", "cc-by-sa-4.0") if found.commercial else _NONCOMMERCIAL
    return ORDER.index(like[found.share_alike]) + 0.5


def combine(licenses: Mapping[str, str], where: str = "config", terms: Mapping[str, Terms] | None = None) -> License:
    """Compute the license of a config from its sources' licenses.

    Args:
        licenses: source name -> license id.
        where: the config's name, for the message.
        terms: of licenses of one's own, as for `license_of`.

    Raises:
        LicenseError: a source without the right to redistribute, or two sources whose licenses exclude each other.

    Example:
        >>> combine({"a": "mit", "b": "cc-by-4.0"}).id
        'cc-by-4.0'
        >>> combine({"a": "LicenseRef-Acme", "b": "cc-by-4.0"}).id
        'cc-by-4.0 AND LicenseRef-Acme'
        >>> combine({"a": "cc-by-sa-3.0", "b": "cc-by-nc-sa-4.0"}, "default")
        Traceback (most recent call last):
        demur.errors.LicenseError: Licenses cannot be combined: 'a' (cc-by-sa-3.0) and 'b' (cc-by-nc-sa-4.0)
          where:    default
          expected: a license that adaptations of both may carry
          got:      none
          fix:      Put the two sources into different configs.
    """
    ways = {
        source: [[license_of(part, source, terms) for part in parts] for parts in alternatives(id)]
        for source, id in sorted(licenses.items())
    }
    found: list[License] = []
    refused: list[LicenseError] = []
    for chosen in product(*ways.values()):
        pairs = [(source, each) for source, parts in zip(ways, chosen, strict=True) for each in parts]
        try:
            found.append(_together(pairs, where))
        except LicenseError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    return min(found, key=lambda each: (len(each.own), strictness(each.id, terms), each.id))


def _together(found: list[tuple[str, License]], where: str) -> License:
    """The license of a config whose sources chose these."""
    for source, license in found:
        if not license.redistribution:
            msg = f"Source {source!r} may not be redistributed ({license.name.lower()})"
            raise LicenseError(
                msg,
                where=where,
                expected="a license that allows redistribution",
                got=license.id,
                fix="Give its rows as references (a config with references=True), or leave it out of this config."
                if license.own
                else "Leave the source out of this config; it stays quarantined until its license is known.",
            )
    for (one, first), (two, second) in combinations(found, 2):
        if not _agree(first, second):
            msg = f"Licenses cannot be combined: {one!r} ({first.id}) and {two!r} ({second.id})"
            raise LicenseError(
                msg,
                where=where,
                expected="a license that adaptations of both may carry",
                got="none",
                fix="Put the two sources into different configs.",
            )
    own = {license.id: license for _, license in found if license.own}
    listed = [license for _, license in found if not license.own]
    allowed = frozenset(_ALL).intersection(*(license.into for license in listed))
    kept = [LICENSES[min(allowed, key=_ALL.index)]] if listed else []
    return _both([*kept, *(license for _, license in sorted(own.items()))])


def _agree(one: License, two: License) -> bool:
    """Whether rows under both may stand in one config.

    ``into`` sets are suffixes or up-sets of one short list: where every pair shares one, all do. A license of one's own
    adds terms, which share-alike licenses do not bear; one that is share-alike itself bears others that add none.
    """
    if not one.own and not two.own:
        return bool(one.into & two.into)
    if one.id == two.id or not (one.share_alike or two.share_alike):
        return True
    binding, other = (one, two) if one.share_alike else (two, one)
    return bool(binding.own and not other.own and not other.share_alike and other.commercial >= binding.commercial)


def of_references(
    licenses: Mapping[str, str], where: str = "config", terms: Mapping[str, Terms] | None = None
) -> License:
    """The license that stands over a config of references: the strictest of its sources', which nobody has lifted.

    References hold hashes, places and labels, no text; who restores the text is bound by its source's own license.

    Args:
        licenses: source name -> license id.
        where: the config's name, for the message.
        terms: of licenses of one's own, as for `license_of`.

    Example:
        >>> of_references({"a": "mit", "b": "none-stated"}).id
        'none-stated'
    """
    if any(not license_of(id, source, terms).redistribution for source, id in licenses.items()):
        strictest = max(licenses.values(), key=lambda id: (strictness(id, terms), id))
        return license_of(strictest, where, terms)
    return combine(licenses, where, terms)
