"""Pairs of opposite sides, by an encoder that counts words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demur.curation.meaning.encoder import Vectors
from demur.curation.meaning.models import OPPOSITE, Model
from demur.curation.meaning.opposites import compute_opposites
from demur.curation.meaning.pairs import read_pairs
from demur.curation.project import OPPOSITES
from demur.project import Project
from demur.records.record import harmful, record_id
from demur.sources.fetch import Places
from demur.sources.source import Raw
from schemas.prompt import Prompt
from tests.small import small_project, small_source

ROWS: list[dict[str, Any]] = [
    {"prompt": "hide the red kettle", "harm": "yes", "context": None},
    {"prompt": "wash the red kettle", "harm": "no", "context": None},
    {"prompt": "sell the red kettle", "harm": "no", "context": "A letter."},
    {"prompt": "paint the red kettle", "harm": "unknown", "context": None},
    {"prompt": "take the red kettle", "harm": "yes", "context": None},
    {"prompt": "take the red kettle " + "and the red kettle " * 9, "harm": "yes", "context": None},
    {"prompt": "sing a song of sparrows", "harm": "no", "context": None},
]


class Words:
    """A vector of hashed words."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def encode(self, texts: Sequence[str]) -> Vectors:
        found = np.zeros((len(texts), 512), np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                found[row, zlib.crc32(word.encode()) % 512] += 1
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def whole(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([len(text.split()) < 20 for text in texts], bool)


def from_row(raw: Raw) -> Prompt:
    return Prompt(prompt=raw["prompt"], labels=(harmful(raw["harm"], by="author"),), context=raw["context"])


def test_only_opposite_sides_of_one_topic_and_without_a_context(tmp_path: Path) -> None:
    source = small_source("kettles", [*ROWS[0]], from_row, "prompt")
    with small_project(tmp_path / "small", {"kettles": (source, ROWS)}) as project:
        pinned = source.model_copy(update={"pin": project.recorded["kettles"]})
        places = Places(offline=True)
        made = compute_opposites(project, [pinned], places, Words)
    safe = record_id("prompt", "wash the red kettle")
    expected = sorted(
        tuple(sorted((record_id("prompt", text), safe))) for text in ("hide the red kettle", "take the red kettle")
    )
    assert list(zip(made.table["record_id"].to_pylist(), made.table["twin"].to_pylist(), strict=True)) == expected
    assert {*made.table["cosine"].to_pylist()} == {0.75}
    assert ([*made.sources], made.too_long) == (["kettles"], {"kettles": 1})
    made.write(tmp_path / OPPOSITES)
    again = read_pairs(Project(tmp_path), (OPPOSITE,), file=OPPOSITES)
    assert again.table.equals(made.table)
