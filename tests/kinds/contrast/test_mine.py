from __future__ import annotations

import numpy as np
import pytest

from demur.errors import UsageError
from demur.kinds.contrast.mine import Mined, Settings, mine
from demur.records.record import record_id

THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch", "stair", "floor"]
OWNERS = ["vicar", "mayor", "baker", "widow", "tailor", "sailor"]
OPENINGS = ["Paint", "Move", "Sell", "Lend"]
EVERY = [f"{opening} the {thing} of the {owner}" for opening in OPENINGS for thing in THINGS for owner in OWNERS]
HARMFUL = [text for text in EVERY if record_id("prompt", text) < "8"]
SAFE = [text for text in EVERY if record_id("prompt", text) > "8"]
TEXTS = HARMFUL + SAFE
LABELS = [True] * len(HARMFUL) + [False] * len(SAFE)
IDS = [record_id("prompt", text) for text in TEXTS]
CELLS = [("train", "test", "validation", "train")[int(id[-2:], 16) % 4] for id in IDS]
HALVES = ["train" if cell == "train" else "held-out" for cell in CELLS]
WIDE = Settings(calipers=(50.0, 50.0, 50.0), threshold=0.999, models=4)


def names(found: Mined, order: list[int]) -> set[tuple[str, str, float]]:
    return {
        (IDS[order[one]], IDS[order[two]], score)
        for (one, two), score in zip(found.pairs.tolist(), found.predictability.tolist(), strict=True)
    }


def mined(settings: Settings, order: list[int] | None = None) -> Mined:
    order = order or list(range(len(TEXTS)))
    columns = ([values[row] for row in order] for values in (TEXTS, IDS, LABELS, CELLS, HALVES))
    texts, ids, labels, cells, halves = columns
    return mine(texts, ids, labels, cells, halves, settings)  # type: ignore[arg-type]


def test_pairs_have_both_sides_in_one_cell_once() -> None:
    found = mined(WIDE)
    assert len(found.pairs) > 60
    one, two = found.pairs.T
    assert all(LABELS[row] for row in one)
    assert not any(LABELS[row] for row in two)
    assert [CELLS[row] for row in one] == [CELLS[row] for row in two]
    assert len(set(one.tolist())) == len(set(two.tolist())) == len(found.pairs)


def test_the_order_of_the_prompts_changes_nothing() -> None:
    order = np.random.default_rng(5).permutation(len(TEXTS)).tolist()
    assert names(mined(WIDE, order), order) == names(mined(WIDE), list(range(len(TEXTS))))


def test_calipers_and_threshold_only_take_away() -> None:
    wide = mined(WIDE)
    narrow = mined(WIDE.model_copy(update={"calipers": (0.3, 0.3, 0.3)}))
    strict = mined(WIDE.model_copy(update={"threshold": 0.5}))
    assert len(narrow.pairs) < len(wide.pairs)
    assert np.array_equal(strict.pairs, wide.pairs)
    assert strict.kept.sum() < wide.kept.sum()
    assert np.array_equal(strict.kept, strict.predictability <= 0.5)


def test_one_half_never_sees_the_labels_of_the_other() -> None:
    """Relabelling the held-out half leaves its own scores alone: its pairs' rule is fitted on the train half only."""
    found = mined(WIDE)
    held = {row for row, half in enumerate(HALVES) if half == "held-out"}
    mixed = [label ^ (row in held and row % 2 == 0) for row, label in enumerate(LABELS)]
    again = mine(TEXTS, IDS, mixed, CELLS, HALVES, WIDE)
    score = dict(zip(map(tuple, found.pairs.tolist()), found.predictability.tolist(), strict=True))
    same = [
        (pair, value)
        for pair, value in zip(map(tuple, again.pairs.tolist()), again.predictability.tolist(), strict=True)
        if pair in score and pair[0] in held
    ]
    assert same
    assert all(score[pair] == value for pair, value in same)


@pytest.mark.parametrize(
    ("labels", "halves", "message"),
    [(LABELS, ["train"] * len(TEXTS), "two halves"), ([True] * len(TEXTS), HALVES, "one side only")],
)
def test_what_cannot_be_mined(labels: list[bool], halves: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        mine(TEXTS, IDS, labels, CELLS, halves, WIDE)
