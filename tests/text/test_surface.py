from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from demur.draws import fold_of
from demur.errors import FormatError, UsageError
from demur.rates import weighted_auroc
from demur.text.surface import COMBINED, PENALTY, across, baseline, out_of_fold, vectorisers

THINGS = ["fence", "door", "gate", "roof", "wall", "shed", "barn", "porch", "stair", "floor"]
COLOURS = ["red", "blue", "green", "white", "black", "brown"]
NEUTRAL = [f"The {colour} {thing} of house {number}" for number, colour in enumerate(COLOURS) for thing in THINGS]
PAIRS = [str(number) for number in range(len(NEUTRAL))]


def planted(word: str) -> tuple[list[str], list[bool], list[str]]:
    texts = [text for neutral in NEUTRAL for text in (f"Paint: {neutral}", f"{word}: {neutral}")]
    return texts, [False, True] * len(NEUTRAL), [pair for pair in PAIRS for _ in range(2)]


def test_a_planted_word_gives_the_side_away() -> None:
    found = baseline(*planted("Burn"))
    assert (found.rows, found.pairs, found.folds) == (120, 60, 5)
    assert found.auroc.value == found.accuracy.value == 1
    assert (found.auroc.low, found.auroc.high) == (1, 1)
    assert set(found.families) == {"word", "character", "surface", COMBINED}


