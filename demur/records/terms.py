"""Licenses of one's own: ``proprietary``, or any ``LicenseRef-NAME``, and the terms that its owner declares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import StringConstraints

from demur.errors import LicenseError
from demur.records.record import Frozen

PROPRIETARY = "proprietary"
"""The one own license that needs no terms: it then allows nothing."""
_OWN = re.compile(r"proprietary|LicenseRef-[A-Za-z0-9.-]+")


class Terms(Frozen):
    """What a license of one's own allows: only what is declared."""

    redistribution: bool = False
    """Whether the text may be published again."""
    commercial: bool = False
    """Whether commercial use is allowed."""
    share_alike: bool = False
    """Whether what is made of it must be under the same license."""
    attribution: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\n]+$")] | None = None
    """The line that NOTICE and card must carry."""

    def beyond(self, other: Terms) -> bool:
        """Whether it asks or forbids something that the other does not.

        Example:
            >>> Terms().beyond(Terms(commercial=True)), Terms(commercial=True).beyond(Terms())
            (True, False)
        """
        return (
            self.redistribution < other.redistribution
            or self.commercial < other.commercial
            or self.share_alike > other.share_alike
            or self.attribution not in (None, other.attribution)
        )

    def __str__(self) -> str:
        said = {"redistribution": self.redistribution, "commercial use": self.commercial}
        return ", ".join(f"{name if yes else f'no {name}'}" for name, yes in said.items()) + (
            ", share alike" if self.share_alike else ""
        )


def is_own(id: str) -> bool:
    """Whether it is a license of one's own.

    Example:
        >>> is_own("proprietary"), is_own("LicenseRef-Acme-2"), is_own("mit")
        (True, True, False)
    """
    return _OWN.fullmatch(id) is not None


def declared_terms(said: Iterable[tuple[str, Mapping[str, Terms]]]) -> dict[str, Terms]:
    """The terms of all licenses of one's own that sources declare.

    Args:
        said: source name, and what it says of each.

    Raises:
        LicenseError: two sources mean different terms by one name.
    """
    found: dict[str, tuple[str, Terms]] = {}
    for source, own in said:
        for id, terms in own.items():
            other, known = found.setdefault(id, (source, terms))
            if known != terms:
                msg = f"Sources {other!r} and {source!r} declare different terms of {id}"
                raise LicenseError(
                    msg, expected=str(known), got=str(terms), fix="Give each license a LicenseRef- name of its own."
                )
    return {id: terms for id, (_, terms) in found.items()}
