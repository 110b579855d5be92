from __future__ import annotations

import copy
import gc
import random
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from demur.kinds.training.laws import LAWS
from demur.kinds.training.triples import rows_of
from demur.text.arrays import Texts
from demur.tokens import known
from demur.tokens._pieces import Places
from demur.tokens.fixed import find_fixed
from demur.tokens.known import Pieces, encode, table_of
from demur.tokens.rows import TokenView
from demur.tokens.template import Template
from tests.tokens.conftest import FAMILIES, REFUSAL, bpe, corpus, triples

SIGNS = "abcXYZ019 '  \t\n\r\x0b.,;:!?-_<>|()[]sremtdvl\x00\x1c~"


def digits() -> Any:
    """As `bpe`, with every digit apart."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    rust = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level])
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<|a|>", "<|a|>b"], show_progress=False)
    rust.train_from_iterator(corpus(), trainer)
    return rust


def trimmed() -> Any:
    """As `digits`, with offsets that leave white space out, and every byte in the vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    rust.train_from_iterator(corpus(), trainer)
    return rust


MAKES: dict[str, Callable[[], Any]] = {
    "gpt-2": lambda: bpe().backend_tokenizer,
    "digits": digits,
    "trimmed": trimmed,
}


def texts() -> tuple[list[str], Places]:
    """Texts of all signs, with added tokens and letters that are not ASCII among them, and a place in each."""
    draw = random.Random(1)  # noqa: S311 - not a secret
    made = ["".join(draw.choices(SIGNS, k=draw.randint(0, 60))) for _ in range(3000)]
    made += [f"<|im_start|>{text}<|im_end|>\n<|a|>b<|a|><|a{text}" for text in made[:200]]
    made += [text + draw.choice(["é", "漢", "\u2028", "\u017f", "\xa0"]) + text for text in made[:200]]
    made += ["a" * 70_000, "don't we'll they've I'm", " ? ! 7" * 400, "~ ^ " * 3000]
    return made, np.array([draw.randint(0, len(text)) for text in made])


@pytest.mark.parametrize("make", MAKES)
def test_ids_and_places_are_those_of_the_tokenizer(make: str) -> None:
    rust = MAKES[make]()
    pieces = Pieces.of(rust)
    assert pieces is not None
    given, places = texts()
    wanted = encode(rust, None, given, places, added=False)
    for _ in range(2):  # the second time, every piece is known
        assert listed(encode(rust, pieces, given, places, added=False)) == listed(wanted)
        assert listed(encode(rust, pieces, given, None, added=False))[:2] == listed(wanted)[:2]


def test_most_texts_are_encoded_by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rust = MAKES["gpt-2"]()
    pieces = Pieces.of(rust)
    assert pieces is not None
    given = ["The fence is blue.", "The gate is yellow"]
    asked: list[int] = []

    def flat(each: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(each))
        return _flat(each)

    monkeypatch.setattr(known, "flat", flat)
    encode(rust, pieces, [*given, "façade"], np.array([3, 3, 0]), added=False)
    assert asked == [1]
    encode(rust, pieces, given, np.array([1, 3]), added=False)
    assert asked == [1, 1], "a place inside a piece is the tokenizer's to judge"


def test_a_table_of_very_many_pieces_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MOST", 50)
    rust = MAKES["trimmed"]()
    pieces = Pieces.of(rust)
    assert pieces is not None
    for batch in range(5):
        given = [f"piece{batch} {number} fence{number}" for number in range(40)]
        mine = encode(rust, pieces, given, None, added=False)
        assert mine[0].tolist() == [id for each in rust.encode_batch(given) for id in each.ids]


def test_tokenizers_of_another_make_have_no_table() -> None:
    for family in FAMILIES:
        rust = FAMILIES[family]().backend_tokenizer
        assert (Pieces.of(rust) is None) == (family == "unigram")
    prefixed = bpe().backend_tokenizer.__class__.from_str(
        MAKES["trimmed"]().to_str().replace('"add_prefix_space":false', '"add_prefix_space":true')
    )
    assert Pieces.of(prefixed) is None


def test_token_rows_are_the_same(view: TokenView, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rows_of(triples(80), LAWS["derta-paper"], seed=3, tokenizer=view.tokenizer)
    wanted = view.table(made)
    monkeypatch.setattr(known, "MANY", 0)
    assert all(mine.equals(theirs) for mine, theirs in zip(view.table(made), wanted, strict=True))
    assert wanted[0].num_rows > 100


def test_a_table_serves_all_batches_views_and_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    rust = MAKES["digits"]()
    monkeypatch.setattr(known, "MANY", 5)
    assert table_of(rust, 4) is None
    found = table_of(rust, 1)
    assert found is not None
    assert table_of(rust, 1) is found
    assert table_of(MAKES["digits"](), 1) is None, "another tokenizer is met anew"


def test_many_small_batches_are_read_by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = copy.deepcopy(bpe())
    template = Template.of(tokenizer)
    made = rows_of(triples(8), LAWS["derta-released"], seed=3)
    monkeypatch.setattr(known, "MANY", made.num_rows)
    asked: list[int] = []

    def counted(self: Pieces, given: Texts, places: Places) -> tuple[Any, Places, Places]:
        asked.append(len(places))
        return _encode(self, given, places)

    monkeypatch.setattr(Pieces, "encode", counted)
    for number in range(made.num_rows):  # a view and a call for every row
        view = TokenView(tokenizer, template, find_fixed(tokenizer, template, REFUSAL))
        view.table(made.slice(number, 1))
        assert bool(asked) == (number == made.num_rows - 1)


@pytest.mark.parametrize("change", ["added", "pattern", "model"])
def test_a_tokenizer_that_was_changed_has_a_new_table(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tokenizers import AddedToken, pre_tokenizers

    monkeypatch.setattr(known, "MANY", 0)
    rust = bpe().backend_tokenizer.__class__.from_str(bpe().backend_tokenizer.to_str())
    given = ["the fence 12", "the gate<|new|> 345"]
    assert table_of(rust, 1) is not None
    if change == "added":
        rust.add_special_tokens([AddedToken("<|new|>", special=True)])
    elif change == "pattern":
        level = pre_tokenizers.ByteLevel(add_prefix_space=False)
        rust.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level])
    else:
        rust.model = turned(rust)
    pieces = table_of(rust, 1)
    assert pieces is not None
    mine = encode(rust, pieces, given, None, added=False)
    assert mine[0].tolist() == [id for each in rust.encode_batch(given) for id in each.ids]


def test_a_tokenizer_is_not_kept_alive_by_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MANY", 0)
    rust = MAKES["digits"]()
    gone = weakref.ref(rust)
    assert table_of(rust, 1) is not None
    del rust
    gc.collect()
    assert gone() is None


def turned(rust: Any) -> Any:
    """A model of as many tokens, in which two letters have each other's number."""
    from tokenizers import models

    vocabulary = rust.get_vocab(with_added_tokens=False)
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    return models.BPE(vocabulary, [])


def listed(arrays: tuple[np.ndarray, ...]) -> list[list[int]]:
    return [each.tolist() for each in arrays]


_flat = known.flat
_encode = known.Pieces.encode