def test_shuffled_sides_give_chance_within_the_interval() -> None:
    texts, harmful, pairs = planted("Burn")
    swap = np.random.default_rng(7).random(len(NEUTRAL)) < 0.5
    shuffled = [side ^ bool(swap[row // 2]) for row, side in enumerate(harmful)]
    found = baseline(texts, shuffled, pairs)
    assert found.auroc.low <= 0.5 <= found.auroc.high
    assert found.accuracy.low <= 0.5 <= found.accuracy.high
    assert found.auroc.high - found.auroc.low < 0.35


def test_the_order_of_rows_changes_nothing_and_the_seed_does() -> None:
    texts, harmful, pairs = planted("Varnish")
    harmful = [side ^ (row % 6 == 0) for row, side in enumerate(harmful)]
    order = np.random.default_rng(1).permutation(len(texts)).tolist()
    turned = baseline([texts[row] for row in order], [harmful[row] for row in order], [pairs[row] for row in order])
    assert turned == baseline(texts, harmful, pairs)
    assert baseline(texts, harmful, pairs, seed=1) != turned


def test_predictions_are_out_of_fold() -> None:
    """Every pair has a word of its own: a classifier that saw the pair would be right, one that did not cannot be."""
    texts = [f"{side} {number * 37 % 101}x" for number in range(50) for side in ("alpha", "alpha")]
    names = np.array([str(row // 2) for row in range(100)])
    harmful = np.array([row % 2 == 0 for row in range(100)])
    scores = out_of_fold(texts, harmful, names, 5, 0)["word"]
    assert np.array_equal(scores[::2], scores[1::2])
    folds = fold_of(names, 5, 0)
    assert [int(np.sum(folds == fold)) for fold in range(5)] == [20] * 5


def test_parts_are_cross_validated_apart() -> None:
    """The word that gives the side away in one part names the other side in the other part."""
    texts, harmful, pairs = planted("Burn")
    parts = ["one" if int(pair) < 30 else "two" for pair in pairs]
    turned = [side ^ (part == "two") for side, part in zip(harmful, parts, strict=True)]
    assert baseline(texts, turned, pairs, parts=parts).auroc.value == 1
    assert baseline(texts, turned, pairs).auroc.value < 0.7


def test_across_parts_the_one_is_read_by_what_the_other_taught() -> None:
    texts, harmful, pairs = planted("Burn")
    parts = ["one" if int(pair) < 30 else "two" for pair in pairs]
    turned = [side ^ (part == "two") for side, part in zip(harmful, parts, strict=True)]
    assert across(texts, harmful, pairs, parts).value == 1
    assert across(texts, turned, pairs, parts).value == 0
    with pytest.raises(UsageError, match="only one part"):
        across(texts, harmful, pairs, ["one"] * len(texts))


def test_counting_once_gives_what_vectorisers_give_fold_by_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demur.text.surface.KEPT", str(tmp_path))
    texts, harmful, pairs = planted("Is it 7 o'clock? Burn")
    sides = np.array([side ^ (row % 5 == 0) for row, side in enumerate(harmful)])
    fold = fold_of(np.array(pairs), 5, 0)
    found = out_of_fold(texts, sides, np.array(pairs), 5, 0)
    for name, make in vectorisers(min_df=1).items():
        for number in range(5):
            test, vectoriser = fold == number, make()
            train = vectoriser.fit_transform([text for text, held in zip(texts, test, strict=True) if not held])
            model = LogisticRegression(C=PENALTY, tol=1e-3, max_iter=2000).fit(train, sides[~test])
            held = vectoriser.transform([text for text, held in zip(texts, test, strict=True) if held])
            assert found[name][test] == pytest.approx(model.decision_function(held), abs=1e-9)


def test_scores_are_kept_for_the_same_rows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.text.surface.KEPT", str(tmp_path))
    monkeypatch.setattr("demur.text.surface.MEASURED", str(tmp_path / "file" / "measured"))
    (tmp_path / "file").write_text("kept")
    texts, harmful, pairs = planted("Burn")
    made = baseline(texts, harmful, pairs)
    (kept,) = tmp_path.rglob("*.npy")
    monkeypatch.setattr("demur.text.surface._fitted", None)  # nothing is fitted again
    assert baseline(texts, harmful, pairs) == made
    for others in ((["Sing", *texts[1:]], harmful, 0), (texts, [not side for side in harmful], 0), (texts, harmful, 1)):
        with pytest.raises(TypeError):
            baseline(others[0], others[1], pairs, seed=others[2])
    kept.write_bytes(b"")
    with pytest.raises(TypeError):
        baseline(texts, harmful, pairs)


def test_what_scores_come_to_is_kept_for_the_same_scores_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.text.surface.KEPT", str(tmp_path / "scores"))
    monkeypatch.setattr("demur.text.surface.MEASURED", str(tmp_path / "measured"))
    texts, harmful, pairs = planted("Burn")
    made = baseline(texts, harmful, pairs)
    (kept,) = (tmp_path / "measured").glob("*.npy")
    with monkeypatch.context() as patch:
        patch.setattr("demur.text.surface._drawn", None)  # nothing is drawn again
        assert baseline(texts, harmful, pairs) == made
        for more in ({"seed": 1}, {"parts": ["a", "a", "b", "b"] * 30}):
            with pytest.raises(TypeError):
                baseline(texts, harmful, pairs, **more)
        kept.write_bytes(b"")
        with pytest.raises(TypeError):
            baseline(texts, harmful, pairs)
    assert baseline(texts, harmful, pairs) == made


def test_scores_need_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("kept")
    monkeypatch.setattr("demur.text.surface.KEPT", str(tmp_path / "file"))
    monkeypatch.setattr("demur.text.surface.MEASURED", str(tmp_path / "file"))
    assert baseline(*planted("Burn")).auroc.value == 1


def test_weighted_auroc_equals_the_reference_with_ties_and_repeats() -> None:
    random = np.random.default_rng(3)
    scores, harmful = random.integers(0, 6, 40).astype(float), random.random(40) < 0.5
    weights = random.integers(0, 4, (20, 40)).astype(float)
    for row, found in zip(weights, weighted_auroc(scores, harmful, weights), strict=True):
        assert found == pytest.approx(roc_auc_score(harmful, scores, sample_weight=row))


def test_embeddings_are_a_family_of_their_own() -> None:
    texts, harmful, pairs = planted("Paint")
    vectors = np.array([[1.0, side] for side in harmful], np.float32)
    found = baseline(texts, harmful, pairs, embeddings=vectors)
    assert found.families["embeddings"].auroc.value == 1
    assert found.auroc.value == 0.5


def test_for_people_and_programs() -> None:
    found = baseline(*planted("Burn"))
    assert "combined:    AUROC 1.000 (95 % interval 1.000-1.000)" in str(found)
    assert found.summary()["families"]["word"]["auroc"]["value"] == 1


@pytest.mark.parametrize(
    ("texts", "harmful", "pairs", "folds", "error", "message"),
    [
        (["a", "b"] * 3, [True, False] * 3, list("112233"), 5, UsageError, "fewer pairs than folds"),
        (["a", "b"] * 3, [True] * 6, list("112233"), 3, UsageError, "harmful prompts only"),
        (["a", "b"] * 3, [False] * 6, list("112233"), 3, UsageError, "safe prompts only"),
        (["a", " "] * 3, [True, False] * 3, list("112233"), 3, FormatError, "3 prompts are empty"),
        (["a", "b"] * 3, [True, False], list("112233"), 3, UsageError, "not of one length"),
        (["a", "b"] * 3, [True, False] * 3, list("112233"), 1, UsageError, "two folds or more"),
        ([], [], [], 5, UsageError, "fewer pairs than folds"),
    ],
)
def test_what_cannot_be_measured(
    texts: list[str], harmful: list[bool], pairs: list[str], folds: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        baseline(texts, harmful, pairs, folds)
