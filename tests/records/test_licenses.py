from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import pytest

from demur.errors import LicenseError
from demur.records.licenses import LICENSES, combine, license_of, of_references, strictness
from demur.records.terms import Terms

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


ACME, SHARED, ALIKE = "proprietary", "LicenseRef-Shared", "LicenseRef-Alike"
OWN = {
    ACME: Terms(),
    SHARED: Terms(redistribution=True, commercial=True, attribution="Rows by Acme"),
    "LicenseRef-Research": Terms(redistribution=True, attribution="Rows by a lab"),
    ALIKE: Terms(redistribution=True, commercial=True, share_alike=True),
}


@pytest.mark.parametrize(
    ("inputs", "output", "commercial", "attribution"),
    [
        ([SHARED], SHARED, True, ("Rows by Acme",)),
        ([SHARED, "cc-by-4.0", "mit"], "cc-by-4.0 AND LicenseRef-Shared", True, ("Rows by Acme",)),
        (["cc-by-nc-4.0", SHARED], "cc-by-nc-4.0 AND LicenseRef-Shared", False, ("Rows by Acme",)),
        (
            ["LicenseRef-Research", "mit", SHARED],
            "mit AND LicenseRef-Research AND LicenseRef-Shared",
            False,
            ("Rows by a lab", "Rows by Acme"),
        ),
        ([ALIKE, "cc-by-4.0"], "cc-by-4.0 AND LicenseRef-Alike", True, ()),
        (["mit OR LicenseRef-Shared", "cc-by-4.0"], "cc-by-4.0", True, ()),
        (["cc-by-nc-4.0 OR cc-by-sa-4.0", "cc-by-sa-3.0"], "cc-by-sa-4.0", True, ()),
        (["mit AND cc-by-4.0", "apache-2.0"], "cc-by-4.0", True, ()),
    ],
)
def test_a_license_of_ones_own_is_never_lost_in_another(
    inputs: list[str], output: str, commercial: bool, attribution: tuple[str, ...]
) -> None:
    for order in (inputs, inputs[::-1]):
        found = combine({f"source-{n}": id for n, id in enumerate(order)}, terms=OWN)
        assert (found.id, found.commercial, found.attribution) == (output, commercial, attribution)
        assert combine({"a": found.id}, terms=OWN) == found
        assert found.redistribution


@pytest.mark.parametrize(
    "pair",
    [
        (SHARED, "cc-by-sa-4.0"),
        ("LicenseRef-Research", "cc-by-nc-sa-4.0"),
        (ALIKE, SHARED),
        (ALIKE, "cc-by-nc-4.0"),
        ("cc-by-nc-4.0 AND mit", "cc-by-sa-4.0 OR LicenseRef-Alike"),
    ],
    ids=" and ".join,
)
def test_share_alike_bears_no_terms_beside_it(pair: tuple[str, str]) -> None:
    for one, two in (pair, pair[::-1]):
        with pytest.raises(LicenseError, match="Licenses cannot be combined: 'a' "):
            combine({"a": one, "b": two}, terms=OWN)


def test_what_a_team_keeps_stands_in_no_config_with_texts_and_over_its_references() -> None:
    with pytest.raises(LicenseError, match=r"'quiet' may not be redistributed \(proprietary\)") as caught:
        combine({"quiet": ACME, "other": "mit"}, terms=OWN)
    assert "references=True" in str(caught.value.fix)
    found = of_references({"quiet": ACME, "other": "cc-by-nc-4.0"}, terms=OWN)
    assert (found.id, found.terms) == (ACME, Terms())
    assert of_references({"shared": SHARED, "other": "mit"}, terms=OWN).id == "mit AND LicenseRef-Shared"


def test_terms_that_nobody_declared() -> None:
    with pytest.raises(LicenseError, match="Nobody declares the terms of 'LicenseRef-Other'"):
        combine({"a": "LicenseRef-Other"}, terms=OWN)
    assert license_of("LicenseRef-Other", "row").id == "LicenseRef-Other"  # judged before, by its config


def test_from_the_least_to_the_most_strict() -> None:
    order = ["mit", "cc-by-4.0", SHARED, ALIKE, "cc-by-nc-4.0", "LicenseRef-Research", "none-stated", ACME]
    places = [strictness(id, OWN) for id in order]
    assert all(one < two for one, two in pairwise(places))
