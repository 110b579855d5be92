"""Terms of licenses of one's own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from demur.errors import LicenseError
from demur.records.terms import Terms, declared_terms, is_own


def test_only_what_is_declared_is_allowed() -> None:
    assert str(Terms()) == "no redistribution, no commercial use"
    assert str(Terms(redistribution=True, commercial=True, share_alike=True)) == (
        "redistribution, commercial use, share alike"
    )
    with pytest.raises(ValidationError):
        Terms(redistribute=True)  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        Terms(attribution="two\nlines")


@pytest.mark.parametrize("id", ["mit", "licenseref-acme", "LicenseRef-", "LicenseRef-a b", "Proprietary"])
def test_what_is_no_license_of_ones_own(id: str) -> None:
    assert not is_own(id)


def test_one_name_means_one_thing() -> None:
    shared = Terms(redistribution=True)
    assert declared_terms([("a", {"LicenseRef-X": shared}), ("b", {"LicenseRef-X": shared}), ("c", {})]) == {
        "LicenseRef-X": shared
    }
    with pytest.raises(LicenseError, match="Sources 'a' and 'b' declare different terms of proprietary"):
        declared_terms([("a", {"proprietary": Terms()}), ("b", {"proprietary": shared})])
