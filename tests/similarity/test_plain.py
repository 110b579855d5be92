"""Kernels as plain Python and whole arrays give what compiled code gives, on random texts of many scripts."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from demur.protected import prompts
from demur.protected.near import Judge, Rules, decontaminate
from demur.protected.prompts import Background, Protected
from demur.similarity import _matching, _plain
from demur.similarity.joins import self_join
from demur.similarity.near import Pairs, hashed_characters, weigh_words
from demur.similarity.sets import Units, build, hashed_texts, hashed_units, ordered
from demur.text.compiled import MACHINES, interpreted, kernel, outgrow, uncompiled

ALPHABETS = (
    "abcde ABC 'x-y, .",
    "aeiou bcdfg",
    "\u00e4\u00f6\u00fc\u00e9 abc\u0301 ",
    "\u6211\u4eec\u5b66\u4e60 ab",
    "\u0e01\u0e02\u0e34 \u0e07\u0e48",
    "\uff41\uff42\u200b \u2019s",
    "?! ...\t\n",
    "\U0001f600 \u0414\u043e\u043c ",
)


def corpus(seed: int, rows: int = 120) -> pa.LargeStringArray:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    texts: list[str | None] = [None, "", " ", "a", "'", "a'b", "a''b", "'a'", "...", "\u0301"]
    for _ in range(rows):
        alphabet = draw.choice(ALPHABETS)
        texts.append("".join(draw.choice(alphabet) for _ in range(draw.randint(0, 60))))
    texts += ["k" * 3000, "sea " + "K9" * 700 + " sea", "\u00e4" * 900, "\u6211" * 500]  # what is no word at all
    draw.shuffle(texts)
    return pa.array(texts, pa.large_string())


def lists(values: np.ndarray, starts: np.ndarray, sizes: np.ndarray) -> list[list[int]]:
    return [values[start : start + size].tolist() for start, size in zip(starts, sizes, strict=False)]


@pytest.mark.parametrize("seed", range(6))
def test_units_grams_and_characters_are_the_same(seed: int) -> None:
    texts = corpus(seed)
    assert not interpreted()
    made = []
    for small in (False, True):
        with uncompiled(small=small):
            units = hashed_units(texts.slice(3), "word3")
            sets = build(texts, "word3")
            characters = hashed_characters(texts)
            prints = sets.prints.tolist() + ordered(units).tolist()
            assert ordered(units).tolist() == hashed_texts(texts.slice(3)).tolist()
            made.append(
                [
                    (units.hashes.tolist(), units.starts.tolist()),
                    lists(sets.hashes, sets.starts, sets.sizes),
                    prints,
                    (characters.hashes.tolist(), characters.starts.tolist()),
                ]
            )
    assert made[0] == made[1]
    assert len(made[0][0][0]) > 200


@pytest.mark.parametrize("seed", range(4))
def test_evidence_is_the_same(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - not a secret
    words = [f"{one}{two}" for one in ("kite", "lamp", "soup", "bell", "drum") for two in ("", "s", "maker", "store")]
    asked = [" ".join(draw.choice(words) for _ in range(draw.randint(3, 12))) for _ in range(40)]
    near = [text.replace("e", "3", 1) + draw.choice(["", " please", "?"]) for text in asked]
    longer = [f"{draw.choice(words)} and then {text} or else" for text in asked]
    texts = [*near, *longer, *corpus(seed).to_pylist()]
    found = []
    for small in (False, True):
        with uncompiled(small=small):
            protected = Protected.from_texts(asked, "asked", background=Background())
            found.append(decontaminate(texts, protected).to_pylist())
            found += [self_join(texts, view=view, threshold=0.5).to_pylist() for view in ("word3", "token", "char")]
    assert found[:4] == found[4:]
    assert len(found[0]) > 40


@pytest.mark.parametrize("width", [1, 3])
def test_shared_words_are_weighed_alike(width: int) -> None:
    draw = np.random.default_rng(width)

    def texts(count: int) -> Units:
        lengths = draw.integers(0, 15, count)
        words = draw.integers(1, 6, lengths.sum(), np.uint64)
        return Units(words, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    ours, theirs = texts(300), texts(300)
    weights = draw.integers(0, 256, len(theirs.hashes)).astype(np.uint8)
    pairs = Pairs(np.arange(300), draw.permutation(300), *(np.zeros(0, np.int64),) * 2)
    found = []
    for small in (False, True):
        with uncompiled(small=small):
            found.append([each.tolist() for each in weigh_words(ours, theirs, weights, width, pairs)])
    assert found[0] == found[1]
    assert min(map(max, found[0])) > 3


def test_work_that_turns_out_large_is_compiled_from_then_on() -> None:
    with uncompiled(small=True):
        with uncompiled(small=True):
            assert interpreted()
            outgrow()
            assert not interpreted()
        assert not interpreted()
        with uncompiled(small=True):
            assert interpreted()
    assert not interpreted()


def test_one_phrase_over_and_over_is_left_to_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [f"Which lamp did the keeper repair last winter in house {n}?" for n in range(60)]
    protected = Protected.from_texts(asked, "asked", background=Background())
    texts = ["Which lamp did the keeper repair last winter? " * 30, *asked[:3]]
    with uncompiled(small=True):
        found = decontaminate(texts, protected)
        assert interpreted()
        monkeypatch.setattr(_matching, "_CROWD", 0)
        assert decontaminate(texts, protected).equals(found)
        assert not interpreted()
    assert len(found) > 4


def test_the_bundled_prompts_are_indexed_alike() -> None:
    texts = pa.array(["Name the capital of Portugal", None, "What is the capital of France?"], pa.large_string())
    found = []
    for small in (False, True):
        with uncompiled(small=small):
            found.append(Judge.of(prompts.bundled(), Rules()).judge(texts).to_pylist())
    assert found[0] == found[1]


@pytest.mark.parametrize("bits", [3, 6, 9])
def test_every_key_of_a_table_is_found(bits: int) -> None:
    draw = np.random.default_rng(bits)
    keys = np.sort(draw.integers(0, 1 << 63, (1 << bits) - 1, np.uint64))
    keys = np.sort(np.concatenate([keys, keys[::2]]))
    entries, filter = _plain.filled_table(keys, bits)
    assert _plain.known(filter, bits, keys).all()
    for key in keys:
        place = int(_plain.slots(np.array([key]), bits)[0])
        while entries[2 * place] != key:
            assert entries[2 * place + 1] > 0, "an empty entry ends the search"
            place = (place + 1) % (1 << bits)
        value = int(entries[2 * place + 1])
        assert keys[value >> 24 : (value >> 24) + (value & 0xFFFFFF)].tolist() == [key] * int((keys == key).sum())


def test_code_that_cannot_be_kept_is_compiled_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    real = numba.njit

    def nowhere(*arguments: object, **options: object) -> object:
        if options.get("cache"):
            msg = "cannot cache function: no locator available"
            raise RuntimeError(msg)
        return real(*arguments, **options)

    monkeypatch.setattr(numba, "njit", nowhere)

    @kernel
    def twice(value: int) -> int:
        return 2 * value

    assert twice(21) == 42
    assert any(name.endswith("twice") for name in MACHINES)


@pytest.mark.parametrize("shift", [0, 40, 60])
def test_distinct_hashes_are_those_of_sets(shift: int) -> None:
    """Also where hashes begin alike (no shift: they differ in their last bits only)."""
    draw = np.random.default_rng(shift)
    for rows in (1, 3, 700):
        owners = np.sort(draw.integers(0, rows, 900))
        hashes = draw.integers(0, 12, 900).astype(np.uint64) << np.uint64(shift)
        first: dict[tuple[int, int], int] = {}
        for place, key in enumerate(zip(owners.tolist(), hashes.tolist(), strict=True)):
            first.setdefault(key, place)
        assert _plain.distinct(hashes, owners).tolist() == [first[key] for key in sorted(first)]


def test_bits_are_set_where_they_are_asked_for() -> None:
    words = _plain.bitmap(128, np.array([0, 63, 64]), np.array([127, 0]))
    assert [f"{word:x}" for word in words.tolist()] == ["8000000000000001", "8000000000000001"]
