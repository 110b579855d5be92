"""What a declaration of a source may leave out, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from demur.records.terms import Terms
from demur.sources.mirror import Mirror, github, local
from demur.sources.source import Source

COLUMNS: dict[str, str | None] = {"q": "prompt"}
LOCAL, PUBLIC = local("red.jsonl", columns=COLUMNS), github("demo/demo", "a.csv", columns=COLUMNS)


def declared(*mirrors: Mirror, **more: Any) -> Source:
    return Source(
        name="red",
        title="Red",
        languages=("en",),
        kind="prompt",
        mirrors=mirrors,
        to_records=lambda row: row,
        **more,
    )


def test_a_proprietary_source_needs_no_homepage_citation_or_terms() -> None:
    source = declared(LOCAL, license="proprietary")
    assert (source.homepage, source.cited(), source.own_terms) == ("", "", {"proprietary": Terms()})
    assert source.quarantined


def test_a_license_of_ones_own_says_what_it_allows() -> None:
    source = declared(LOCAL, license="LicenseRef-Acme", terms=Terms(redistribution=True))
    assert not source.quarantined
    assert declared(LOCAL, license="LicenseRef-Acme", terms=Terms()).quarantined
    assert declared(LOCAL, license="MIT OR LicenseRef-Acme", terms=Terms()).license == "mit OR LicenseRef-Acme"


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"license": "LicenseRef-Acme"}, "Nobody declares the terms of 'LicenseRef-Acme'"),
        ({"license": "mit", "terms": Terms()}, "license 'mit' has terms of its own: leave terms out"),
        (
            {"license": "LicenseRef-A AND LicenseRef-B", "terms": Terms()},
            "names several of one's own",
        ),
    ],
)
def test_terms_that_do_not_fit(how: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        declared(LOCAL, **how)


def test_what_lies_on_the_web_has_a_homepage() -> None:
    with pytest.raises(ValidationError, match="a source on the web has a homepage"):
        declared(LOCAL, PUBLIC, license="mit")
    assert declared(LOCAL, PUBLIC, license="mit", homepage="https://example.org").homepage
