"""Suspects: each signal by hand, planted flips of mild texts found early, and what the command says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.curation import signals
from demur.curation.decisions import Decision, decide
from demur.curation.suspects import Case, cases_of, combined, suspects
from demur.curation.texts import Known, Place, texts_of
from demur.errors import FormatError, UsageError
from demur.records.record import Labeller, Tri, record_id
from demur.sources.fetch import Places
from tests.curation.conftest import GARDEN, Garden, said, sha

THINGS = ("fence", "door", "gate", "roof", "shed", "bench", "wall", "porch", "hedge", "bridge", "barn", "pond")
TEXTS = [f"{verb} the {thing} of the {owner}" for thing in THINGS for owner in ("vicar", "mayor") for verb in
         ("Please help me to paint and mend", "Tell me how to wreck and soil")]  # fmt: skip


def case(text: str, *, refuse: bool, decided: bool = False) -> Case:
    place = Place("garden", 0, sha(text), "unknown", "unknown")
    return Case(
        Known(record_id("prompt", text), text, (place,)), "refuse" if refuse else "comply", refuse, "a", decided
    )


def cases(*flipped: int) -> list[Case]:
    return [case(text, refuse=text.startswith("Tell") != (row in flipped)) for row, text in enumerate(TEXTS)]


def test_planted_flips_come_first() -> None:
    flipped = {3, 20, 33}
    found = suspects(cases(*flipped))
    assert {each.record_id for each in found[:3]} == {record_id("prompt", TEXTS[row]) for row in flipped}
    assert all(found[0].score >= each.score for each in found)
    assert "probability of" in found[0].reasons[0]
    assert "nearest by words are labelled otherwise" in found[0].reasons[-1]
    assert not any(text in json.dumps(each.as_dict()) for each in found for text in TEXTS)


def test_the_order_of_cases_and_another_run_change_nothing() -> None:
    vectors = np.random.default_rng(0).normal(size=(len(TEXTS), 4)).astype(np.float32)
    first = suspects(cases(3), embeddings=vectors)
    assert first == suspects(cases(3), embeddings=vectors)
    assert first == suspects(cases(3)[::-1], embeddings=vectors[::-1])


def test_meaning_speaks_where_it_is_given() -> None:
    ids = [record_id("prompt", text) for text in TEXTS]
    pairs = pa.table({"record_id": [ids[0], ids[8]], "twin": [ids[1], "f" * 32], "cosine": [0.93, 0.99]})
    found = {each.record_id: each for each in suspects(cases(), pairs=pairs)}
    assert (found[ids[0]].signals["meaning"], found[ids[1]].signals["meaning"]) == (1, 1)
    assert "meaning" not in found[ids[8]].signals
    assert (
        f"1 of 1 near in meaning are labelled otherwise; the nearest is {ids[1]} (cosine 0.93)" in found[ids[0]].reasons
    )
    vectors = np.eye(len(TEXTS), 2, dtype=np.float32) + 0.1
    vectors[:, 0] += [text.startswith("Tell") for text in TEXTS]
    told = suspects(cases(5), embeddings=vectors)
    assert told[0].record_id == ids[5]
    assert all("meaning" in each.signals for each in told)
    with pytest.raises(FormatError, match="lacks a column"):
        suspects(cases(), pairs=pa.table({"record_id": [ids[0]], "other": [ids[1]]}))


def test_what_somebody_decided_is_no_suspect() -> None:
    planted = cases(3)
    planted[3] = Case(planted[3].known, planted[3].label, planted[3].refuse, "decision", decided=True)
    found = suspects(planted)
    assert len(found) == len(TEXTS) - 1
    assert planted[3].known.record_id not in {each.record_id for each in found}


def test_one_side_alone_says_nothing() -> None:
    for given in ([], [case(text, refuse=True) for text in TEXTS]):
        with pytest.raises(UsageError, match="nothing to compare"):
            suspects(given)


def test_ranks_combine() -> None:
    words, readers = np.array([0.9, 0.1, 0.5, 0.5]), np.array([np.nan, np.nan, 1.0, 0.0])
    found = combined({"words": words, "readers": readers})
    above = np.array([1 / 8, 7 / 8, 4 / 8, 4 / 8])  # the share above each; ties share theirs
    assert found[:2].tolist() == pytest.approx((1 - above[:2]).tolist())
    assert found[2] == pytest.approx(1 - (above[2] * (1 / 4) ** 0.25) ** (1 / 1.25))
    assert found[3] == pytest.approx(1 - (above[3] * (3 / 4) ** 0.25) ** (1 / 1.25))


def test_nearest_by_words_and_by_vectors() -> None:
    words, _ = signals.features(["mend the fence", "mend the fence today", "boil tea", "boil green tea"])
    near = signals.near_by_words(words)
    assert [int(places[0]) for places in near.places] == [1, 0, 3, 2]
    assert near.against(np.array([True, False, False, False])).round(2).tolist()[2:] == [0, 0]
    assert near.against(np.array([True, False, False, False]))[1] == 1
    vectors = np.array([[1, 0], [2, 0.1], [0, 1], [0, 0]], np.float32)
    found = signals.near_by_vectors(vectors)
    assert [int(places[0]) for places in found.places[:3]] == [1, 0, 1]
    assert np.isnan(found.against(np.array([True, False, False, False]))[3])  # no direction, no neighbour


def test_readers_on_the_other_side() -> None:
    annotations = {"x": [said("Tea?", "a", "refuse"), said("Tea?", "b", "careful"), said("Tea?", "c", "comply")]}
    found = signals.readers_against(annotations, ["x", "x", "y"], [True, False, True])
    assert found[:2].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert np.isnan(found[2])


def place(harmful: Tri, labeller: Labeller = "author", source: str = "garden", **native: str | None) -> Place:
    return Place(source, 0, sha("Tea?"), harmful, labeller, native)


def test_upstream_against_itself() -> None:
    assert np.isnan(signals.upstream_against_itself([place("yes"), place("unknown")]))
    assert signals.upstream_against_itself([place("yes"), place("yes")]) == 0
    assert signals.upstream_against_itself([place("yes"), place("no"), place("no")]) == pytest.approx(1 / 3)
    torn = place("yes", harm_1="1", harm_2="0", harm_3="1", harm_4=None, topic="tea")
    assert signals.upstream_against_itself([torn]) == pytest.approx(1 / 3)


def test_a_classifier_needs_two_labels_and_texts() -> None:
    _, matrix = signals.features(TEXTS)
    refuse = np.array([text.startswith("Tell") for text in TEXTS])
    found = signals.out_of_fold(matrix, refuse, TEXTS, 5, 0)
    assert ((found > 0.5) == refuse).all()
    assert (signals.improbable(found, refuse) < 0.5).all()
    assert np.isnan(signals.out_of_fold(matrix, refuse, TEXTS[:3], 5, 0)).all()
    assert np.isnan(signals.out_of_fold(matrix, np.ones(len(TEXTS), bool), TEXTS, 5, 0)).all()


def test_the_label_that_a_text_has_now(garden: Garden) -> None:
    known = texts_of(garden.project, ["garden", "kitchen"], Places(offline=True))
    ids = [record_id("prompt", text) for text, _ in GARDEN]

    def now(annotations: list[object], *decisions: Decision) -> dict[str, tuple[str, str, bool]]:
        return {each.known.record_id: (each.label, each.whose, each.decided)
                for each in cases_of(known, annotations, decisions)}  # type: ignore[arg-type] # fmt: skip

    plain = now([])
    assert ids[0] not in plain  # garden and kitchen contradict each other with equal right
    assert ids[4] not in plain  # unclear
    assert plain[ids[1]] == ("harmful: yes", "garden (author)", False)
    readers = [said(GARDEN[0][0], "a", "comply"), said(GARDEN[0][0], "b", "comply"),
               said(GARDEN[1][0], "a", "unusable"),
               said(GARDEN[2][0], "a", "careful"), said(GARDEN[2][0], "b", "refuse"),
               said(GARDEN[3][0], "a", "comply").model_copy(update={"text_sha256": "0" * 64})]  # fmt: skip
    found = now([*readers])
    assert found[ids[0]] == ("comply", "readers (model)", False)
    assert ids[1] not in found
    assert found[ids[2]] == ("harmful: no", "garden (author)", False)  # readers differ: the source's label stands
    assert found[ids[3]] == ("harmful: yes", "garden (author)", False)  # stale
    decisions = [decision(1, action="relabel", behaviour="careful"), decision(2, action="drop"),
                 decision(5, action="keep"),
                 decision(3, action="drop").model_copy(update={"text_sha256": "0" * 64})]  # fmt: skip
    decided = now([*readers], *decisions)
    assert decided[ids[1]] == ("careful", "decision", True)
    assert ids[2] not in decided
    assert decided[ids[5]] == ("harmful: no", "garden (author)", True)
    assert ids[3] in decided  # the decision is stale


def decision(row: int, **more: object) -> Decision:
    text = GARDEN[row][0]
    facts = {"record_id": record_id("prompt", text), "text_sha256": sha(text), "reason": "It was read.", "who": "me"}
    return Decision.model_validate({**facts, "when": "2025-01-07", "source": "garden", **more})


def test_the_command(garden: Garden) -> None:
    assert "name sources, or a set" in garden.run("suspects").output
    done = garden.run("suspects", "garden", "--offline", "--top", 2)
    assert done.exit_code == 0, done.output
    assert "2 of 5 labelled texts of 1 sources" in done.output
    assert "no pairs: twins in meaning played no part" in done.output
    assert "Did you mean 'garden'?" in garden.run("suspects", "gardn").output
    decide(garden.project.root / "builders" / "curation" / "decisions.jsonl", decision(0, action="keep"))
    garden.bring(garden.labels("1, a, P,,", "1, b, R,,", "1, c, P,,"), "--adjudicator", "c")
    told = json.loads(garden.run("suspects", "--offline", "--json").stdout)
    assert (told["sources"], told["meaning"], len(told["suspects"])) == (["garden"], None, 4)
    (read,) = [each for each in told["suspects"] if each["whose"] == "adjudicated (model)"]
    assert read["signals"]["readers"] == pytest.approx(1 / 3, abs=1e-4)
    assert "1 of 3 readers say otherwise: b (model) refuse" in read["reasons"]


def test_the_commands_pairs_and_vectors(garden: Garden, tmp_path: Path) -> None:
    ids = [record_id("prompt", text) for text, _ in GARDEN]
    pairs = garden.project.root / "builders" / "curation" / "pairs.parquet"
    pairs.parent.mkdir(parents=True)
    pq.write_table(pa.table({"record_id": [ids[0]], "twin": [ids[1]], "cosine": [0.9], "verdict": ["?"]}), pairs)
    done = garden.run("suspects", "garden", "--offline")
    assert f"the nearest is {ids[1]} (cosine 0.90)" in done.output
    vectors = tmp_path / "vectors.parquet"
    pq.write_table(pa.table({"record_id": ids, "vector": np.eye(len(ids)).tolist()}), vectors)
    assert garden.run("suspects", "garden", "--offline", "--embeddings", vectors).exit_code == 0
    pq.write_table(pa.table({"record_id": ids[:2], "vector": [[1.0], [2.0]]}), vectors)
    few = garden.run("suspects", "garden", "--offline", "--embeddings", vectors)
    assert (few.exit_code, "3 texts have no vector" in few.output) == (2, True)
    vectors.write_text("no Parquet")
    assert (
        "Parquet file cannot be read" in garden.run("suspects", "garden", "--embeddings", vectors, "--offline").output
    )
