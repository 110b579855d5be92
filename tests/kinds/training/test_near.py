from __future__ import annotations

import pyarrow as pa
import pytest

from demur.kinds.training.near import near_protected, protected_prompts, with_near
from demur.project import bundled
from demur.protected import prompts as protected
from demur.protected import sketch
from demur.protected.prompts import Background, Protected
from demur.records.record import record_id
from demur.sets.builder import builder_of

ASKED = "Name the tallest lighthouse in Portugal"
EVERYDAY = "how do I keep cormorants off the jetty"


def test_prompts_of_either_sketch_keep_a_row_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = [
        Protected.from_texts([text], name, background=Background()) for text, name in ((ASKED, "a"), (EVERYDAY, "b"))
    ]
    monkeypatch.setattr(protected, "for_training", lambda: tuple(pair))
    prompts = ["Paint the fence", EVERYDAY.upper(), f"You are a pirate. {ASKED}, matey!"]
    found = near_protected(prompts)
    assert {row: (why["source"], why["record_id"]) for row, why in found.items()} == {
        1: ("b", record_id("prompt", EVERYDAY)),
        2: ("a", record_id("prompt", ASKED)),
    }
    near = with_near(pa.table({"record_id": ["x", "y", "z"], "prompt": prompts}))["near"].to_pylist()
    assert [why and why["source"] for why in near] == [None, "b", "a"]
    assert protected_prompts() == {"a": 1, "b": 1}


def test_training_rows_keep_apart_from_all_that_refusal_eval_asks() -> None:
    splits = {"refusal-direction"}  # of sources that are protected
    assert set(builder_of(bundled(), "refusal-eval").sources) - splits <= set(protected_prompts())


def test_a_sketch_that_stands_in_for_the_bundled_one_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    real, stands_in = protected.bundled(), Protected.from_texts([ASKED], "a", background=Background())
    with monkeypatch.context() as patch:
        patch.setattr(protected, "bundled", lambda: stands_in)
        assert protected.for_training()[0] is stands_in
    assert protected.for_training()[0] is protected.bundled() is real
    assert protected.for_training()[1] is protected.for_training()[1]


def test_the_second_sketch_fits_pins_and_declarations() -> None:
    """Fails when a pin, or what is protected, has changed: run `demur sketch`."""
    held = protected.for_training()[1]
    assert held.facts == sketch.training_facts(bundled())
    assert set(held.sources) == set(sketch.declaration(bundled()).training)
    assert not set(held.sources) & set(held.facts["background"])
    assert sketch.training_path(bundled()).stat().st_size < 1e6
