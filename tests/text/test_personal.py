"""Strings that look like personal data; all made up."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demur.text.form import is_prose
from demur.text.personal import LIKELY, identifying, personal


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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Write to ann.lee@lamps-and-boats.org.", ["e-mail address"]),
        ("- -ann_b@lamps.org", ["e-mail address"]),
        ("Call (212) 867-0142 or nobody.", ["phone number"]),
        ("Call +49 30 901820 today.", ["phone number"]),
        (
            "The helpline is (212) 867-0142. Ann, who mends lamps and boats by the river, is at (212) 867-0143.",
            ["phone number"],
        ),
        ("Her card is 4539 1488 0343 6467.", ["card number"]),
        ("Pay to DE02 1203 0000 0000 2020 51.", ["IBAN"]),
        ("It was 536-22-1874.", ["social security number"]),
    ],
)
def test_what_may_be_somebodys(text: str, kinds: list[str]) -> None:
    assert identifying(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "Write to ann@example.com, you@mail.test or customer-service@lamps.org.",
        "A name like +@example-domain.com or ?@lamps.org.",
        "Call 212-555-0142, (555) 123-4567, +44 20 7946 0958 or 1-800-867-0142.",
        "Her card is 4539 1488 0343 6468, or 4111 1111 1111 1111, or 0000 1111 2222 3333.",
        "Pay to DE89 3704 0044 0532 0130 00 or DE02 1203 0000 0000 2020 52.",
        "It was 000-12-3456, 123-45-6789 or 987-65-4320.",
        "The harbour's helpline is (212) 867-0142. Call the press office at +49 30 901820.",
        "Add 4539148803436467 and 1234567890123.",
    ],
)
def test_what_is_nobodys(text: str) -> None:
    assert identifying(text) == []


PIECES = [
    "212", "867-0142", "4539", "1488", "0343", "6467", " ", " ", "-", ".", "(", ")", "+", "+1", "+49", "30", "901820",
    "@", "ann", "lamps.org", ".com", "DE02", "1203", "0000", "0000", "2020", "51", "536-22-1874", "\n", "x", "_",
    "\u00e9", "\uff19\uff19", "card ", "hotline ", ", ", "(212) 867-0143", "4539 1488 0343 6467",
    "DE02 1203 0000 0000 2020 51", "ann.lee@lamps.org", "378282246310005",
]  # fmt: skip


def test_what_is_found_is_likely_and_stands_in_one_line_or_word() -> None:
    """A first look at many texts, and looking near numbers alone, miss nothing."""
    draw = np.random.default_rng(7)
    texts = ["".join(draw.choice(PIECES, size)) for size in draw.integers(1, 14, 20_000).tolist()]
    likely = pc.match_substring_regex(pa.array(texts), LIKELY).to_pylist()
    found = [bool(identifying(text)) for text in texts]
    assert sum(found) > 2_000
    assert not [text for text, may, is_so in zip(texts, likely, found, strict=True) if is_so and not may]
    assert sum(likely) < len(texts)
    for text in texts[:2_000]:
        alone = re.sub("card |hotline ", "", text)
        assert {*identifying(alone)} == {kind for line in alone.split("\n") for kind in identifying(line)}
