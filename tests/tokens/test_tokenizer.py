from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from demur.tokens.tokenizer import token_ends
from tests.tokens.conftest import bpe

TEXT = st.text(st.sampled_from("ab .!?\"'\n\t。é漢🙂…)"), max_size=40)


@settings(max_examples=100)
@given(text=TEXT)
def test_tokens_end_at_whole_characters(text: str) -> None:
    (places,) = token_ends([text], bpe())
    assert len(places) == len(bpe()(text)["input_ids"])
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
