"""The page of licenses names what is pinned, as each package says it."""

from __future__ import annotations

import re

from bench import licenses
from bench.licenses import license_of, required, rows


def test_the_page_has_every_pinned_package() -> None:
    assert list(rows()) == list(required())
    assert all(rows().values())


def test_the_page_says_what_packages_say() -> None:
    here = {name: said for name in required() if (said := license_of(name)) is not None}
    assert len(here) > 100
    assert {name: said for name, said in rows().items() if name in here} == here


def test_no_license_that_would_reach_our_own_code() -> None:
    """LGPL is that of a library, which we import and do not change; what has several licenses gives a choice."""
    free = re.compile(r"MIT|BSD|Apache")
    assert [name for name, said in rows().items() if re.search(r"\b(A?GPL|SSPL)", said) and not free.search(said)] == []


def test_what_is_not_installed_keeps_its_row() -> None:
    assert license_of("lakes-of-the-north") is None
    assert licenses.written() == licenses.PAGE.read_text(encoding="utf-8")
