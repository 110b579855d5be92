from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from demur.errors import LicenseError
from demur.records.licenses import LICENSES, combine

FREE = [id for id, license in LICENSES.items() if license.redistribution]


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["mit"], "mit"),
        (["mit", "apache-2.0"], "apache-2.0"),
        (["mit", "apache-2.0", "cc-by-4.0"], "cc-by-4.0"),
        (["cc-by-4.0", "cc-by-sa-3.0"], "cc-by-sa-3.0"),
        (["cc-by-sa-3.0", "cc-by-sa-4.0"], "cc-by-sa-4.0"),
        (["mit", "cc-by-nc-4.0"], "cc-by-nc-4.0"),
        (["cc-by-nc-4.0", "cc-by-nc-sa-4.0"], "cc-by-nc-sa-4.0"),
    ],
)
def test_the_output_is_the_least_strict_that_all_inputs_allow(inputs: list[str], output: str) -> None:
    assert combine({f"source-{n}": id for n, id in enumerate(inputs)}).id == output


def test_two_share_alike_licenses_never_meet_and_both_sources_are_named() -> None:
    with pytest.raises(LicenseError) as caught:
        combine({"permissive": "mit", "nq-open": "cc-by-sa-3.0", "do-not-answer": "cc-by-nc-sa-4.0"}, "noncommercial")
    assert "'do-not-answer' (cc-by-nc-sa-4.0) and 'nq-open' (cc-by-sa-3.0)" in str(caught.value)


@pytest.mark.parametrize("id", ["none-stated", "vendor-terms"])
def test_what_may_not_be_redistributed_is_refused_by_name(id: str) -> None:
    with pytest.raises(LicenseError, match="'quiet' may not be redistributed"):
        combine({"quiet": id, "other": "mit"})


@pytest.mark.parametrize("pair", list(combinations_with_replacement(FREE, 2)), ids="+".join)
def test_combination_is_symmetric_and_never_looser_than_an_input(pair: tuple[str, str]) -> None:
    one, two = (LICENSES[id] for id in pair)
    try:
        output = combine({"a": one.id, "b": two.id})
    except LicenseError:
        assert not one.into & two.into
        return
    assert output == combine({"a": two.id, "b": one.id})
    assert output.id in one.into & two.into
    assert output.commercial <= (one.commercial and two.commercial)


def test_a_license_outside_the_list_gets_a_suggestion() -> None:
    with pytest.raises(LicenseError, match=r"Did you mean 'apache-2\.0'"):
        combine({"a": "apache-2"})
