from __future__ import annotations

from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.tokens.template import SPACES, Template

TEXT = st.text(st.sampled_from("ab.é漢 \t\n\x1c\x85\u2028\u3000"), max_size=6)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=20)


def templates() -> list[Template]:
    """Every way to trim, with and without a lead."""
    return [
        Template("<u>é ", "</u>\n<a>", lead, "<e>", asked, told, False, "")
        for lead, asked, told in product(("", " > "), (False, True), (False, True))
    ]


def test_spaces_are_what_python_strips() -> None:
    every = "".join(map(chr, range(0x110000)))
    assert set(SPACES) == set(filter(str.isspace, every))
    assert not SPACES.strip()


@given(rows=ROWS, opener=st.sampled_from([0, 3, 8]))
def test_the_texts_of_many_rows_are_those_of_each(rows: list[tuple[str, str, str]], opener: int) -> None:
    prompts, prefixes, targets = (pa.array(each, pa.large_string()) for each in zip(*rows, strict=True))
    for template in templates():
        made = template.columns(prompts, prefixes, targets, opener)
        found = zip(*(each.to_pylist() for each in made), strict=True)
        for (prompt, prefix, target), (front, context, text) in zip(rows, found, strict=True):
            assert front + context == template.context(prompt, prefix)
            assert text == context + template.target(prefix, target)
            size = len(template.answer(prefix)) + opener
            assert len(context) == (size if opener else len(template.context(prompt, prefix)))


@pytest.mark.parametrize("opener", [0, 3])
def test_no_rows(opener: int) -> None:
    none = pa.array([], pa.large_string())
    assert [len(each) for each in templates()[0].columns(none, none, none, opener)] == [0, 0, 0]
