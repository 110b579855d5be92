"""Strings that look like personal data; all made up."""

from __future__ import annotations

import pytest

from demur.text.form import is_prose
from demur.text.personal import personal


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Mail ann.b+c@mail.example.org today.", ["e-mail"]),
        ("Number 000-12-3456 is made up.", ["social-security"]),
        ("Call (555) 010-9999 or 555.010.9999.", ["phone"]),
        ("Card 0000 1111 2222 3333 is made up.", ["card"]),
        ("She lives at 12 Old Mill Road.", ["address"]),
        ("In 1984, 12 eggs lay on the road; 3-4 of 10-12 broke.", []),
        ("Version 10.11.12 has 1234567 rows.", []),
    ],
)
def test_what_looks_like_personal_data(text: str, kinds: list[str]) -> None:
    assert personal(text) == kinds


@pytest.mark.parametrize(("text", "prose"), [("Stir it.", True), ("stir it.", False), ("Stir it", False), (" ", False)])
def test_what_reads_as_a_sentence(text: str, prose: bool) -> None:
    assert is_prose(text) is prose
