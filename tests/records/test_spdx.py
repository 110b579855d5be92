"""SPDX expressions, as people write them and as they are kept."""

from __future__ import annotations

import sys

import pytest

from demur.errors import LicenseError, UsageError
from demur.records.spdx import normal


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("mit", "mit"),
        ("CC-BY-4.0", "cc-by-4.0"),
        ("ODC-By-1.0", "odc-by"),
        ("none-stated", "none-stated"),
        ("proprietary", "proprietary"),
        ("LicenseRef-Acme.Internal-2", "LicenseRef-Acme.Internal-2"),
        ("MIT OR Apache-2.0", "mit OR apache-2.0"),
        ("Apache-2.0 or MIT", "mit OR apache-2.0"),
        ("MIT AND MIT", "mit"),
        ("CC-BY-4.0 AND (MIT OR LicenseRef-Acme)", "mit AND cc-by-4.0 OR cc-by-4.0 AND LicenseRef-Acme"),
        ("(MIT)", "mit"),
    ],
)
def test_one_form_is_kept(said: str, kept: str) -> None:
    assert normal(said, "demo") == kept
    assert normal(kept, "demo") == kept


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("apache-2", "License 'apache-2' is not in the closed list"),
        ("MIT OR Beerware", "License 'Beerware' is not in the closed list"),
        ("MIT AND AND", "The license is no SPDX expression"),
        ("MIT OR", "The license is no SPDX expression"),
        ("Apache-2.0 WITH LLVM-exception", "A license with an exception is not in the closed list"),
    ],
)
def test_what_is_no_license(said: str, what: str) -> None:
    with pytest.raises(LicenseError, match=what) as caught:
        normal(said, "demo")
    assert caught.value.where == "demo"


def test_without_the_parser_single_licenses_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "license_expression", None)
    assert normal("MIT", "demo") == "mit"
    with pytest.raises(UsageError, match="No way to read an SPDX expression") as caught:
        normal("MIT OR Apache-2.0", "demo")
    assert caught.value.fix == "Run `pip install 'demur[build]'`."
