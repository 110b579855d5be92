"""What somebody writes as a license -> how it is kept: an id, or alternatives of ids that hold together."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from demur.errors import LicenseError, UsageError
from demur.records.licenses import LICENSES, ORDER, license_of
from demur.records.terms import is_own

_ALSO = {"odc-by-1.0": "odc-by"}
"""SPDX ids that the Hub spells otherwise."""


def normal(said: str, where: str) -> str:
    """A license as it is kept: its id in the closed list, an own id, or an SPDX expression of them.

    Raises:
        LicenseError: no expression, or one of an id that is not in the list.
        UsageError: an expression, and license-expression is not installed.

    Example:
        >>> normal("MIT", "demo"), normal("CC-BY-4.0 AND (LicenseRef-Acme OR MIT)", "demo")
        ('mit', 'mit AND cc-by-4.0 OR cc-by-4.0 AND LicenseRef-Acme')
    """
    if is_own(said):
        return said
    if re.fullmatch(r"[^\s()]+", said):
        return _spelled(said, where)
    kept = {tuple(sorted({_spelled(id, where) for id in parts}, key=_place)) for parts in _parsed(said, where)}
    return " OR ".join(" AND ".join(parts) for parts in sorted(kept, key=lambda parts: [_place(id) for id in parts]))


def _place(id: str) -> tuple[int, str]:
    return (ORDER.index(id) if id in LICENSES else len(ORDER), id)


def _spelled(id: str, where: str) -> str:
    found = _ALSO.get(id.lower(), id.lower())
    return id if is_own(id) else license_of(found if found in LICENSES else id, where).id


def _parsed(said: str, where: str) -> list[tuple[str, ...]]:
    """The alternatives of an SPDX expression, each the ids that hold together."""
    try:
        from license_expression import ExpressionError, LicenseSymbol, get_spdx_licensing
    except ModuleNotFoundError as error:
        msg = "No way to read an SPDX expression"
        raise UsageError(msg, where=where, got=error.msg, fix="Run `pip install 'demur[build]'`.") from error
    spdx = get_spdx_licensing()

    def alternatives(node: Any) -> list[tuple[str, ...]]:
        if isinstance(node, LicenseSymbol):
            return [(str(node.key),)]
        parts = [alternatives(each) for each in getattr(node, "args", ())]
        if isinstance(node, spdx.OR):
            return [each for part in parts for each in part]
        if isinstance(node, spdx.AND):
            return [tuple(id for each in chosen for id in each) for chosen in product(*parts)]
        msg = "A license with an exception is not in the closed list"
        raise LicenseError(msg, where=where, got=str(node), fix="State one without, or a LicenseRef- with its terms.")

    try:
        return alternatives(spdx.parse(said))
    except ExpressionError as error:
        msg = "The license is no SPDX expression"
        raise LicenseError(
            msg, where=where, expected="such as MIT OR Apache-2.0", got=str(error).splitlines()[0]
        ) from None
