"""Vectors kept between runs: each text is encoded once, and what cannot be kept is an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demur.curation.meaning import vectors
from demur.curation.meaning.models import MINILM, USE
from demur.curation.meaning.vectors import vectors_of
from demur.errors import OutputError
from tests.curation.meaning.tiny import Tiny

TEXTS = ["How tall is a tulip", "Where do owls nest", "How tall is a tulip", "Can I freeze scones"]


def test_every_text_is_encoded_once_and_stands_in_its_place(tmp_path: Path) -> None:
    tiny = Tiny(MINILM)
    found = vectors_of(TEXTS, tiny, tmp_path)
    assert sorted(tiny.asked) == sorted({*TEXTS})
    assert np.array_equal(found, Tiny(MINILM).encode(TEXTS))


def test_kept_vectors_are_those_that_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_PART", 2)
    first = vectors_of(TEXTS, Tiny(MINILM), tmp_path)
    assert len([*tmp_path.rglob("*.npz")]) == 2
    again = Tiny(MINILM)
    assert np.array_equal(vectors_of(TEXTS[::-1], again, tmp_path), first[::-1])
    assert again.asked == []


def test_each_encoder_keeps_its_own(tmp_path: Path) -> None:
    vectors_of(TEXTS, Tiny(MINILM), tmp_path)
    other = Tiny(USE)
    vectors_of(TEXTS, other, tmp_path)
    assert len(other.asked) == 3


def test_no_texts_have_no_vectors(tmp_path: Path) -> None:
    assert len(vectors_of([], Tiny(MINILM), tmp_path)) == 0


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("in the way")
    with pytest.raises(OutputError, match="cache cannot be written") as error:
        vectors_of(TEXTS, Tiny(MINILM), tmp_path)
    assert "DEMUR_CACHE" in (error.value.fix or "")
